import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic } from '../config/diagnostic.js';
import type { Compiled, Jail } from '../config/jail.js';
import { EventFile } from '../host/event-file.js';
import type { Host, JailerHandle, HostUsage } from '../host/host.js';
import type { Audit } from '../plan/audit/audit.js';
import { reachOf } from '../plan/reach.js';
import type { JailPlan } from '../plan/step.js';
import { auditRunning } from './auditing.js';
import { bootJails } from './boot.js';
import { Callers } from './callers.js';
import { changeJail } from './reload/changing.js';
import { pause, systemClock, type Clock } from './clock.js';
import { cleanUp, createJails } from './creation.js';
import { failureOf } from './exits.js';
import { runInForeground } from './foreground.js';
import { foresee, type Forecast } from './schedule/forecast.js';
import type { LaunchMode } from '../plan/launch.js';
import type { PlanJail } from './incarnation.js';
import { SupervisedJail, type Surroundings } from './jail.js';
import { Journal, JOURNAL_SIZE } from './events/journal.js';
import { LimitsWatch } from './limits-watch.js';
import { isDown, isUp, shown, type Phase } from './lifecycle.js';
import type { Log } from './log.js';
import { OomWatch } from './oom-watch.js';
import type {
  Amend,
  DeedListener,
  ExecTarget,
  ForegroundJail,
  Glance,
  JailNetwork,
  Comparison,
  JailStats,
  JailStatus,
  Operations,
  Outcome,
  ReloadResult,
  State,
  StartOptions,
  StartProgress,
  StopOptions,
  Vitals,
} from './operations.js';
import { neighbourFacts } from './neighbours.js';
import { Progress } from './progress.js';
import { Records } from './records.js';
import { reloadEvents } from './events/reload-events.js';
import { applyChanges, notWhole, planReload } from './reload/reloading.js';
import { readSettled, wereWhole, type Settled } from './reload/settled.js';
import { adoptedEvent, beganEvent, endedEvent } from './events/own-events.js';
import { noSuchJail, Roster } from './roster.js';
import { scheduleOf } from './schedule/schedule.js';
import type { Scheduler } from './schedule/scheduler.js';
import { setFrozen, signalJail } from './signals.js';
import { StartLine } from './startline.js';
import { started, startJails, waitingFor } from './starts.js';
import { networkOf } from './status/network-status.js';
import { compared, statsOf } from './status/stats.js';
import { statusOf } from './status/status.js';
import { stopJails } from './stops.js';
import { addressOfAnother } from './taken-addresses.js';
import { Tallies } from './events/tallies.js';
import { keepTime } from './schedule/timekeeping.js';
import { vitalsOf } from './status/vitals.js';
import { Wants, type Want } from './wants.js';

export interface SupervisorOptions {
  readonly host: Host;
  /** Reads the files again, or another one in their place. @throws NodeJS.ErrnoException */
  readonly load: (file?: string) => Compiled;
  readonly planJail: PlanJail;
  readonly log: Log;
  /** Of jaild. */
  readonly version?: string;
  /** Which jails start with jaild: those last wanted up, also those nobody has spoken of, or none. */
  readonly autostart?: 'wanted' | 'all' | 'none';
  /** How many jails may be starting at the same time; twice as many as there are CPUs, and at least 4, when not given. */
  readonly parallel?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly newLaunch?: () => string;
}

/** The client of a jail in the foreground hears of the end of its command first. Milliseconds. */
const PASSING_MS = 1000;
const PASSING_LOOK_MS = 5;
const DETACHED: LaunchMode = { foreground: false, terminal: false };

