import type { Diagnostic } from '../../src/config/diagnostic.js';
import type { Compiled, Jail } from '../../src/config/jail.js';
import type { JailParams } from '../../src/config/params.js';
import type { PlanJail } from '../../src/supervise/incarnation.js';
import type { Log } from '../../src/supervise/log.js';
import type { JailStatus, ReloadChange } from '../../src/supervise/operations.js';
import { Supervisor, type SupervisorOptions } from '../../src/supervise/supervisor.js';
import { healthChecks } from '../../src/plan/check.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { firewallSteps } from '../../src/plan/firewall.js';
import { bytesOf } from '../../src/plan/limit-amounts.js';
import { jailNetwork } from '../../src/plan/network.js';
import { rateSteps } from '../../src/plan/rates.js';
import type { LaunchRecord, Step } from '../../src/plan/step.js';
import { FakeHost } from './fake-host.js';

/** A jail with these values, as a file would have made it. */
export function jail(name: string, values: JailParams = {}, diagnostics: readonly Diagnostic[] = []): Jail {
  const span = { file: '/etc/jail.conf', line: 3, column: 3, length: 4 };
  return {
    name,
    failed: false,
    diagnostics,
    params: new Map(Object.entries(values).map(([key, value]) => [key, [JSON.stringify(value)]])),
    values: { path: `/jails/${name}`, ...values },
    origin: new Map([['path', span]]),
  };
}

export function compiled(jails: readonly Jail[], diagnostics: readonly Diagnostic[] = []): Compiled {
  return {
    ok: true,
    broken: [],
    diagnostics,
    jails,
    files: ['/etc/jail.conf'],
    blocks: [],
    rules: { resolve: (_jail, checked) => checked },
  };
}

/** What a reload makes of jails, without the causes. */
export const outline = (changes: readonly ReloadChange[]) =>
  changes.map(({ jail, change, parameters, failure }) => ({
    ...{ jail, change, parameters },
    ...(failure && { failure }),
  }));

export const mistake = (message: string): Diagnostic => ({
  code: 'bad-value',
  severity: 'error',
  span: { file: '/etc/jail.conf', line: 7, column: 5, length: 3 },
  message,
});

/** What a jail with addresses has of a network. */
function networkOf(jail: Jail, facts: HostFacts): readonly Step[] {
  if (jail.values['ip4.addr'] === undefined) return [];
  const network = jailNetwork(jail, facts);
  return [
    { name: 'netns.name', args: { path: `/run/netns/${jail.name}` } },
    { name: 'network.attach', args: network },
    ...rateSteps(jail, network),
    ...firewallSteps(jail, network),
  ];
}

/** A small plan in the place of the real one: enough steps of each phase to see their order. */
const smallPlan: PlanJail = (planned, facts) => {
  const { name, values } = planned;
  const hooks = (
    phase: 'exec.prestart' | 'exec.poststart' | 'exec.prestop' | 'exec.poststop' | 'exec.release',
  ): Step[] =>
    (values[phase] ?? []).map((command) => ({
      name: 'hook.run',
      args: { phase, command, argv: [command], environment: {}, user: null, timeout: 30, background: false },
    }));
  const limits: Step[] = (['memory.max', 'pids.max'] as const).flatMap((parameter) => {
    const value = values[parameter];
    const file = `/cgroup/${name}/${parameter}`;
    return value === undefined
      ? []
      : [{ name: 'cgroup.set', args: { parameter, file, value: String(bytesOf(value, 0)) } }];
  });
  const inside = (values['exec.stop'] ?? []).map((command): Step => ({
    name: 'jail.exec',
    args: { phase: 'exec.stop', command, argv: [command], environment: {}, user: null, timeout: 30 },
  }));
  const { standingNetns } = facts;
  const kept: LaunchRecord[] = standingNetns === undefined ? [] : [['netns', standingNetns]];
  const network = networkOf(planned, facts);
  const checks = healthChecks(planned, facts, network);
  const rundir = `${facts.instance.runDirectory}/${name}`;
  return {
    prepare: [
      { name: 'rundir.create', args: { path: rundir } },
      { name: 'cgroup.create', args: { paths: [`/cgroup/${name}`] } },
      ...limits,
      ...hooks('exec.prestart'),
      { name: 'jailer.spawn', args: { rundir, records: [['launch', facts.launch], ...kept] } },
      ...network,
    ],
    checks,
    begin: [{ name: 'jailer.go', args: {} }],
    poststart: hooks('exec.poststart'),
    stop: [...hooks('exec.prestop'), ...inside],
    poststop: hooks('exec.poststop'),
    release: hooks('exec.release'),
    startTimeout: values['start.timeout'] ?? 90,
    stopTimeout: values['stop.timeout'] ?? 10,
    cgroups: [`/cgroup/${name}`],
    log: null,
  };
};

/** Keeps what was logged at the level of warnings and above. */
export class KeptLog implements Log {
  readonly lines: string[] = [];
  debug(): void {}
  info(): void {}
  warn(message: string): void {
    this.lines.push(message);
  }
  error(message: string): void {
    this.lines.push(message);
  }
  child(): Log {
    return this;
  }
}

/** A supervisor on a fake host with these jails. */
export class Stage {
  readonly host: FakeHost;
  readonly log = new KeptLog();
  files: Compiled;
  supervisor: Supervisor;
  private launches = 0;

  constructor(
    jails: readonly Jail[],
    private readonly options: Partial<SupervisorOptions> = {},
    host = new FakeHost(),
  ) {
    this.host = host;
    this.files = compiled(jails);
    this.supervisor = this.makeSupervisor();
  }

  private makeSupervisor(): Supervisor {
    return new Supervisor({
      host: this.host,
      load: () => this.files,
      planJail: smallPlan,
      log: this.log,
      clock: this.host.clock,
      random: () => 0.5,
      newLaunch: () => `launch-${++this.launches}`,
      ...this.options,
    });
  }

  /** jaild ends, is away for a while, and starts again. */
  async restartDaemon(awayMs = 0, meanwhile: () => void = () => undefined): Promise<void> {
    await this.pass(0);
    this.host.hangUp();
    this.host.clock.forgetTimers();
    meanwhile();
    this.supervisor = this.makeSupervisor();
    await this.pass(awayMs);
    await this.supervisor.boot();
    await this.pass(0);
  }

  /** jaild itself is kept from running for a while: what is due meanwhile comes late. */
  stall(ms: number): Promise<void> {
    this.host.clock.stall(ms);
    return this.pass(0);
  }

  pass(ms: number): Promise<void> {
    return this.host.clock.advance(ms);
  }

  status(name: string): JailStatus {
    const [status] = this.supervisor.status([name]);
    if (status === undefined) throw new Error(`no jail ${name}`);
    return status;
  }

  state(name: string): string {
    return this.status(name).state;
  }

  /** How many copies were ever started. */
  starts(name: string): number {
    return this.host.started.get(name) ?? 0;
  }

  causes(name: string): string[] {
    return this.supervisor.journal.since(0).flatMap((event) => (event.jail === name ? [event.cause] : []));
  }
}
