import { compile, type Compiled } from '../../src/config/compile.js';
import type { Diagnostic } from '../../src/config/diagnostic.js';
import type { Forecast } from '../../src/supervise/schedule/forecast.js';
import type {
  Amend,
  Comparison,
  Deed,
  DeedListener,
  ForegroundJail,
  Glance,
  JailNetwork,
  JailStats,
  JailStatus,
  Operations,
  Outcome,
  ReloadResult,
  StartOptions,
  StartProgress,
  StopOptions,
  Vitals,
} from '../../src/supervise/operations.js';
import type { Accounting, BriefAccounting, HostUsage } from '../../src/host/host.js';
import type { Jail } from '../../src/config/compile.js';
import { Journal } from '../../src/supervise/events/journal.js';
import { Tallies } from '../../src/supervise/events/tallies.js';
import type { Audit } from '../../src/plan/audit/audit.js';
import type { JailPlan } from '../../src/plan/step.js';

/** The configuration that a text describes. */
export function configurationOf(text: string): Compiled {
  return compile(['jail.conf'], { readFile: () => text, glob: () => [] });
}

/** The status of a jail that has never been started. */
export function stoppedJail(name: string, more: Partial<JailStatus> = {}): JailStatus {
  return {
    name,
    jid: null,
    state: 'stopped',
    pid: null,
    commandPid: null,
    path: `/jails/${name}`,
    hostname: name,
    ip4: [],
    ip6: [],
    cgroup: null,
    startedAt: null,
    restarts: 0,
    exit: null,
    health: 'none',
    next: { restart: null, start: null, stop: null },
    nextTimes: { restart: [], start: [], stop: [] },
    want: 'down',
    waitingFor: [],
    lacks: [],
    retryAt: null,
    flapping: false,
    stale: false,
    unlisted: false,
    mistakes: [],
    startable: true,
    accounting: null,
    limits: {},
    log: `/var/log/jaild/${name}.log`,
    logTargets: ['file'],
    lostOutput: null,
    definedAt: { file: 'jail.conf', line: 1 },
    exits: [],
    checks: [],
    says: null,
    awaits: null,
    gaveUp: null,
    stoppedJailer: null,
    ...more,
  };
}

/** Figures that only a full account has are not kept, but where a test says so. */
export function inFull(brief: BriefAccounting | Accounting): Accounting {
  return { memoryMax: null, ooms: null, ioReads: null, ioWrites: null, pressure: null, ...brief };
}

/** A supervisor whose jails are a list: what is asked of it is noted, and answered as a test has laid it out. */
export class FakeOperations implements Operations {
  jails: readonly JailStatus[];
  configuration: Compiled;
  /** What was asked, in order: "start web,db". */
  readonly asked: string[] = [];
  /** Answers by jail; others are "done". */
  readonly outcomes = new Map<string, Partial<Outcome>>();
  reloadResult: ReloadResult = { ok: true, changes: [], diagnostics: [] };
  ranJail: Jail | null = null;
  /** What read() gives, where it is not the configuration. */
  files: Compiled | null = null;
  mistakes: readonly Diagnostic[] = [];
  created: readonly Jail[] = [];
  changed: Jail | null = null;
  /** What is told of each jail that is created or stopped. */
  deeds: readonly Deed[] = [];
  /** What a start tells of what it waits for. */
  waits: readonly (readonly [line: string, seconds: number])[] = [];
  readonly networks = new Map<string, JailNetwork>();
  readonly journal = new Journal();
  readonly figures = new Map<string, Partial<JailStats>>();
  usage: HostUsage = {
    processors: 2,
    busyUsec: 0,
    memory: { total: 8 * 1024 ** 3, available: 6 * 1024 ** 3 },
    load: [0.5, 0.25, 0.1],
    pressure: null,
    jails: { cpuUsec: 0, memory: 0 },
  };
  #watcher: DeedListener | null = null;
  jailPlan: JailPlan | null = null;
  /** What is found of the jails that run. */
  readonly audits = new Map<string, Audit>();

  constructor(jails: readonly JailStatus[], configuration = '') {
    this.jails = jails;
    this.configuration = configurationOf(configuration);
  }

