import { freebsd, ignored, later, linux, notYet } from '../parameter.js';
import { boolean, integer, jailsys, string, strings } from '../values/scalar.js';
import { capabilities, userNamespace } from '../values/isolation.js';
import { timeOffset } from '../values/quantity.js';

const grants = (capability: string, summary: string) =>
  freebsd(boolean, summary, {
    default: 'false',
    onLinux: 'close',
    note: `Grants ${capability} inside the jail.`,
  });
const permission = (summary: string, note: string) =>
  later(boolean, summary, note, { origin: 'freebsd', default: 'false' });
const mountFlag = (filesystem: string, note: string) =>
  freebsd(boolean, `Let root in the jail mount ${filesystem}, and unmount it.`, {
    default: 'false',
    onLinux: 'close',
    note,
  });
const ipc = (what: string) =>
  freebsd(jailsys, `System V ${what}: the jail's own, the host's, or none.`, {
    default: 'new',
    onLinux: 'close',
    note: 'Each jail has one IPC namespace for all three; disable refuses the calls (seccomp).',
    notYet: notYet(['inherit'], 'the jail has them for itself; nothing is shared with the host'),
  });
const NO_SUCH = 'Linux has no such permission.';

/** What root in the jail may do. */
export const permissions = {
  'allow.set_hostname': freebsd(boolean, 'Let root in the jail change its host name.', {
    default: 'false',
    onLinux: 'close',
    note: "The jail gets no capability: its jailer answers the call. FreeBSD's default is true.",
  }),
  'allow.reserved_ports': freebsd(boolean, 'Let root in the jail bind ports below 1024.', {
    default: 'true',
  }),
  'allow.suser': freebsd(boolean, 'Root in the jail has power at all.', {
    default: 'true',
    onLinux: 'close',
    note: 'false drops every capability.',
  }),
  'allow.raw_sockets': grants('net_raw', 'Let the jail use raw sockets, as ping does.'),
  'allow.chflags': grants('linux_immutable', 'Let root in the jail change system file flags.'),
  'allow.mlock': grants('ipc_lock', 'Let the jail lock memory.'),
  'allow.read_msgbuf': freebsd(boolean, "Let the jail read the kernel's messages.", {
    default: 'false',
    onLinux: 'close',
    note: 'Lets syslog(2) through; where kernel.dmesg_restrict is 1, userns = off and syslog in caps.add are needed as well.',
  }),
  'allow.adjtime': ignored(boolean, 'Let the jail adjust the clock.', 'The clock belongs to the host.'),
  'allow.settime': ignored(boolean, 'Let the jail set the clock.', 'The clock belongs to the host.'),
  'allow.routing': grants('net_admin', 'Let the jail change its routing table.'),
  'allow.setaudit': ignored(
    boolean,
    'Let the jail change audit settings.',
    'The audit system belongs to the host.',
  ),
  'allow.vmm': permission('Let the jail use virtual machines.', 'The jail has no /dev/kvm.'),
  'allow.vmm_ppt': ignored(boolean, 'Let the jail pass PCI devices to virtual machines.', NO_SUCH),
  'allow.quotas': ignored(boolean, 'Let the jail manage quotas.', NO_SUCH),
  'allow.socket_af': ignored(boolean, 'Let the jail use any address family.', 'The seccomp policy decides.'),
  'allow.sysvipc': ignored(boolean, 'Let the jail use System V IPC.', 'Use sysvmsg, sysvsem and sysvshm.'),
  'allow.extattr': ignored(boolean, 'Let the jail use system extended attributes.', NO_SUCH),
  'allow.nfsd': ignored(boolean, 'Let the jail run an NFS server.', NO_SUCH),
  'allow.unprivileged_proc_debug': ignored(
    boolean,
    'Let users in the jail debug.',
    "The host's ptrace_scope decides.",
  ),
  'allow.unprivileged_parent_tampering': ignored(
    boolean,
    'Let users of the parent touch processes.',
    NO_SUCH,
  ),
  'allow.mount': mountFlag(
    'file systems',
    'Needs allow.mount.* for each kind. The jail gets no capability: its jailer answers mount(2), and umount2(2) for what was mounted so.',
  ),
  'allow.mount.devfs': mountFlag(
    'devfs',
    "It is a copy of the jail's own /dev, by mount -t devfs or devtmpfs.",
  ),
  'allow.mount.fdescfs': ignored(
    boolean,
    'Let the jail mount fdescfs.',
    '/dev/fd comes with /dev: there is no such file system.',
  ),
  'allow.mount.fusefs': permission(
    'Let the jail mount fusefs.',
    'It is refused: mount it on the host and use mount with nullfs.',
  ),
  'allow.mount.nullfs': mountFlag(
    'nullfs',
    'A bind mount, by mount --bind or -t nullfs, which brings along what is mounted below, and stays read-only where it was.',
  ),
  'allow.mount.procfs': mountFlag(
    'procfs',
    "It is a copy of the jail's own /proc, masks included, by mount -t proc or procfs.",
  ),
  'allow.mount.linprocfs': mountFlag('linprocfs', 'The same as allow.mount.procfs.'),
  'allow.mount.linsysfs': mountFlag(
    'linsysfs',
    "It is a copy of the jail's own /sys, by mount -t sysfs or linsysfs.",
  ),
  'allow.mount.tmpfs': mountFlag('tmpfs', 'At most 256 MiB each; what is in it counts for memory.max.'),
  'allow.mount.zfs': ignored(
    boolean,
    'Let the jail mount ZFS datasets.',
    'Datasets are not handed over: use mount.',
  ),
  sysvmsg: ipc('message queues'),
  sysvsem: ipc('semaphores'),
  sysvshm: ipc('shared memory'),
  devfs_ruleset: ignored(
    integer(0),
    'Rules for what /dev shows.',
    'There are no devfs rules: every jail has the same few harmless devices.',
  ),
  enforce_statfs: freebsd(integer(0, 2), "How much of the host's mounts the jail sees.", {
    default: '1',
    onLinux: 'close',
    note: 'It always sees those of its own root and no others, also with 0; with 2 too, since no part of /proc/PID/mountinfo can be hidden. With 2 it mounts nothing, as on FreeBSD, where that is the default.',
  }),
  linux: ignored(jailsys, 'Linux emulation.', 'This is Linux.'),
  'linux.osname': ignored(string, 'Name of the emulated system.', 'This is Linux.'),
  'linux.osrelease': ignored(string, 'Release of the emulated system.', 'This is Linux.'),
  'linux.oss_version': ignored(integer(0), 'Version of the emulated sound system.', 'This is Linux.'),
};

