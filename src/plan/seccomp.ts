import type { JailParams } from '../config/params.js';
import { spanOf, type Source } from '../config/syntax/source.js';
import { answeredCalls } from './answers.js';
import { jailCapabilities } from './capabilities.js';
import { PlanError } from './error.js';
import { policyChange } from './seccomp-parameters.js';
import { parseProfile } from './seccomp-profile/parse.js';
import { profilePolicy, type Here } from './seccomp-profile/policy.js';
import { withheldCapabilities } from './securelevel.js';
import type { LaunchRecord } from './step.js';

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
 * the calls with it. Not among them, though privileged: unshare(2) and clone(2) of namespaces, and open_by_handle_at(2),
 * which opens the host's files and namespaces by number (dac_read_search); a policy of one's own can allow these.
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
    ...['mount_setattr', 'sethostname', 'setdomainname', 'setns', 'quotactl', 'quotactl_fd'],
  ],
  sys_time: ['clock_settime', 'clock_adjtime', 'settimeofday', 'adjtimex'],
  sys_ptrace: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'kcmp', 'pidfd_getfd', 'process_madvise'],
  sys_pacct: ['acct'],
  sys_boot: ['reboot'],
  sys_module: ['init_module', 'finit_module', 'delete_module'],
  sys_rawio: ['iopl', 'ioperm'],
  sys_tty_config: ['vhangup'],
  syslog: ['syslog'],
  bpf: ['bpf'],
  perfmon: ['perf_event_open'],
};

/** allow.* parameters that grant a capability with system calls of its own. */
const grants: readonly (readonly ['allow.read_msgbuf', string])[] = [['allow.read_msgbuf', 'syslog']];

/** `base` without its rules for a call: "allow" would win over a refusal, wherever that stands, and so may another refusal. */
function withoutRules(base: string, calls: readonly string[]): string {
  if (calls.length === 0) return base;
  const isDropped = (line: string): boolean => {
    const call = /^\s*\??(?:allow|kill|kill-process|errno\s+\S+)\s+([^\s#]+)/.exec(line)?.[1];
    return call !== undefined && calls.includes(call);
  };
  return base
    .split('\n')
    .filter((line) => !isDropped(line))
    .join('\n');
}

/**
 * The records of a compiled policy (native/PROTOCOL.md §1). jaild's own let process 1 do its work: it is under them as its
 * commands are. One of the administrator's may not.
 */
export function seccompRecords(values: JailParams, program: string | null): readonly LaunchRecord[] {
  if (program === null) return [];
  const own: readonly LaunchRecord[] = policyBase(values).kind === 'file' ? [] : [['seccomp.init', 'yes']];
  return [['seccomp', program], ...own];
}

/** What a jail without a policy needs all the same, or null for none. */
export function openPolicy(values: JailParams): string | null {
  const { absent } = answeredCalls(values);
  if (absent.length === 0) return null;
  return ['default allow', ...absent.map((call) => `?errno ENOSYS ${call}`), ''].join('\n');
}

/**
 * The system call policy of a jail: the text of its base (etc/seccomp/default.policy says what lines there are), and what
 * its parameters add and take away. The same parameters give the same text, by which the compiled form is found.
 * @param more rules for what the host is like
 */
export function seccompPolicy(base: string, values: JailParams, more: readonly string[] = []): string {
  const capabilities = [...(values.caps ?? []), ...(values['caps.add'] ?? [])];
  const rules = [...changesOf(values, capabilities), ...more];
  const text = withoutRules(base, policyChange(values).calls);
  const end = text.endsWith('\n') || text === '' ? '' : '\n';
  return [`${text}${end}`, ...rules.map((rule) => `${rule}\n`)].join('');
}

/** What parameters say of system calls, capabilities that are given by name among them. */
function changesOf(values: JailParams, given: readonly string[]): readonly string[] {
  const dropped = new Set([...(values['caps.drop'] ?? []), ...withheldCapabilities(values)]);
  const capabilities = [...given];
  for (const [parameter, capability] of grants) if (values[parameter] === true) capabilities.push(capability);
  const change = policyChange(values);
  const allowed = Object.keys(callsOf)
    .filter((capability) => capabilities.includes(capability) && !dropped.has(capability))
    .flatMap((capability) => callsOf[capability] ?? [])
    .filter((call) => !change.calls.includes(call));
  // "?": a call that an architecture does not have (iopl) is left out there.
  return [...allowed.map((call) => `?allow ${call}`), ...change.rules];
}

/** The machine that a jail is to run on. */
export type Machine = Omit<Here, 'capabilities'>;

/**
 * The same for a base in the JSON of Docker or the OCI runtime specification. What jail.conf allows and refuses comes
 * first, and `more` for what the host is like. A capability opens what the profile itself opens for it. Throws PlanError
 * for one that is none.
 */
export function profiledPolicy(
  base: Source,
  values: JailParams,
  machine: Machine,
  more: readonly string[] = [],
): string {
  const { profile, mistakes } = parseProfile(base);
  if (profile !== null) {
    const here = { ...machine, capabilities: jailCapabilities(values) };
    return profilePolicy(profile, here, [...changesOf(values, []), ...more]);
  }
  const [first] = mistakes.filter(({ severity }) => severity === 'error');
  if (first === undefined) throw new Error(`${base.file}: no profile and no reason`);
  const { line, column } = spanOf(first.place);
  throw new PlanError('seccomp', `${base.file}:${line}:${column}`, first.message, first.hint);
}
