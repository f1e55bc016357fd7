import { freebsd, ignored, later, linux } from '../parameter.js';
import { boolean, integer, jailsys, string } from '../values/scalar.js';
import { deviceGrants } from '../values/device.js';
import { capabilities, label, userNamespace } from '../values/isolation.js';
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
const HOST_ROOT =
  'with userns = off alone: the kernel grants it to root of the host and to no user namespace.';
const hostGrant = (summary: string, what: string) =>
  freebsd(boolean, summary, { default: 'false', onLinux: 'close', note: `${what}, ${HOST_ROOT}` });
const ipc = (what: string) =>
  freebsd(jailsys, `System V ${what}: the jail's own, the host's, or none.`, {
    default: 'new',
    onLinux: 'close',
    note: "The default is new. One IPC namespace holds all three: where one is inherit, POSIX message queues are the host's with it, another can be inherit or disable, and is disable unless it is written. disable refuses the calls (seccomp).",
  });

const NATIVE = 'Programs of Linux run as they are: nothing is emulated.';

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
  'allow.chflags': hostGrant(
    'Let root in the jail change system file flags.',
    'Grants linux_immutable, by which chattr(1) sets and clears the flags i and a',
  ),
  'allow.mlock': freebsd(boolean, 'Let the jail lock memory.', {
    default: 'false',
    onLinux: 'close',
    note: 'Lifts the limit rlimit.memlock, unless that is written, and grants ipc_lock. Without it a jail can lock what the limit allows.',
  }),
  'allow.read_msgbuf': freebsd(boolean, "Let the jail read the kernel's messages.", {
    default: 'false',
    onLinux: 'close',
    note: 'Lets syslog(2) through and grants syslog; where kernel.dmesg_restrict is 1 it takes userns = off as well.',
  }),
  'allow.adjtime': hostGrant(
    'Let the jail adjust the clock.',
    'Grants sys_time and the calls to adjust the clock of the host',
  ),
  'allow.settime': hostGrant(
    'Let the jail set the clock.',
    'Grants sys_time and the calls to set and to adjust the clock of the host',
  ),
  'allow.routing': grants('net_admin', 'Let the jail change its routing table.'),
  'allow.setaudit': hostGrant(
    'Let the jail change audit settings.',
    'Grants audit_write and audit_control and opens the audit socket',
  ),
  'allow.vmm': freebsd(boolean, 'Let the jail use virtual machines.', {
    default: 'false',
    onLinux: 'close',
    note: 'Gives /dev/kvm where the host has it.',
  }),
  'allow.vmm_ppt': ignored(
    boolean,
    'Let the jail pass PCI devices to virtual machines.',
    'A PCI device is passed by the node that vfio-pci makes for it: give that with devices.',
  ),
  'allow.quotas': ignored(
    boolean,
    'Let the jail manage quotas.',
    'Quotas are those of the file system, by ids of the host: set them on the host.',
  ),
  'allow.socket_af': freebsd(boolean, 'Let the jail use any address family.', {
    default: 'false',
    onLinux: 'close',
    note: 'Without it there are unix, inet, inet6 and netlink for routes. Families that no namespace parts, such as vsock, are those of the host.',
  }),
  'allow.sysvipc': freebsd(boolean, 'Let the jail use System V IPC.', {
    default: 'true',
    onLinux: 'close',
    note: "The jail has System V IPC of its own unless told otherwise, and true changes nothing; false is disable for those of sysvmsg, sysvsem and sysvshm that are not written. FreeBSD's true is inherit.",
  }),
  'allow.extattr': ignored(
    boolean,
    'Let the jail use system extended attributes.',
    "The attributes trusted.* take the host's root with sys_admin.",
  ),
  'allow.nfsd': ignored(
    boolean,
    'Let the jail run an NFS server.',
    "The kernel's NFS server belongs to the host; one that is a program needs no permission.",
  ),
  'allow.unprivileged_proc_debug': freebsd(boolean, 'Let users in the jail debug.', {
    default: 'true',
    onLinux: 'close',
    note: 'false refuses ptrace(2) and its kin (seccomp) to root in the jail as well.',
  }),
  'allow.unprivileged_parent_tampering': ignored(
    boolean,
    'Let users of the parent touch processes.',
    'No user of the host is a user of the jail.',
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
  devfs_ruleset: freebsd(integer(0, 65_535), 'Rules for what /dev shows.', {
    default: '0',
    onLinux: 'close',
    note: 'Those of devfs.rules that a jail uses: 0, 4 and 5 are the usual devices, 1 none, 2 null, zero, full, random and urandom, 3 terminals, fd and the standard streams.',
    meaningless: {
      values: 'more than 5',
      includes: (value) => Number(value) > 5,
      note: 'there are no rules of that number: /dev has the usual devices, and devices adds to them',
    },
  }),
  enforce_statfs: freebsd(integer(0, 2), "How much of the host's mounts the jail sees.", {
    default: '1',
    onLinux: 'close',
    note: 'It always sees those of its own root and no others, also with 0; with 2 too, since no part of /proc/PID/mountinfo can be hidden. With 2 it mounts nothing, as on FreeBSD, where that is the default.',
  }),
  linux: ignored(jailsys, 'Linux emulation.', NATIVE),
  'linux.osname': ignored(string, 'Name of the emulated system.', NATIVE),
  'linux.osrelease': ignored(string, 'Release of the emulated system.', NATIVE),
  'linux.oss_version': ignored(integer(0), 'Version of the emulated sound system.', NATIVE),
};

