import type { Jail } from '../../src/config/jail.js';
import type { ResourceName } from '../../src/config/rctl/resources.js';
import { SystemError } from '../../src/host/error.js';
import type {
  Accounting,
  BriefAccounting,
  Check,
  CheckResult,
  Ended,
  Executors,
  Host,
  HostUsage,
  JailerEvent,
  JailerHandle,
  JailerPhase,
  KeptLog,
  Launch,
  NetworkView,
} from '../../src/host/host.js';
import type { Observation } from '../../src/plan/audit/observation.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { instanceBelow, type Instance } from '../../src/plan/instance.js';
import type { FirewallArgs, Step, StepOf } from '../../src/plan/step.js';
import type { Clock } from '../../src/supervise/clock.js';
import { hostFacts } from './host-facts.js';
import { temporaryDirectory } from './temporary.js';

/** How the processes of a jail behave. */
export interface Script {
  /** What exec.start comes to: up at once, a failure, or nothing for ever. */
  readonly start?: 'up' | 'hang' | Ended;
  /** Ends as soon as it is up. */
  readonly ends?: Ended;
  /** What it comes to when it is asked to end; without it, the signal's work. */
  readonly obeys?: Ended;
  /** The inside cannot be built. */
  readonly breaks?: Ended;
  readonly ignoresTerm?: boolean;
  /** In state D: not even SIGKILL ends it. */
  readonly unkillable?: boolean;
  /** What looks at its health come to; without it, it is well. */
  readonly check?: (check: Check) => CheckResult | Promise<CheckResult>;
}

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

/** Lets everything go on that waits for promises or for the disk. */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that passes only when a test says so. */
export class DrivenClock implements Clock {
  private passed = 0;
  private set = Date.parse('2026-05-01T00:00:00Z');
  private readonly timers = new Set<Timer>();

  monotonic(): number {
    return 1_000_000 + this.passed;
  }

  now(): number {
    return this.set + this.passed;
  }

  /** Sets the wall clock, as date(1) does. */
  setWall(moment: number): void {
    this.set = moment - this.passed;
  }

  /** The machine sleeps: the wall clock goes on, CLOCK_MONOTONIC and with it every timer stands still. */
  suspend(ms: number): void {
    this.set += ms;
  }

