import { TimeLimit } from '../host/error.js';
import type { Jail } from '../config/compile.js';
import type { Ended, Host, JailerEvent, JailerHandle, Launch } from '../host/host.js';
import type { HostFacts } from '../plan/facts.js';
import type { LaunchMode } from '../plan/launch.js';
import { standingOf, type Standing } from '../plan/standing.js';
import type { JailPlan, Step } from '../plan/step.js';
import { pause, type Clock } from './clock.js';
import type { Cause } from './restart.js';
import { execute, runEach, undoAll, type Execution, type Trace } from './executor.js';
import type { KeptNetwork } from './kept-network.js';
import type { LostOutput } from './lost-output.js';

/** Makes a plan from a jail and facts; pure, throws nothing (src/plan/launch.ts). */
export type PlanJail = (jail: Jail, facts: HostFacts, mode: LaunchMode) => JailPlan;

/** What a running jail is about to be given back with after jaild was away. */
export interface Remains {
  readonly plan: JailPlan;
  readonly jailer: JailerHandle | null;
  readonly wasUp: boolean;
  readonly startedAt: { readonly wall: number; readonly monotonic: number } | null;
  readonly oomKills: number;
  readonly lostOutput?: LostOutput;
  readonly commandPid?: number | null;
  readonly isSilent?: boolean;
  readonly unsettled?: JailPlan['prepare'];
  readonly begunAt?: number | null;
}

/** What was to be changed has ended. */
export class HasEnded extends Error {
  constructor() {
    super('it has ended');
  }
}

const PATIENCE = 1000;
const LOOK = 10;

/** One life of a jail, from its preparation until nothing of it is left. It works and reports; jail.ts decides. */
export class Incarnation {
  plan: JailPlan | null = null;
  wasUp = false;
  startedAt: { readonly wall: number; readonly monotonic: number } | null = null;
  commandPid: number | null = null;
  /** Of what it printed, as far as this jaild was told. */
  lostOutput: LostOutput = { lines: 0, bytes: 0 };
  oomKills = 0;
  /** Milliseconds of CLOCK_MONOTONIC. */
  endedAt: number | null = null;
  begun = false;
  /** Milliseconds of CLOCK_MONOTONIC when it was planned; null for a life that an earlier jaild began. */
  begunAt: number | null;
  /** When it must be ready; null for no limit. */
  private readyBy: number | null = null;
  /** Why jaild has ended it. */
  blame: Cause | null = null;
  /** What the check said that made it unhealthy. */
  ailment: string | null = null;
  readonly launch: Launch;
  /** All of the plan's preparation is done. */
  private isPrepared = false;
  /** What a change may have done beside the plan: its end takes that away as well. */
  unsettled: JailPlan['prepare'] = [];
  /** Changes are made one after the other, and the end of the jail waits for the one under way. */
  private changing: Promise<unknown> = Promise.resolve();
  private isOver = false;
  private cancelled = false;
  /** What it has left to the next life. */
  standing: Standing | null = null;
  /** The step of the directory that it has left, maybe to nobody. */
  private directory: readonly Step[] = [];

  /** @param jail the definition it began with, and what has changed on it since */
  constructor(
    public jail: Jail,
    readonly id: string,
    readonly jid: number,
    readonly mode: LaunchMode,
    private readonly host: Host,
    private readonly clock: Clock,
    private readonly trace: Trace,
  ) {
    this.launch = { jail: jail.name, jailer: null, hooks: new Set() };
    this.begunAt = clock.monotonic();
  }

  /** A life that an earlier jaild began: all of its preparation counts as done, for undoing is idempotent. */
  restore(remains: Remains): void {
    this.plan = remains.plan;
    this.isPrepared = true;
    this.launch.jailer = remains.jailer;
    this.wasUp = remains.wasUp;
    this.startedAt = remains.startedAt;
    this.oomKills = remains.oomKills;
    this.lostOutput = remains.lostOutput ?? this.lostOutput;
    this.commandPid = remains.commandPid ?? null;
    this.isSilent = remains.isSilent ?? false;
    this.unsettled = remains.unsettled ?? [];
    this.begun = true;
    this.begunAt = null;
    const limit = remains.plan.startTimeout * 1000;
    const { begunAt = null } = remains;
    if (begunAt !== null && limit > 0) this.readyBy = begunAt + limit;
  }

