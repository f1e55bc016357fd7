import { mkdirSync, renameSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import type { Instance } from '../plan/instance.js';
import {
  assignUidRange,
  defaultPool,
  parseSubordinate,
  type UidPool,
  type UidRanges,
} from '../plan/uidrange.js';
import { SystemError } from './error.js';
import { readJson, readText, systemError, writeAtomically } from './files.js';

interface UidFile {
  readonly version: 1;
  readonly ranges: UidRanges;
}

function isUidFile(value: unknown): value is UidFile {
  if (typeof value !== 'object' || value === null || !('version' in value) || !('ranges' in value))
    return false;
  const { version, ranges } = value;
  if (version !== 1 || typeof ranges !== 'object' || ranges === null) return false;
  const bases = Object.values(ranges);
  return bases.every((base) => Number.isSafeInteger(base)) && new Set(bases).size === bases.length;
}

/** Gives each jail its range of 65,536 host ids and remembers it, also over boots: files on disk belong to these ids. */
export class UidRangeStore {
  readonly #file: string;
  readonly #prefix: string;
  readonly #pool: UidPool;
  #ranges: UidRanges;
  /** The file was damaged and has been moved aside; the caller logs it. */
  readonly damage: SystemError | null;

  private constructor(instance: Instance, pool: UidPool, ranges: UidRanges, damage: SystemError | null) {
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
    const file = uidFile(instance);
    try {
      return new UidRangeStore(instance, pool, readJson(file, isUidFile)?.ranges ?? {}, null);
    } catch (error) {
      if (!(error instanceof SystemError) || error.errno !== constants.errno.EILSEQ) throw error;
      const aside = `${file}.broken-${now}`;
      try {
        renameSync(file, aside);
      } catch (failure) {
        throw systemError(failure, file);
      }
      const hint = `it was moved to ${aside}; ranges are given out anew, most of them as they were`;
      return new UidRangeStore(instance, pool, {}, new SystemError(error.call, error.errno, file, hint));
    }
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

  #give(jails: readonly string[]): void {
    const taken = ['/etc/subuid', '/etc/subgid'].flatMap((path) => parseSubordinate(readText(path) ?? ''));
    const ranges: Record<string, number> = { ...this.#ranges };
    for (const jail of jails) {
      const base = assignUidRange(ranges, jail, this.#prefix, this.#pool, taken);
      if (base === null) {
        const hint = 'make the uid range pool in jaild.ini larger';
        throw new SystemError('assign', constants.errno.ENOSPC, `uid range for ${jail}`, hint);
      }
      ranges[jail] = base;
    }
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw systemError(error);
    }
    const content: UidFile = { version: 1, ranges };
    writeAtomically(this.#file, `${JSON.stringify(content, null, 1)}\n`, { sync: true });
    this.#ranges = ranges;
  }
}

const uidFile = (instance: Instance): string => `${instance.stateDirectory}/uids.json`;