/** What Linux holds it with. */
export const isolation = {
  userns: linux(userNamespace, "User namespace: a range of ids given out, none, or the host's BASE:COUNT.", {
    default: 'auto',
    note: 'Users and groups from COUNT on are nobody inside.',
  }),
  caps: linux(capabilities, 'Capabilities of root in the jail, instead of the default set.', {
    default: 'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot',
  }),
  'caps.add': linux(capabilities, 'Capabilities beside those.', {
    note: 'setfcap is what setcap(8) wants. Packages that have it run mostly go on without; rpm refuses to unpack such a file. What it gives to a file in the root of a jail counts on the host too.',
  }),
  'caps.drop': linux(capabilities, 'Capabilities taken away from those.'),
  seccomp: linux(string, 'System call policy: default, off, or a file.', {
    default: 'default',
    note: 'The file has the lines of etc/seccomp/default.policy, or is a profile in the JSON of Docker or of the OCI runtime specification, which means what it means to runc; in it a capability opens what the profile says, and what other parameters allow or refuse comes first. The default has no io_setup(2), no SCTP, MPTCP or UDP-Lite and no unrandomized addresses: programs go on without.',
  }),
  no_new_privs: linux(boolean, 'Programs inside gain nothing from set-user-ID bits.', { default: 'true' }),
  devices: linux(deviceGrants, 'Devices of the host that the jail has in /dev: "/dev/kvm rw".', {
    note: 'Beside those of devfs_ruleset. r, w or rw, the default, is what every user of the jail may do, and its cgroup lets it use no other device: the controller devices of v1 where it is mounted, else a BPF program on that of v2.',
  }),
  'time.offset': linux(timeOffset, 'Shift of the monotonic and boot clocks inside.', {
    default: 'own',
    note: "own: both begin with the jail, as uptime(1) in it tells. 0: those of the host, which tell how long it is up. Where the kernel has no time namespaces they are the host's.",
  }),
  apparmor: linux(label, 'AppArmor profile of commands in the jail, which the host has loaded.', {
    note: 'A host without AppArmor, or without the profile, does not start the jail. Without it commands have the profile of jaild. etc/apparmor.d/jaild-default is one.',
  }),
  selinux: linux(label, 'SELinux context of commands in the jail.', {
    note: 'A host without SELinux does not start the jail. Without it commands have what the policy of the host makes of the context of jaild.',
  }),
};