  status(names?: readonly string[]): readonly JailStatus[] {
    return names === undefined ? this.jails : this.jails.filter(({ name }) => names.includes(name));
  }
  network(name: string): JailNetwork | null {
    return this.networks.get(name) ?? null;
  }
  stats(names?: readonly string[]): readonly JailStats[] {
    return this.status(names).map(({ name, state, startedAt, restarts, limits, accounting }) => ({
      ...{ name, state, startedAt, restarts, limits, upMs: null, traffic: null },
      accounting: accounting && inFull(accounting),
      ...this.figures.get(name),
    }));
  }
  /** What forecast() gives, and what it was asked for. */
  foreseen: Forecast = { times: [], more: [] };
  forecast(names: readonly string[] | undefined, after: Date, until: Date, most: number): Forecast {
    const span = `${after.toISOString()}..${until.toISOString()}`;
    this.asked.push(`forecast ${names?.join() ?? 'all'} ${span} ${most}`);
    return this.foreseen;
  }
  compare(names: readonly string[], by: Comparison): ReadonlyMap<string, number> {
    const figures = this.stats(names).flatMap(({ name, accounting: of, traffic }): [string, number][] => {
      if (by === 'network') return traffic ? [[name, traffic.receivedBytes + traffic.sentBytes]] : [];
      if (of === null) return [];
      const io = (of.ioRead ?? 0) + (of.ioWritten ?? 0);
      const value = { cpu: of.cpuUsec, memory: of.memory, pids: of.pids, io }[by];
      return value === null ? [] : [[name, value]];
    });
    return new Map(figures);
  }
  hostUsage(): HostUsage {
    return this.usage;
  }
  readonly tallies = new Tallies();
  vitals(): readonly Vitals[] {
    return this.jails.map(({ name, state, health, flapping, retryAt }) => ({
      ...{ name, state, health, flapping },
      backoffMs: retryAt === null ? null : 1500,
    }));
  }
  glance(): readonly Glance[] {
    return this.jails;
  }
  untilGone(): Promise<void> {
    return Promise.resolve();
  }
  behalfOf(): Operations {
    return this;
  }
  has(name: string): boolean {
    return this.jails.some((jail) => jail.name === name);
  }
  start(
    names: readonly string[],
    progress?: StartProgress,
    { timeoutMs, wait = true }: StartOptions = {},
  ): Promise<readonly Outcome[]> {
    for (const name of names) progress?.(`${name}: starting`);
    for (const [line, seconds] of this.waits) progress?.(line, seconds);
    const how = `${timeoutMs === undefined ? '' : ` within ${timeoutMs} ms`}${wait ? '' : ' without waiting'}`;
    return Promise.resolve(this.#answer(`start${how}`, names));
  }
  stop(
    names: readonly string[],
    { force = false, cascade = false, hooks = true }: StopOptions = {},
  ): Promise<readonly Outcome[]> {
    for (const name of names) for (const deed of this.deeds) this.#watcher?.(name, deed);
    const how = `${force ? ' force' : ''}${cascade ? ' cascade' : ''}${hooks ? '' : ' without hooks'}`;
    return Promise.resolve(this.#answer(`stop${how}`, names));
  }
  restart(names: readonly string[]): Promise<readonly Outcome[]> {
    return Promise.resolve(this.#answer('restart', names));
  }
  read(file?: string): Compiled {
    this.asked.push(file === undefined ? 'read' : `read ${file}`);
    return this.files ?? this.configuration;
  }
  definition(name: string): Jail | null {
    return this.configuration.jails.find((jail) => jail.name === name) ?? null;
  }
  create(definitions: readonly Jail[], names: readonly string[]): Promise<readonly Outcome[]> {
    this.created = definitions;
    for (const name of names) for (const deed of this.deeds) this.#watcher?.(name, deed);
    return Promise.resolve(this.#answer('create', names));
  }
  change(name: string, amend: Amend, { restart }: { readonly restart: boolean }): Promise<Outcome> {
    const running = this.definition(name);
    if (running === null) return Promise.reject(new Error(`no jail ${name}`));
    // As the supervisor does it, what amend() throws is a rejection.
    return Promise.resolve().then(() => {
      this.changed = amend(running);
      return this.#one(restart ? 'change or restart' : 'change', name);
    });
  }
  cleanUp({ name }: Jail): Promise<Outcome> {
    return Promise.resolve(this.#one('clean up', name));
  }
  watch(listener: DeedListener): () => void {
    this.#watcher = listener;
    return () => (this.#watcher = null);
  }
  reload(dryRun: boolean): Promise<ReloadResult> {
    this.asked.push(dryRun ? 'reload dry' : 'reload');
    return Promise.resolve(this.reloadResult);
  }
  signal(name: string, signal: number): Outcome {
    return this.#one(`signal ${signal}`, name);
  }
  pause(name: string): Promise<Outcome> {
    return Promise.resolve(this.#one('pause', name));
  }
  resume(name: string): Promise<Outcome> {
    return Promise.resolve(this.#one('resume', name));
  }
  run(jail: Jail, terminal: boolean): Promise<ForegroundJail> {
    this.ranJail = jail;
    this.asked.push(`run ${jail.name}${terminal ? ' terminal' : ''}`);
    return Promise.resolve({ name: jail.name, socket: `/run/jaild/${jail.name}/jailer.sock` });
  }
  jailer(): null {
    return null;
  }
  exec(name: string): { readonly socket: string } | null {
    const running = this.jails.some((jail) => jail.name === name && jail.pid !== null);
    return running ? { socket: `/run/jaild/${name}/jailer.sock` } : null;
  }
  plan(jail: Jail): Promise<JailPlan> {
    this.asked.push(`plan ${jail.name}`);
    return this.jailPlan === null ? Promise.reject(new Error('no plan')) : Promise.resolve(this.jailPlan);
  }
  audit(name: string): Promise<Audit | null> {
    this.asked.push(`audit ${name}`);
    return Promise.resolve(this.audits.get(name) ?? null);
  }
  shutdown(): Promise<readonly Outcome[]> {
    return Promise.resolve(
      this.#answer(
        'shutdown',
        this.jails.map(({ name }) => name),
      ),
    );
  }

  #answer(what: string, names: readonly string[]): readonly Outcome[] {
    this.asked.push(`${what} ${names.join(',')}`);
    return names.map((jail) => this.#outcome(jail));
  }
  #one(what: string, name: string): Outcome {
    this.asked.push(`${what} ${name}`);
    return this.#outcome(name);
  }
  #outcome(jail: string): Outcome {
    return { jail, ok: true, changed: true, message: 'done', code: 0, ...this.outcomes.get(jail) };
  }
}
