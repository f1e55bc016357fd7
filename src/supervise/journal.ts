import type { State } from './operations.js';

/**
 * What an event is about. `state`: any transition of a jail. `start`: it is ready; `exit`: a life of it, or an attempt at one,
 * has ended; `oom`: somebody in it was killed for want of memory; `limit`: an amount or rate was passed; `jaild`: of the host.
 */
export type EventKind =
  | 'state'
  | 'start'
  | 'exit'
  | 'oom'
  | 'health'
  | 'schedule'
  | 'reload'
  | 'limit'
  | 'log'
  | 'notify'
  | 'jaild';

/** One thing that happened to a jail. */
export interface JailEvent {
  /** Counts up from 1 without gaps, for as long as this jaild runs. */
  readonly seq: number;
  readonly kind: EventKind;
  readonly at: Date;
  /** null: to jaild itself. */
  readonly jail: string | null;
  /** The state before and after; the same for what is no transition. */
  readonly from: State | null;
  readonly to: State | null;
  /** Why, in a word or two: "start", "exited", "schedule", "out of memory". */
  readonly cause: string;
  readonly detail: string;
  /** Figures and words for programs: exit code, milliseconds, amounts. Absent: none. */
  readonly data?: Readonly<Record<string, string | number | boolean | null>>;
}

export type JailEventListener = (event: JailEvent) => void;

/** The last events, and whoever wants to be told of the next. */
export class Journal {
  private readonly ring: JailEvent[] = [];
  private readonly listeners = new Set<JailEventListener>();
  private seq = 0;

  /** @param size how many events are kept */
  constructor(private readonly size = 1000) {}

  append(event: Omit<JailEvent, 'seq'>): void {
    const numbered = { seq: ++this.seq, ...event };
    this.ring.push(numbered);
    if (this.ring.length > this.size) this.ring.shift();
    for (const listener of this.listeners) listener(numbered);
  }

  /** The kept events after `seq`, oldest first. */
  since(seq: number): readonly JailEvent[] {
    return this.ring.filter((event) => event.seq > seq);
  }

  /** Tells of each event from now on; the result ends that. */
  listen(listener: JailEventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
