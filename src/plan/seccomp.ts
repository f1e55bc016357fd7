import type { JailParams } from '../config/params.js';

/** Where a jail's policy begins: the default one, none at all, or a file of its own. */
export type PolicyBase =
  { readonly kind: 'default' | 'off' } | { readonly kind: 'file'; readonly path: string };

/** What the parameter `seccomp` chooses. */
export function policyBase(values: JailParams): PolicyBase {
  const choice = values.seccomp ?? 'default';
  if (choice === 'default' || choice === 'off') return { kind: choice };
  return { kind: 'file', path: choice };
}

/**
 * Calls that are of use only with a capability: the default policy refuses them, and who is given the capability gets
 * the calls with it. Inside a user namespace such a capability reaches no further than the namespace.
 */
const callsOf: Readonly<Record<string, readonly string[]>> = {
  sys_admin: [
    ...[
      'mount',
      'umount2',
      'pivot_root',
      'fsopen',
      'fsconfig',
      'fsmount',
      'fspick',
      'open_tree',
      'move_mount',
    ],
    ...['mount_setattr', 'sethostname', 'setdomainname', 'setns', 'unshare', 'quotactl', 'quotactl_fd'],
  ],
  sys_time: ['clock_settime', 'clock_adjtime', 'settimeofday', 'adjtimex'],
  sys_ptrace: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'kcmp', 'pidfd_getfd'],
  sys_pacct: ['acct'],
  sys_boot: ['reboot'],
  sys_module: ['init_module', 'finit_module', 'delete_module'],
  sys_rawio: ['iopl', 'ioperm'],
  sys_tty_config: ['vhangup'],
  syslog: ['syslog'],
  bpf: ['bpf'],
  perfmon: ['perf_event_open'],
  dac_read_search: ['open_by_handle_at'],
};

/** allow.* parameters that grant a capability with system calls of its own. */
const grants: readonly (readonly ['allow.read_msgbuf', string])[] = [['allow.read_msgbuf', 'syslog']];

/** System V calls by the parameter that takes them away. */
const sysv = {
  sysvmsg: ['msgget', 'msgsnd', 'msgrcv', 'msgctl'],
  sysvsem: ['semget', 'semop', 'semtimedop', 'semctl'],
  sysvshm: ['shmget', 'shmat', 'shmdt', 'shmctl'],
} as const;

/**
 * The system call policy of a jail: the text of its base, then what its parameters add. A later line about a call takes
 * the place of an earlier one. The same parameters give the same text, so that the compiled form can be found by it.
 */
export function seccompPolicy(base: string, values: JailParams): string {
  const dropped = new Set(values['caps.drop']);
  const capabilities = [...(values.caps ?? []), ...(values['caps.add'] ?? [])];
  for (const [parameter, capability] of grants) if (values[parameter] === true) capabilities.push(capability);
  const allowed = Object.keys(callsOf)
    .filter((capability) => capabilities.includes(capability) && !dropped.has(capability))
    .flatMap((capability) => callsOf[capability] ?? []);
  const refused = (['sysvmsg', 'sysvsem', 'sysvshm'] as const)
    .filter((parameter) => values[parameter] === 'disable')
    .flatMap((parameter) => sysv[parameter]);
  const rules = [...allowed.map((call) => `allow ${call}`), ...refused.map((call) => `errno ENOSYS ${call}`)];
  const text = base.endsWith('\n') || base === '' ? base : `${base}\n`;
  return rules.length === 0 ? text : `${text}${rules.join('\n')}\n`;
}
