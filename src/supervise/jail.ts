import type { Jail } from '../config/compile.js';
import type { Ended, Host, JailerEvent, JailerHandle } from '../host/host.js';
import type { Step } from '../plan/step.js';
import { classify, jailOf, savedJail } from './adoption.js';
import type { Clock } from './clock.js';
import { neverBegan, startFailure } from './endings.js';
import { describeEnd, failureOf, failureOfEnd, type Failure } from './exits.js';
import { Incarnation, type LaunchMode, type PlanJail } from './incarnation.js';
import type { Journal } from './journal.js';
import {
  isDown,
  recorded,
  shown,
  step,
  timers,
  type Effect,
  type LifeEvent,
  type Phase,
} from './lifecycle.js';
import type { Log } from './log.js';
import type { LastExit } from './operations.js';
import type { Doing, JailRecord, Records } from './records.js';
import { decayed, freshTally, isFlapping, judge, restartPolicy, type Tally } from './restart.js';

/** What all jails of a supervisor share. */
export interface Surroundings {
  readonly host: Host;
  readonly clock: Clock;
  readonly planJail: PlanJail;
  readonly records: Records;
  readonly journal: Journal;
  readonly log: Log;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** 32 hex digits, never the same twice. */
  readonly newLaunch: () => string;
  /** Calls admit() when the jail may start: its dependencies are up, and not too many others are starting. */
  readonly queue: (jail: SupervisedJail) => void;
  readonly unqueue: (jail: SupervisedJail) => void;
  readonly takeJid: (jail: SupervisedJail) => number;
  readonly changed: (jail: SupervisedJail, from: Phase) => void;
}

const KILL_PATIENCE = 5000;
const LOOK_SOON = 20;
const LOOK_LATER = 500;

/** One jail: performs what the table of its life says, one event after another. */
export class SupervisedJail {
  phase: Phase = 'stopped';
  target: 'up' | 'down' = 'down';
  life: Incarnation | null = null;
  tally: Tally = freshTally;
  restarts = 0;
  exit: LastExit | null = null;
  /** Why the last start, stop or cleaning did not go well. */
  failure: Failure | null = null;
  /** Milliseconds of CLOCK_MONOTONIC. */
  retryAt: number | null = null;
  /** Its number, the same again if it is still free. */
  jid = 0;
  /** What the last failed start threw. */
  error: unknown = null;
  private startKept = false;
  private insist = false;
  private written: Doing | null = null;
  private readonly events: (readonly [LifeEvent, string])[] = [];
  private handling = false;
  private disarm: (() => void) | null = null;
  private freezing: Promise<void> = Promise.resolve();
  private readonly watchers = new Set<() => void>();
  private readonly log: Log;

  /** @param definition the newest accepted one; a life keeps the one that it began with */
  constructor(
    public definition: Jail,
    readonly mode: LaunchMode,
    private readonly around: Surroundings,
  ) {
    this.log = around.log.child(definition.name);
  }

  get name(): string {
    return this.definition.name;
  }

  get jailer(): JailerHandle | null {
    return this.life?.jailer ?? null;
  }

  /** Milliseconds that it has been up. */
  get upMs(): number {
    return this.life?.upMs ?? 0;
  }

  get flapping(): boolean {
    return isFlapping(decayed(this.tally, this.upMs));
  }

  /** Somebody wants it up: it starts, or will when its stop is over. */
  start(cause = 'start'): void {
    this.target = 'up';
    if (isDown(this.phase)) this.restarts = 0;
    this.post('start', cause);
  }

  /** Somebody wants it down. `insist`: a stop command that fails does not keep it up. */
  stop(options: { readonly force?: boolean; readonly insist?: boolean } = {}, cause = 'stop'): void {
    this.target = 'down';
    this.startKept = false;
    this.insist = options.insist ?? false;
    this.failure = null;
    this.post(options.force === true ? 'force' : 'stop', cause);
  }

  /** Down and up again; a jail that is down just starts. */
  restart(cause = 'restart'): void {
    if (!isDown(this.phase)) {
      this.stop({}, cause);
      this.target = 'up';
      if (!isDown(this.phase)) {
        this.startKept = true;
        return this.record(true);
      }
    }
    this.start(cause);
  }

  admit(): void {
    this.post('admitted', 'ready to start');
  }

  /** Freezes or thaws it. @returns when it is done @throws SystemError */
  async freeze(frozen: boolean): Promise<void> {
    this.post(frozen ? 'pause' : 'resume', frozen ? 'pause' : 'resume');
    await this.freezing;
  }

