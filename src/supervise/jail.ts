import { constants } from 'node:os';
import type { Jail } from '../config/compile.js';
import { StepFailure } from '../host/error.js';
import type { Ended, Host, JailerEvent, JailerHandle } from '../host/host.js';
import type { Standing } from '../plan/standing.js';
import type { Step } from '../plan/step.js';
import { classify, jailOf } from './adoption.js';
import { Bulletin } from './events/bulletin.js';
import type { Clock } from './clock.js';
import { describeEnd, failureOf } from './exits.js';
import { faultPoint } from './fault-points.js';
import { Force } from './force.js';
import type { Health, HealthResult } from './health/health.js';
import { History } from './history.js';
import type { LaunchMode } from '../plan/launch.js';
import { Incarnation, type PlanJail } from './incarnation.js';
import type { Journal } from './events/journal.js';
import { KeptNetwork } from './kept-network.js';
import { isDown, isSettled, shown, type LifeEvent, type Phase, type TimerName } from './lifecycle.js';
import { Lifeline, type Work } from './lifeline.js';
import { tendLog } from './log-care.js';
import type { Log } from './log.js';
import { addLost, lossEvent, type LossEvent } from './lost-output.js';
import { Minding } from './health/minding.js';
import { readNotice, type Notice } from './health/notices.js';
import type { Progress } from './progress.js';
import type { JailRecord, Records } from './records.js';
import { changedParameters } from './reload/differences.js';
import { Recording } from './recording.js';
import { restartPolicy, type Cause } from './restart.js';

/** What all jails of a supervisor share. */
export interface Surroundings {
  readonly host: Host;
  readonly clock: Clock;
  readonly planJail: PlanJail;
  readonly records: Records;
  readonly journal: Journal;
  readonly progress: Progress;
  readonly log: Log;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** 32 hex digits, never the same twice. */
  readonly newLaunch: () => string;
  /** Calls admit() when the jail may start: its dependencies are up, and not too many others are starting. */
  readonly queue: (jail: SupervisedJail) => void;
  readonly unqueue: (jail: SupervisedJail) => void;
  /** The place that it has among those that start is free for another. */
  readonly giveWay: (jail: SupervisedJail) => void;
  /** A dependency of it is not up. */
  readonly isHeld: (jail: SupervisedJail) => boolean;
  readonly takeJid: (jail: SupervisedJail) => number;
  /** Which of its addresses another jail runs with, in words; null: none. */
  readonly clashOf: (jail: SupervisedJail) => string | null;
  readonly changed: (jail: SupervisedJail, from: Phase) => void;
}

const KILL_PATIENCE = 5000;
const CALL_OFF_PATIENCE = 500;
const { SIGTERM, SIGABRT } = constants.signals;

const wentWrong = (phase: Phase): boolean => phase === 'failed' || phase === 'stuck' || phase === 'backoff';

/** One jail: does what the table of its life says, and tells the table what came of it. */
export class SupervisedJail extends Lifeline {
  target: 'up' | 'down' = 'down';
  life: Incarnation | null = null;
  /** What the files say of it, where the definition is another one than theirs. */
  filed: Jail['values'] | null = null;
  readonly history: History;
  /** Its number, the same again if it is still free. */
  jid = 0;
  /** A start that came during a stop follows it. */
  startKept = false;
  private insist = false;
  /** Looks after the life that there is. */
  minding: Minding | null = null;
  private readonly force: Force;
  private readonly bulletin: Bulletin;
  private readonly recording: Recording;
  private readonly log: Log;
  private readonly network: KeptNetwork;

  /** @param accepted its definition */
  constructor(
    private accepted: Jail,
    readonly mode: LaunchMode,
    private readonly around: Surroundings,
  ) {
    super(around.clock);
    this.history = new History(around.clock);
    this.log = around.log.child(accepted.name);
    const report = (error: unknown): void => this.report(error);
    this.network = new KeptNetwork(accepted.name, around.host.executors, this.trace, report);
    this.force = new Force(this, around.host, around.clock, report);
    this.bulletin = new Bulletin(this, around.journal, around.clock);
    this.recording = new Recording(this, around.records, () => around.host.bootId());
  }

  /** The newest accepted one; a life keeps the one that it began with. */
  get definition(): Jail {
    return this.accepted;
  }

