/** A mount of the host, as far as owners are concerned. */
export interface HostMount {
  readonly mountPoint: string;
  /** "ext4" */
  readonly type: string;
}

/**
 * The first Linux that can map the owners of a mount of this file system (mount_setattr(2), FS_ALLOW_IDMAP), or none.
 * Of those that are not listed, or where it depends on who serves the file system (fuse), nobody can tell before.
 */
const mappableSince: Readonly<Record<string, readonly [major: number, minor: number] | null>> = {
  ...{ ext2: [5, 12], ext3: [5, 12], ext4: [5, 12], xfs: [5, 12], vfat: [5, 12] },
  ...{ btrfs: [5, 15], ntfs3: [5, 15], f2fs: [5, 18], erofs: [5, 19] },
  ...{ squashfs: [6, 2], tmpfs: [6, 3], ceph: [6, 7] },
  ...{ '9p': null, nfs: null, nfs4: null, cifs: null, smb3: null, overlay: null, ecryptfs: null },
  ...{ proc: null, sysfs: null, devtmpfs: null, devpts: null, ramfs: null, cgroup: null, cgroup2: null },
  ...{ mqueue: null, debugfs: null, tracefs: null, securityfs: null, bpf: null, iso9660: null, udf: null },
};

/** "6.1.0-13-amd64" as numbers. */
const versionOf = (release: string): readonly [number, number] => {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return [Number(major), Number(minor)];
};

/** Whether owners of a file system can't be mapped with this kernel. False where nobody can tell before it is tried. */
export function isUnmappable(type: string, release: string): boolean {
  const since = Object.hasOwn(mappableSince, type) ? mappableSince[type] : undefined;
  if (since === undefined || since === null) return since === null;
  const [major, minor] = versionOf(release);
  return major < since[0] || (major === since[0] && minor < since[1]);
}

/** What can be done where the owners of a directory can't be mapped. */
export function withoutMapping({ type, mountPoint }: HostMount, path: string): string {
  const newer = Object.hasOwn(mappableSince, type) ? mappableSince[type] : null;
  const ways = [
    ...(mountPoint.startsWith(`${path}/`) ? [`unmount ${mountPoint}`] : []),
    'put it on ext4, xfs, btrfs or tmpfs',
    ...(type === 'overlay' ? ['or name what it is made of with base and path'] : []),
    ...(newer ? [`or take Linux ${newer.join('.')} or later`] : []),
    'or set userns = off, which makes root in the jail root of the host',
  ];
  return ways.join(', ');
}
