import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { StepFailure } from './error.js';
import { failedWith } from './files.js';

/** One file of a log, held open so that a rotation cannot pull it away. */
export interface LogFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly inode: number;
  readonly changedAt: Date;
  /** How often it had been rotated when that was seen last: it can only be more by now. */
  generation: number;
  /** Its text is that of PATH.N, by gzip. */
  readonly isCompressed: boolean;
}

/** No link of somebody else's is followed, and nothing is waited for that is no file. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The name of a file that has been rotated so often: PATH, PATH.1, PATH.2 …: 0 is the one being written. */
export function rotatedName(path: string, generation: number): string {
  return generation === 0 ? path : `${path}.${generation}`;
}

/** The same when it has been compressed. */
export function compressedName(path: string, generation: number): string {
  return `${rotatedName(path, generation)}.gz`;
}

async function openLog(path: string, generation: number, isCompressed: boolean): Promise<LogFile | null> {
  const handle = await open(path, FLAGS).catch(noneIfMissing);
  if (handle === null) return null;
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new StepFailure('', path, 'it is no file');
    return { handle, path, inode: found.ino, changedAt: found.mtime, generation, isCompressed };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Opens the file that has been rotated `generation` times, compressed or not. The compressed one takes its name before
 * the other one is gone: who finds neither has been overtaken by a rotation, or there is none.
 * Rejects with the system's error, or StepFailure for what is no file.
 */
export async function openGeneration(path: string, generation: number): Promise<LogFile | null> {
  return (
    (await openLog(rotatedName(path, generation), generation, false)) ?? openCompressed(path, generation)
  );
}

/** Opens the compressed file of a generation; null when there is none. Rejects as openGeneration() does. */
export async function openCompressed(path: string, generation: number): Promise<LogFile | null> {
  return generation === 0 ? null : openLog(compressedName(path, generation), generation, true);
}

function noneIfMissing(error: unknown): null {
  if (failedWith(error, 'ENOENT')) return null;
  throw error;
}

/** Bytes of the file itself; fewer than asked for at its end. */
export async function readBlock({ handle }: LogFile, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}
