import type { Compiled } from '../../config/jail.js';
import { lookAt, type FileLook } from '../../host/file-look.js';
import { pause, type Clock } from '../clock.js';

/** For so long a file must have been as it is before it counts as written to its end, in milliseconds. */
const QUIET_MS = 50;
/** For so long that is waited for. */
const PATIENCE_MS = 2000;

export interface Reading {
  readonly load: () => Compiled;
  /** The files that were read last; others may have come. */
  readonly files: readonly string[];
  readonly clock: Clock;
  readonly look?: (path: string) => FileLook | null;
}

export interface Settled {
  readonly read: Compiled;
  /** A file that would not come to rest; null: all of them are whole, as far as anybody can see. */
  readonly unsettled: string | null;
}

/** Whether files had been as they are for long enough at that time, in milliseconds of the wall clock. */
export function wereWhole(files: readonly string[], at: number, look = lookAt): boolean {
  return files.every((file) => {
    const { changedAt = -Infinity, isOpen = false } = look(file) ?? {};
    return !isOpen && changedAt < at - QUIET_MS;
  });
}

/**
 * Reads files that nobody is writing just now: half of one may be without a mistake, and lack jails.
 * @throws what `load` throws
 */
export async function readSettled({ load, files, clock, look = lookAt }: Reading): Promise<Settled> {
  const until = clock.monotonic() + PATIENCE_MS;
  for (let known = files; ;) {
    const began = clock.now();
    const isYoung = (one: FileLook | null): boolean =>
      one !== null && (one.isOpen || Math.abs(began - one.changedAt) < QUIET_MS);
    const looks = new Map(known.map((file) => [file, look(file)]));
    const isOver = clock.monotonic() >= until;
    const young = known.find((file) => isYoung(looks.get(file) ?? null));
    if (young !== undefined && !isOver) {
      await pause(clock, QUIET_MS);
      continue;
    }
    const read = load();
    const isMoving = (file: string): boolean => {
      const [before, after] = [looks.get(file), look(file)];
      return before === undefined ? isYoung(after) : before?.likeness !== after?.likeness;
    };
    const unsettled = young ?? read.files.find(isMoving) ?? null;
    if (unsettled === null || isOver) return { read, unsettled };
    known = read.files;
  }
}
