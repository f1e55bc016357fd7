import { lstat } from 'node:fs/promises';
import { compressedName, openGeneration, openLog, rotatedName, type LogFile } from './log-file.js';
import { isTwin } from './log-text.js';

/*
 * The files of a log as a chain in time. Names move along it at each rotation, and the file behind one is replaced when
 * it is compressed: a place in the chain is a file that is held open, and its neighbours are looked for from there.
 */

const MAX_GENERATIONS = 10_000;

/** Opens the file that is written, or the last one that was; null when there is none. The caller closes it. */
export async function openNewest(path: string): Promise<LogFile | null> {
  // Between the rename and the new file there is none of the first name.
  return (await openGeneration(path, 0)) ?? openGeneration(path, 1);
}

/** Opens the file that was begun after this one, or null while this one is the newest. Several rotations may have passed. */
export async function openSuccessor(path: string, current: LogFile | null): Promise<LogFile | null> {
  if (current === null) return openNewest(path);
  for (;;) {
    const generation = await generationOf(path, current);
    if (generation === 0) return null;
    if (generation === null) return openOldestSince(path, await lastChange(current));
    const next = await openGeneration(path, generation - 1);
    // A rotation between the two has given that name to the one after the next.
    if ((await generationOf(path, current)) === generation) return next;
    await next?.handle.close();
  }
}

/** Opens the file before this one; null when this one is the oldest. */
export async function openPredecessor(path: string, current: LogFile): Promise<LogFile | null> {
  for (;;) {
    const generation = await generationOf(path, current);
    if (generation === null) return null;
    const before = await openGeneration(path, generation + 1);
    if ((await generationOf(path, current)) === generation) return before;
    await before?.handle.close();
  }
}

/** How often a file has been rotated, or null when it is there no more. */
async function generationOf(path: string, current: LogFile): Promise<number | null> {
  for (let generation = 0; generation < MAX_GENERATIONS; generation++) {
    const plain = await inodeOf(rotatedName(path, generation));
    if (plain === current.inode) return generation;
    const compressed = generation === 0 ? null : await inodeOf(compressedName(path, generation));
    if (compressed === current.inode) return generation;
    if (plain === null && compressed === null && generation > 0) break;
  }
  return generationOfTwin(path, current);
}

/** The same for one that has been compressed: its own name is another file's by now. */
async function generationOfTwin(path: string, current: LogFile): Promise<number | null> {
  if (current.isCompressed || (await current.handle.stat()).nlink > 0) return null;
  for (let generation = 1; generation < MAX_GENERATIONS; generation++) {
    const compressed = await openLog(compressedName(path, generation), true);
    const isFound = compressed !== null && (await isTwin(current, compressed));
    await compressed?.handle.close();
    if (isFound) return generation;
    if (compressed === null && (await inodeOf(rotatedName(path, generation))) === null) break;
  }
  return null;
}

/**
 * The first of the files that are left when the one before them is gone: rotated away, so that all of them were begun
 * later, or taken away by somebody, who has left older ones.
 */
async function openOldestSince(path: string, moment: Date): Promise<LogFile | null> {
  let oldest: LogFile | null = null;
  for (let generation = 0; generation < MAX_GENERATIONS; generation++) {
    const older = await openGeneration(path, generation);
    if (older === null && generation === 0) continue;
    if (older === null || older.changedAt < moment) {
      await older?.handle.close();
      break;
    }
    await oldest?.handle.close();
    oldest = older;
  }
  return oldest;
}

const lastChange = async ({ handle }: LogFile): Promise<Date> => (await handle.stat()).mtime;

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await lstat(path)).ino;
  } catch {
    return null;
  }
}
