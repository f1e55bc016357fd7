import type { State } from './operations.js';

/** One thing that happened to a jail. */
export interface JailEvent {
  /** Counts up from 1 without gaps, for as long as this jaild runs. */
  readonly seq: number;
  readonly at: Date;
  readonly jail: string;
  /** The state before and after; the same for what is no transition. */
  readonly from: State;
  readonly to: State;
  /** Why, in a word or two: "start", "exited", "schedule", "out of memory". */
  readonly cause: string;
  readonly detail: string;
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