  set definition(next: Jail) {
    const { values } = this.accepted;
    this.accepted = next;
    // What stands may have an address that is another jail's by now.
    if (this.standing !== null && changedParameters(values, next.values).length > 0)
      void this.network.remove();
  }

  get standing(): Standing | null {
    return this.network.standing;
  }

  get name(): string {
    return this.definition.name;
  }

  get jailer(): JailerHandle | null {
    return this.life?.jailer ?? null;
  }

  get flapping(): boolean {
    return this.history.isFlapping(this.life?.upMs ?? 0);
  }

  /** Somebody wants it up: it starts, or will when its stop is over. */
  start(cause = 'start'): void {
    this.target = 'up';
    if (isDown(this.phase)) this.history.restarts = 0;
    this.post('start', cause);
  }

  /**
   * Somebody wants it down. `insist`: a stop command that fails does not keep it up. Without `hooks`, no command is run
   * for it any more.
   */
  stop(
    options: { readonly force?: boolean; readonly insist?: boolean; readonly hooks?: boolean } = {},
    cause = 'stop',
  ): void {
    this.target = 'down';
    if (options.hooks === false && this.life !== null) this.life.isSilent = true;
    this.startKept = false;
    this.insist = options.insist ?? false;
    this.history.failure = null;
    const event = options.force === true ? 'force' : 'stop';
    this.post(this.standing === null ? event : 'take-down', cause);
  }

  /** Down and up again; a jail that is down just starts. */
  restart(cause = 'restart'): void {
    if (!isDown(this.phase)) {
      this.stop({}, cause);
      this.target = 'up';
      if (!isDown(this.phase)) return this.keepStart(true);
    }
    this.start(cause);
  }

  /** Resolves when nothing is under way: it runs, it rests, or it waits for what it depends on. */
  untilAtRest(): Promise<Phase> {
    return this.until((phase) => isSettled(phase) || (phase === 'waiting' && this.around.isHeld(this)));
  }

  /** It was changed while it runs: that is written down, for a later jaild must know what it is. */
  noteChanged(definition: Jail): void {
    if (this.life !== null) this.life.jail = definition;
    this.recording.noteAnew();
    this.minding?.review();
  }

  admit(): void {
    this.post('admitted', 'ready to start');
  }

  /** Freezes or thaws it. @returns when it is done @throws SystemError */
  async freeze(frozen: boolean): Promise<void> {
    this.post(frozen ? 'pause' : 'resume', frozen ? 'pause' : 'resume');
    await this.force.frozen;
  }

  protected entered(from: Phase, cause: string): void {
    const { history, phase, life } = this;
    faultPoint(`phase.${phase}`, this.name);
    if (phase === 'running' && from === 'poststarting') history.failure = null;
    if (isDown(phase) && from === 'cleaning') this.life = this.minding = null;
    if (phase === 'stopped' || phase === 'waiting') history.retryAt = null;
    if (from !== phase) this.tell(from, cause);
    if (phase === 'running' && from === 'poststarting' && life !== null)
      this.bulletin.started(life, history.restarts);
    if (shown(from) !== shown(phase))
      this.around.progress.tell(this.name, { kind: 'state', state: shown(phase) });
    this.recording.note();
  }

  protected settled(from: Phase): void {
    this.around.changed(this, from);
  }

  private tell(from: Phase, cause: string): void {
    const { message = '' } = this.history.failure ?? {};
    // Not what an earlier try has failed at, nor twice what the cause has in it.
    const detail = wentWrong(this.phase) && !cause.includes(message) ? message : '';
    this.bulletin.moved(from, cause, detail);
    const words = `${from} -> ${this.phase} (${cause})`;
    if (wentWrong(this.phase)) this.log.warn(detail === '' ? words : `${words}: ${detail}`);
    else if (isSettled(this.phase)) this.log.info(words);
    else this.log.debug(() => words);
  }

