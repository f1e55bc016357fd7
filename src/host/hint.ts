import { constants, release } from 'node:os';
import { isUnmappable, withoutMapping } from '../plan/mapping.js';
import { mountsAt } from './mount-table.js';

const { ENOENT, EACCES, ELOOP, EINVAL, ENOTDIR, ENOEXEC, ENOSPC, EPERM, EMFILE } = constants.errno;
const { EBUSY, ENODEV, EROFS, EXDEV } = constants.errno;

const AN_UPPER =
  '"path" of an overlay must be a directory itself, no link and no mount point: take one below';

/** What to do about a step of the jailer that failed (native/jailer/steps.h), by the step and its errno; 0 is any errno. */
const hints: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  exec: {
    [ENOENT]:
      'the path is looked for inside the jail, below "path"; a program may also lack its interpreter or libraries there',
    [EACCES]: 'it must be a file that may be executed: chmod +x',
    [ENOEXEC]: 'a script needs a first line such as #!/bin/sh',
    0: 'the path is looked for inside the jail, below "path"',
  },
  user: { 0: 'a user is looked up in the jail’s own /etc/passwd; a number needs no entry' },
  groups: { 0: 'groups are looked up in the jail’s own /etc/group' },
  workdir: { 0: '"exec.workdir" is a directory inside the jail' },
  idmap: {
    [EINVAL]:
      'this file system can’t map owners: put it on ext4, xfs, btrfs or tmpfs, unmount what lies below, or set userns = off',
    0: 'owners can’t be mapped here: userns = off shares the host’s user ids with the jail',
  },
  tree: {
    [ENOENT]: 'what is mounted must exist on the host',
    0: 'what is mounted must be readable on the host',
  },
  mount: {
    [ENOENT]: 'the mount point must exist in the jail’s root: mkdir -p it',
    [ELOOP]:
      'no part of a mount point below the jail’s root may be a symbolic link, nor of what is mounted where a jail, or another user of the host, can change it',
    [ENOTDIR]: 'a directory is mounted on a directory, a file on a file',
    0: 'jailctl plan shows what is mounted where',
  },
  device: { 0: 'mount.nodevfs leaves the jail’s own /dev as it is' },
  file: {
    [ELOOP]: 'no directory on the file’s path below the jail’s root may be a symbolic link',
    [ENOENT]: 'the file must exist in the jail’s root',
    [EINVAL]: 'a directory is in the place of the file',
    [EROFS]: 'nothing can be made there: put an empty file in the jail’s root on the host',
  },
  node: { [EPERM]: 'jaild must be allowed to make device nodes (CAP_MKNOD)' },
  mask: {
    [ELOOP]: 'no part of the path may be a symbolic link',
    [ENOSPC]: 'the jail’s namespaces are used up',
  },
  overlay: {
    [EINVAL]: '"path" must be on a file system that an overlay can write to: ext4, xfs, btrfs',
    [ELOOP]: 'directories of "base" and "path" must not lie within each other',
    [EBUSY]: 'each jail needs a "path" of its own for what it writes',
    [ENODEV]: 'this kernel has no overlayfs: modprobe overlay',
    0: '"base" and "path" must name directories that the kernel can lay over each other',
  },
  root: {
    [ELOOP]: `${AN_UPPER}; where another jail or user can change it, no part of it may be a symbolic link`,
    [EXDEV]: AN_UPPER,
    0: '"path" must name a directory',
  },
  sysctl: {
    [EACCES]: 'before Linux 6.9 limits of System V IPC need userns = off',
    0: 'the kernel must know the setting',
  },
  clone: {
    [ENOSPC]: 'the host’s limit of namespaces is reached: /proc/sys/user/max_*_namespaces',
    [EPERM]: 'the kernel must allow user namespaces',
  },
  cgroup: { 0: 'the cgroup must be writable for jaild, and have CPUs and memory nodes' },
  seccomp: { 0: 'seccomp = off runs the jail without a filter' },
  label: {
    [ENOENT]: 'the AppArmor profile must be loaded: apparmor_parser -r FILE',
    [EINVAL]: 'the policy of the host must know the label, and the kernel its module',
    [EACCES]: 'the policy of the host must let jaild change to the label',
  },
  log: { 0: 'jaild writes the log as root; no part of its path may be a symbolic link' },
  netlink: { [EMFILE]: 'too many open files' },
};

/** Which file system it is whose owners can't be mapped, and what to do about that. */
function mappingHint(path: string): string | undefined {
  const mounts = mountsAt(path);
  const mount =
    mounts.find(({ type }) => isUnmappable(type, release())) ?? (mounts.length === 1 ? mounts[0] : undefined);
  if (mount === undefined) return undefined;
  const { type, mountPoint } = mount;
  const where = mountPoint.startsWith(`${path}/`) ? mountPoint : path;
  return `${where} is on ${type}, whose owners can’t be mapped: ${withoutMapping(mount, path)}`;
}

/** What to do about a failed step, or undefined where nothing helpful is known. @param subject what it failed on */
export function hintFor(step: string, errno: number, subject = ''): string | undefined {
  if (step === 'idmap' && errno === EINVAL && subject !== '') {
    const own = mappingHint(subject);
    if (own !== undefined) return own;
  }
  return hints[step]?.[errno] ?? hints[step]?.[0];
}