  /** Resolves with the phase as soon as it is one that `holds`. */
  until(holds: (phase: Phase) => boolean): Promise<Phase> {
    if (holds(this.phase)) return Promise.resolve(this.phase);
    return new Promise((resolve) => {
      const watch = (): void => {
        if (!holds(this.phase)) return;
        this.watchers.delete(watch);
        resolve(this.phase);
      };
      this.watchers.add(watch);
    });
  }

  /** Tells it that something happened. Events are handled in order, each to its end before the next. */
  post(event: LifeEvent, cause: string): void {
    this.events.push([event, cause]);
    if (this.handling) return;
    this.handling = true;
    try {
      for (let next = this.events.shift(); next !== undefined; next = this.events.shift())
        this.handle(...next);
    } finally {
      this.handling = false;
    }
  }

  private handle(event: LifeEvent, cause: string): void {
    const from = this.phase;
    const next = step(from, event);
    if (next === null) return;
    this.phase = next.phase;
    this.settleWords(from);
    if (from !== next.phase) this.tell(from, cause);
    this.record();
    if (this.phase === 'stopped') this.around.records.forget(this.name);
    for (const effect of next.effects) this.perform(effect);
    if (from === next.phase) return;
    this.around.changed(this, from);
    for (const watch of [...this.watchers]) watch();
  }

  /** What is remembered of a run changes with the phase, before anybody looks. */
  private settleWords(from: Phase): void {
    if (this.phase === 'running' && from === 'poststarting') this.failure = null;
    if (isDown(this.phase) && from === 'cleaning') this.life = null;
    if (this.phase === 'stopped') this.retryAt = null;
    if (this.phase === 'waiting') this.retryAt = null;
  }

  private tell(from: Phase, cause: string): void {
    const detail = this.phase === 'running' ? '' : (this.failure?.message ?? '');
    const at = new Date(this.around.clock.now());
    this.around.journal.append({
      at,
      jail: this.name,
      from: shown(from),
      to: shown(this.phase),
      cause,
      detail,
    });
    const words = `${from} -> ${this.phase} (${cause})`;
    if (this.phase === 'failed' || this.phase === 'stuck' || this.phase === 'backoff')
      this.log.warn(detail === '' ? words : `${words}: ${detail}`);
    else this.log.info(words);
  }

  private perform(effect: Effect): void {
    this.effects[effect]();
  }

  /** THE TABLE of what is done; lifecycle.ts says when. */
  private readonly effects: Readonly<Record<Effect, () => void>> = {
    queue: () => this.around.queue(this),
    unqueue: () => this.around.unqueue(this),
    prepare: () => void this.prepare(),
    'cancel-prepare': () => this.life?.cancel(),
    begin: () => void this.begin(),
    poststart: () => void this.poststart(),
    'stop-commands': () => void this.stopCommands(),
    term: () =>
      void this.thawed()
        .then(() => this.jailer?.signal(15))
        .catch(this.report),
    kill: () => this.kill(),
    'kill-cgroup': () => this.killCgroup(),
    freeze: () => this.setFrozen(true),
    thaw: () => this.setFrozen(false),
    clean: () => void this.clean(),
    'keep-start': () => (this.startKept = true),
    'drop-start': () => (this.startKept = false),
    abandon: () => {
      this.target = 'up';
      this.startKept = false;
    },
    'report-stuck': () => this.log.error('it was killed and is not gone; nothing is started until it is'),
    arm: () => this.arm(),
    disarm: () => {
      this.disarm?.();
      this.disarm = null;
    },
  };

  private readonly report = (error: unknown): void => this.log.warn(failureOf(error).message);

  private readonly trace = (verb: 'run' | 'undo', done: Step): void =>
    this.log.debug(`${verb} ${done.name} ${JSON.stringify(done.args).slice(0, 200)}`);

  private async prepare(): Promise<void> {
    const { around } = this;
    this.jid = around.takeJid(this);
    const life = this.newLife(this.definition, around.newLaunch(), this.jid);
    this.failure = null;
    try {
      const execution = await life.prepare(around.planJail, () => this.record());
      if (execution.ok) return this.post('prepared', 'prepared');
      execution.undoErrors.forEach(this.report);
      if (execution.failed !== null) this.fail(execution.error);
    } catch (error) {
      this.fail(error);
    }
    this.post('prepare-failed', 'not started');
  }

  private newLife(jail: Jail, launch: string, jid: number): Incarnation {
    const { host, clock } = this.around;
    this.written = null;
    this.life = new Incarnation(jail, launch, jid, this.mode, host, clock, this.trace);
    return this.life;
  }

