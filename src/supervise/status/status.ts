import { hostname } from 'node:os';
import type { Jail } from '../../config/compile.js';
import { hostnameOf } from '../../config/jail.js';
import { ruleText } from '../../config/rctl/rule.js';
import type { Host } from '../../host/host.js';
import { logTargets } from '../../plan/log.js';
import type { JailPlan } from '../../plan/step.js';
import type { Clock } from '../clock.js';
import type { SupervisedJail } from '../jail.js';
import { isDown, isUp, shown } from '../lifecycle.js';
import type { JailStatus } from '../operations.js';
import { changedParameters } from '../reload/differences.js';
import type { Roster } from '../roster.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { Wants } from '../wants.js';

export interface StatusContext {
  readonly host: Host;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly scheduler: Scheduler;
  readonly wants: Wants;
}

const LIMIT = /^(memory|cpu|cpuset|pids|io|hugetlb|rlimit)\./;

/** All there is to say about a jail now. */
export function statusOf(jail: SupervisedJail, context: StatusContext): JailStatus {
  const { life } = jail;
  const shownJail = life?.jail ?? jail.definition;
  const state = shown(jail.phase);
  const span = jail.definition.block;
  return {
    name: jail.name,
    jid: life?.jid ?? null,
    state,
    pid: jail.jailer?.initPid ?? null,
    commandPid: life?.commandPid ?? null,
    stoppedJailer: stoppedJailer(jail, context.host),
    ...identity(shownJail),
    ...addresses(shownJail, life?.plan ?? null),
    cgroup: life?.plan?.cgroups[0] ?? null,
    startedAt: life?.startedAt ? new Date(life.startedAt.wall) : null,
    restarts: jail.history.restarts,
    exit: jail.history.exit,
    health: healthOf(jail),
    ...nextTimes(jail, context.scheduler),
    want: context.wants.get(jail.name) ?? jail.target,
    waitingFor: state === 'waiting' ? context.roster.missing(jail) : [],
    lacks: jail.target === 'up' ? lacksOf(jail, context) : [],
    retryAt: retryAt(jail, context.clock),
    flapping: jail.flapping,
    stale: isStale(jail),
    unlisted: !context.roster.isListed(jail.name) && !jail.mode.foreground,
    mistakes: context.roster.mistakesOf(jail),
    startable: context.roster.refusal(jail.name) === null,
    accounting: life?.plan && !isDown(jail.phase) ? context.host.briefAccounting(life.plan.cgroups) : null,
    limits: limitsOf(shownJail),
    log: life?.plan?.log ?? null,
    logTargets: logTargets(shownJail.values),
    lostOutput: life?.lostOutput ?? null,
    definedAt: span === undefined ? null : { file: span.file, line: span.line },
    ...whatItTells(jail),
  };
}

function stoppedJailer({ jailer }: SupervisedJail, host: Host): number | null {
  return jailer !== null && host.isStopped(jailer.pid) ? jailer.pid : null;
}

/** What is known of how it does and did. */
function whatItTells(
  jail: SupervisedJail,
): Pick<JailStatus, 'exits' | 'checks' | 'says' | 'awaits' | 'gaveUp'> {
  const { history, minding, awaits } = jail;
  return {
    exits: history.exits,
    checks: minding?.health.results ?? [],
    says: minding?.said.status ?? null,
    awaits,
    gaveUp: jail.phase === 'failed' ? history.gaveUp : null,
  };
}

/** How well it is, as far as that is looked at now. */
export function healthOf({ minding, phase }: SupervisedJail): JailStatus['health'] {
  const isLookedAt = minding?.isChecked === true && (isUp(phase) || shown(phase) === 'starting');
  return isLookedAt ? minding.health.verdict : 'none';
}

function identity(jail: Jail): Pick<JailStatus, 'path' | 'hostname'> {
  const { values } = jail;
  return {
    path: values.path ?? null,
    hostname: values.host === 'inherit' ? hostname() : hostnameOf(jail),
  };
}

/** Those that the jail has, or those that the files give it. */
function addresses({ values }: Jail, plan: JailPlan | null): Pick<JailStatus, 'ip4' | 'ip6'> {
  const attach = plan?.prepare.find((step) => step.name === 'network.attach')?.args;
  const { ip4, ip6 } = attach ?? { ip4: values['ip4.addr'] ?? [], ip6: values['ip6.addr'] ?? [] };
  return { ip4: ip4.map(({ address }) => address), ip6: ip6.map(({ address }) => address) };
}

function nextTimes(jail: SupervisedJail, scheduler: Scheduler): Pick<JailStatus, 'next' | 'nextTimes'> {
  const [restart, start, stop] = [
    scheduler.next(jail, 'restart'),
    scheduler.next(jail, 'start'),
    scheduler.next(jail, 'stop'),
  ];
  return {
    next: { restart: restart[0] ?? null, start: start[0] ?? null, stop: stop[0] ?? null },
    nextTimes: { restart, start, stop },
  };
}

function lacksOf(jail: SupervisedJail, { roster, clock }: StatusContext): JailStatus['lacks'] {
  return roster.missing(jail).map((name) => {
    const other = roster.jails.get(name);
    const startable = roster.refusal(name) === null;
    if (other === undefined) return { jail: name, state: 'stopped', retryAt: null, startable };
    return { jail: name, state: shown(other.phase), retryAt: retryAt(other, clock), startable };
  });
}

function retryAt(jail: SupervisedJail, clock: Clock): Date | null {
  if (jail.phase !== 'backoff' || jail.history.retryAt === null) return null;
  return new Date(clock.now() + jail.history.retryAt - clock.monotonic());
}

/** The file says something else than what runs. */
function isStale(jail: SupervisedJail): boolean {
  const { life, filed, definition } = jail;
  if (life === null || (filed === null && life.jail === definition)) return false;
  return changedParameters(life.jail.values, filed ?? definition.values).length > 0;
}

/** Limits as they were asked for: parameter → text. */
export function limitsOf(jail: Jail): Readonly<Record<string, string>> {
  const limits = [...jail.params].filter(([name, values]) => LIMIT.test(name) && values !== null);
  const rules = (jail.values.rctl ?? []).map(ruleText);
  return {
    ...Object.fromEntries(limits.map(([name, values]) => [name, (values ?? []).join(', ')])),
    ...(rules.length > 0 && { rctl: rules.join(', ') }),
  };
}