  protected readonly work: Work = {
    queue: () => this.around.queue(this),
    unqueue: () => this.around.unqueue(this),
    prepare: () => void this.prepare(),
    'cancel-prepare': () => this.life?.cancel(),
    'kill-hooks': () => this.life?.killHooks(),
    begin: () => void this.begin(),
    poststart: () => void this.poststart(),
    'stop-commands': () => void this.stopCommands(),
    term: () => this.signal(SIGTERM),
    abort: () => this.signal(SIGABRT),
    kill: () => this.force.kill(),
    'kill-cgroup': () => this.force.killCgroup(),
    'blame-time': () => this.blameTime(),
    'blame-health': () => this.blame('health'),
    'blame-watchdog': () => this.blame('watchdog'),
    freeze: () => this.force.setFrozen(true),
    thaw: () => this.force.setFrozen(false),
    mind: () => this.mind(),
    unmind: () => this.minding?.end(),
    clean: () => void this.clean(),
    'keep-start': () => this.keepStart(true),
    'drop-start': () => this.keepStart(false),
    abandon: () => {
      this.target = 'up';
      this.keepStart(false);
    },
    'report-stuck': () => this.log.error('it was killed and is not gone; nothing is started until it is'),
  };

  protected report(error: unknown): void {
    this.log.warn(failureOf(error).message);
  }

  private readonly trace = (verb: 'run' | 'done' | 'undo', step: Step): void => {
    this.around.progress.tell(this.name, { kind: 'step', verb, step });
    if (verb === 'done') return;
    this.log.debug(() => `${verb} ${step.name} ${JSON.stringify(step.args).slice(0, 200)}`);
  };

  private async prepare(): Promise<void> {
    const { around } = this;
    this.jid = around.takeJid(this);
    const life = this.newLife(this.definition, around.newLaunch(), this.jid);
    this.history.failure = null;
    try {
      // The kernel would only say that it is in use.
      const clash = around.clashOf(this);
      if (clash !== null) throw new StepFailure('attach', '', clash, 'it is free when that jail is stopped');
      const execution = await life.prepare(around.planJail, () => this.recording.noteAnew(), this.network);
      if (execution.ok) return this.post('prepared', 'prepared');
      this.reportAll(execution.undoErrors);
      if (execution.failed !== null) this.history.noteFailedStart(this.life, execution.error);
    } catch (error) {
      this.history.noteFailedStart(this.life, error);
    }
    this.post('prepare-failed', 'not started');
  }

  private newLife(jail: Jail, launch: string, jid: number): Incarnation {
    const { host, clock } = this.around;
    this.recording.begin();
    this.life = new Incarnation(jail, launch, jid, this.mode, host, clock, this.trace);
    const { life } = this;
    this.minding = new Minding(life, {
      clock,
      post: (event, cause) => {
        if (this.life === life) this.post(event, cause);
      },
      turned: (health, result) => this.turned(health, result),
      note: () => this.recording.note(),
    });
    return life;
  }

  private async begin(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    const execution = await life.begin((event) => this.hear(life, event));
    if (execution.ok || this.life !== life) return;
    this.history.noteFailedStart(this.life, execution.error);
    this.post('lost', 'not started');
  }

  private hear(life: Incarnation, event: JailerEvent): void {
    if (this.life !== life) return;
    switch (event.kind) {
      case 'warning':
        return this.log.warn(`${describeEnd({ how: 'error', code: event.errno, ...event })}, going on`);
      case 'start':
        this.history.noteStartCommand(life.jail, event.index, event.ended);
        if (event.ended.how === 'timeout') this.blame('timeout');
        if (event.ended.how === 'exit' && event.ended.code === 0)
          this.around.progress.tell(this.name, { kind: 'started', index: event.index });
        return;
      case 'running':
        life.commandPid = event.pid === 0 ? null : event.pid;
        return this.began();
      case 'log-dropped':
      case 'log-limited':
        return this.lose(life, lossEvent(event));
      case 'log-rotated':
        return tendLog(this, this.around.host);
      case 'notify':
        return this.notice(life, readNotice(event.fields));
      case 'main':
        return this.log.debug(`command ended: ${describeEnd(event.ended)}`);
      case 'exited':
        this.history.noteEnd(life, event.ended, {
          words: this.unreadyWords(event.ended),
          isAsked: this.isAsked,
        });
        return this.post('exited', this.history.exit?.cause ?? 'exited');
      case 'lost':
        this.history.noteEnd(life, { how: 'signal', code: 9 }, { words: 'jailer lost' });
        return this.post('lost', 'jailer lost');
      case 'built':
        life.isBuilt = true;
        return this.awaken();
    }
  }

