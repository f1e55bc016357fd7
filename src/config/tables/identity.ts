import { freebsd, ignored, later, linux } from '../parameter.js';
import {
  boolean,
  fstabFiles,
  integer,
  jailsys,
  newOrInherit,
  paths,
  release,
  requiredPath,
  string,
  strings,
} from '../values/scalar.js';
import { room } from '../values/quantity.js';
import { mounts } from '../values/mount.js';

/** Who the jail is and what it is made of. */
export const identity = {
  name: freebsd(string, 'Name of the jail; the block name when it is not set. Dots express hierarchy.', {
    default: 'the block name',
  }),
  jid: freebsd(integer(1, 2_147_483_647), 'Number of the jail.', { default: 'the next free one' }),
  path: freebsd(requiredPath, 'Directory that becomes the root of the jail.', { default: 'none: required' }),
  persist: freebsd(boolean, 'Let the jail exist without any process.', { default: 'false' }),
  host: freebsd(newOrInherit, 'Whether the jail has its own host name.', {
    default: 'new',
    onLinux: 'close',
    note: "The default is new. inherit is the host's UTS namespace, whose names the jail cannot change; then no host.* can be set.",
  }),
  'host.hostname': freebsd(string, 'Host name inside the jail.', { default: "the jail's name" }),
  'host.domainname': freebsd(string, 'NIS domain name inside the jail.', { default: "the host's" }),
  'host.hostuuid': freebsd(string, 'UUID of the host as the jail sees it.', {
    default: 'as the root has it',
    onLinux: 'close',
    note: 'A read-only /etc/machine-id over that of the root, with its 32 digits; a text that is no UUID has those of its SHA-256; one of zeros alone is none. Where the root has no such file an empty one is made in it. Without it a jail that has the root or /etc of the host is given an id of its own in place of that of the host.',
  }),
  'host.hostid': freebsd(integer(0, 0xffffffff), 'Number of the host as the jail sees it.', {
    default: 'as the root has it',
    onLinux: 'close',
    note: 'A read-only /etc/hostid over that of the root, which gethostid(3) of glibc reads; 0 is none. Where the root has no such file an empty one is made in it.',
  }),
  securelevel: freebsd(integer(-1, 3), "Kernel security level of the jail's processes.", {
    default: '-1',
    onLinux: 'close',
    note: 'Takes away, whatever else gives it: from 1 on linux_immutable, sys_module, sys_rawio, mknod and loading modules; from 2 on setting the clock and writing to block devices of devices; from 3 on net_admin. The kernel of Linux has no such level, and nothing can raise it in a running jail.',
  }),
  'children.max': freebsd(integer(0, 1_000_000), 'How many jails the jail may create.', {
    default: '0',
    onLinux: 'close',
    note: 'How many namespaces of each kind every user of the jail may have inside it, and with any the calls to make them and to mount in them, which puts much more of the kernel within reach of the jail; and setfcap, without which none of them could have a root. A procfs of their own is refused to them, for parts of the /proc of the jail are hidden. It needs the user namespace.',
  }),
  'children.cur': freebsd(integer(0), 'How many jails the jail has created.', {
    onLinux: 'ignored',
    note: 'It is read-only, and jls shows 0: the kernel does not tell how many namespaces there are.',
    readOnly: true,
  }),
  osrelease: freebsd(release, 'Release that uname(1) shows inside.', {
    default: "the host's",
    onLinux: 'close',
    note: 'The jailer answers uname(2), and /proc/version and /proc/sys/kernel/osrelease say the same.',
  }),
  osreldate: ignored(
    integer(0),
    'Release number that uname(1) shows inside.',
    'Linux has no such number: jls shows it, the jail does not.',
  ),
  parent: freebsd(integer(0), 'Number of the parent jail.', {
    onLinux: 'ignored',
    note: 'It is read-only, and jls shows 0: jails are not within jails.',
    readOnly: true,
  }),
  dying: freebsd(boolean, 'The jail is being removed.', {
    onLinux: 'ignored',
    note: 'It is read-only: jls -d shows it.',
    readOnly: true,
  }),
  'cpuset.id': freebsd(integer(0), 'Number of the CPU set.', {
    onLinux: 'ignored',
    note: 'It is read-only; use cpuset.cpus.',
    readOnly: true,
  }),
  meta: freebsd(string, 'Free text attached to the jail.', {
    default: 'empty',
    live: true,
    onLinux: 'close',
    note: 'Together with meta.KEY, which are lines KEY=VALUE of it.',
  }),
  env: freebsd(string, 'Free text attached to the jail that it can read.', {
    default: 'empty',
    onLinux: 'close',
    note: 'In /dev/jail/env, together with env.KEY, which are lines KEY=VALUE of it.',
  }),
  auto: linux(boolean, 'Start the jail when jaild starts.', {
    default: 'false',
    live: true,
    note: 'A jail that was started or stopped by hand stays as it was last asked to be. With autostart = all in jaild.ini(5) the default is true.',
  }),
  priority: linux(
    integer(-1000, 1000),
    'Higher starts earlier and stops later among jails that do not depend on each other.',
    {
      default: '0',
      live: true,
    },
  ),
  mount: freebsd(
    mounts,
    'Lines of fstab(5) to mount before the jail starts; mount points are paths of the host.',
    {
      onLinux: 'close',
      note: 'nullfs is a bind mount; tmpfs, procfs, linprocfs, linsysfs and devfs become what Linux has for them, fdescfs comes with /dev. Other types are refused: mount them on the host and use nullfs.',
    },
  ),
  'mount.fstab': freebsd(fstabFiles, 'Files of fstab(5) lines, read at every start.', {
    onLinux: 'close',
    note: "What was mounted is remembered, so the files are not read again at stop. They must not lie in the jail's root.",
  }),
  'mount.devfs': freebsd(boolean, 'Give the jail a /dev of its own.', {
    default: 'true',
    onLinux: 'close',
    note: 'A tmpfs with the usual nodes, which are no inodes of the host, and the default is true.',
  }),
  'mount.fdescfs': freebsd(boolean, 'Give the jail /dev/fd.', {
    default: 'true',
    onLinux: 'close',
    note: 'A link to /proc/self/fd in the /dev of mount.devfs, and the default is true.',
  }),
  'mount.procfs': freebsd(boolean, 'Give the jail /proc.', {
    default: 'true',
    onLinux: 'close',
    note: "proc(5) of the jail's own pid namespace, and the default is true. Who is not in the group of root sees his own processes alone, and much of what is about the host is hidden: see THE HOST AS A JAIL SEES IT.",
  }),
  base: linux(paths, 'Directories that the root shows below path, which takes what the jail writes.', {
    note: 'Each lies over those before it, and path over all; none of them is changed. Needs a file system whose owners can be mapped, and no directory in another.',
  }),
  ephemeral: linux(boolean, 'Forget at stop whatever the jail wrote to its root.', {
    default: 'false',
    note: 'It is kept in memory, which counts for memory.max, and path stays as it is. Several jails may share a path then.',
  }),
  'ephemeral.size': linux(room, 'How much an ephemeral jail may write to its root.', {
    default: '256M',
    unit: 'bytes',
    note: 'A file takes at least 4096 bytes of it.',
  }),
  readonly: linux(boolean, 'Mount the root of the jail read-only.', { default: 'false' }),
  image: later(string, 'Image that the root is made from.', 'The root is what path names.'),
  'zfs.mount_snapshot': ignored(
    jailsys,
    'Show ZFS snapshots inside.',
    'Snapshots are directories of the file system: show them with mount.',
  ),
  'zfs.dataset': ignored(
    strings,
    'ZFS datasets handed over to the jail.',
    'No dataset is handed over: mount it on the host and show it with mount.',
  ),
};
