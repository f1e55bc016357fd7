import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { constants } from 'node:os';
import { SystemError } from './error.js';
import { systemError } from './files.js';

/**
 * Puts other bytes into a user's file: every reader sees the old or the new ones, also after a power failure. Its owner
 * and mode stay, and a symbolic link to it stays a link. Throws SystemError. rename(2).
 */
export function replaceFile(path: string, bytes: Uint8Array): void {
  try {
    const file = realpathSync(path);
    const stat = statSync(file);
    if (!stat.isFile())
      throw new SystemError('replace', constants.errno.EINVAL, path, 'only a regular file can be replaced');
    const temporary = `${file}.new-${process.pid}`;
    writeNew(temporary, bytes, stat);
    renameSync(temporary, file);
  } catch (error) {
    throw error instanceof SystemError ? error : systemError(error, path);
  }
}

function writeNew(path: string, bytes: Uint8Array, { uid, gid, mode }: Stats): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, bytes);
    fchownSync(fd, uid, gid);
    fchmodSync(fd, mode); // after the owner: chown(2) takes special bits away
    fsyncSync(fd);
  } catch (error) {
    rmSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}
