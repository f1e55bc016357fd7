import type { JailParams } from '../config/params.js';
import type { HostFacts } from './facts.js';
import type { LaunchRecord } from './step.js';

/** A file system of the kernel's own in a jail. */
export interface KernelMount {
  readonly type: 'proc' | 'sysfs';
  /** Below the jail's root. */
  readonly target: string;
}

/*
 * What tells of the host, or of what others do on it, and that services do without. Kept: what C libraries, Java, Go,
 * Node, PostgreSQL, ps, top and free read (cpuinfo filesystems self stat sys sysvipc uptime version).
 */
const masked: Readonly<Record<KernelMount['type'], readonly string[]>> = {
  proc: [
    ...['acpi', 'asound', 'bootconfig', 'buddyinfo', 'bus', 'cgroups', 'config.gz', 'consoles', 'devices'],
    ...['diskstats', 'driver'],
    ...[
      'dynamic_debug',
      'fb',
      'fs',
      'interrupts',
      'iomem',
      'ioports',
      'irq',
      'kallsyms',
      'key-users',
      'keys',
    ],
    ...[
      'latency_stats',
      'locks',
      'mdstat',
      'misc',
      'modules',
      'mtrr',
      'partitions',
      'pressure',
      'sched_debug',
    ],
    ...['schedstat', 'scsi', 'softirqs', 'sys/fs/dentry-state', 'sys/fs/file-nr', 'sys/fs/inode-nr'],
    ...['sys/fs/inode-state', 'timer_stats', 'tty', 'zoneinfo'],
  ],
  // Not below it: debug, security and tracing are empty directories where nobody mounts what belongs there.
  sysfs: [
    ...[
      'class/hwmon',
      'class/power_supply',
      'class/thermal',
      'devices/virtual/dmi',
      'devices/virtual/powercap',
    ],
    ...['devices/system/memory', 'devices/system/node', 'devices/virtual/thermal', 'firmware', 'fs'],
    ...['hypervisor', 'kernel/boot_params', 'kernel/btf', 'kernel/irq', 'kernel/mm'],
    ...['kernel/notes', 'kernel/slab', 'kernel/vmcoreinfo', 'module', 'power'],
  ],
};

/** Files of mode 0400 that are the host's root's: to a user namespace the kernel refuses them. */
const rootsOwn = [
  'kcore',
  'kpagecgroup',
  'kpagecount',
  'kpageflags',
  'pagetypeinfo',
  'slabinfo',
  'timer_list',
];
const moreOfRoots = [...rootsOwn, 'vmallocinfo', 'vmcore'];
const messages = 'kmsg';
/** Where devices of the host are listed, which a jail that is given some may have to look for. */
const listings = ['block', 'bus', 'class/block', 'dev/block', 'devices/virtual/block'];
const readOnly = ['sys', 'sysrq-trigger'];

function maskedIn({ type }: KernelMount, values: JailParams, facts: HostFacts): readonly string[] {
  if (type === 'sysfs') return values.devices === undefined ? [...masked.sysfs, ...listings] : masked.sysfs;
  if (facts.uidBase !== null) return masked.proc;
  return [...masked.proc, ...moreOfRoots, ...(values['allow.read_msgbuf'] === true ? [] : [messages])];
}

/** Those that a jail has, by what it is to be given; of two at one place the later one is seen. */
export function kernelMounts(records: readonly LaunchRecord[]): readonly KernelMount[] {
  const types = new Map<string, KernelMount['type']>();
  for (const [key, type = '', source, target = ''] of records) {
    if (key !== 'mount') continue;
    if (type === 'proc') types.set(target, 'proc');
    else if (type === 'sysfs' || (type === 'bind' && source === '/sys')) types.set(target, 'sysfs');
  }
  return [...types].map(([target, type]) => ({ type, target }));
}

/** What is hidden and what is made read-only in a jail's /proc and /sys, wherever they are mounted. */
export function coverRecords(
  mounts: readonly KernelMount[],
  values: JailParams,
  facts: HostFacts,
): readonly LaunchRecord[] {
  return mounts.flatMap((mount): readonly LaunchRecord[] => [
    ...maskedIn(mount, values, facts).map((path): LaunchRecord => ['mask', `${mount.target}/${path}`]),
    ...(mount.type === 'proc' ? readOnly : []).map((path): LaunchRecord => [
      'readonly',
      `${mount.target}/${path}`,
    ]),
  ]);
}