  /** Remembers why it did not start. */
  private fail(error: unknown): void {
    this.error = error;
    this.failure = failureOf(error);
    this.exit = neverBegan(error, new Date(this.around.clock.now()));
  }

  private async begin(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    const execution = await life.begin((event) => this.hear(life, event));
    if (execution.ok || this.life !== life) return;
    this.fail(execution.error);
    this.post('lost', 'not started');
  }

  private hear(life: Incarnation, event: JailerEvent): void {
    if (this.life !== life) return;
    switch (event.kind) {
      case 'warning':
        return this.log.warn(`${describeEnd({ how: 'error', code: event.errno, ...event })}, going on`);
      case 'start':
        this.failure = startFailure(life.jail, event.index, event.ended) ?? this.failure;
        return;
      case 'running':
        life.commandPid = event.pid === 0 ? null : event.pid;
        return this.post('up', 'exec.start has ended');
      case 'log-dropped':
        return this.log.warn(`${event.bytes} bytes of output were lost: the log could not be written`);
      case 'main':
        return this.log.debug(`command ended: ${describeEnd(event.ended)}`);
      case 'exited':
        this.ended(life, event.ended, null);
        return this.post('exited', this.exit?.cause ?? 'exited');
      case 'lost':
        this.ended(life, { how: 'signal', code: 9 }, 'jailer lost');
        return this.post('lost', 'jailer lost');
      case 'built':
        return;
    }
  }

  /** Takes down how a life ended, before anything is cleaned that could tell of it. */
  private ended(life: Incarnation, ended: Ended, cause: string | null, at?: Date): void {
    const { clock } = this.around;
    life.endedAt = clock.monotonic() - (at === undefined ? 0 : Math.max(0, clock.now() - at.getTime()));
    const oom = life.ranOutOfMemory(ended);
    const words = oom ? 'out of memory' : (cause ?? describeEnd(ended));
    if (!life.wasUp) this.failure ??= failureOfEnd(ended, words);
    const told = life.wasUp ? words : `not started: ${this.failure?.message ?? words}`;
    this.exit = { ...ended, oom, at: at ?? new Date(clock.now()), cause: told };
  }

  private async poststart(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    life.markUp();
    // A jail without exec.poststart is up in the same turn of the event loop.
    if ((life.plan?.poststart.length ?? 0) === 0) return this.post('poststarted', 'up');
    const execution = await life.poststart();
    if (this.life !== life) return;
    if (execution.ok) return this.post('poststarted', 'up');
    life.wasUp = false;
    this.fail(execution.error);
    this.post('poststart-failed', 'exec.poststart failed');
  }

  private async stopCommands(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    await this.thawed();
    const errors = await life.stopCommands(this.insist);
    if (this.life !== life) return;
    errors.forEach(this.report);
    if (errors.length === 0 || this.insist) return this.post('stop-commands-done', 'stop commands done');
    this.failure = failureOf(errors[0]);
    this.post('stop-abandoned', 'stop abandoned');
  }

  private kill(): void {
    if (this.life?.wasUp === false && this.target === 'up' && !this.startKept)
      this.failure ??= { message: 'timed out', hint: 'start.timeout says how long a start may take' };
    void this.thawed().then(() => this.jailer?.kill());
    if (this.jailer === null) this.killCgroup();
  }

  private killCgroup(): void {
    this.jailer?.kill();
    const { life } = this;
    life?.killCgroup();
    // A jail that cannot be killed is looked at less often.
    const interval = (): number | null => {
      if (this.life !== life) return null;
      if (this.phase === 'stuck') return LOOK_LATER;
      return this.phase === 'stopping.kill' ? LOOK_SOON : null;
    };
    life?.watchEmpty(interval, () => this.post('emptied', 'empty'));
  }

  /** Nothing in a frozen jail hears a signal. */
  private thawed(): Promise<void> {
    return this.freezing.catch(this.report);
  }

  private setFrozen(frozen: boolean): void {
    const cgroups = this.life?.plan?.cgroups ?? [];
    this.freezing = this.around.host.freeze(cgroups, frozen);
    this.freezing.catch((error: unknown) => {
      this.report(error);
      if (frozen) this.post('freeze-failed', 'cannot be frozen');
    });
  }

