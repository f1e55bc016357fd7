import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Refusal } from '../control/failure.js';

/** One file of a log, held open so that a rotation cannot pull it away. */
export interface LogFile {
  readonly handle: FileHandle;
  readonly inode: number;
  readonly changedAt: Date;
}

/** A place in a log: which file, and the byte in it. */
export interface Position {
  readonly file: number;
  readonly offset: number;
}

const BLOCK_BYTES = 64 * 1024;
/** More files than this are left out: descriptors are jaild's, for all jails. */
const MAX_FILES = 256;

/** PATH, PATH.1, PATH.2 …: 0 is the one being written. */
export function rotatedName(path: string, generation: number): string {
  return generation === 0 ? path : `${path}.${generation}`;
}

/** No link of somebody else's is followed, and nothing is waited for that is no file. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a file of a log; null when there is none. Rejects with the system's error. */
export async function openLog(path: string): Promise<LogFile | null> {
  try {
    const handle = await open(path, FLAGS);
    const found = await handle.stat();
    if (!found.isFile()) {
      await handle.close();
      throw new Refusal(1, `${path}: it is no file`);
    }
    const { ino, mtime } = found;
    return { handle, inode: ino, changedAt: mtime };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Opens all files of a log, the oldest first; the caller closes them. */
export async function openLogs(path: string): Promise<readonly LogFile[]> {
  const files: LogFile[] = [];
  // From the newest on: a rotation meanwhile shows one file twice, and hides none.
  for (let generation = 0; generation < MAX_FILES; generation++) {
    const file = await openLog(rotatedName(path, generation));
    if (file === null && generation > 0) break;
    if (file === null) continue;
    if (files.some(({ inode }) => inode === file.inode)) await file.handle.close();
    else files.unshift(file);
  }
  return files;
}

/** The later of two places; null is the beginning. */
export function later(a: Position | null, b: Position | null): Position {
  const start = { file: 0, offset: 0 };
  const [x, y] = [a ?? start, b ?? start];
  return x.file > y.file || (x.file === y.file && x.offset > y.offset) ? x : y;
}

/** Where the last `count` lines begin. */
export async function startOfLines(files: readonly LogFile[], count: number): Promise<Position> {
  let left = count;
  let atEnd = true; // The newline at the very end ends the last line and begins none.
  for (let file = files.length - 1; file >= 0; file--) {
    const handle = files[file]?.handle;
    let end = (await handle?.stat())?.size ?? 0;
    while (end > 0) {
      const start = Math.max(0, end - BLOCK_BYTES);
      const block = await readBlock(handle, start, end - start);
      for (let at = block.length - 1; at >= 0; at--) {
        if (block[at] === 0x0a && !atEnd) left--;
        if (left <= 0 && (!atEnd || count === 0)) return { file, offset: start + at + 1 };
        atEnd = false;
      }
      end = start;
    }
  }
  return { file: 0, offset: 0 };
}

async function readBlock(handle: FileHandle | undefined, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const result = await handle?.read(buffer, 0, length, offset);
  return buffer.subarray(0, result?.bytesRead ?? 0);
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}/;
/** Characters of a time down to milliseconds, as lines begin with it (native/PROTOCOL.md §4). */
const STAMP_LENGTH = 23;

/** Where the first line begins that was written at `moment` or later. */
export async function startOfTime(files: readonly LogFile[], moment: Date): Promise<Position> {
  for (const [file, log] of files.entries()) {
    if (log.changedAt < moment && file < files.length - 1) continue;
    const offset = await firstLineSince(log.handle, moment.toISOString().slice(0, STAMP_LENGTH));
    if (offset !== null) return { file, offset };
  }
  return { file: files.length, offset: 0 };
}

/** Byte offset of the line; lines are in order of time. A log without times counts as a whole. */
async function firstLineSince(handle: FileHandle, stamp: string): Promise<number | null> {
  let offset = 0;
  let carried = Buffer.alloc(0);
  for (;;) {
    const block = await readBlock(handle, offset + carried.length, BLOCK_BYTES);
    if (block.length === 0) return null;
    const bytes = Buffer.concat([carried, block]);
    if (offset === 0 && bytes.length >= STAMP_LENGTH && !STAMP.test(stampAt(bytes, 0))) return 0;
    let line = 0;
    while (line + STAMP_LENGTH <= bytes.length) {
      const found = stampAt(bytes, line);
      if (STAMP.test(found) && found >= stamp) return offset + line;
      const end = bytes.indexOf(0x0a, line);
      if (end < 0) break;
      line = end + 1;
    }
    offset += line;
    carried = bytes.subarray(line);
  }
}

const stampAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, at + STAMP_LENGTH);

/** Who reads a log: takes blocks of it one after another, until told to stop. */
export interface Reader {
  readonly out: (bytes: Buffer) => void;
  readonly drained: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Sends a file from `offset` to its end and gives the offset of the end. */
export async function sendFile({ handle }: LogFile, offset: number, reader: Reader): Promise<number> {
  // A file that became shorter was truncated: what it has now is new.
  let at = offset > (await handle.stat()).size ? 0 : offset;
  while (!reader.signal.aborted) {
    const block = await readBlock(handle, at, BLOCK_BYTES);
    if (block.length === 0) break;
    at += block.length;
    reader.out(block);
    await reader.drained();
  }
  return at;
}

/** Sends all files from a position on, and gives the offset reached in the last one. */
export async function sendFrom(files: readonly LogFile[], from: Position, reader: Reader): Promise<number> {
  let end = 0;
  for (const [index, file] of files.entries())
    if (index >= from.file) end = await sendFile(file, index === from.file ? from.offset : 0, reader);
    else end = (await file.handle.stat()).size;
  return end;
}
