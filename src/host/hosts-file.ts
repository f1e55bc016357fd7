import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { constants as os } from 'node:os';
import { plainPath } from '../plan/path-name.js';
import { markReach, type Reach } from '../plan/reach.js';
import { SystemError } from './error.js';
import { systemError } from './files.js';
import { openBeneath, openWithin } from './libc/files.js';

/** More than a file has that people write by hand, in bytes: it goes into the launch plan. */
const MOST = 64 * 1024;

/** Why a file of names is left as it is. */
export interface Unread {
  readonly reason: string;
}

/** An O_PATH descriptor of a root, or -1 when there is none (yet). */
function openRoot(marked: string): number {
  const end = marked.indexOf('//');
  const [top, below] = end < 0 ? [marked, ''] : [marked.slice(0, end), marked.slice(end + 2)];
  try {
    return openBeneath(top, below);
  } catch (error) {
    const failure = systemError(error);
    if (failure instanceof SystemError && failure.errno === os.errno.ENOENT) return -1;
    throw failure;
  }
}

/** Null: there is no such name in this root. What is no file has no text. */
function textOf(root: number, file: string): string | Unread | null {
  const found = openWithin(root, file);
  if (found < 0) return null;
  try {
    const stat = fstatSync(found);
    if (!stat.isFile()) return '';
    if (stat.size > MOST) return { reason: `it has more than ${MOST} bytes` };
    // O_NONBLOCK: whoever has a lease on it would keep jaild waiting (fcntl(2)).
    const fd = openSync(`/proc/self/fd/${found}`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(MOST);
      return bytes.toString('latin1', 0, readSync(fd, bytes, 0, MOST, 0));
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(found);
  }
}

/**
 * What a jail would read at `file` below its root, a character for each byte. Links count as they do in the jail; nothing but a regular
 * file is opened, and none that is mounted there on the host.
 * @param layers directories that the root is made of, the topmost first
 * @param file relative to the root
 */
export function readInRoot(layers: readonly string[], file: string, reach?: Reach): string | Unread {
  try {
    for (const layer of layers) {
      const root = openRoot(markReach(plainPath(layer), reach));
      if (root < 0) continue;
      try {
        const text = textOf(root, file);
        if (text !== null) return text;
      } finally {
        closeSync(root);
      }
    }
    return '';
  } catch (error) {
    return { reason: systemError(error, file).message };
  }
}
