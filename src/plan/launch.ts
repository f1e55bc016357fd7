import type { Jail } from '../config/jail.js';
import { parseFstab } from '../config/fstab.js';
import type { MountEntry } from '../config/values/mount.js';
import { userRecords } from './account.js';
import { answerRecords } from './answers.js';
import { capabilityMask, jailCapabilities } from './capabilities.js';
import { cgroupProcs, cgroupV2 } from './cgroup.js';
import { clockRecords } from './clocks.js';
import { commandArgv, jailEnvironment, type CommandJail } from './command.js';
import { grantedDevices } from './devices.js';
import { PlanError } from './error.js';
import type { HostFacts } from './facts.js';
import { familyRecords } from './families.js';
import { identityFiles, nameRecords } from './identity.js';
import { insideRecords } from './inside.js';
import { labelRecords } from './labels.js';
import { landlockRecord } from './landlock.js';
import { namespaceRecords, quotaRecords } from './namespaces.js';
import { nameFiles } from './names.js';
import { noticeRecords, noticeVariables } from './notices.js';
import { markReachBeside } from './reach.js';
import { rctlLaunch } from './rctl.js';
import { rootRecords } from './root.js';
import { logRecords } from './log.js';
import { limitRecords } from './resource-limits.js';
import { seccompRecords } from './seccomp.js';
import type { LaunchRecord } from './step.js';

/** How a jail is started: as a service, or on the caller's own terminal or pipes (`jailctl run`). */
export interface LaunchMode {
  readonly foreground: boolean;
  readonly terminal: boolean;
}

/** Whether commands get a clean environment (`exec.clean`). */
export const isClean = (jail: Jail): boolean => jail.values['exec.clean'] === true;

/** The jail as its commands are told of it. */
export function commandJail(jail: Jail, facts: HostFacts): CommandJail {
  return { jid: facts.jid, name: jail.name, path: jail.values.path ?? '/' };
}

/** The whole environment of commands inside. */
export function insideEnvironment(
  jail: Jail,
  facts: HostFacts,
  term: string | null,
): Readonly<Record<string, string>> {
  const options = term === null ? { clean: isClean(jail) } : { clean: isClean(jail), term };
  return jailEnvironment(commandJail(jail, facts), options, jail.values['exec.env']);
}

function commandRecords(jail: Jail): readonly LaunchRecord[] {
  // The jailer counts whole seconds, and refuses anything else.
  const timeout = String(Math.ceil(jail.values['exec.timeout'] ?? 0));
  const record = (phase: string, argv: readonly string[]): LaunchRecord => [
    'run',
    phase,
    phase === 'start' ? timeout : '0',
    String(argv.length),
    ...argv,
  ];
  const starts = (jail.values['exec.start'] ?? []).flatMap((text) => {
    const parsed = commandArgv(text);
    return parsed === null ? [] : [record(parsed.background ? 'start-background' : 'start', parsed.argv)];
  });
  const command = jail.values.command ?? [];
  const [text] = command;
  const argv = command.length > 1 ? command : text === undefined ? undefined : commandArgv(text)?.argv;
  return argv === undefined ? starts : [...starts, record('command', argv)];
}

/** Everything that `mount` and the files of `mount.fstab` ask for, in jail(8)'s order. */
function mountEntries(jail: Jail, facts: HostFacts): readonly MountEntry[] {
  const fromFiles = (jail.values['mount.fstab'] ?? []).flatMap((file) => {
    if (file === '') return [];
    const { entries, diagnostics } = parseFstab(facts.fstabs.get(file) ?? '', file);
    const [first] = diagnostics.filter(({ severity }) => severity === 'error');
    if (first !== undefined) {
      throw new PlanError('mount.fstab', `${file}:${first.span?.line ?? 1}`, first.message, first.hint);
    }
    return entries;
  });
  return [...(jail.values.mount ?? []), ...fromFiles];
}

