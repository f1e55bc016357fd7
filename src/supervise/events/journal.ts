import { failureOf } from '../exits.js';
import type { State } from '../state.js';

/** What an event is about, and what that means. */
export const eventKinds = {
  state: 'any transition of a jail',
  start: 'a jail is ready',
  exit: 'a life of a jail, or an attempt at one, has ended',
  oom: 'somebody in a jail was killed for want of memory, whether the jail ended of it or not',
  health: 'what checks of a jail come to has changed',
  schedule: 'something scheduled was done, or left out',
  reload: 'the files were read again, or were not taken; and what that changed, for each jail',
  limit: 'an amount or rate was passed',
  log: "something about a jail's log, such as output that was lost",
  jaild: 'jaild itself has begun, has taken jails back, or ends',
} as const;
export type EventKind = keyof typeof eventKinds;

/** One thing that happened to a jail. */
export interface JailEvent {
  /** Counts up from 1 without gaps from boot to boot of the host, however often jaild begins anew. */
  readonly seq: number;
  readonly kind: EventKind;
  readonly at: Date;
  /** The boot of the host, and milliseconds of its CLOCK_MONOTONIC: what times can be compared by, whoever sets the clock. */
  readonly bootId: string;
  readonly monotonicMs: number;
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

/** An event, but for what the journal itself knows. */
export type NewEvent = Omit<JailEvent, 'seq' | 'bootId' | 'monotonicMs'>;
export type JailEventListener = (event: JailEvent) => void;

/** Where events outlive jaild (src/host/event-file.ts). All of it may throw SystemError. */
export interface EventStore {
  load(): readonly string[];
  append(lines: readonly string[]): void;
  clear(): void;
}

export interface JournalOptions {
  /** How many events are kept. */
  readonly size?: number;
  readonly store?: EventStore;
  readonly bootId?: string;
  /** Milliseconds of CLOCK_MONOTONIC. */
  readonly monotonic?: () => number;
  /** Is told of each event before all others. */
  readonly count?: JailEventListener;
  readonly warn?: (message: string) => void;
}

export const JOURNAL_SIZE = 4096;

/** What others may do with the journal. */
export type Events = Pick<Journal, 'last' | 'since' | 'listen' | 'hasEnded'>;

/** The last events, and whoever wants to be told of the next. */
export class Journal {
  private readonly ring: JailEvent[] = [];
  /** Lines that the store has not taken yet. */
  private unsaved: string[] = [];
  private readonly listeners = new Set<JailEventListener>();
  private readonly size: number;
  private isBroken = false;
  /** Of the last event; 0 before the first. */
  last = 0;
  /** There will be no more of them: jaild is about to end. */
  hasEnded = false;

  constructor(private readonly options: JournalOptions = {}) {
    this.size = options.size ?? JOURNAL_SIZE;
    this.load();
  }

  /** Takes down an event, on the disk first: whoever hears of one will find it there. */
  append(event: NewEvent): void {
    const { bootId = '', monotonic = () => 0 } = this.options;
    const numbered: JailEvent = { seq: ++this.last, ...event, bootId, monotonicMs: Math.floor(monotonic()) };
    this.ring.push(numbered);
    if (this.ring.length > this.size) this.ring.shift();
    this.save(numbered);
    this.options.count?.(numbered);
    for (const listener of this.listeners) listener(numbered);
  }

  /** The kept events after `seq`, oldest first, at most so many. */
  since(seq: number, most = Infinity): readonly JailEvent[] {
    const first = this.ring[0]?.seq ?? 0;
    const from = Math.max(0, seq + 1 - first);
    return this.ring.slice(from, Math.min(this.ring.length, from + most));
  }

  /** Tells of each event from now on; the result ends that. */
  listen(listener: JailEventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The last of all events: whoever follows is to go. */
  end(event: NewEvent): void {
    this.hasEnded = true;
    this.append(event);
  }

  /** Whether somebody still has to go. */
  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  private load(): void {
    const { store, bootId, warn } = this.options;
    try {
      const lines = store?.load() ?? [];
      const events = continuous(lines.map(decodeEvent).filter((event) => event?.bootId === bootId));
      if (events.length === 0 && lines.length > 0) store?.clear();
      this.ring.push(...events.slice(-this.size));
      this.last = events.at(-1)?.seq ?? 0;
    } catch (error) {
      warn?.(`events of before cannot be read, going on without: ${failureOf(error).message}`);
    }
  }

  private save(event: JailEvent): void {
    const { store, warn } = this.options;
    if (store === undefined) return;
    this.unsaved.push(encodeEvent(event));
    if (this.unsaved.length > this.size) this.unsaved.shift();
    try {
      store.append(this.unsaved);
      this.unsaved = [];
      if (this.isBroken) warn?.('events are written down again');
      this.isBroken = false;
    } catch (error) {
      if (!this.isBroken)
        warn?.(`events cannot be written down, keeping them in memory: ${failureOf(error).message}`);
      this.isBroken = true;
    }
  }
}

/** The last of them that follow one another: what comes before a gap is of no use to whoever goes on from a number. */
function continuous(events: readonly (JailEvent | null)[]): readonly JailEvent[] {
  const kept: JailEvent[] = [];
  for (const event of events) {
    if (event === null) continue;
    if (event.seq !== (kept.at(-1)?.seq ?? event.seq - 1) + 1) kept.length = 0;
    kept.push(event);
  }
  return kept;
}

function encodeEvent({ at, ...event }: JailEvent): string {
  return JSON.stringify({ ...event, at: at.getTime() });
}

/** An event of jaild's own file, or null for a line that is none. */
function decodeEvent(line: string): JailEvent | null {
  try {
    const event = JSON.parse(line) as Omit<JailEvent, 'at'> & { readonly at: number };
    return Number.isSafeInteger(event.seq) ? { ...event, at: new Date(event.at) } : null;
  } catch {
    return null;
  }
}
