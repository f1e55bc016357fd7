import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { OverlayArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import { readText, systemError } from './files.js';

const { EBUSY, EXDEV } = constants.errno;

/**
 * Makes the work directory of an overlay beside its upper one, anew when a jail that is gone has left it.
 * @throws SystemError EBUSY when another jail writes to the same directory: what either sees then is undefined
 *   (Documentation/filesystems/overlayfs.rst); EXDEV when it would lie on another file system
 */
export function makeWorkDirectory({ directory, work, owner, upper, rundir }: OverlayArgs): void {
  try {
    if (statSync(upper).dev !== statSync(`${upper}/..`).dev) {
      const hint = `the work directory ${directory} must be on its file system: take a directory below for "path"`;
      throw new SystemError('overlay', EXDEV, upper, hint);
    }
    refuseShared(readText(owner), rundir, upper);
    removeWorkDirectory({ directory, owner, rundir });
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(owner, rundir, { mode: 0o600 });
    mkdirSync(work, { mode: 0o700 });
  } catch (error) {
    throw systemError(error, directory);
  }
}

/** A jail whose directory of state is gone has ended, or the host has been started again since. */
function refuseShared(user: string | null, rundir: string, upper: string): void {
  if (user === null || user === rundir || !existsSync(user)) return;
  const name = user.slice(user.lastIndexOf('/') + 1);
  const hint = 'give each jail a "path" of its own, or make both ephemeral';
  throw new SystemError('overlay', EBUSY, `${upper}, which jail "${name}" (${user}) writes to`, hint);
}

/** Removes it, unless it is another jail's by now. Throws SystemError. */
export function removeWorkDirectory({
  directory,
  owner,
  rundir,
}: Pick<OverlayArgs, 'directory' | 'owner' | 'rundir'>): void {
  const user = readText(owner);
  if (user !== null && user !== rundir && existsSync(user)) return;
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    throw systemError(error, directory);
  }
}
