import type { JailParams } from '../config/params.js';
import { jailCapabilities } from './capabilities.js';
import type { LaunchRecord } from './step.js';
import { tmpfsRoom } from './tmpfs.js';

const COPY = 'nosuid,nodev';
/** allow.mount.* by what mount(2) may then be asked for: the type, what it stands for, and options it always gets. */
const mountable = {
  'allow.mount.nullfs': [
    ['bind', 'bind', COPY],
    ['nullfs', 'bind', COPY],
  ],
  'allow.mount.tmpfs': [['tmpfs', 'tmpfs', COPY]],
  'allow.mount.procfs': [
    ['proc', '/proc', COPY],
    ['procfs', '/proc', COPY],
  ],
  'allow.mount.linprocfs': [
    ['proc', '/proc', COPY],
    ['linprocfs', '/proc', COPY],
  ],
  'allow.mount.linsysfs': [
    ['sysfs', '/sys', `ro,${COPY}`],
    ['linsysfs', '/sys', `ro,${COPY}`],
  ],
  'allow.mount.devfs': [
    ['devtmpfs', '/dev', 'nosuid'],
    ['devfs', '/dev', 'nosuid'],
  ],
} as const;

const parameters = Object.keys(mountable) as readonly (keyof typeof mountable)[];

/** What there is to copy only where the jail has got it. */
const needs = { '/proc': 'mount.procfs', '/dev': 'mount.devfs' } as const;
const isThere = (values: JailParams, source: string): boolean =>
  !Object.entries(needs).some(([path, parameter]) => path === source && values[parameter] === false);

/** Whether root in the jail has no power of its own that would do it without being answered. */
function rootIsAnswered(values: JailParams): boolean {
  return values['allow.suser'] !== false && !jailCapabilities(values).includes('sys_admin');
}

const withRoom = (type: string, options: string, values: JailParams): string =>
  type === 'tmpfs' ? `${options},${tmpfsRoom(values)}` : options;

function mountRecords(values: JailParams): readonly LaunchRecord[] {
  // jail(8): mounting needs allow.mount, and an enforce_statfs below 2.
  if (values['allow.mount'] !== true || values.enforce_statfs === 2 || !rootIsAnswered(values)) return [];
  const records = new Map<string, LaunchRecord>();
  for (const parameter of parameters)
    if (values[parameter] === true)
      for (const [type, source, options] of mountable[parameter])
        if (isThere(values, source))
          records.set(type, ['answer.mount', type, source, withRoom(type, options, values)]);
  return [...records.values()];
}

/** With host = inherit it would be the host's own name. */
const setsHostname = (values: JailParams): boolean =>
  values['allow.set_hostname'] === true && values.host !== 'inherit' && rootIsAnswered(values);

/** The records of the calls that the jailer answers in place of the kernel (native/PROTOCOL.md §1). */
export function answerRecords(values: JailParams): readonly LaunchRecord[] {
  return [
    ...(setsHostname(values) ? [['answer.hostname', 'yes'] as LaunchRecord] : []),
    ...(values.osrelease === undefined ? [] : [['answer.release', values.osrelease] as LaunchRecord]),
    ...mountRecords(values),
  ];
}

/** What the system call policy must let through to be answered, and what it refuses so that programs use those. */
export interface AnsweredCalls {
  readonly allowed: readonly string[];
  /** The newer calls for mounting: mount(8) goes back to mount(2) when they are ENOSYS. */
  readonly absent: readonly string[];
}

const newMountCalls = [
  ...['fsopen', 'fsconfig', 'fsmount', 'fspick', 'open_tree', 'open_tree_attr'],
  ...['move_mount', 'mount_setattr'],
];

/** The calls of answerRecords(), as the policy sees them. */
export function answeredCalls(values: JailParams): AnsweredCalls {
  const mounts = mountRecords(values).length > 0;
  return {
    allowed: [
      ...(setsHostname(values) ? ['sethostname', 'setdomainname'] : []),
      ...(values.osrelease === undefined ? [] : ['uname']),
      ...(mounts ? ['mount', 'umount2'] : []),
    ],
    absent: mounts ? newMountCalls : [],
  };
}
