import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { failedWith } from './files.js';

/** No link of somebody else's is followed, and nothing is waited for that is no file. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const BLOCK = 128 * 1024;

/** A file that is read, and what is known of it. */
export interface Original {
  readonly handle: FileHandle;
  readonly inode: bigint;
  readonly size: number;
}

/** Opens a log that was put aside; null when it is none, or gone. Rejects with the exception of node:fs. */
export async function openOriginal(path: string): Promise<Original | null> {
  const handle = await open(path, READ).catch((error: unknown) => {
    if (failedWith(error, 'ENOENT', 'ELOOP')) return null;
    throw error;
  });
  if (handle === null) return null;
  const stat = await handle.stat({ bigint: true });
  if (stat.isFile() && stat.nlink === 1n) return { handle, inode: stat.ino, size: Number(stat.size) };
  await handle.close();
  return null;
}

/** There is no room for more. */
class TooMuch extends Error {}

/**
 * Writes a compressed copy of a log to `path`, where nothing is: of the same owner and mode and, once all of it is on the
 * disk, of the same time. It takes at most half of a core.
 * @param mayTake asked before each part, with the bytes of the copy up to its end
 * @returns whether it is there; what has become too large, or of a file that changed meanwhile, is taken away
 * Rejects with the exception of node:fs.
 */
export async function compress(
  { handle, size }: Original,
  path: string,
  mayTake: (bytes: number) => Promise<boolean>,
): Promise<boolean> {
  const copy = await open(path, CREATE, 0o600);
  let written = 0;
  const write = async (parts: AsyncIterable<Buffer>): Promise<void> => {
    for await (const part of parts) {
      if (!(await mayTake(written + part.length))) throw new TooMuch();
      await copy.writeFile(part);
      written += part.length;
    }
  };
  try {
    await pipeline(() => blocksOf(handle, size), createGzip(), write);
    const { uid, gid, mode, atimeNs, mtimeNs, size: now } = await handle.stat({ bigint: true });
    if (Number(now) !== size) throw new TooMuch();
    await copy.chown(Number(uid), Number(gid));
    await copy.chmod(Number(mode & 0o7777n));
    await copy.datasync();
    await copy.utimes(Number(atimeNs) / 1e9, Number(mtimeNs) / 1e9);
    return true;
  } catch (error) {
    await unlink(path).catch(() => undefined); // whoever took it away was first
    if (error instanceof TooMuch) return false;
    throw error;
  } finally {
    await copy.close();
  }
}

/** What there is to compress, with a rest after each block as long as the work on it took. */
async function* blocksOf(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size;) {
    const begun = performance.now();
    const block = Buffer.allocUnsafe(Math.min(BLOCK, size - at));
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    if (bytesRead === 0) throw new TooMuch();
    at += bytesRead;
    yield block.subarray(0, bytesRead);
    if (at < size) await pause(performance.now() - begun);
  }
}
