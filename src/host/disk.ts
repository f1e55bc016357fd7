import { realpathSync, statSync } from 'node:fs';
import { PlanError } from '../plan/error.js';
import { readText, systemError } from './files.js';
import { mountOf, mountTable } from './mount-table.js';

/** "MAJOR:MINOR" of a block device: the kernel's huge encoding, minor in bits 0-7 and 20-31, major in bits 8-19 (linux/kdev_t.h). */
export function deviceNumber(rdev: number): string {
  return `${(rdev >> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >> 12) & 0xfff00)}`;
}

/** Limits of I/O are those of whole disks (block/blk-cgroup.c, blkg_conf_open_bdev). */
function wholeDisk(number: string): string {
  const directory = `/sys/dev/block/${number}`;
  if (readText(`${directory}/partition`) === null) return number;
  return readText(`${directory}/../dev`)?.trim() ?? number;
}

/**
 * "MAJOR:MINOR" of the disk on which a directory lies.
 * @throws PlanError for one on a file system that is on no disk, such as tmpfs; SystemError when there is none
 */
export function diskOf(path: string): string {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    throw systemError(error, path);
  }
  const mount = mountOf(real, mountTable());
  if (mount !== undefined && !mount.device.startsWith('0:')) return wholeDisk(mount.device);
  // btrfs and its like have numbers of their own, and name their device as the source.
  const stat = mount?.source.startsWith('/') ? statSync(mount.source, { throwIfNoEntry: false }) : undefined;
  if (stat?.isBlockDevice() === true) return wholeDisk(deviceNumber(stat.rdev));
  const hint = 'put it on a disk, or name one: io.max = "/dev/NAME …"';
  throw new PlanError('rctl', path, `it is on ${mount?.type ?? 'no file system'}, which is on no disk`, hint);
}
