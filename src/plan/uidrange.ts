import { createHash } from 'node:crypto';
import type { JailParams } from '../config/params.js';

/** Ids of a jail: 0 to 65,535 inside are that many from the base on outside. */
const RANGE_WIDTH = 65_536;

/** How many ids a jail with a user namespace has, from 0 on. */
export function idCount({ userns }: JailParams): number {
  return typeof userns === 'object' ? userns.count : RANGE_WIDTH;
}

/** Ids of the host from which ranges are given out. */
export interface UidPool {
  readonly base: number;
  /** In ids. */
  readonly count: number;
}

/** 16,384 ranges that end where ids stop to fit a signed 32-bit number, which much software believes them to be. */
export const defaultPool: UidPool = { base: 1_073_741_824, count: 1_073_741_824 };

/** Ids that somebody else may use, first and count. */
export interface TakenIds {
  readonly first: number;
  readonly count: number;
}

/** Jail → first id of its range. */
export type UidRanges = Readonly<Record<string, number>>;

/** The ranges of subuid(5) or subgid(5), which other programs give out. Lines that make no sense are passed over. */
export function parseSubordinate(text: string): readonly TakenIds[] {
  return text.split('\n').flatMap((line) => {
    const [, first, count] = /^[^:]+:(\d+):(\d+)$/.exec(line.trim()) ?? [];
    return first === undefined ? [] : [{ first: Number(first), count: Number(count) }];
  });
}

/** Ranges that jails have by number (`userns = BASE:COUNT`), by jail. */
export type FixedRanges = Readonly<Record<string, TakenIds>>;

const meet = (a: TakenIds, b: TakenIds): boolean =>
  a.first < b.first + b.count && b.first < a.first + a.count;

const overlaps = (base: number, taken: TakenIds): boolean => meet({ first: base, count: RANGE_WIDTH }, taken);

/**
 * The other jail that has ids of a range: root of either could do to the other what root may. Null when there is none.
 * @param isThere whether a jail that has had its range by number still has it
 */
export function otherOwner(
  jail: string,
  ids: TakenIds,
  ranges: UidRanges,
  fixed: FixedRanges,
  isThere: (jail: string) => boolean,
): string | null {
  const given = Object.entries(ranges).find(([name, base]) => name !== jail && overlaps(base, ids));
  const chosen = Object.entries(fixed).find(
    ([name, own]) => name !== jail && meet(own, ids) && isThere(name),
  );
  return (given ?? chosen)?.[0] ?? null;
}

/**
 * The range for a jail: the one it has, else the first free one from a place that its name and the instance's prefix
 * choose, so that two instances on a host rarely meet. Null when the pool is used up.
 */
export function assignUidRange(
  ranges: UidRanges,
  jail: string,
  prefix: string,
  pool: UidPool,
  taken: readonly TakenIds[],
): number | null {
  const known = Object.hasOwn(ranges, jail) ? ranges[jail] : undefined;
  if (known !== undefined) return known;
  const slots = Math.floor(pool.count / RANGE_WIDTH);
  const used = new Set(Object.values(ranges));
  // A range of an earlier pool need not lie on this pool's grid, so that looking its base up is not enough.
  const others = [...used].filter((base) => (base - pool.base) % RANGE_WIDTH !== 0);
  const busy = [...taken, ...others.map((base) => ({ first: base, count: RANGE_WIDTH }))];
  const choice = createHash('sha256').update(`${prefix}\0${jail}`).digest().readUInt32BE(0);
  for (let tried = 0; tried < slots; tried++) {
    const base = pool.base + ((choice + tried) % slots) * RANGE_WIDTH;
    if (!used.has(base) && !busy.some((ids) => overlaps(base, ids))) return base;
  }
  return null;
}
