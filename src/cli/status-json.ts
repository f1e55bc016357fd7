import type { BriefAccounting } from '../host/host.js';
import type { HealthResult } from '../supervise/health/health.js';
import type { JailNetwork, JailStatus, LastExit } from '../supervise/operations.js';
import { diagnosticAsJson } from './mistakes.js';
import { signalName } from '../host/signal.js';

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

/** How it ended: `code` and `signal` are null when it did not end that way. */
function exitAsJson(exit: LastExit) {
  return {
    code: exit.how === 'exit' ? exit.code : null,
    signal: exit.how === 'signal' ? exit.code : null,
    oom: exit.oom,
    signal_name: exit.how === 'signal' ? signalName(exit.code) : null,
    cause: exit.cause,
    at: time(exit.at),
  };
}

/** The same with what came to be told of it later. */
const endAsJson = (exit: LastExit) => ({
  ...exitAsJson(exit),
  reason: exit.reason ?? null,
  up_ms: exit.upMs ?? null,
  hint: exit.hint ?? null,
});

function checkAsJson({ at, finding, ended, output }: HealthResult) {
  return { at: time(at), result: finding, how: ended.how, code: ended.code, output };
}

function accountingAsJson(figures: BriefAccounting) {
  return {
    memory: figures.memory,
    memory_peak: figures.memoryPeak,
    cpu_usec: figures.cpuUsec,
    pids: figures.pids,
    io_read: figures.ioRead,
    io_written: figures.ioWritten,
    oom_kills: figures.oomKills,
  };
}

function networkAsJson(network: JailNetwork) {
  return {
    attachment: network.attachment,
    host_link: network.hostLink,
    links: network.links,
    addresses: network.addresses,
    routes: network.routes,
    forwards: network.forwards,
    nat: network.nat,
    isolated: network.isolated,
    limits: network.limits,
    name_servers: network.nameServers,
  };
}

/** One jail as `jailctl status --json` promises it: the first fourteen keys are a contract, more may follow them. */
export function statusAsJson(jail: JailStatus) {
  return {
    name: jail.name,
    jid: jail.jid,
    state: jail.state,
    pid: jail.pid,
    path: jail.path,
    hostname: jail.hostname,
    ip4: jail.ip4,
    ip6: jail.ip6,
    cgroup: jail.cgroup,
    started_at: time(jail.startedAt),
    restarts: jail.restarts,
    exit: jail.exit && exitAsJson(jail.exit),
    health: jail.health,
    next: { restart: time(jail.next.restart), start: time(jail.next.start), stop: time(jail.next.stop) },
    next_times: {
      restart: jail.nextTimes.restart.map(time),
      start: jail.nextTimes.start.map(time),
      stop: jail.nextTimes.stop.map(time),
    },
    command_pid: jail.commandPid,
    stopped_jailer: jail.stoppedJailer,
    want: jail.want,
    waiting_for: jail.waitingFor,
    lacks: jail.lacks.map(({ jail, state, retryAt, startable }) => ({
      ...{ jail, state, retry_at: time(retryAt), startable },
    })),
    retry_at: time(jail.retryAt),
    flapping: jail.flapping,
    stale: jail.stale,
    unlisted: jail.unlisted,
    mistakes: jail.mistakes.map(diagnosticAsJson),
    startable: jail.startable,
    accounting: jail.accounting && accountingAsJson(jail.accounting),
    limits: jail.limits,
    log: jail.log,
    log_targets: jail.logTargets,
    lost_output: jail.lostOutput,
    defined_at: jail.definedAt,
    exits: jail.exits.map(endAsJson),
    health_checks: jail.checks.map(checkAsJson),
    status_text: jail.says,
    awaits: jail.awaits,
    gave_up: jail.gaveUp,
  };
}

/** What is looked up of jails that were named, by their names. */
export interface Looked {
  /** What the kernel says of their networks. */
  readonly networks: ReadonlyMap<string, JailNetwork | null>;
  /** The last lines of those in trouble. */
  readonly tails: ReadonlyMap<string, readonly string[]>;
}

/** The whole reply of `status --json` and `list --json`. */
export function statusReply(jails: readonly JailStatus[], looked?: Looked) {
  const one = (jail: JailStatus) => {
    if (looked === undefined) return statusAsJson(jail);
    const network = looked.networks.get(jail.name) ?? null;
    return {
      ...statusAsJson(jail),
      last_output: looked.tails.get(jail.name) ?? [],
      network: network && networkAsJson(network),
    };
  };
  return { version: 1, jails: jails.map(one) };
}
