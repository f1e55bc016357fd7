import type { Jail } from '../config/jail.js';
import { parseFstab } from '../config/fstab.js';
import type { MountEntry } from '../config/values/mount.js';
import { capabilityMask, jailCapabilities } from './capabilities.js';
import { cgroupPaths, cgroupProcs, cgroupSettings, cgroupV2 } from './cgroup.js';
import { commandArgv, hostEnvironment, jailEnvironment, type CommandJail } from './command.js';
import { PlanError } from './error.js';
import { refuseInside } from './own-root.js';
import type { HostFacts } from './facts.js';
import { insideRecords } from './inside.js';
import { netnsName } from './instance.js';
import { jailNetwork, sharesHostNetwork } from './network.js';
import { rctlLimits } from './rctl.js';
import type { HookArgs, InsideArgs, JailPlan, LaunchRecord, Step } from './step.js';

/** How a jail is started: as a service, or on the caller's own terminal or pipes (`jailctl run`). */
export interface LaunchMode {
  readonly foreground: boolean;
  readonly terminal: boolean;
}

type HookPhase =
  | 'exec.prepare'
  | 'exec.prestart'
  | 'exec.created'
  | 'exec.poststart'
  | 'exec.prestop'
  | 'exec.poststop'
  | 'exec.release';

/** Seconds; jail(8) waits for ever, which hangs a shutdown at night. */
const defaults = { hookTimeout: 30, startTimeout: 90, stopTimeout: 10, processes: 4096 } as const;
const openFiles = { soft: 1024, hard: 524_288 } as const;

const isClean = (jail: Jail): boolean => jail.values['exec.clean'] === true;

function commandJail(jail: Jail, facts: HostFacts): CommandJail {
  return { jid: facts.jid, name: jail.name, path: jail.values.path ?? '/' };
}

function insideEnvironment(
  jail: Jail,
  facts: HostFacts,
  term: string | null,
): Readonly<Record<string, string>> {
  const options = term === null ? { clean: isClean(jail) } : { clean: isClean(jail), term };
  return jailEnvironment(commandJail(jail, facts), options, jail.values['exec.env']);
}

/** The steps for one of jail(8)'s lists of commands on the host. */
function hooks(jail: Jail, facts: HostFacts, phase: HookPhase): readonly Step[] {
  return (jail.values[phase] ?? []).flatMap((command): readonly Step[] => {
    const parsed = commandArgv(command);
    if (parsed === null) return [];
    const args: HookArgs = {
      phase,
      command,
      argv: parsed.argv,
      background: parsed.background,
      environment: hostEnvironment(commandJail(jail, facts), { clean: isClean(jail) }),
      user: jail.values['exec.system_user'] ?? null,
      timeout: jail.values['exec.timeout'] ?? defaults.hookTimeout,
    };
    return [{ name: 'hook.run', args }];
  });
}

function stopCommands(jail: Jail, facts: HostFacts): readonly Step[] {
  return (jail.values['exec.stop'] ?? []).flatMap((command): readonly Step[] => {
    const parsed = commandArgv(command);
    if (parsed === null) return [];
    const args: InsideArgs = {
      phase: 'exec.stop',
      command,
      argv: parsed.argv,
      environment: insideEnvironment(jail, facts, null),
      user: jail.values['exec.jail_user'] ?? null,
      timeout: jail.values['exec.timeout'] ?? defaults.hookTimeout,
    };
    return [{ name: 'jail.exec', args }];
  });
}

function namespaces(facts: HostFacts, sharesNetwork: boolean): string {
  return [
    'mount',
    'uts',
    'ipc',
    'pid',
    'cgroup',
    ...(sharesNetwork ? [] : ['net']),
    ...(facts.uidBase === null ? [] : ['user']),
    ...(facts.timeNamespaces ? ['time'] : []),
  ].join(',');
}

