import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { logBound, type LogBound } from '../plan/log.js';
import { untilAnswered } from './answering.js';
import { systemError } from './files.js';
import type { JailerHandle, KeptLog } from './host.js';
import { compress, openOriginal, type Original } from './log-compressor.js';
import { holdPath } from './reach.js';

/** Milliseconds that a jailer may take to put a file in its place, and between two looks at whether it has. */
const PATIENCE = 5000;
const LOOK = 10;

/** Longer than any line that is a file by itself. Bytes. */
const SLACK = 64 * 1024;

/** The files of one log, for as long as its directory is held. */
interface Files {
  readonly path: string;
  /** For the copy that is being written: there is one at a time. */
  readonly temporary: string;
  readonly bound: LogBound;
}

const aside = (path: string, generation: number): string => `${path}.${generation}`;
const compressed = (path: string, generation: number): string => `${path}.${generation}.gz`;

async function sizeOf(path: string): Promise<number | null> {
  return lstat(path).then(
    ({ size }) => size,
    () => null,
  );
}

/** Keeps logs small: whatever is put aside of them becomes a .gz, one file at a time for the whole host. */
export class LogKeeper {
  readonly #waiting = new Map<string, KeptLog>();
  /** Files that are no smaller compressed, by jail. */
  readonly #hopeless = new Map<string, Set<bigint>>();
  #isAtWork = false;

  /**
   * @param pathOf where a log will be of which that is not known yet, with a double slash as markReach() has it
   * @param warn what nobody else hears of
   */
  constructor(
    private readonly pathOf: (log: KeptLog) => Promise<string>,
    private readonly warn: (message: string) => void,
  ) {}

  tend(log: KeptLog): void {
    this.#waiting.set(log.jail.name, log);
    if (!this.#isAtWork) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    // Those that come meanwhile are at the end of it.
    for (const [name, log] of this.#waiting) {
      this.#waiting.delete(name);
      await this.#tend(log).catch((error: unknown) => this.#report(name, error));
    }
    this.#isAtWork = false;
  }

  #report(jail: string, error: unknown): void {
    const { message } = systemError(error);
    this.warn(`a log of ${jail} is not compressed, going on: ${message}`);
  }

  async #tend(log: KeptLog): Promise<void> {
    const marked = log.path ?? (await this.pathOf(log));
    await untilAnswered([dirname(marked)]);
    const held = holdPath(marked);
    try {
      const { path } = held;
      const temporary = `${dirname(path)}/.${basename(path)}.gz`;
      const files: Files = { path, temporary, bound: logBound(log.jail.values) };
      await this.#compressAll(log, files);
    } finally {
      held.letGo();
    }
  }

  async #compressAll(log: KeptLog, files: Files): Promise<void> {
    // What an earlier jaild has left half done. There is no such name in most directories, and often no directory.
    await unlink(files.temporary).catch(ignoreAbsence);
    const hopeless = this.#hopeless.get(log.jail.name) ?? new Set<bigint>();
    const tried = new Set<bigint>();
    const seen = new Set<bigint>();
    for (;;) {
      const original = await this.#next(files, (inode) => {
        seen.add(inode);
        return tried.has(inode) || hopeless.has(inode);
      });
      if (original === null) break;
      tried.add(original.inode);
      try {
        const made = await this.#compressOne(files, original, () => hopeless.add(original.inode));
        if (made) await this.#putInPlace(log, files, original.inode);
      } finally {
        await original.handle.close();
      }
    }
    const still = new Set([...hopeless].filter((inode) => seen.has(inode)));
    if (still.size > 0) this.#hopeless.set(log.jail.name, still);
    else this.#hopeless.delete(log.jail.name);
  }

  /** The newest that is there in plain form alone, is of a size that a log has, and is not to be skipped. */
  async #next({ path, bound }: Files, skip: (inode: bigint) => boolean): Promise<Original | null> {
    const most = Math.max(bound.size, SLACK);
    for (let generation = 1; generation < bound.files; generation++) {
      const hasCopy = (await sizeOf(compressed(path, generation))) !== null;
      const original = hasCopy ? null : await openOriginal(aside(path, generation));
      if (original === null && !hasCopy) return null;
      if (original === null) continue;
      if (!skip(original.inode) && original.size > 0 && original.size <= most) return original;
      await original.handle.close();
    }
    return null;
  }

  /** Whether there is a copy, which leaves all files together within what the log may take. */
  #compressOne(files: Files, original: Original, giveUp: () => void): Promise<boolean> {
    const room = new Room(files);
    return compress(original, files.temporary, async (bytes) => {
      if (bytes < original.size) return bytes <= (await room.left());
      giveUp();
      return false;
    });
  }

  async #putInPlace({ writer }: KeptLog, files: Files, inode: bigint): Promise<void> {
    const until = performance.now() + PATIENCE;
    let asked: JailerHandle | null = null;
    while (performance.now() < until) {
      const now = writer();
      if (now === 'nobody') return putInPlace(files, inode);
      if (now !== 'unknown' && now !== asked) {
        now.replaceLog(inode, basename(files.temporary));
        asked = now;
      }
      await pause(LOOK);
      if ((await sizeOf(files.temporary)) === null) return;
    }
    await unlink(files.temporary).catch(ignoreAbsence);
  }
}

/** What all files of a log may still take, which is less with each line that is written. */
class Room {
  #current: bigint | null = null;
  #aside = 0;

  constructor(private readonly files: Files) {}

  async left(): Promise<number> {
    const { path, bound } = this.files;
    if (bound.size === Infinity) return Infinity;
    const found = await lstat(path, { bigint: true }).catch(() => null);
    // After a rotation what was written is among those put aside.
    if (found === null || found.ino !== this.#current) this.#aside = await this.#countAside();
    this.#current = found?.ino ?? null;
    return bound.size * bound.files - this.#aside - Number(found?.size ?? 0);
  }

  async #countAside(): Promise<number> {
    const { path, bound } = this.files;
    let sum = 0;
    for (let generation = 1; generation < bound.files; generation++) {
      const sizes = [await sizeOf(aside(path, generation)), await sizeOf(compressed(path, generation))];
      if (sizes.every((size) => size === null)) break;
      for (const size of sizes) sum += size ?? 0;
    }
    return sum;
  }
}

function ignoreAbsence(error: unknown): void {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return;
  throw error;
}

/** What a jailer does else: in one turn of the event loop, in which none is started. */
function putInPlace({ path, temporary, bound }: Files, inode: bigint): void {
  for (let generation = 1; generation < bound.files; generation++) {
    const found = lstatSync(aside(path, generation), { bigint: true, throwIfNoEntry: false });
    if (found?.ino !== inode) continue;
    renameSync(temporary, compressed(path, generation));
    return unlinkSync(aside(path, generation));
  }
  unlinkSync(temporary);
}
