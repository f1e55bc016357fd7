import type { JailParams } from '../config/params.js';
import { answeredCalls } from './answers.js';
import { isHostRoot } from './capabilities.js';
import { familyRules } from './families.js';
import { systemV } from './ipc.js';
import { withheldCalls } from './securelevel.js';

/** What a jail's parameters add to its policy, and the calls of which the base then says nothing any more. */
export interface PolicyChange {
  readonly rules: readonly string[];
  /** A refusal of the base with a condition would win over a rule that allows, and "allow" over one that refuses. */
  readonly calls: readonly string[];
}

const systemVCalls = {
  sysvmsg: ['msgget', 'msgsnd', 'msgrcv', 'msgctl'],
  sysvsem: ['semget', 'semop', 'semtimedop', 'semctl'],
  sysvshm: ['shmget', 'shmat', 'shmdt', 'shmctl'],
} as const;

const debugging = [
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'pidfd_getfd',
  'process_madvise',
  'kcmp',
];
const naming = ['sethostname', 'setdomainname'];
const sockets = ['socket', 'socketpair'];

/** What it takes to make namespaces within the jail's, to mount in them and to enter them. */
const nesting = [
  ...['clone', 'clone3', 'unshare', 'setns', 'mount', 'umount2', 'pivot_root', 'fsopen', 'fsconfig'],
  ...['fsmount', 'fspick', 'open_tree', 'open_tree_attr', 'move_mount', 'mount_setattr'],
];

const NETLINK_AUDIT = 'socket arg0 & 0xffffffff == 16, arg2 & 0xffffffff == 9';

/** Calls that the parameters of a jail refuse, with the error that they get. */
function refusals(values: JailParams): readonly (readonly [error: string, calls: readonly string[]])[] {
  const modes = systemV(values);
  const disabled = (['sysvmsg', 'sysvsem', 'sysvshm'] as const).filter((name) => modes[name] === 'disable');
  return [
    ['ENOSYS', disabled.flatMap((name) => systemVCalls[name])],
    ['EPERM', values['allow.unprivileged_proc_debug'] === false ? debugging : []],
    // The name is the host's.
    ['EPERM', values.host === 'inherit' ? naming : []],
    ['EPERM', withheldCalls(values)],
    ['ENOSYS', answeredCalls(values).absent],
  ];
}

/** Calls that they let through whatever the base says. */
function permissions(values: JailParams): readonly string[] {
  return [
    ...((values['children.max'] ?? 0) > 0 ? nesting : []),
    ...(values['allow.socket_af'] === true ? sockets : []),
  ];
}

/** Calls and protocols beside those of the base, of use with the capabilities that the same parameters give. */
function additions(values: JailParams): readonly string[] {
  const { allowed } = answeredCalls(values);
  return isHostRoot(values) ? [...allowed, ...ofHostRoot(values)] : allowed;
}

function ofHostRoot(values: JailParams): readonly string[] {
  const adjusts = values['allow.adjtime'] === true || values['allow.settime'] === true;
  const audits = values['allow.setaudit'] === true && values['allow.socket_af'] !== true;
  return [
    ...(values['allow.settime'] === true ? ['clock_settime', 'settimeofday'] : []),
    ...(adjusts ? ['clock_adjtime', 'adjtimex'] : []),
    ...(audits ? [NETLINK_AUDIT] : []),
  ];
}

/** What the parameters of a jail, apart from its capabilities, change in its system call policy. */
export function policyChange(values: JailParams): PolicyChange {
  const refused = refusals(values);
  const closed = refused.flatMap(([, calls]) => calls);
  const opened = permissions(values);
  // "?": a call that an architecture or an older libseccomp does not have is left out there.
  return {
    rules: [
      ...[...opened, ...additions(values)]
        .filter((call) => !closed.includes(call))
        .map((call) => `?allow ${call}`),
      ...refused.flatMap(([error, calls]) => calls.map((call) => `?errno ${error} ${call}`)),
      ...familyRules(values),
    ],
    calls: [...closed, ...opened],
  };
}