  setTimeout(ms: number, call: () => void): () => void {
    const timer = { at: this.passed + ms, call };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Timers die with the process that armed them. */
  forgetTimers(): void {
    this.timers.clear();
  }

  get pending(): number {
    return this.timers.size;
  }

  /** Time passes, and no timer is looked at. */
  stall(ms: number): void {
    this.passed += ms;
  }

  async advance(ms: number): Promise<void> {
    const until = this.passed + ms;
    await settle();
    for (let timer = this.dueBefore(until); timer !== undefined; timer = this.dueBefore(until)) {
      this.timers.delete(timer);
      this.passed = Math.max(this.passed, timer.at);
      timer.call();
      await settle();
    }
    this.passed = until;
  }

  private dueBefore(until: number): Timer | undefined {
    const due = [...this.timers].filter((timer) => timer.at <= until);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}

/** A jailer with its jail, as far as jaild can tell. It outlives the supervisor, as the real one does. */
export class FakeJailer implements JailerHandle {
  readonly netlinkFd = -1;
  phase: JailerPhase = 'created';
  readonly signals: number[] = [];
  alive = true;
  frozen = false;
  private listener: ((event: JailerEvent) => void) | null = null;
  private early: JailerEvent[] = [];

  constructor(
    readonly launch: string,
    readonly pid: number,
    readonly initPid: number,
    private readonly script: Script,
    private readonly onEnd: (ended: Ended) => void,
  ) {}

  go(): void {
    const { start = 'up', ends, breaks } = this.script;
    this.phase = 'building';
    if (breaks !== undefined) return this.end(breaks);
    this.tell({ kind: 'built' });
    this.phase = 'starting';
    if (start === 'hang') return;
    if (start !== 'up') {
      this.tell({ kind: 'start', index: 0, ended: start });
      return this.end(start);
    }
    this.comeUp();
    if (ends !== undefined) this.end(ends);
  }

  /** The looks that were had at it. */
  readonly checks: Check[] = [];

  check(check: Check): Promise<CheckResult> {
    this.checks.push(check);
    const { check: answer } = this.script;
    return Promise.resolve(answer?.(check) ?? { ended: { how: 'exit', code: 0 }, output: '' });
  }

  /** Something became of its log. */
  tellOfLog(event: Extract<JailerEvent, { readonly kind: `log-${string}` }>): void {
    this.tell(event);
  }

  /** The logs that were given back compressed. */
  readonly replaced: (readonly [bigint, string])[] = [];

  replaceLog(inode: bigint, file: string): void {
    this.replaced.push([inode, file]);
  }

  /** What the jailer was told to keep of its log since the start. */
  readonly bounds: string[] = [];

  boundLog(bounds: readonly string[]): void {
    this.bounds.push(bounds.join(' '));
  }

  /** One of its processes tells of itself. */
  notify(...fields: readonly string[]): void {
    this.tell({ kind: 'notify', fields });
  }

  /** Its command is over, and something that it began is not. */
  commandEnds(ended: Ended): void {
    this.tell({ kind: 'main', ended });
  }

  comeUp(): void {
    this.phase = 'running';
    this.tell({ kind: 'running', pid: this.initPid + 1 });
  }

  signal(signal: number): void {
    this.signals.push(signal);
    if ((signal === 15 || signal === 6) && this.script.ignoresTerm !== true && !this.frozen)
      this.end(this.script.obeys ?? { how: 'signal', code: signal });
  }

  kill(): void {
    if (!this.alive) return;
    this.signals.push(9);
    if (this.script.unkillable !== true) this.end({ how: 'signal', code: 9 });
  }

  exec(): Promise<Ended> {
    return Promise.resolve({ how: 'exit', code: 0 });
  }

  listen(listener: (event: JailerEvent) => void): void {
    this.listener = listener;
    for (const event of this.early.splice(0)) listener(event);
  }

  /** The jail is over. */
  end(ended: Ended): void {
    if (!this.alive) return;
    this.alive = false;
    this.phase = 'exited';
    this.onEnd(ended);
    this.tell({ kind: 'exited', ended });
  }

  /** SIGKILL to the jailer itself. */
  vanish(): void {
    this.alive = false;
    this.phase = 'exited';
    this.tell({ kind: 'lost' });
  }

  /** The supervisor that listened is gone. */
  hangUp(): void {
    this.listener = null;
  }

  private tell(event: JailerEvent): void {
    if (this.listener === null) this.early.push(event);
    else this.listener(event);
  }
}

/** A machine on which every step is written down and nothing is done. */
export class FakeHost implements Host {
  readonly clock = new DrivenClock();
  readonly instance: Instance;
  /** "run NAME DETAIL" and "undo NAME DETAIL", in order. */
  readonly steps: string[] = [];
  readonly scripts = new Map<string, Script>();
  /** Jailers by jail, the last one of each. */
  readonly jailers = new Map<string, FakeJailer>();
  /** How many were ever started, by jail. */
  readonly started = new Map<string, number>();
  /** What a step (by name, or by name and detail) fails with. */
  readonly failing = new Map<string, Error>();
  /** Steps that take until the promise resolves. */
  readonly slow = new Map<string, Promise<void>>();
  /** Processes in cgroups whose jailer does not know of them. */
  readonly strays = new Map<string, number>();
  readonly oomKills = new Map<string, number>();
  readonly refusedForks = new Map<string, number>();
  /** "JAIL RESOURCE" → what it uses. */
  readonly usages = new Map<string, number>();
  readonly killedCgroups: string[] = [];
  /** IPv4 addresses that jails have. */
  readonly addresses = new Set<string>();
  readonly frozen: [string, boolean][] = [];
  boot = 'boot-1';
  private pids = 4000;
  private hookPids = 9000;
  private readonly exits = new Map<string, { launch: string; ended: Ended; at: Date }>();

  constructor(prefix = temporaryDirectory()) {
    this.instance = instanceBelow(prefix);
  }

  readonly executors: Executors = {
    'hook.run': {
      run: (step, launch) => {
        const killer = new AbortController();
        const hook = { abort: () => killer.abort(), pid: ++this.hookPids };
        launch.hooks.add(hook);
        this.hooks.set(step.args.command, hook.pid);
        const killed = new Promise<never>((_, reject) =>
          killer.signal.addEventListener('abort', () => reject(new Error(`${step.args.command}: killed`))),
        );
        return Promise.race([this.run(step, step.args.command), killed]).finally(() =>
          launch.hooks.delete(hook),
        );
      },
    },
    'rundir.create': { run: (step) => this.run(step, ''), undo: (step) => this.undo(step, '') },
    'cgroup.create': { run: (step) => this.run(step, ''), undo: (step) => this.undo(step, '') },
    'devices.limit': { run: (step) => this.run(step, '') },
    'cgroup.set': { run: (step) => this.run(step, `${step.args.parameter}=${step.args.value}`) },
    'overlay.prepare': { run: (step) => this.run(step, ''), undo: (step) => this.undo(step, '') },
    'jailer.spawn': {
      run: async (step, launch) => {
        await this.run(step, step.args.records.find(([key]) => key === 'netns')?.join(' ') ?? '');
        this.spawn(step.args.records.find(([key]) => key === 'launch')?.[1] ?? '', launch);
      },
      undo: (step, launch) => {
        this.jailers.get(launch.jail)?.kill();
        return this.undo(step, '');
      },
    },
    'netns.name': { run: (step) => this.run(step, ''), undo: (step) => this.undo(step, '') },
    'network.limit': {
      run: (step) => this.run(step, `${step.args.egress}`),
      undo: (step) => this.undo(step, `${step.args.egress}`),
    },
    'firewall.set': {
      run: (step) => this.run(step, step.args.ip4.join()),
      undo: (step) => this.undo(step, step.args.ip4.join()),
    },
    'network.attach': {
      run: async (step) => {
        await this.run(step, '');
        for (const { address } of step.args.ip4) this.addresses.add(address);
      },
      undo: (step) => {
        for (const { address } of step.args.ip4) this.addresses.delete(address);
        return this.undo(step, '');
      },
      change: (before, after) => this.changeNetwork(before, after),
    },
    'interfaces.lend': { run: (step) => this.run(step, ''), undo: (step) => this.undo(step, '') },
    'jailer.go': {
      run: async (step, launch) => {
        await this.run(step, '');
        launch.jailer?.go();
      },
    },
    'jail.exec': { run: (step) => this.run(step, step.args.command) },
  };

  /** What the packet filter was said to hold, at each boot; and how often it was written anew. */
  readonly restored: (readonly FirewallArgs[])[] = [];
  renewals = 0;

  restoreFirewall(all: readonly FirewallArgs[]): Promise<void> {
    this.restored.push(all);
    return Promise.resolve();
  }

  renewFirewall(): Promise<void> {
    this.renewals++;
    return Promise.resolve();
  }

  /** What it was told of jails: those of the files, what they are held to have, and those that gave it back. */
  acquainted: readonly string[] = [];
  readonly held = new Map<string, readonly string[]>();
  readonly givenBack: string[] = [];

  acquaint(jails: readonly Jail[]): void {
    this.acquainted = jails.map(({ name }) => name);
  }

  hold(jail: string, addresses: readonly string[]): void {
    this.held.set(jail, addresses);
  }

  giveBack(jail: string): void {
    this.givenBack.push(jail);
  }

  /** What it was told of. */
  readonly distrusted = new Set<string>();

  distrust(directories: readonly string[]): void {
    for (const directory of directories) this.distrusted.add(directory);
  }

  facts(jail: Jail): Promise<HostFacts> {
    const error = this.failing.get('facts');
    if (error !== undefined) return Promise.reject(error);
    return Promise.resolve({
      ...hostFacts,
      instance: this.instance,
      cgroups: { v1: {}, v2: `/cgroup/${jail.name}`, v2Controllers: [] },
      uidBase: null,
      jid: 0,
      launch: '',
    });
  }

  adopt(rundir: string): Promise<JailerHandle | null> {
    const jailer = this.jailers.get(nameOf(rundir));
    return Promise.resolve(jailer?.alive === true ? jailer : null);
  }

  exitRecord(rundir: string): { readonly launch: string; readonly ended: Ended; readonly at: Date } | null {
    return this.exits.get(nameOf(rundir)) ?? null;
  }

  countRefusedForks(cgroups: readonly string[]): number {
    return this.refusedForks.get(nameOf(cgroups[0] ?? '')) ?? 0;
  }

  countOomKills(cgroups: readonly string[]): number {
    return this.oomKills.get(nameOf(cgroups[0] ?? '')) ?? 0;
  }

  /** Of the whole host; null: it does not count them. */
  hostOomKills: number | null = 0;
  countHostOomKills(): number | null {
    return this.hostOomKills;
  }

  usage(cgroups: readonly string[], resource: ResourceName): number | null {
    return this.usages.get(`${nameOf(cgroups[0] ?? '')} ${resource}`) ?? null;
  }

  observe(): Promise<Observation> {
    return Promise.reject(new Error('nothing runs here that could be observed'));
  }
  accounting(cgroups: readonly string[]): Accounting {
    const rest = { memoryMax: null, ooms: null, ioReads: null, ioWrites: null, pressure: null };
    return { ...this.briefAccounting(cgroups), ...rest };
  }

  briefAccounting(cgroups: readonly string[]): BriefAccounting {
    const oomKills = this.countOomKills(cgroups);
    const rest = { memory: 0, memoryPeak: 0, cpuUsec: 0, pids: 0, ioRead: null, ioWritten: null };
    return { ...rest, oomKills };
  }

  figure(): number | null {
    return 0;
  }

  hostUsage(): HostUsage {
    const jails = { cpuUsec: null, memory: null };
    const memory = { total: 0, available: 0 };
    return { processors: 1, busyUsec: null, memory, load: [0, 0, 0], pressure: null, jails };
  }

  network(): NetworkView {
    return { links: [], addresses: [], routes: [] };
  }
  traffic(): ReturnType<Host['traffic']> {
    return new Map();
  }

  freeze(cgroups: readonly string[], frozen: boolean): Promise<void> {
    const name = nameOf(cgroups[0] ?? '');
    this.frozen.push([name, frozen]);
    const jailer = this.jailers.get(name);
    if (jailer !== undefined) jailer.frozen = frozen;
    const error = this.failing.get('freeze');
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }

  killCgroup(cgroups: readonly string[]): void {
    const name = nameOf(cgroups[0] ?? '');
    this.killedCgroups.push(name);
    if (this.scripts.get(name)?.unkillable !== true) this.strays.delete(name);
  }

  population(cgroups: readonly string[]): number {
    const error = this.failing.get('population');
    if (error !== undefined) throw error;
    const name = nameOf(cgroups[0] ?? '');
    return (this.jailers.get(name)?.alive === true ? 1 : 0) + (this.strays.get(name) ?? 0);
  }

  sweep(): readonly string[] {
    return [];
  }

  /** Process ids of the commands on the host, the last of each. */
  readonly hooks = new Map<string, number>();

  endHooks(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Every process is the one that it is, and a child of the one before it. */
  /** Processes that were stopped. */
  readonly stopped = new Set<number>();
  isStopped(pid: number): boolean {
    return this.stopped.has(pid);
  }

  lineage(pid: number): ReadonlySet<number> {
    return new Set([pid, pid - 1]);
  }

  /** The logs that were to be kept small. */
  readonly tended: KeptLog[] = [];

  tendLog(log: KeptLog): void {
    this.tended.push(log);
  }

  bootId(): string {
    return this.boot;
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  now(): number {
    return this.clock.now();
  }

  /** The jailer of a jail that must have one. */
  jailerOf(name: string): FakeJailer {
    const jailer = this.jailers.get(name);
    if (jailer === undefined) throw new Error(`${name} has no jailer`);
    return jailer;
  }

  /** What jaild's end means for the jailers: nobody listens. */
  hangUp(): void {
    for (const jailer of this.jailers.values()) jailer.hangUp();
  }

  private spawn(launchId: string, launch: Launch): void {
    const { jail } = launch;
    if (this.jailers.get(jail)?.alive === true) throw new Error(`a second copy of ${jail}`);
    this.exits.delete(jail);
    const pid = (this.pids += 10);
    const jailer = new FakeJailer(launchId, pid, pid + 1, this.scripts.get(jail) ?? {}, (ended) =>
      this.exits.set(jail, { launch: launchId, ended, at: new Date(this.clock.now()) }),
    );
    this.jailers.set(jail, jailer);
    this.started.set(jail, (this.started.get(jail) ?? 0) + 1);
    launch.jailer = jailer;
  }

  private async run(step: Step, detail: string): Promise<void> {
    const words = `${step.name} ${detail}`.trimEnd();
    this.steps.push(`run ${words}`);
    await (this.slow.get(words) ?? this.slow.get(step.name));
    const error = this.failing.get(words) ?? this.failing.get(step.name);
    if (error !== undefined) throw error;
  }

  /** What comes is there before what goes. */
  private async changeNetwork(
    before: StepOf<'network.attach'>,
    after: StepOf<'network.attach'>,
  ): Promise<void> {
    const [had, has] = [before, after].map(({ args }) => args.ip4.map(({ address }) => address));
    const words = `change network.attach ${had?.join()} to ${has?.join()}`;
    this.steps.push(words);
    const error = this.failing.get(words);
    if (error !== undefined) throw error;
    for (const address of has ?? []) this.addresses.add(address);
    await this.slow.get(words);
    for (const address of had ?? []) if (has?.includes(address) !== true) this.addresses.delete(address);
  }

  private undo(step: Step, detail: string): void {
    const words = `undo ${step.name} ${detail}`.trimEnd();
    this.steps.push(words);
    const error = this.failing.get(words);
    if (error !== undefined) throw error;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export const noSuchFile = (subject: string): SystemError => new SystemError('mount', 2, subject);
