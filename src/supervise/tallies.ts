import type { JailEvent } from './journal.js';

/** Upper ends of the classes that durations of starts are counted in, in seconds. */
export const START_CLASSES = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;

/** What a jail was started again for, whoever or whatever asked for it. */
const asked: readonly (readonly [RegExp, string])[] = [
  [/schedul/, 'schedule'],
  [/reload/, 'reload'],
  [/ was restarted$/, 'dependency'],
];
const ends: readonly (readonly [RegExp, string])[] = [
  [/^health|^unhealthy/, 'health'],
  [/^watchdog/, 'watchdog'],
  [/out of memory|^oom/, 'oom'],
  [/^not started|^start$/, 'start'],
  [/timed out|^timeout/, 'timeout'],
  [/^signal/, 'signal'],
];

const classOf = (classes: readonly (readonly [RegExp, string])[], words: string, otherwise: string): string =>
  classes.find(([pattern]) => pattern.test(words))?.[1] ?? otherwise;

/** What was counted of one jail. */
export class JailTally {
  /** By cause. */
  readonly restarts = new Map<string, number>();
  logDroppedBytes = 0;
  logLimitedBytes = 0;
  missedSchedules = 0;
  /** Milliseconds of CLOCK_MONOTONIC. */
  begun: number | null = null;
  /** Why it was stopped, and how it ended. */
  asked = 'request';
  ended: string | null = null;
}

/** Counts what happens, from the beginning of this jaild on: what metrics are made of that nobody else keeps. */
export class Tallies {
  readonly jails = new Map<string, JailTally>();
  /** By kind. */
  readonly events = new Map<string, number>();
  /** Starts in each class, and those that took longer than all. */
  readonly starts: number[] = [...START_CLASSES, Infinity].map(() => 0);
  startSeconds = 0;

  note(event: JailEvent): void {
    count(this.events, event.kind);
    if (event.jail === null) return;
    const tally = this.tallyOf(event.jail);
    const { kind, cause } = event;
    if (kind === 'state') this.noteState(tally, event);
    if (kind === 'exit') tally.ended = cause;
    if (kind === 'schedule' && /skipped|missed/.test(cause)) tally.missedSchedules++;
    if (kind === 'log' || kind === 'limit') noteLog(tally, event);
  }

  /** Jails that are no more are forgotten. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.jails.keys()) if (!names.has(name)) this.jails.delete(name);
  }

  private tallyOf(jail: string): JailTally {
    const known = this.jails.get(jail) ?? new JailTally();
    this.jails.set(jail, known);
    return known;
  }

  private noteState(tally: JailTally, { from, to, cause, monotonicMs }: JailEvent): void {
    if (from === to) return;
    if (to === 'preparing') tally.begun = monotonicMs;
    if (to === 'stopping') tally.asked = classOf(asked, cause, 'request');
    if (to === 'backoff') tally.ended ??= cause;
    if (to === 'waiting' && from === 'cleaning') count(tally.restarts, tally.asked);
    if (to === 'waiting' && from === 'backoff' && cause !== 'start')
      count(tally.restarts, classOf(ends, tally.ended ?? '', 'exit'));
    if (to === 'waiting') tally.ended = null;
    if (to === 'running' && from === 'starting' && tally.begun !== null)
      this.noteStart((monotonicMs - tally.begun) / 1000);
    if (to === 'running' || to === 'cleaning') tally.begun = null;
  }

  private noteStart(seconds: number): void {
    const index = START_CLASSES.findIndex((most) => seconds <= most);
    const place = index === -1 ? START_CLASSES.length : index;
    this.starts[place] = (this.starts[place] ?? 0) + 1;
    this.startSeconds += seconds;
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function noteLog(tally: JailTally, { cause, data }: JailEvent): void {
  const bytes = data?.['bytes'];
  if (typeof bytes !== 'number') return;
  if (/drop|lost/.test(cause)) tally.logDroppedBytes += bytes;
  else if (/limit|rate/.test(cause)) tally.logLimitedBytes += bytes;
}