  /** Its root is in place, and commands may begin. */
  isBuilt = false;
  /** No more command is run for it. */
  isSilent = false;
  /** It was told to end, or was not whole when it ended. */
  wasEnded = false;

  /** Milliseconds that it was up: until its end was seen, not until it was cleaned away. */
  get upMs(): number {
    if (this.startedAt === null) return 0;
    return (this.endedAt ?? this.clock.monotonic()) - this.startedAt.monotonic;
  }

  /** It has come up, now if it had not before. */
  markUp(): void {
    this.wasUp = true;
    this.startedAt ??= { wall: this.clock.now(), monotonic: this.clock.monotonic() };
  }

  /** Milliseconds that it may still take to become ready, counted from when they were first asked for; null for any time. */
  get startLeftMs(): number | null {
    const limit = (this.plan?.startTimeout ?? 0) * 1000;
    if (limit === 0) return null;
    this.readyBy ??= this.clock.monotonic() + limit;
    return Math.max(0, this.readyBy - this.clock.monotonic());
  }

  /** It has asked for this many milliseconds from now on; what it had before is not taken from it. */
  extendStart(ms: number): void {
    this.readyBy = Math.max(this.readyBy ?? 0, this.clock.monotonic() + ms);
  }

  get jailer(): JailerHandle | null {
    return this.launch.jailer;
  }

  /**
   * Plans and prepares; `intend` is called when there is a plan and before anything is done.
   * @param network what an earlier life may have left: it is this life's, or gone, when it resolves
   * @throws SystemError when the facts cannot be had
   */
  prepare(planJail: PlanJail, intend: () => void, network: KeptNetwork): Promise<Execution> {
    const preparation = network.prepare(this.jail, {
      facts: () => this.host.facts(this.jail),
      plan: (facts) => planJail(this.jail, { ...facts, jid: this.jid, launch: this.id }, this.mode),
      carryOut: (plan, kept) => {
        this.plan = plan;
        intend();
        return this.carryOut(plan, kept);
      },
    });
    // What changes meanwhile is changed when it is there.
    this.changing = preparation.catch(() => undefined);
    return preparation;
  }

  private async carryOut({ prepare }: JailPlan, kept: readonly Step[]): Promise<Execution> {
    const execution = await execute(this.host.executors, prepare, this.launch, {
      isCancelled: () => this.cancelled,
      trace: this.trace,
      kept: new Set(kept),
    });
    this.isPrepared = execution.ok;
    return execution;
  }

  /** Lets `work` change it while it runs, given what it is then. Rejects with HasEnded, or with what `work` throws. */
  change<T>(work: (plan: JailPlan) => Promise<T>): Promise<T> {
    const change = this.changing.then(() => {
      if (this.isOver || !this.isPrepared || this.plan === null) throw new HasEnded();
      return work(this.plan);
    });
    this.changing = change.catch(() => undefined);
    return change;
  }

  /** It was changed into what `plan` says: that is what its end takes away. */
  amend(plan: JailPlan): void {
    this.plan = plan;
  }

  /** Calls the preparation off: it ends with the step under way. */
  cancel(): void {
    this.cancelled = true;
  }

  /** Kills the commands on the host that are under way: whoever waits for one need not wait for ever. */
  killHooks(): void {
    for (const hook of this.launch.hooks) hook.abort();
  }

  /** A command on the host is under way. */
  get hasHooks(): boolean {
    return this.launch.hooks.size > 0;
  }

  /** Whether one of these processes is a command on the host that is under way and waited for. */
  isHook(pids: ReadonlySet<number>): boolean {
    return [...this.launch.hooks].some(({ pid }) => pid !== undefined && pids.has(pid));
  }

  /** Lets the jailer go on. The events that it has already sent come first. */
  async begin(listener: (event: JailerEvent) => void): Promise<Execution> {
    this.begun = true;
    this.oomKills = this.countOomKills();
    this.jailer?.listen(listener);
    return execute(this.host.executors, this.plan?.begin ?? [], this.launch, { trace: this.trace });
  }

  poststart(): Promise<Execution> {
    return execute(this.host.executors, this.plan?.poststart ?? [], this.launch, { trace: this.trace });
  }

