import { statSync } from 'node:fs';
import type { Jail } from '../config/jail.js';
import { refuseInside } from '../plan/own-root.js';
import { markReach, type Reach } from '../plan/reach.js';
import { deviceNumber } from './disk.js';
import { SystemError } from './error.js';
import { systemError } from './files.js';
import { readWithinReach } from './reach.js';

/**
 * Sees that a jail's root is there and is a directory, before anything is built.
 * @throws SystemError
 */
export function checkRoot(path: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw systemError(error, path, '"path" must name the directory that becomes the root of the jail');
  }
  if (!isDirectory) {
    throw new SystemError('root', notADirectory, path, '"path" must name a directory');
  }
}

const notADirectory = 20;
const invalidArgument = 22;

/**
 * The text of each file that `mount.fstab` names; an empty name is skipped, as by jail(8).
 * @throws SystemError for a file that can't be read, PlanError for one in the jail's own root.
 */
export function readFstabs(jail: Jail, reach: Reach): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const file of jail.values['mount.fstab'] ?? []) {
    if (file === '') continue;
    refuseInside(jail, 'mount.fstab', file);
    try {
      texts.set(file, readWithinReach(markReach(file, reach)));
    } catch (error) {
      throw systemError(error, file, '"mount.fstab" names files that list mounts as fstab(5) does');
    }
  }
  return texts;
}

/**
 * "MAJOR:MINOR" of block devices, as io.max wants them (Documentation/admin-guide/cgroup-v2.rst).
 * @throws SystemError for a path that is no block device.
 */
export function blockDeviceNumbers(paths: readonly string[]): ReadonlyMap<string, string> {
  const numbers = new Map<string, string>();
  for (const path of paths) numbers.set(path, blockDeviceNumber(path));
  return numbers;
}

function blockDeviceNumber(path: string): string {
  if (/^\d+:\d+$/.test(path)) return path;
  const hint = '"io.max" takes a block device, such as /dev/sda, or its numbers, such as 8:0';
  try {
    const stat = statSync(path);
    if (!stat.isBlockDevice()) throw new SystemError('io.max', invalidArgument, path, hint);
    return deviceNumber(stat.rdev);
  } catch (error) {
    if (error instanceof SystemError) throw error;
    throw systemError(error, path, hint);
  }
}