  private lose(life: Incarnation, loss: LossEvent): void {
    life.lostOutput = addLost(life.lostOutput, loss.data);
    this.recording.note();
    this.bulletin.lost(loss);
    this.log.warn(loss.detail);
  }

  /** What has begun is ready, or is waited for. */
  private began(): void {
    const { minding } = this;
    if (minding?.isReady === true) this.post('ready', 'exec.start has ended');
    else this.post('begun', 'exec.start has ended');
  }

  /** What a start that is under way waits for; null when it is for nothing but its own commands. */
  get awaits(): string | null {
    return this.phase === 'awaiting' ? (this.minding?.awaits ?? null) : null;
  }

  private notice(life: Incarnation, notice: Notice): void {
    this.minding?.hear(notice);
    if (notice.extendMs !== undefined && (this.phase === 'starting' || this.phase === 'awaiting')) {
      life.extendStart(notice.extendMs);
      // Who asks for more time, maybe without end, is not to keep others from starting.
      this.around.giveWay(this);
      this.post('extend', 'EXTEND_TIMEOUT_USEC');
    }
    if (notice.ready && this.phase === 'awaiting' && this.minding?.isReady === true)
      this.post('ready', 'READY=1');
  }

  private mind(): void {
    this.minding?.begin(this.phase === 'awaiting');
  }

  private turned(health: Health, result: HealthResult): void {
    this.bulletin.turned(health, result);
    if (health.verdict !== 'unhealthy') return this.log.info(health.verdict);
    const [said = ''] = result.output.trim().split('\n');
    if (this.life !== null) this.life.ailment = said === '' ? describeEnd(result.ended) : said;
    this.log.warn(`unhealthy: ${describeEnd(result.ended)} ${result.output}`.trim());
  }

  /** Somebody wants its end, and that is under way. */
  private get isAsked(): boolean {
    return shown(this.phase) === 'stopping' && (this.target === 'down' || this.startKept);
  }

  /** Of what ends before it was ready, that it had not been. */
  private unreadyWords(ended: Ended): string | null {
    if (this.phase !== 'awaiting') return null;
    const { ready } = this.life?.jail.values ?? {};
    return `${describeEnd(ended)} before ${ready === 'notify' ? 'READY=1 was sent' : 'a check had passed'}`;
  }

  private reportAll(errors: readonly unknown[]): void {
    for (const error of errors) this.report(error);
  }

  private async poststart(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    life.markUp();
    if (this.minding !== null) this.minding.said = { ...this.minding.said, ready: true };
    this.recording.note();
    // A jail without exec.poststart is up in the same turn of the event loop.
    if ((life.plan?.poststart.length ?? 0) === 0) return this.post('poststarted', 'up');
    const execution = await life.poststart();
    if (this.life !== life) return;
    if (execution.ok) return this.post('poststarted', 'up');
    life.wasUp = false;
    this.history.noteFailedStart(this.life, execution.error);
    this.post('poststart-failed', 'exec.poststart failed');
  }

  private async stopCommands(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    // Somebody else may have frozen it: a command in it would stand still until its time is over.
    if ((life.plan?.stop.length ?? 0) > 0) this.force.setFrozen(false);
    await this.force.thawed();
    const { errors, keepsUp } = await life.stopCommands(this.insist);
    if (this.life !== life) return;
    this.reportAll(errors);
    if (!keepsUp) return this.post('stop-commands-done', 'stop commands done');
    this.history.failure = failureOf(errors.at(-1));
    this.post('stop-abandoned', 'stop abandoned');
  }

  private signal(signal: number): void {
    this.force.signal(signal, () => this.around.progress.tell(this.name, { kind: 'signal', signal }));
  }

  private blame(cause: Cause): void {
    if (this.life !== null) this.life.blame ??= cause;
  }

  private blameTime(): void {
    this.blame('timeout');
    const { awaits = null } = this.minding ?? {};
    const missing = awaits === null ? '' : ` ${awaits}`;
    this.history.failure ??= {
      message: `timed out${missing}`,
      hint: 'start.timeout says how long a start may take',
    };
  }