  /**
   * exec.prestop and exec.stop. One that fails keeps the jail up, unless that has to go anyway; one that took too long
   * does not: a stop must end.
   */
  async stopCommands(
    insist: boolean,
  ): Promise<{ readonly errors: readonly unknown[]; readonly keepsUp: boolean }> {
    const errors: unknown[] = [];
    for (const step of this.plan?.stop ?? []) {
      const failed = await runEach(this.host.executors, [step], this.launch, this.trace);
      errors.push(...failed);
      if (!insist && failed.some((error) => !(error instanceof TimeLimit))) return { errors, keepsUp: true };
    }
    return { errors, keepsUp: false };
  }

  /**
   * Takes away all that is left. Commands run only for a jail that had come up, as jail(8) has it.
   * @param leave whether the network may stay, in `standing`, and the directory of its record
   * @returns what failed on the way; "occupied" when processes are left that cannot be killed
   */
  async clean(leave = false): Promise<readonly unknown[] | 'occupied'> {
    this.isOver = true;
    await this.changing;
    if (!(await this.isEmpty())) return 'occupied';
    const { poststop = [], release = [] } = (this.wasUp && !this.isSilent ? this.plan : null) ?? {};
    const done = this.isPrepared ? this.plan : null;
    this.standing =
      leave && done !== null && this.unsettled.length === 0 ? standingOf(this.jail, done) : null;
    const directory = leave ? (done?.prepare.filter(({ name }) => name === 'rundir.create') ?? []) : [];
    // With what stands it goes when that is on record elsewhere.
    this.directory = this.standing === null ? directory : [];
    const left = new Set<Step>([...directory, ...(this.standing?.steps ?? [])]);
    const gone = done?.prepare.filter((step) => !left.has(step)) ?? [];
    const errors = [
      ...(await runEach(this.host.executors, poststop, this.launch, this.trace)),
      ...(await undoAll(this.host.executors, [...gone, ...this.unsettled], this.launch, this.trace)),
      ...(await runEach(this.host.executors, release, this.launch, this.trace)),
    ];
    this.isPrepared = false;
    this.unsettled = [];
    return errors;
  }

  /** Takes away the directory that clean() has left. @returns what failed */
  vacate(): Promise<readonly unknown[]> {
    return undoAll(this.host.executors, this.directory, this.launch, this.trace);
  }

  private async isEmpty(): Promise<boolean> {
    const until = this.clock.monotonic() + PATIENCE;
    while (this.population() > 0) {
      if (this.clock.monotonic() > until) return false;
      this.killCgroup();
      await pause(this.clock, LOOK);
    }
    return true;
  }

  /** Calls `empty` when no process is left, looking every `interval()` milliseconds until that is null. */
  watchEmpty(interval: () => number | null, empty: () => void): void {
    const wait = interval();
    if (wait === null) return;
    if (this.population() === 0) return empty();
    this.clock.setTimeout(wait, () => this.watchEmpty(interval, empty));
  }

  /** How many processes are left; when that cannot be found out, somebody may be there. */
  population(): number {
    try {
      return this.plan === null ? 0 : this.host.population(this.plan.cgroups);
    } catch {
      return Infinity;
    }
  }

  /** Kills what is left; whoever cannot be killed now is looked for again. */
  killCgroup(): void {
    try {
      if (this.plan !== null) this.host.killCgroup(this.plan.cgroups);
    } catch {
      // population() tells whether anybody is left.
    }
  }

  /** The out-of-memory killer has been at it since it began, and it ended badly. */
  ranOutOfMemory(ended: Ended): boolean {
    const badly = ended.how === 'signal' || (ended.how === 'exit' && ended.code !== 0);
    return badly && this.countOomKills() > this.oomKills;
  }

  /** How often its limit of processes has kept it from one. */
  get refusedForks(): number {
    try {
      return this.plan === null ? 0 : this.host.countRefusedForks(this.plan.cgroups);
    } catch {
      return 0; // a cgroup that is gone cannot tell any more
    }
  }

  private countOomKills(): number {
    try {
      return this.plan === null ? 0 : this.host.countOomKills(this.plan.cgroups);
    } catch {
      return 0; // a cgroup that is gone cannot tell any more
    }
  }
}
