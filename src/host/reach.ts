import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { constants as os } from 'node:os';
import { dirname } from 'node:path';
import { distrustOf, type Distrust } from '../config/files/trust.js';
import { distrustAt } from '../config/load.js';
import { SystemError } from './error.js';
import { openBeneath } from './libc/files.js';

/** A name for a file that leads to where its path led when it was made, until it is let go. */
export interface HeldPath {
  readonly path: string;
  readonly letGo: () => void;
}

/**
 * A name by which a file whose path has a double slash (see markReach in src/plan/reach.ts) can be opened: links on the way behind that are refused,
 * and so has the opener to with one in the last part (O_NOFOLLOW). A path without one is its own name.
 * Throws SystemError (ELOOP: a link on the way).
 */
export function holdPath(path: string): HeldPath {
  const end = path.indexOf('//');
  if (end < 0) return { path, letGo: () => undefined };
  const slash = path.lastIndexOf('/');
  const below = path.slice(end + 2, Math.max(end + 2, slash));
  const directory = openBeneath(path.slice(0, end), below);
  return {
    path: `/proc/self/fd/${directory}/${path.slice(slash + 1)}`,
    letGo: () => closeSync(directory),
  };
}

/** More than any fstab, policy or list of rules has, in bytes. */
const MOST = 1024 * 1024;

/**
 * The text of a file that root alone can change on the host; one that a jail may have laid is a regular one of at most
 * 1 MiB. Throws SystemError (EPERM: it is not root's) or the exception of node:fs.
 */
export function readWithinReach(path: string): string {
  if (!path.includes('//')) {
    refuse(path, distrustAt(path));
    return readFileSync(path, 'utf8');
  }
  const held = holdPath(path);
  try {
    // Whoever laid a FIFO there must not keep jaild waiting.
    const fd = openSync(held.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new SystemError('read', os.errno.EINVAL, path, 'it is not a file');
      const directory = statSync(dirname(held.path));
      refuse(path, distrustOf(path.replace('//', '/'), stat, directory, process.geteuid?.() ?? 0));
      if (stat.size > MOST) throw new SystemError('read', os.errno.EFBIG, path);
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } finally {
    held.letGo();
  }
}

function refuse(path: string, distrust: Distrust | null): void {
  if (distrust === null) return;
  throw new SystemError('read', os.errno.EPERM, `${path}, for ${distrust.reason}`, distrust.hint);
}