function commandRecords(jail: Jail): readonly LaunchRecord[] {
  const timeout = String(jail.values['exec.timeout'] ?? 0);
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

function userMaps(facts: HostFacts): readonly LaunchRecord[] {
  if (facts.uidBase === null) return [];
  const map = `0 ${facts.uidBase} 65536`;
  return [
    ['uid_map', map],
    ['gid_map', map],
  ];
}

function limitRecords(jail: Jail, facts: HostFacts): readonly LaunchRecord[] {
  const text = (value: number): string => (value === Infinity ? 'unlimited' : String(value));
  const written = Object.entries(jail.values).flatMap(([name, value]): readonly LaunchRecord[] =>
    name.startsWith('rlimit.') && isLimit(value)
      ? [['rlimit', name.slice('rlimit.'.length), text(value.soft), text(value.hard)]]
      : [],
  );
  const ruled = Object.entries(rctlLimits(jail.values.rctl ?? []).rlimits)
    .filter(([name]) => !written.some((own) => own[1] === name))
    .map(([name, amount]): LaunchRecord => ['rlimit', name, text(amount), text(amount)]);
  const asked = [...written, ...ruled];
  const hard = Math.min(openFiles.hard, facts.openFilesLimit);
  const usual: readonly LaunchRecord[] = [
    ['rlimit', 'core', '0', '0'],
    ['rlimit', 'nofile', text(Math.min(openFiles.soft, hard)), text(hard)],
  ];
  return [...usual.filter((record) => !asked.some((own) => own[1] === record[1])), ...asked];
}

function isLimit(value: unknown): value is { readonly soft: number; readonly hard: number } {
  return typeof value === 'object' && value !== null && 'soft' in value && 'hard' in value;
}

/** What inside must stay below the host's own allowance, since the kernel counts it by the creator (isolation: exhaustion). */
function quotaRecords(jail: Jail, facts: HostFacts): readonly LaunchRecord[] {
  if (facts.uidBase === null) return [];
  const kinds = ['user', 'pid', 'net', 'uts', 'ipc', 'cgroup', ...(facts.timeNamespaces ? ['time'] : [])];
  const nested = (jail.values['children.max'] ?? 0) > 0 ? [] : kinds;
  return [
    ...nested.map((kind): LaunchRecord => ['sysctl', `user.max_${kind}_namespaces`, '0']),
    // The kernel counts a mount that is not attached yet as a namespace (fs/namespace.c, alloc_mnt_ns): building needs some.
    ['sysctl', 'user.max_mnt_namespaces', '8'],
    ['sysctl', 'user.max_inotify_instances', '96'],
    ['sysctl', 'user.max_inotify_watches', '16384'],
  ];
}

function logRecords(jail: Jail, path: string | null): readonly LaunchRecord[] {
  if (path === null) return [];
  const size = jail.values['log.max_size'] ?? 10 * 1024 * 1024;
  const files = jail.values['log.max_files'] ?? 10;
  return [['log', path, String(size), String(files), 'timestamps']];
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

function identityRecords(jail: Jail, facts: HostFacts): readonly LaunchRecord[] {
  const { values } = jail;
  const hostname = values['host.hostname'] ?? jail.name;
  const domain = values['host.domainname'];
  return [
    ...(hostname === '' ? [] : [['hostname', hostname] as LaunchRecord]),
    ...(domain === undefined || domain === '' ? [] : [['domainname', domain] as LaunchRecord]),
    ...clockRecords(jail, facts),
  ];
}

function clockRecords(jail: Jail, facts: HostFacts): readonly LaunchRecord[] {
  const { monotonic = 0, boottime = 0 } = jail.values['time.offset'] ?? {};
  const offsets = Object.entries({ monotonic, boottime }).filter(([, seconds]) => seconds !== 0);
  if (offsets.length > 0 && !facts.timeNamespaces)
    throw missing(jail, 'time.offset', 'this kernel has no time namespaces');
  return offsets.map(([clock, seconds]) => ['time.offset', clock, String(seconds)]);
}

function commandSettings(jail: Jail, facts: HostFacts, mode: LaunchMode): readonly LaunchRecord[] {
  const { values } = jail;
  // jail(8) starts commands in "/", and with exec.clean in the user's home, which only the jail's passwd knows.
  const workdir = values['exec.workdir'] ?? (isClean(jail) ? undefined : '/');
  const environment = insideEnvironment(jail, facts, mode.terminal ? facts.term : null);
  return [
    ...limitRecords(jail, facts),
    ['umask', '022'],
    ...Object.entries(environment).map(([name, value]): LaunchRecord => ['env', `${name}=${value}`]),
    ['login', 'yes'],
    ...(workdir === undefined ? [] : [['workdir', workdir] as LaunchRecord]),
    ...(values['exec.jail_user'] === undefined ? [] : [['user', values['exec.jail_user']] as LaunchRecord]),
    ['caps', capabilityMask(jailCapabilities(values))],
    ...(values.no_new_privs === false ? [] : [['no_new_privs', 'yes'] as LaunchRecord]),
    ...(facts.seccomp === null ? [] : [['seccomp', facts.seccomp] as LaunchRecord]),
  ];
}

function modeRecords(jail: Jail, mode: LaunchMode): readonly LaunchRecord[] {
  return [
    ...(jail.values.persist === true && !mode.foreground ? [['persist', 'yes'] as LaunchRecord] : []),
    ...(mode.foreground ? [['foreground', 'yes'] as LaunchRecord] : []),
    ...(mode.terminal ? [['terminal', 'yes'] as LaunchRecord] : []),
  ];
}

/** The launch plan that the jailer reads (native/PROTOCOL.md §1). */
function launchRecords(
  jail: Jail,
  facts: HostFacts,
  mode: LaunchMode,
  where: { readonly rundir: string; readonly log: string | null; readonly cgroups: readonly string[] },
): readonly LaunchRecord[] {
  const sharesNetwork = sharesHostNetwork(jail.values);
  const idmap = facts.uidBase !== null;
  const v2 = cgroupV2(facts.cgroups, jail.name);
  const rootOptions = [
    'rec',
    // A device node in the directory would be the host's device: whoever made the directory may have put one there.
    'nodev',
    ...(jail.values.no_new_privs === false ? [] : ['nosuid']),
    ...(idmap ? ['idmap'] : []),
    ...(jail.values.readonly === true ? ['ro'] : []),
  ];
  return [
    ['version', '1'],
    ['name', jail.name],
    ['launch', facts.launch],
    ['rundir', where.rundir],
    ...logRecords(jail, where.log),
    ['namespaces', namespaces(facts, sharesNetwork)],
    ...userMaps(facts),
    ...(v2 === null ? [] : [['cgroup.v2', v2] as LaunchRecord]),
    ...cgroupProcs(facts.cgroups, jail.name).map((file): LaunchRecord => ['cgroup.procs', file]),
    ...identityRecords(jail, facts),
    ['root', jail.values.path ?? '/', rootOptions.join(',')],
    ...insideRecords(jail, mountEntries(jail, facts), { idmap, sharesNetwork }),
    ...quotaRecords(jail, facts),
    ...commandSettings(jail, facts, mode),
    ...modeRecords(jail, mode),
    ...commandRecords(jail),
  ];
}

/** The jail asks for what this host does not have. */
function missing(jail: Jail, parameter: string, reason: string): PlanError {
  return new PlanError(parameter, jail.name, reason, `take "${parameter}" out, or use a host that has it`);
}

function cgroupSteps(jail: Jail, facts: HostFacts, cgroups: readonly string[]): readonly Step[] {
  const usual = { 'pids.max': defaults.processes };
  const { settings, unsupported } = cgroupSettings(
    jail.values,
    facts.cgroups,
    jail.name,
    facts.blockDevices,
    usual,
  );
  const [first] = unsupported;
  if (first !== undefined) throw missing(jail, first.parameter, first.reason);
  return [
    { name: 'cgroup.create', args: { paths: cgroups } },
    ...settings.map((args): Step => ({ name: 'cgroup.set', args })),
  ];
}

function networkSteps(jail: Jail, facts: HostFacts): readonly Step[] {
  if (sharesHostNetwork(jail.values)) return [];
  return [
    { name: 'netns.name', args: { path: `/run/netns/${netnsName(facts.instance, jail.name)}` } },
    { name: 'network.attach', args: jailNetwork(jail, facts.instance) },
  ];
}

/**
 * Everything that will be done for a jail on this host, in jail(8)'s order. Pure: the same jail and facts give the same plan.
 * @throws PlanError when the jail can't be built here.
 */
export function planJail(jail: Jail, facts: HostFacts, mode: LaunchMode): JailPlan {
  const { instance } = facts;
  const rundir = `${instance.runDirectory}/${jail.name}`;
  const cgroups = cgroupPaths(facts.cgroups, jail.name);
  const log = mode.foreground
    ? null
    : (jail.values['exec.consolelog'] ?? `${instance.logDirectory}/${jail.name}.log`);
  if (log !== null) refuseInside(jail, 'exec.consolelog', log);
  const records = launchRecords(jail, facts, mode, { rundir, log, cgroups });
  return {
    prepare: [
      { name: 'rundir.create', args: { path: rundir } },
      ...hooks(jail, facts, 'exec.prepare'),
      ...cgroupSteps(jail, facts, cgroups),
      ...hooks(jail, facts, 'exec.prestart'),
      { name: 'jailer.spawn', args: { rundir, records } },
      ...networkSteps(jail, facts),
      ...hooks(jail, facts, 'exec.created'),
    ],
    begin: [{ name: 'jailer.go', args: {} }],
    poststart: hooks(jail, facts, 'exec.poststart'),
    stop: [...hooks(jail, facts, 'exec.prestop'), ...stopCommands(jail, facts)],
    poststop: hooks(jail, facts, 'exec.poststop'),
    release: hooks(jail, facts, 'exec.release'),
    startTimeout: jail.values['start.timeout'] ?? defaults.startTimeout,
    stopTimeout: jail.values['stop.timeout'] ?? defaults.stopTimeout,
    cgroups,
    log,
  };
}
