import type { HostUsage } from '../../host/host.js';
import type { Comparison, Glance, JailStats, Operations, State } from '../../supervise/operations.js';

/** What jails can be sorted by. */
export type Sort = Comparison | 'name';

/** What was read at one moment: little of all jails, everything of those that are shown. */
export interface Sample {
  /** Milliseconds of a clock that only goes forward. */
  readonly at: number;
  readonly sort: Sort;
  readonly states: ReadonlyMap<string, State>;
  /** The figure that is sorted by; none of jails that are down. */
  readonly compared: ReadonlyMap<string, number>;
  /** All jails, the first first. */
  readonly order: readonly string[];
  readonly details: ReadonlyMap<string, JailStats>;
  readonly host: HostUsage;
}

export interface Question {
  readonly sort: Sort;
  readonly reversed: boolean;
  /** Only jails in whose name this is. */
  readonly filter: string;
  /** Only these jails, where any are named. */
  readonly names: ReadonlySet<string>;
  /** The first one shown, and how many are. */
  readonly offset: number;
  readonly rows: number;
}

/** These only grow: what counts is how fast. */
const GROWING: readonly Sort[] = ['cpu', 'io', 'network'];

/** How much something that is counted has grown in a second; null when it is not known. Who began anew counts from 0. */
export function perSecond(
  before: number | null | undefined,
  now: number | null | undefined,
  ms: number,
): number | null {
  if (typeof before !== 'number' || typeof now !== 'number' || ms <= 0) return null;
  return ((now >= before ? now - before : now) / ms) * 1000;
}

type Ranks = ReadonlyMap<string, number>;

function ranksOf(sort: Sort, at: number, compared: Ranks, before: Sample | null): Ranks {
  if (!GROWING.includes(sort)) return compared;
  if (before === null || before.sort !== sort) return new Map();
  const known = [...compared].flatMap(([name, value]): [string, number][] => {
    const rate = perSecond(before.compared.get(name), value, at - before.at);
    return rate === null ? [] : [[name, rate]];
  });
  return new Map(known);
}

/** Most first, then by name; while nothing is known yet, as they were. */
function ordered(
  glances: readonly Glance[],
  ranks: Ranks,
  question: Question,
  before: Sample | null,
): readonly string[] {
  const names = glances.map(({ name }) => name);
  const known = ranks.size > 0 || question.sort === 'name' || before === null;
  const places = new Map(known ? [] : before.order.map((name, place) => [name, place]));
  const sign = question.reversed ? -1 : 1;
  const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const rank = (name: string): number => ranks.get(name) ?? -1;
  const place = (name: string): number => places.get(name) ?? places.size;
  return names.sort((a, b) =>
    known ? sign * (rank(b) - rank(a) || byName(a, b)) : place(a) - place(b) || byName(a, b),
  );
}

/** The first one shown, so that the screen is full as long as there are jails enough. */
export function startOf(offset: number, rows: number, total: number): number {
  return Math.max(0, Math.min(offset, total - rows));
}

/** Reads what is to be shown. A figure costs a file, so that most are read of the jails shown only. Throws SystemError. */
export function takeSample(
  operations: Operations,
  question: Question,
  at: number,
  before: Sample | null,
): Sample {
  const { sort, filter, names, offset, rows } = question;
  const glances = operations
    .glance()
    .filter(({ name }) => (names.size === 0 || names.has(name)) && name.includes(filter));
  const all = glances.map(({ name }) => name);
  const compared = sort === 'name' ? new Map<string, number>() : operations.compare(all, sort);
  const order = ordered(glances, ranksOf(sort, at, compared, before), question, before);
  const start = startOf(offset, rows, order.length);
  const shown = operations.stats(order.slice(start, start + rows));
  return {
    ...{ at, sort, compared, order },
    states: new Map(glances.map(({ name, state }) => [name, state])),
    details: new Map(shown.map((jail) => [jail.name, jail])),
    host: operations.hostUsage(),
  };
}
