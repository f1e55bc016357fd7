import { timed, timesWithin, type Schedule, type Timed } from './schedule.js';

/** A jail, as far as what its schedule does depends on it. */
export interface Scheduled {
  readonly jail: string;
  readonly schedule: Schedule;
  /** It runs; else what it does instead, as people are told: "stopped". */
  readonly state: 'running' | (string & {});
}

/** One time of a schedule that is to come. */
export interface Foreseen {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly jail: string;
  readonly what: Timed;
  /** Why nothing would be done, as things are now; null: it would be done. */
  readonly skipped: string | null;
}

/** What the clock will do. */
export interface Forecast {
  /** In order of time. */
  readonly times: readonly Foreseen[];
  /** What was left out for want of room; `exact` is false when there are even more. */
  readonly more: readonly {
    readonly jail: string;
    readonly what: Timed;
    readonly count: number;
    readonly exact: boolean;
  }[];
}

/** So many times are counted: a schedule of every second has 86,400 a day. */
const COUNTED = 100_000;

/**
 * What schedules will do after `after` and up to `until` (milliseconds of the wall clock), in order.
 * @param most how many times of a kind are told of each jail; the others are counted
 */
export function foresee(jails: readonly Scheduled[], after: number, until: number, most: number): Forecast {
  let budget = COUNTED;
  const more: Forecast['more'][number][] = [];
  const times = jails.flatMap(({ jail, schedule, state }) => {
    const own = timed.flatMap((what) => {
      const allowed = Math.max(most + 1, budget);
      const slots = timesWithin(schedule, what, after, until, allowed);
      budget -= slots.length;
      if (slots.length > most)
        more.push({ jail, what, count: slots.length - most, exact: slots.length < allowed });
      return slots.slice(0, most).map((at) => ({ at, jail, what }));
    });
    return told(own, state);
  });
  return { times: times.sort((a, b) => a.at - b.at), more };
}

const rank: Readonly<Record<Timed, number>> = { start: 0, stop: 1, restart: 2 };

/** Goes through a jail's times in their order, as if each were acted upon. */
function told(times: readonly Omit<Foreseen, 'skipped'>[], state: string): readonly Foreseen[] {
  let now = state;
  const inOrder = [...times].sort((a, b) => a.at - b.at || rank[a.what] - rank[b.what]);
  return inOrder.map((time) => {
    const skipped = whySkipped(time.what, now);
    if (skipped === null) now = time.what === 'stop' ? 'stopped' : 'running';
    return { ...time, skipped };
  });
}

/** What keeps a time from being acted upon with a jail in that state. */
function whySkipped(what: Timed, state: string): string | null {
  const isUp = state === 'running';
  const does =
    what === 'restart' ? isUp : what === 'start' ? !isUp && state !== 'paused' : state !== 'stopped';
  return does ? null : `it is ${state}`;
}
