import { existsSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Instance } from '../plan/instance.js';
import {
  assignUidRange,
  defaultPool,
  otherOwner,
  parseSubordinate,
  type FixedRanges,
  type TakenIds,
  type UidPool,
  type UidRanges,
} from '../plan/uidrange.js';
import { SystemError } from './error.js';
import { readText, systemError, writeAtomically } from './files.js';
import { readKept } from './kept-file.js';

interface UidFile {
  readonly version: 1;
  readonly ranges: UidRanges;
  /** Absent: no jail has had one yet. */
  readonly fixed?: FixedRanges;
}

const isTaken = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || !('first' in value) || !('count' in value)) return false;
  return Number.isSafeInteger(value.first) && Number.isSafeInteger(value.count);
};

function isUidFile(value: unknown): value is UidFile {
  if (typeof value !== 'object' || value === null || !('version' in value) || !('ranges' in value))
    return false;
  const { version, ranges, fixed = {} } = value as { version: unknown; ranges: unknown; fixed?: unknown };
  if (typeof fixed !== 'object' || fixed === null || !Object.values(fixed).every(isTaken)) return false;
  if (version !== 1 || typeof ranges !== 'object' || ranges === null) return false;
  const bases = Object.values(ranges);
  return bases.every((base) => Number.isSafeInteger(base)) && new Set(bases).size === bases.length;
}

/** Milliseconds between the claim of a jail and its directory, at most. */
const STARTING = 2000;

/** Gives each jail its range of 65,536 host ids and remembers it, also over boots: files on disk belong to these ids. */
export class UidRangeStore {
  readonly #file: string;
  readonly #prefix: string;
  readonly #pool: UidPool;
  readonly #runDirectory: string;
  #ranges: UidRanges;
  #fixed: FixedRanges;
  /** When each jail claimed its range by number, in milliseconds of performance.now(). */
  readonly #claimed = new Map<string, number>();
  /** The file was damaged and has been moved aside; the caller logs it. */
  readonly damage: SystemError | null;

  private constructor(
    instance: Instance,
    pool: UidPool,
    { ranges, fixed = {} }: Omit<UidFile, 'version'>,
    damage: SystemError | null,
  ) {
    this.#runDirectory = instance.runDirectory;
    this.#fixed = fixed;
    this.#file = uidFile(instance);
    this.#prefix = instance.prefix;
    this.#pool = pool;
    this.#ranges = ranges;
    this.damage = damage;
  }

  /**
   * What was given out so far. A damaged file is moved aside (`uids.json.broken-TIME`): names choose their ranges, so
   * that nearly all jails get theirs again. Throws SystemError when it cannot be read or moved.
   * @param now milliseconds since 1970, for the name of a damaged file
   */
  static open(instance: Instance, now: number, pool: UidPool = defaultPool): UidRangeStore {
    const consequence = 'ranges are given out anew, most of them as they were';
    const { content, damage } = readKept(uidFile(instance), isUidFile, now, consequence);
    return new UidRangeStore(instance, pool, content ?? { ranges: {} }, damage);
  }

  /** First id of the jail's range. Throws SystemError (ENOSPC: the pool is used up; or it cannot be written down). */
  rangeOf(jail: string): number {
    return this.reserve([jail])[0] ?? 0;
  }

  /** The same for many jails with one write to the disk. What could not be written down has not been given out. */
  reserve(jails: readonly string[]): readonly number[] {
    const fresh = jails.filter((jail) => !Object.hasOwn(this.#ranges, jail));
    if (fresh.length > 0) this.#give(fresh);
    return jails.map((jail) => this.#ranges[jail] ?? 0);
  }

  /**
   * Takes note of the ids that a jail's file gives it by number, so that nobody else gets them.
   * @throws SystemError EBUSY when they are another jail's: one that was given them, or is there and has them by number
   */
  claim(jail: string, ids: TakenIds): number {
    const other = otherOwner(jail, ids, this.#ranges, this.#fixed, (name) => this.#isThere(name));
    if (other !== null) {
      const range = `${ids.first}:${ids.count}, which has ids of jail "${other}"`;
      const hint = 'write userns = auto, or a range that is apart from those of other jails';
      throw new SystemError('userns', constants.errno.EBUSY, range, hint);
    }
    this.#claimed.set(jail, performance.now());
    const known = this.#fixed[jail];
    if (known?.first === ids.first && known.count === ids.count) return ids.first;
    this.#write(this.#ranges, { ...this.#fixed, [jail]: ids });
    return ids.first;
  }

  /** One that is about to start has no directory yet. */
  #isThere(jail: string): boolean {
    const since = performance.now() - (this.#claimed.get(jail) ?? -Infinity);
    return since < STARTING || existsSync(`${this.#runDirectory}/${jail}`);
  }

  #give(jails: readonly string[]): void {
    const subordinate = ['/etc/subuid', '/etc/subgid'];
    const taken = [
      ...subordinate.flatMap((path) => parseSubordinate(readText(path) ?? '')),
      ...Object.values(this.#fixed),
    ];
    const ranges: Record<string, number> = { ...this.#ranges };
    for (const jail of jails) {
      const base = assignUidRange(ranges, jail, this.#prefix, this.#pool, taken);
      if (base === null) {
        const hint = 'make the uid range pool in jaild.ini larger';
        throw new SystemError('assign', constants.errno.ENOSPC, `uid range for ${jail}`, hint);
      }
      ranges[jail] = base;
    }
    this.#write(ranges, this.#fixed);
  }

  #write(ranges: UidRanges, fixed: FixedRanges): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw systemError(error);
    }
    const isUsed = Object.keys(fixed).length > 0;
    const content: UidFile = { version: 1, ranges, ...(isUsed && { fixed }) };
    writeAtomically(this.#file, `${JSON.stringify(content, null, 1)}\n`, { sync: true });
    this.#ranges = ranges;
    this.#fixed = fixed;
  }
}

const uidFile = (instance: Instance): string => `${instance.stateDirectory}/uids.json`;