  private async clean(): Promise<void> {
    const { life } = this;
    if (life?.begun === true && life.endedAt === null && !this.startKept)
      this.ended(life, { how: 'signal', code: 9 }, null);
    const errors = (await life?.clean()) ?? [];
    if (errors === 'occupied') return this.post('occupied', 'not empty');
    errors.forEach(this.report);
    if (this.target === 'down') this.failure = errors.length > 0 ? failureOf(errors[0]) : null;
    if (life !== null) this.around.records.remove(this.name);
    this.decide(life);
  }

  /** Nothing is left of it: what now? */
  private decide(life: Incarnation | null): void {
    if (this.startKept) {
      this.startKept = false;
      return this.post('again', 'restart');
    }
    if (this.target === 'down') return this.post('stay-down', 'stopped');
    const ended = this.exit === null || this.exit.how === 'error' ? null : this.exit;
    const run = { ended, wasUp: life?.wasUp ?? false, oom: this.exit?.oom ?? false, upMs: this.upMs };
    const policy = restartPolicy(this.definition.values);
    const verdict = judge(
      run,
      this.mode.foreground ? { ...policy, restart: 'no' } : policy,
      this.tally,
      this.around.random(),
    );
    const wasFlapping = isFlapping(this.tally);
    this.tally = verdict.tally;
    if (!wasFlapping && isFlapping(this.tally)) this.log.warn('it keeps failing: see its log');
    if (verdict.what === 'retry') {
      this.restarts++;
      this.retryAt = this.around.clock.monotonic() + verdict.delayMs;
    }
    this.post(verdict.what, this.exit?.cause ?? 'ended');
  }

  private arm(): void {
    const ms = this.timerMs();
    const fire = (): void => this.post('timeout', 'timeout');
    if (ms === null) return;
    if (ms <= 0) return fire();
    // When the event loop was blocked, what the jailer said in the meantime counts before the time that has passed.
    this.disarm = this.around.clock.setTimeout(ms, () => {
      this.disarm = this.around.clock.setTimeout(0, fire);
    });
  }

  /** Milliseconds of the phase's timer, null for no limit. */
  private timerMs(): number | null {
    const timer = timers[this.phase];
    const { plan } = this.life ?? {};
    if (timer === undefined) return null;
    if (timer === 'start') return plan?.startTimeout ? plan.startTimeout * 1000 : null;
    if (timer === 'stop') return (plan?.stopTimeout ?? 0) * 1000;
    if (timer === 'retry') return Math.max(0, (this.retryAt ?? 0) - this.around.clock.monotonic());
    return KILL_PATIENCE;
  }

  /** Writes down what it is about to do, once for each thing, unless the record has changed in another way. */
  private record(changed = false): void {
    const doing = recorded[this.phase];
    if (doing === undefined || (doing === this.written && !changed)) return;
    const { life, mode, around } = this;
    const atRest = doing === 'backoff' || doing === 'ended' || doing === 'failed';
    if (atRest ? mode.foreground : (life?.plan ?? null) === null) return;
    this.written = doing;
    around.records.save({
      ...this.memory(),
      doing,
      bootId: around.host.bootId(),
      launch: life?.id ?? '',
      jid: life?.jid ?? 0,
      jail: savedJail(life?.jail ?? this.definition),
      plan: atRest ? null : (life?.plan ?? null),
      foreground: mode.foreground,
      wasUp: life?.wasUp ?? false,
      startedAt: life?.startedAt ?? null,
      oomKills: life?.oomKills ?? 0,
    });
  }

  private memory() {
    const { name, target, startKept, restarts, tally, exit, retryAt } = this;
    return { schema: 1, name, target, startKept, restarts, tally, exit, retryAt } as const;
  }

  /** Takes back what an earlier jaild left. */
  adopt(record: JailRecord, jailer: JailerHandle | null, exit: Parameters<typeof classify>[2]): void {
    const { target, restarts, tally, retryAt, plan } = record;
    Object.assign(this, {
      target,
      restarts,
      tally,
      retryAt,
      exit: record.exit,
      startKept: record.startKept,
      jid: record.jid,
    });
    this.phase = 'adopting';
    const found = classify(record, jailer?.phase ?? null, exit);
    if (plan !== null) {
      const life = this.newLife(jailOf(record.jail), record.launch, record.jid);
      life.restore({ ...record, plan, jailer });
      if (found.halfBuilt) this.startKept = target === 'up';
      if (found.ended) this.ended(life, found.ended.ended, found.ended.cause, found.ended.at);
    }
    this.post(found.event, 'found at the start of jaild');
    const { life } = this;
    if (life !== null) jailer?.listen((event) => this.hear(life, event));
  }
}
