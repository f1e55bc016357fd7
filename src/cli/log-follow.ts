import { watch, type FSWatcher } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { openLog, rotatedName, sendFile, type LogFile, type Reader } from './log-files.js';

/** inotify may be out of watches, or the directory on a file system without it: look this often anyway, in ms. */
const LOOK_EVERY_MS = 500;
const MAX_GENERATIONS = 10_000;

/**
 * Sends what is added to a log until the client goes away, from `offset` of the file `inode` on, across rotations.
 * `inode` is null when the log does not exist yet.
 */
export async function followLog(
  path: string,
  inode: number | null,
  offset: number,
  reader: Reader,
): Promise<void> {
  const changes = watchChanges(path, reader.signal);
  const generation = inode === null ? null : await generationOf(path, inode);
  let current = generation === null ? null : await openLog(rotatedName(path, generation));
  let at = offset;
  try {
    while (!reader.signal.aborted) {
      if (current !== null) at = await sendFile(current, at, reader);
      const next = await successor(path, current);
      if (next === null) {
        await changes.next();
        continue;
      }
      // Its writer may have added to it after we looked and before it was rotated.
      if (current !== null) await sendFile(current, at, reader);
      await current?.handle.close();
      [current, at] = [next, 0];
    }
  } finally {
    changes.close();
    await current?.handle.close();
  }
}

/** The file that was begun after this one, or null while this one is the newest. Several rotations may have passed. */
async function successor(path: string, current: LogFile | null): Promise<LogFile | null> {
  if (current === null) return openLog(path);
  for (;;) {
    const generation = await generationOf(path, current.inode);
    if (generation === 0) return null;
    const next = await openLog(generation === null ? path : rotatedName(path, generation - 1));
    // A rotation between the two has given that name to the one after the next.
    if (generation === null || (await generationOf(path, current.inode)) === generation) return next;
    await next?.handle.close();
  }
}

/** How often a file has been rotated, or null when it is there no more. */
async function generationOf(path: string, inode: number): Promise<number | null> {
  for (let generation = 0; generation < MAX_GENERATIONS; generation++) {
    const found = await inodeOf(rotatedName(path, generation));
    if (found === inode) return generation;
    if (found === null && generation > 0) return null;
  }
  return null;
}

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await lstat(path)).ino;
  } catch {
    return null; // Between the rename and the new file there is none.
  }
}

/** Resolves `next()` when something may have changed since the call before. */
function watchChanges(path: string, signal: AbortSignal) {
  const name = basename(path);
  let changed = false;
  let wake = (): void => undefined;
  const note = (): void => {
    changed = true;
    wake();
  };
  const watcher = tryWatch(dirname(path), (file) => (file === null || file === name) && note());
  const timer = setInterval(note, LOOK_EVERY_MS);
  signal.addEventListener('abort', note);
  return {
    next: async (): Promise<void> => {
      if (!changed && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
    },
    close: (): void => {
      clearInterval(timer);
      watcher?.close();
      signal.removeEventListener('abort', note);
    },
  };
}

function tryWatch(directory: string, listener: (file: string | null) => void): FSWatcher | null {
  try {
    const watcher = watch(directory, (_, file) => listener(file));
    watcher.on('error', () => watcher.close()); // The timer goes on.
    return watcher;
  } catch {
    return null;
  }
}