function withMarkedSource(record: LaunchRecord, { values }: Jail, { reach }: HostFacts): LaunchRecord {
  const [key, type, source = '', ...rest] = record;
  if (key !== 'mount' || type !== 'bind') return record;
  return [key, type, markReachBeside(source, values.path ?? '/', reach), ...rest];
}

function commandSettings(jail: Jail, facts: HostFacts, mode: LaunchMode): readonly LaunchRecord[] {
  const { values } = jail;
  // jail(8) starts commands in "/", and with exec.clean in the user's home, which only the jail's passwd knows.
  const workdir = values['exec.workdir'] ?? (isClean(jail) ? undefined : '/');
  const environment = {
    ...noticeVariables(values),
    ...insideEnvironment(jail, facts, mode.terminal ? facts.term : null),
  };
  return [
    ...limitRecords(values, facts.limits),
    ['umask', '022'],
    ...Object.entries(environment).map(([name, value]): LaunchRecord => ['env', `${name}=${value}`]),
    ['login', 'yes'],
    ...(workdir === undefined ? [] : [['workdir', workdir] as LaunchRecord]),
    ...userRecords(jail, facts),
    ['caps', capabilityMask(jailCapabilities(values))],
    ...(values.no_new_privs === false ? [] : [['no_new_privs', 'yes'] as LaunchRecord]),
    ...seccompRecords(values, facts.seccomp),
    landlockRecord(values),
    ...labelRecords(jail, facts),
    ...answerRecords(values),
  ];
}

function modeRecords(jail: Jail, mode: LaunchMode): readonly LaunchRecord[] {
  return [
    ...(jail.values.persist === true && !mode.foreground ? [['persist', 'yes'] as LaunchRecord] : []),
    ...(mode.foreground ? [['foreground', 'yes'] as LaunchRecord] : []),
    ...(mode.terminal ? [['terminal', 'yes'] as LaunchRecord] : []),
  ];
}

/**
 * A jail is built while its network is attached, unless commands of the host's come first, which may change what it is
 * built of, or parameters of interfaces that are not there yet are to be set in it.
 */
function lateRecord({ values }: Jail, sysctls: readonly LaunchRecord[]): readonly LaunchRecord[] {
  const isLate = (values['exec.created'] ?? []).length > 0 || sysctls.length > 0;
  return isLate ? [['late', 'yes']] : [];
}

/** The launch plan that the jailer reads (native/PROTOCOL.md §1). */
export function launchRecords(
  jail: Jail,
  facts: HostFacts,
  mode: LaunchMode,
  where: { readonly rundir: string; readonly log: string | null; readonly cgroups: readonly string[] },
): readonly LaunchRecord[] {
  const idmap = facts.uidBase !== null;
  const v2 = cgroupV2(facts.cgroups, jail.name);
  const entries = mountEntries(jail, facts);
  const families = familyRecords(jail.values, facts);
  return [
    ['version', '1'],
    ['name', jail.name],
    ['launch', facts.launch],
    ['rundir', where.rundir],
    ...(mode.foreground ? [] : logRecords(jail.values, where.log, facts.logSockets)),
    ...namespaceRecords(jail.values, facts),
    ...(v2 === null ? [] : [['cgroup.v2', v2] as LaunchRecord]),
    ...cgroupProcs(facts.cgroups, jail.name).map((file): LaunchRecord => ['cgroup.procs', file]),
    ...nameRecords(jail),
    ...clockRecords(jail, facts),
    ...lateRecord(jail, families),
    ...rootRecords(jail.values, idmap, facts.reach),
    ...insideRecords(jail, entries, facts).map((record) => withMarkedSource(record, jail, facts)),
    ...grantedDevices(jail.values, facts),
    ...identityFiles(jail, entries, facts),
    ...nameFiles(jail, entries, facts),
    ...noticeRecords(jail.values, where.rundir),
    ...quotaRecords(jail.values, facts),
    ...families,
    ...rctlLaunch(jail.values).sysctls,
    ...commandSettings(jail, facts, mode),
    ...modeRecords(jail, mode),
    ...commandRecords(jail),
  ];
}
