import { readFileSync, realpathSync, statSync } from 'node:fs';
import { PlanError } from '../plan/error.js';
import { readText, systemError } from './files.js';

interface Mount {
  /** "MAJOR:MINOR", as stat(2) has it for most file systems. */
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
}

const unescape = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

/** The mounts that a mountinfo file lists, in their order. proc_pid_mountinfo(5). */
function mountsOf(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line): readonly Mount[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , device = '', , mountPoint = ''] = before.split(' ');
    const [type = '', source = ''] = after.split(' ');
    return device === ''
      ? []
      : [{ device, mountPoint: unescape(mountPoint), type, source: unescape(source) }];
  });
}

/** Of mounts at one place the last one is seen. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(({ mountPoint }) =>
    `${path}/`.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`),
  );
  const longest = Math.max(...above.map(({ mountPoint }) => mountPoint.length));
  return above.findLast(({ mountPoint }) => mountPoint.length === longest);
}

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
  const mount = mountOf(real, mountsOf(readFileSync('/proc/self/mountinfo', 'utf8')));
  if (mount !== undefined && !mount.device.startsWith('0:')) return wholeDisk(mount.device);
  // btrfs and its like have numbers of their own, and name their device as the source.
  const stat = mount?.source.startsWith('/') ? statSync(mount.source, { throwIfNoEntry: false }) : undefined;
  if (stat?.isBlockDevice() === true) return wholeDisk(deviceNumber(stat.rdev));
  const hint = 'put it on a disk, or name one: io.max = "/dev/NAME …"';
  throw new PlanError('rctl', path, `it is on ${mount?.type ?? 'no file system'}, which is on no disk`, hint);
}
