import type { Jail } from '../config/jail.js';
import { sharesHostNetwork } from '../config/network-of.js';
import { systemJailUser } from './account.js';
import { cgroupPaths, cgroupSettings } from './cgroup.js';
import { healthChecks } from './check.js';
import { commandArgv, hostEnvironment } from './command.js';
import { deviceSteps } from './device-access.js';
import { missingHere } from './error.js';
import { limitDefaults } from './limit-amounts.js';
import type { HostFacts } from './facts.js';
import { firewallSteps } from './firewall.js';
import { netnsName } from './instance.js';
import { commandJail, insideEnvironment, isClean, launchRecords, type LaunchMode } from './launch.js';
import { keepsFile, logFile } from './log.js';
import { jailNetwork } from './network.js';
import { refuseInside } from './own-root.js';
import { rateSteps } from './rates.js';
import { markReach } from './reach.js';
import { workDirectory } from './root.js';
import type { HookArgs, InsideArgs, JailPlan, Step } from './step.js';

/** Seconds, for jail(8) waits for ever, which hangs a shutdown at night. */
const defaults = { hookTimeout: 30, startTimeout: 90, stopTimeout: 10 } as const;

type HookPhase =
  | 'exec.prepare'
  | 'exec.prestart'
  | 'exec.created'
  | 'exec.poststart'
  | 'exec.prestop'
  | 'exec.poststop'
  | 'exec.release';

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
      user: systemJailUser(jail) === null ? (jail.values['exec.jail_user'] ?? null) : null,
      timeout: jail.values['exec.timeout'] ?? defaults.hookTimeout,
    };
    return [{ name: 'jail.exec', args }];
  });
}

function cgroupSteps(jail: Jail, facts: HostFacts, cgroups: readonly string[]): readonly Step[] {
  const { settings, unsupported } = cgroupSettings(
    jail.values,
    facts.cgroups,
    jail.name,
    facts.blockDevices,
    facts.limits.memory,
    limitDefaults,
  );
  const [first] = unsupported;
  if (first !== undefined) throw missingHere(jail.name, first.parameter, first.reason);
  return [
    { name: 'cgroup.create', args: { paths: cgroups } },
    ...deviceSteps(jail, facts),
    ...settings.map((args): Step => ({ name: 'cgroup.set', args })),
  ];
}

const netnsPath = (jail: Jail, { instance }: HostFacts): string =>
  `/run/netns/${netnsName(instance, jail.name)}`;

function networkSteps(jail: Jail, facts: HostFacts): readonly Step[] {
  if (sharesHostNetwork(jail.values)) return [];
  const network = jailNetwork(jail, facts);
  return [
    { name: 'netns.name', args: { path: netnsPath(jail, facts) } },
    { name: 'network.attach', args: network },
    ...rateSteps(jail, network),
    ...firewallSteps(jail, network),
  ];
}

/** After exec.prestart, which may have made the directory that it lies beside. */
function overlaySteps({ values }: Jail, rundir: string): readonly Step[] {
  const own = workDirectory(values);
  if (own === null) return [];
  const { path: directory, work, owner } = own;
  return [{ name: 'overlay.prepare', args: { directory, work, owner, upper: values.path ?? '/', rundir } }];
}

/** After exec.created, which may have made them. */
function lendSteps(jail: Jail, facts: HostFacts, rundir: string): readonly Step[] {
  const interfaces = jail.values['vnet.interface'] ?? [];
  if (interfaces.length === 0) return [];
  const args = { interfaces, netns: netnsPath(jail, facts), note: `${rundir}/lent` };
  return [{ name: 'interfaces.lend', args }];
}

/**
 * Everything that will be done for a jail on this host, in jail(8)'s order. Pure: the same jail and facts give the same plan.
 * @throws PlanError when the jail can't be built here.
 */
export function planJail(jail: Jail, facts: HostFacts, mode: LaunchMode): JailPlan {
  const { instance } = facts;
  const rundir = `${instance.runDirectory}/${jail.name}`;
  const cgroups = cgroupPaths(facts.cgroups, jail.name);
  const log =
    mode.foreground || !keepsFile(jail.values) ? null : markReach(logFile(jail, instance), facts.reach);
  if (log !== null) refuseInside(jail, 'exec.consolelog', log);
  const records = launchRecords(jail, facts, mode, { rundir, log, cgroups });
  const prepare: readonly Step[] = [
    { name: 'rundir.create', args: { path: rundir } },
    ...hooks(jail, facts, 'exec.prepare'),
    ...cgroupSteps(jail, facts, cgroups),
    ...hooks(jail, facts, 'exec.prestart'),
    ...overlaySteps(jail, rundir),
    { name: 'jailer.spawn', args: { rundir, records } },
    ...networkSteps(jail, facts),
    ...hooks(jail, facts, 'exec.created'),
    ...lendSteps(jail, facts, rundir),
  ];
  const checks = healthChecks(jail, facts, prepare);
  return {
    prepare,
    ...(checks.length > 0 && { checks }),
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