  private async clean(): Promise<void> {
    const { life } = this;
    const { history } = this;
    if (life?.begun === true && life.endedAt === null && !this.startKept && !history.knows(life))
      history.noteEnd(life, { how: 'signal', code: 9 }, { isAsked: this.isAsked });
    if (life !== null && history.exit !== null && history.knows(life)) this.bulletin.ended(history.exit);
    const leave = life !== null && this.isLeft(life);
    const errors = (await life?.clean(leave).catch((error: unknown) => [error])) ?? [];
    if (errors === 'occupied') return this.post('occupied', 'not empty');
    this.reportAll(errors);
    if (this.target === 'down') this.history.failure = errors.length > 0 ? failureOf(errors[0]) : null;
    if (life !== null) this.network.leave(life.standing);
    let [event, cause] = this.asked() ?? this.judge(life);
    const resumes = leave && this.isAtOnce(event);
    this.recording.clean(resumes);
    if (!resumes) {
      if (event !== 'again' && event !== 'retry') await this.network.remove();
      this.reportAll((await life?.vacate()) ?? []);
      [event, cause] = this.asked() ?? [event, cause];
    }
    if (event === 'again') this.startKept = false;
    this.post(event, cause);
    this.recording.settle();
  }

  /** Whether what follows its cleaning is the next life, now. */
  private isAtOnce(event: LifeEvent): boolean {
    const { retryAt } = this.history;
    return event === 'again' || (event === 'retry' && (retryAt ?? Infinity) <= this.around.clock.monotonic());
  }

  /** Whether its network stays for the next life: it ended by itself, and will be the same again. */
  private isLeft(life: Incarnation): boolean {
    if (life.wasEnded || this.target === 'down' || this.mode.foreground) return false;
    return changedParameters(life.jail.values, this.definition.values).length === 0;
  }

  /** What somebody has asked for, which comes before what the jail would do by itself. */
  private asked(): readonly [LifeEvent, string] | null {
    if (this.startKept) return ['again', 'restart'];
    return this.target === 'down' ? ['stay-down', 'stopped'] : null;
  }

  /** Nothing is left of it but, maybe, its network: what now? */
  private judge(life: Incarnation | null): readonly [LifeEvent, string] {
    const { history, mode, around } = this;
    const policy = restartPolicy(this.definition.values);
    const wasFlapping = history.isFlapping(0);
    const what = history.judge(
      life,
      mode.foreground ? { ...policy, restart: 'no' } : policy,
      around.random(),
    );
    if (!wasFlapping && history.isFlapping(0)) this.log.warn('it keeps failing: see its log');
    return [what, history.exit?.cause ?? 'ended'];
  }

  protected timerMs(timer: TimerName): number | null {
    const { plan } = this.life ?? {};
    if (timer === 'start') return this.life?.startLeftMs ?? null;
    if (timer === 'stop') return (plan?.stopTimeout ?? 0) * 1000;
    if (timer === 'call-off') return Math.max(CALL_OFF_PATIENCE, (plan?.stopTimeout ?? 0) * 1000);
    if (timer === 'retry') return Math.max(0, (this.history.retryAt ?? 0) - this.around.clock.monotonic());
    return KILL_PATIENCE;
  }

  private keepStart(kept: boolean): void {
    this.startKept = kept;
    this.recording.note();
  }

  /** Takes back what an earlier jaild left. */
  adopt(record: JailRecord, jailer: JailerHandle | null, exit: Parameters<typeof classify>[2]): void {
    const { target, startKept, jid, plan, restarts, tally, retryAt } = record;
    Object.assign(this, { target, startKept, jid });
    const { exit: last, exits = last === null ? [] : [last], gaveUp = null } = record;
    Object.assign(this.history, { restarts, tally, retryAt, exit: last, exits, gaveUp });
    this.network.leave(record.standing ?? null);
    this.beginAdoption();
    const found = classify(record, jailer?.phase ?? null, exit);
    if (plan !== null) {
      const life = this.newLife(jailOf(record.jail), record.launch, record.jid);
      life.restore({ ...record, plan, jailer });
      this.minding?.restore(record.said, record.health);
      life.wasEnded = found.halfBuilt || record.doing === 'stopping';
      if (found.halfBuilt) this.startKept = target === 'up';
      if (found.ended) {
        const { ended, cause: words, at } = found.ended;
        this.history.noteEnd(life, ended, { words, isAsked: record.doing === 'stopping', ...(at && { at }) });
      }
    }
    this.post(found.event, 'found at the start of jaild');
    const { life } = this;
    if (life !== null) jailer?.listen((event) => this.hear(life, event));
  }
}