/** What Linux holds it with. */
export const isolation = {
  userns: linux(userNamespace, "User namespace: a range of ids given out, none, or the host's BASE:COUNT.", {
    default: 'auto',
    notYet: {
      values: 'a COUNT other than 65536',
      includes: (value) =>
        typeof value === 'object' && value !== null && 'count' in value && value.count !== 65_536,
      note: '65536 ids are mapped from BASE on',
    },
  }),
  caps: linux(capabilities, 'Capabilities of root in the jail, instead of the default set.', {
    default:
      'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot setfcap',
  }),
  'caps.add': linux(capabilities, 'Capabilities beside those.'),
  'caps.drop': linux(capabilities, 'Capabilities taken away from those.'),
  seccomp: linux(string, 'System call policy: default, off, or a file.', { default: 'default' }),
  no_new_privs: linux(boolean, 'Programs inside gain nothing from set-user-ID bits.', { default: 'true' }),
  devices: later(
    strings,
    'Devices of the host that the jail has in /dev: "/dev/kvm rw".',
    '/dev has null, zero, full, random, urandom, tty and pseudo terminals.',
  ),
  'time.offset': linux(timeOffset, 'Shift of the monotonic and boot clocks inside.', { default: '0' }),
  apparmor: later(string, 'AppArmor profile.', 'The jail has the profile of jaild.'),
  selinux: later(string, 'SELinux label.', 'The jail has the label of jaild.'),
};
