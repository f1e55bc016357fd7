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
const FILESYSTEM = 'Mount it from outside with mount, or give the jail sys_admin with caps.add.';
const mountFlag = (filesystem: string) => permission(`Let the jail mount ${filesystem}.`, FILESYSTEM);
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
  'allow.set_hostname': permission(
    'Let the jail change its host name.',
    'It can with sys_admin in caps.add, else not.',
  ),
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
  'allow.mount': mountFlag('file systems'),
  'allow.mount.devfs': mountFlag('devfs'),
  'allow.mount.fdescfs': mountFlag('fdescfs'),
  'allow.mount.fusefs': mountFlag('fusefs'),
  'allow.mount.nullfs': mountFlag('nullfs'),
  'allow.mount.procfs': mountFlag('procfs'),
  'allow.mount.linprocfs': mountFlag('linprocfs'),
  'allow.mount.linsysfs': mountFlag('linsysfs'),
  'allow.mount.tmpfs': mountFlag('tmpfs'),
  'allow.mount.zfs': mountFlag('zfs'),
  sysvmsg: ipc('message queues'),
  sysvsem: ipc('semaphores'),
  sysvshm: ipc('shared memory'),
  devfs_ruleset: ignored(
    integer(0),
    'Rules for what /dev shows.',
    'There are no devfs rules: every jail has the same few harmless devices.',
  ),
  enforce_statfs: ignored(
    integer(0, 2),
    "How much of the host's mounts the jail sees.",
    'It always sees only its own.',
  ),
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
