import { lstat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { compressedName, openCompressed, openGeneration, rotatedName, type LogFile } from './log-file.js';
import { isTwin } from './log-text.js';

/*
 * The files of a log as a chain in time. Names move along it at each rotation, one after the other, so that one is missing
 * at a time; and the file behind one is replaced when it is compressed. A place in the chain is a file that is held open,
 * and its neighbours are looked for from there.
 */

const MAX_GENERATIONS = 10_000;
/** Names that are missing beside each other: there is nothing behind them. */
const END = 3;
/** A rotation takes less than this, in ms; a name that is missing for longer was taken away by somebody. */
const ROTATION_MS = 20;

/** Opens the file that is written, or the last one that was; null when there is none. The caller closes it. */
export async function openNewest(path: string): Promise<LogFile | null> {
  return openNearest(path, 0, 1);
}

/** Opens the file that was begun first; null when there is none. The caller closes it. */
export async function openOldest(path: string): Promise<LogFile | null> {
  return openOldestSince(path, new Date(0));
}

/** Opens the file that was begun after this one, however often they were rotated since; null while this one is the newest. */
export async function openSuccessor(path: string, current: LogFile): Promise<LogFile | null> {
  return openNeighbour(path, current, -1);
}

/** Opens the file before this one; null when this one is the oldest. */
export async function openPredecessor(path: string, current: LogFile): Promise<LogFile | null> {
  return openNeighbour(path, current, 1);
}

async function openNeighbour(path: string, current: LogFile, step: 1 | -1): Promise<LogFile | null> {
  for (let waited = 0; ; waited++) {
    const isPatient = waited < ROTATION_MS;
    const generation = await generationOf(path, current);
    if (generation === 0 && step < 0) return null;
    if (generation !== null) {
      // A rotation between the two gives that name to another one.
      const found = await (isPatient
        ? openGeneration(path, generation + step)
        : openNearest(path, generation + step, step));
      const isSettled = (await generationOf(path, current)) === generation;
      const isEnd = found === null && step > 0 && !(await isAnything(path, generation + step));
      if (isSettled && (found !== null || isEnd || !isPatient)) return found;
      await found?.handle.close();
    } else if (!isPatient) return step > 0 ? null : openOldestSince(path, await lastChange(current));
    await sleep(1);
  }
}

/** How often a file has been rotated, or null when it is not found. */
async function generationOf(path: string, current: LogFile): Promise<number | null> {
  const isHere = async (generation: number): Promise<boolean> =>
    (await inodeOf(rotatedName(path, generation))) === current.inode ||
    (generation > 0 && (await inodeOf(compressedName(path, generation))) === current.inode);
  // It is nearer to the one that is written only when somebody has moved it there.
  let found =
    (await findGeneration(path, current.generation, isHere)) ?? (await findGeneration(path, 0, isHere));
  if (found === null && !current.isCompressed && (await current.handle.stat()).nlink === 0)
    found = await findGeneration(path, current.generation, (one) => isTwinHere(path, one, current));
  current.generation = found ?? current.generation;
  return found;
}

/** Whether the file has been compressed to this one: its own name is another file's by then. */
async function isTwinHere(path: string, generation: number, current: LogFile): Promise<boolean> {
  const compressed = await openCompressed(path, generation);
  const isFound = compressed !== null && (await isTwin(current, compressed));
  await compressed?.handle.close();
  return isFound;
}

/** The first generation from one on of which something is so, as far as there are any. */
async function findGeneration(
  path: string,
  from: number,
  isSo: (generation: number) => Promise<boolean>,
): Promise<number | null> {
  for (let generation = from; generation < MAX_GENERATIONS; generation++) {
    if (await isSo(generation)) return generation;
    if (!(await isAnything(path, generation))) return null;
  }
  return null;
}

/** Whether there is a file of this generation, or of one soon after it. */
async function isAnything(path: string, generation: number): Promise<boolean> {
  for (let one = generation; one < generation + END; one++)
    for (const name of [rotatedName(path, one), compressedName(path, one)])
      if ((await inodeOf(name)) !== null) return true;
  return false;
}

/** The first file from a generation on, away from or towards the one that is written. */
async function openNearest(path: string, generation: number, step: 1 | -1): Promise<LogFile | null> {
  for (let one = generation; one >= 0 && (step < 0 || one < generation + END); one += step) {
    const found = await openGeneration(path, one);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The first of the files that are left when the one before them is gone: rotated away, so that all of them were begun
 * later, or taken away by somebody, who has left older ones.
 */
async function openOldestSince(path: string, moment: Date): Promise<LogFile | null> {
  let oldest: LogFile | null = null;
  for (let generation = 0; await isAnything(path, generation); generation++) {
    const older = await openGeneration(path, generation);
    if (older !== null && older.changedAt < moment) {
      await older.handle.close();
      break;
    }
    if (older === null) continue;
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