/** Keeps jails as they are asked to be. */
export class Supervisor implements Operations {
  configuration: Compiled;
  readonly journal: Journal;
  readonly tallies = new Tallies();
  private readonly progress = new Progress();
  /** Everything was stopped, as somebody has asked: jaild ends when that is answered. */
  isShutDown = false;
  private readonly clock: Clock;
  private readonly roster: Roster;
  private readonly wants: Wants;
  private readonly records: Records;
  private readonly line: StartLine;
  private readonly scheduler: Scheduler;
  private readonly limits: LimitsWatch;
  private readonly callers: Callers;
  private readonly oom: OomWatch;
  private readonly around: Surroundings;
  /** When the files were read that this jaild begins with, in milliseconds of the wall clock. */
  private readonly readAt: number;
  /** One after the other: each compares with what the one before has made. */
  private reloading: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: SupervisorOptions) {
    const { host, log } = options;
    this.clock = options.clock ?? systemClock;
    this.journal = this.openJournal();
    this.wants = new Wants(host.instance.stateDirectory, this.clock, log);
    this.records = new Records(host.instance.runDirectory, this.clock, log);
    this.roster = new Roster((jail) => new SupervisedJail(jail, DETACHED, this.around));
    // A start waits for the kernel and the jailer for half of its time.
    const parallel = options.parallel ?? Math.max(4, 2 * availableParallelism());
    this.line = new StartLine(parallel, (jail) => this.roster.missing(jail));
    this.scheduler = keepTime({
      ...{ clock: this.clock, wants: this.wants, roster: this.roster, journal: this.journal, log },
      start: (names) => this.start(names),
      stop: (names) => this.stop(names),
    });
    this.limits = this.makeWatch();
    this.callers = new Callers({
      roster: this.roster,
      lineage: (pid) => host.lineage(pid),
      giveWay: (jail) => this.line.giveWay(jail),
    });
    this.oom = new OomWatch({ clock: this.clock, host, log, journal: this.journal });
    this.around = this.surroundings();
    this.readAt = this.clock.now();
    this.configuration = options.load();
    this.roster.accept(this.configuration);
    this.introduce(this.configuration);
  }

  private readonly planJail: PlanJail = (jail, facts, mode) =>
    this.options.planJail(jail, { ...facts, ...neighbourFacts(jail, this.roster.jails) }, mode);

  private openJournal(): Journal {
    const { host, log } = this.options;
    return new Journal({
      store: new EventFile(join(host.instance.runDirectory, '.events'), JOURNAL_SIZE),
      bootId: host.bootId(),
      monotonic: () => this.clock.monotonic(),
      count: (event) => this.tallies.note(event),
      warn: (message) => log.warn(message),
    });
  }

  private surroundings(): Surroundings {
    const { host, log, random, newLaunch } = this.options;
    const { clock, planJail, records, journal, progress } = this;
    return {
      host,
      clock,
      planJail,
      records,
      journal,
      progress,
      log,
      random: random ?? Math.random,
      newLaunch: newLaunch ?? (() => randomBytes(16).toString('hex')),
      queue: (jail) => this.line.join(jail),
      unqueue: (jail) => this.line.leave(jail),
      giveWay: (jail) => this.line.giveWay(jail),
      isHeld: (jail) => this.roster.missing(jail).length > 0,
      takeJid: (jail) => this.takeJid(jail),
      clashOf: ({ definition }) => addressOfAnother(definition, null, this.roster),
      changed: (jail, from) => this.noteChange(jail, from),
    };
  }

  /** What the host must know of these files: what their jails may lay links in, and what addresses they have. */
  private introduce({ jails }: Compiled): void {
    this.options.host.distrust(jails.flatMap(({ values }) => reachOf(values)));
    this.options.host.acquaint(jails);
  }

  private makeWatch(): LimitsWatch {
    const { clock, journal } = this;
    const { host, log } = this.options;
    const signal = (name: string, number: number): void => this.logFailure(this.signal(name, number));
    return new LimitsWatch({ clock, host, log, journal, signal });
  }

  get mistakes(): readonly Diagnostic[] {
    return this.roster.mistakes;
  }

  forecast(names: readonly string[] | undefined, after: Date, until: Date, most: number): Forecast {
    const scheduled = this.chosen(names).flatMap((jail) => {
      const schedule = scheduleOf(jail.name, jail.definition.values);
      return schedule === null ? [] : [{ jail: jail.name, schedule, state: shown(jail.phase) }];
    });
    return foresee(scheduled, after.getTime(), until.getTime(), most);
  }

  private get statusContext() {
    const { clock, roster, scheduler, wants } = this;
    return { host: this.options.host, clock, roster, scheduler, wants };
  }

  /** Takes back what an earlier jaild left, starts what is wanted, and minds the schedules from now on. */
  async boot(): Promise<void> {
    const { host, log, autostart = 'wanted' } = this.options;
    const { roster, records, wants, clock } = this;
    const create = (jail: Jail, mode: LaunchMode): SupervisedJail =>
      new SupervisedJail(jail, mode, this.around);
    const planJail = this.options.planJail;
    await this.makeSure();
    const [at, began] = [new Date(clock.now()), clock.monotonic()];
    this.journal.append(beganEvent(this.journal.since(0), at, this.options.version ?? '', process.pid));
    const names = await bootJails({ host, log, roster, records, wants, autostart, create, planJail, clock });
    const adopted = [...roster.jails.values()].filter(({ life }) => life !== null).length;
    this.journal.append(adoptedEvent(new Date(clock.now()), adopted, clock.monotonic() - began));
    void this.start(names).then((outcomes) => outcomes.forEach((one) => this.logFailure(one)));
    this.scheduler.look();
  }

  /** The smallest number that no other jail has: that of the file, else the one it had, else the next. */
  private takeJid(jail: SupervisedJail): number {
    const others = [...this.roster.jails.values()].filter((other) => other !== jail && other.life !== null);
    const taken = new Set(others.map((other) => other.jid));
    const asked = jail.definition.values.jid ?? jail.jid;
    if (asked > 0 && !taken.has(asked)) return asked;
    let jid = 1;
    while (taken.has(jid)) jid++;
    return jid;
  }

  private noteChange(jail: SupervisedJail, from: Phase): void {
    this.line.noteChange(jail);
    const isGone = this.roster.forget(jail);
    if (isGone && jail.mode.foreground) this.options.host.giveBack(jail.name);
    this.limits.note(jail);
    this.oom.note(jail);
    if (jail.phase === 'running' && from === 'poststarting') this.restartBound(jail);
    // Whoever waits for a jail that waits for this one in vain is told so.
    if (isUp(from) && !isUp(jail.phase)) this.dependantsOf(jail).forEach((other) => other.awaken());
  }

  /** Those that asked, with depend.bind, to be restarted with a dependency that has come back, by whatever it had gone. */
  private restartBound(jail: SupervisedJail): void {
    const since = jail.life?.startedAt?.monotonic ?? 0;
    for (const other of this.dependantsOf(jail)) {
      const bound = other.definition.values['depend.bind']?.includes(jail.name) === true;
      const isOlder = (other.life?.startedAt?.monotonic ?? Infinity) <= since;
      if (bound && isOlder && other.phase === 'running') other.restart(`${jail.name} was restarted`);
    }
  }

  private dependantsOf(jail: SupervisedJail): readonly SupervisedJail[] {
    const names = this.roster.dependants.get(jail.name) ?? [];
    return names.flatMap((name) => this.roster.jails.get(name) ?? []);
  }

  /** Of a jail that is in no file only a stop is remembered: should it be written down again, it is like new. */
  private want(name: string, want: Want): Promise<string | null> {
    if (this.roster.isListed(name)) return this.wants.set(name, want);
    return want === 'down' ? this.wants.forget(name) : Promise.resolve(null);
  }

  private logFailure(outcome: Outcome): void {
    if (!outcome.ok) this.options.log.child(outcome.jail).warn(outcome.message);
  }

  status(names?: readonly string[]): readonly JailStatus[] {
    return this.chosen(names).map((jail) => statusOf(jail, this.statusContext));
  }

  stats(names?: readonly string[]): readonly JailStats[] {
    return statsOf(this.chosen(names), this.options.host);
  }

  compare(names: readonly string[], by: Comparison): ReadonlyMap<string, number> {
    return compared(this.chosen(names), by, this.options.host);
  }

  hostUsage(): HostUsage {
    return this.options.host.hostUsage();
  }

  network(name: string): JailNetwork | null {
    const jail = this.roster.jails.get(name);
    return jail === undefined ? null : networkOf(jail, this.options.host);
  }

  private chosen(names: readonly string[] | undefined): readonly SupervisedJail[] {
    const all = [...this.roster.jails.values()];
    if (names === undefined) return all;
    const wanted = new Set(names);
    return all.filter((jail) => wanted.has(jail.name));
  }

  glance(): readonly Glance[] {
    return [...this.roster.jails.values()].map(({ name, life, phase }) => ({
      name,
      jid: life?.jid ?? null,
      state: shown(phase),
    }));
  }

  vitals(): readonly Vitals[] {
    return [...this.roster.jails.values()].map((jail) => vitalsOf(jail, this.clock));
  }

  has(name: string): boolean {
    return this.roster.jails.has(name);
  }

  behalfOf(pid: number): Operations {
    const jail = this.callers.jailOf(pid);
    return jail === null ? this : this.callers.operationsOf(jail, this);
  }

  async untilGone(name: string): Promise<void> {
    const until = this.clock.monotonic() + PASSING_MS;
    const isThere = () => this.roster.jails.get(name)?.mode.foreground === true;
    while (isThere() && this.clock.monotonic() < until) await pause(this.clock, PASSING_LOOK_MS);
  }

  start(
    names: readonly string[],
    progress?: StartProgress,
    options: StartOptions = {},
  ): Promise<readonly Outcome[]> {
    const { roster, clock } = this;
    return startJails(names, { ...options, roster, clock, progress, want: (name) => this.want(name, 'up') });
  }

  stop(names: readonly string[], options: StopOptions = {}): Promise<readonly Outcome[]> {
    const { roster, clock } = this;
    const want = (name: string, wanted: Want): Promise<string | null> => this.want(name, wanted);
    return stopJails(names, { ...options, roster, clock, want, insist: false });
  }

  async restart(names: readonly string[]): Promise<readonly Outcome[]> {
    return (await Promise.all(names.map((name) => this.restartOne(name)))).flat();
  }

  private async restartOne(name: string): Promise<readonly Outcome[]> {
    const jail = this.roster.jails.get(name);
    const refused = this.roster.refusal(name);
    if (refused !== null) return [refused];
    if (jail === undefined || isDown(jail.phase)) return this.start([name]);
    this.roster.restore(jail);
    return this.renew(jail);
  }

  /** Takes a jail down and up again by its definition. */
  private async renew(jail: SupervisedJail): Promise<readonly Outcome[]> {
    const { name } = jail;
    const began = this.clock.monotonic();
    const { life } = jail;
    const saved = this.want(name, 'up');
    jail.restart();
    await saved;
    const needed = await this.start(this.roster.missing(jail));
    const phase = await jail.untilAtRest();
    if (phase === 'waiting') {
      const down = needed.filter((outcome) => !outcome.ok);
      return [waitingFor(name, down.length > 0 ? down.map((one) => one.jail) : this.roster.missing(jail))];
    }
    if (jail.life === life && isUp(phase)) {
      const why = jail.history.failure?.message ?? 'a stop command failed';
      return [{ jail: name, ok: false, changed: false, message: `not restarted: ${why}`, code: 1 }];
    }
    return [started(jail, phase, (this.clock.monotonic() - began) / 1000, 'restarted')];
  }

  read(file?: string): Compiled {
    return this.options.load(file);
  }

  definition(name: string): Jail | null {
    const jail = this.roster.jails.get(name);
    return jail === undefined ? null : (jail.life?.jail ?? jail.definition);
  }

  create(definitions: readonly Jail[], names: readonly string[]): Promise<readonly Outcome[]> {
    return createJails(definitions, names, { roster: this.roster, start: (all) => this.start(all) });
  }

  async change(name: string, amend: Amend, options: { readonly restart: boolean }): Promise<Outcome> {
    const { roster, scheduler } = this;
    const { host, planJail } = this.options;
    const jail = roster.jails.get(name);
    if (jail === undefined) return noSuchJail(name, [...roster.jails.keys()]);
    const restart = (): Promise<readonly Outcome[]> => this.renew(jail);
    const context = { roster, host, planJail, restart, mayRestart: options.restart };
    const outcome = await changeJail(jail, amend, context);
    this.limits.note(jail);
    scheduler.look();
    return outcome;
  }

  cleanUp(jail: Jail): Promise<Outcome> {
    const { host, planJail } = this.options;
    const tell: DeedListener = (name, deed) => this.progress.tell(name, deed);
    return cleanUp(jail, { host, planJail, tell });
  }

  watch(listener: DeedListener): () => void {
    return this.progress.listen(listener);
  }

  reload(dryRun: boolean, uid: number | null = null): Promise<ReloadResult> {
    if (dryRun) return this.reloadNow(true);
    const reload = this.reloading.then(() => this.reloadAndTell(uid));
    this.reloading = reload.catch(() => undefined);
    return reload;
  }

  private readSettled(): Promise<Settled> {
    const { files } = this.configuration;
    return readSettled({ load: () => this.options.load(), files, clock: this.clock });
  }

  /** The files that this jaild begins with are read once more where they may have been half written. */
  private async makeSure(): Promise<void> {
    if (wereWhole(this.configuration.files, this.readAt)) return;
    const { read, unsettled } = await this.readSettled();
    if (unsettled !== null) this.options.log.warn(`read as it is, for it keeps changing: ${unsettled}`);
    this.configuration = read;
    this.roster.accept(read);
    this.introduce(read);
  }

  private async reloadAndTell(uid: number | null): Promise<ReloadResult> {
    const result = await this.reloadNow(false);
    const stateOf = (name: string): State | null => {
      const jail = this.roster.jails.get(name);
      return jail === undefined ? null : shown(jail.phase);
    };
    for (const event of reloadEvents(result, uid, new Date(this.clock.now()), stateOf))
      this.journal.append(event);
    return result;
  }

  private async reloadNow(dryRun: boolean): Promise<ReloadResult> {
    const { read: next, unsettled } = await this.readSettled();
    const result = unsettled === null ? planReload(next, this.roster) : notWhole(unsettled);
    if (dryRun) return result;
    if (unsettled === null) this.roster.note(next);
    if (!result.ok) return result;
    this.configuration = next;
    this.introduce(next);
    for (const name of this.roster.accept(next)) void this.wants.forget(name);
    const { host, planJail, log } = this.options;
    const changes = await applyChanges(result.changes, { roster: this.roster, host, planJail, log });
    await host.renewFirewall().catch((error: unknown) => log.warn(failureOf(error).message));
    this.scheduler.look();
    for (const jail of this.roster.jails.values()) this.limits.note(jail);
    return { ...result, changes };
  }

  signal(name: string, signal: number): Outcome {
    const jail = this.roster.jails.get(name);
    return jail === undefined ? noSuchJail(name, [...this.roster.jails.keys()]) : signalJail(jail, signal);
  }

  pause(name: string): Promise<Outcome> {
    return this.setFrozen(name, true);
  }

  resume(name: string): Promise<Outcome> {
    return this.setFrozen(name, false);
  }

  /** Looks for processes of jails that were killed for want of memory; to be called every few seconds. */
  lookForOomKills(): void {
    this.oom.look();
  }

  private setFrozen(name: string, frozen: boolean): Promise<Outcome> {
    const jail = this.roster.jails.get(name);
    if (jail !== undefined) return setFrozen(jail, frozen);
    return Promise.resolve(noSuchJail(name, [...this.roster.jails.keys()]));
  }

  async run(definition: Jail, terminal: boolean): Promise<ForegroundJail> {
    const { roster, around } = this;
    await this.untilGone(definition.name);
    const mode = { foreground: true, terminal };
    const create = (): SupervisedJail => new SupervisedJail(definition, mode, around);
    await runInForeground(definition, { roster, create, start: (names) => this.start(names) });
    return { name: definition.name, socket: this.socketOf(definition.name) };
  }

  private socketOf(name: string): string {
    return join(this.options.host.instance.runDirectory, name, 'jailer.sock');
  }

  jailer(name: string): JailerHandle | null {
    return this.roster.jails.get(name)?.jailer ?? null;
  }

  exec(name: string): ExecTarget | null {
    const jail = this.roster.jails.get(name);
    return jail !== undefined && isUp(jail.phase) ? { socket: this.socketOf(name) } : null;
  }

  async plan(jail: Jail): Promise<JailPlan> {
    return this.planJail(jail, await this.options.host.facts(jail), DETACHED);
  }

  audit(name: string): Promise<Audit | null> {
    return auditRunning(name, this.roster, this.options.host, this.clock);
  }

  /** Resolves when what a later jaild must know is on the disk. */
  saved(): Promise<void> {
    return this.wants.save();
  }

  /** Nothing is told of any more. */
  end(): void {
    this.journal.end(endedEvent(new Date(this.clock.now()), this.isShutDown));
  }

  async shutdown(): Promise<readonly Outcome[]> {
    this.records.isLeaving = true;
    this.line.close();
    this.scheduler.end();
    const { roster, clock } = this;
    const active = [...roster.jails.values()]
      .filter((jail) => jail.phase !== 'stopped')
      .map((jail) => jail.name);
    // What is wanted stays as it is: these jails come back with the next jaild.
    const want = (): Promise<null> => Promise.resolve(null);
    const outcomes = await stopJails(active, { roster, clock, want, insist: true, cascade: true });
    await this.wants.save();
    // Not before: somebody else's answer is no sign that this one can be given.
    this.isShutDown = true;
    return outcomes.filter((outcome) => outcome.changed || !outcome.ok);
  }
}
