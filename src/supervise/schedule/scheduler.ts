import type { Clock } from '../clock.js';
import type { Incarnation } from '../incarnation.js';
import { isDown, isUp, shown } from '../lifecycle.js';
import type { SupervisedJail } from '../jail.js';
import { due, nextTimes, scheduleOf, timed, type Schedule, type Timed } from './schedule.js';

/** What the schedules ask for, and what they must know. */
export interface SchedulerContext {
  readonly clock: Clock;
  readonly jails: () => Iterable<SupervisedJail>;
  /** Jails in the order in which they are to be restarted: dependencies first. */
  readonly inOrder: (jails: readonly SupervisedJail[]) => readonly SupervisedJail[];
  /** Moments (wall clock) after which a time of the jail must lie to count: what voids it, and what was dealt with. */
  readonly since: (jail: SupervisedJail, schedule: Schedule, what: Timed) => readonly number[];
  /** Remembers that a time has been dealt with. */
  readonly noteHandled: (jail: SupervisedJail, what: Timed, slot: number) => void;
  /** The jail has no schedule, or none any more. */
  readonly dropped: (jail: SupervisedJail) => void;
  readonly start: (jail: SupervisedJail) => void;
  /** Stops jails whose time for it is the same. */
  readonly stop: (slots: ReadonlyMap<SupervisedJail, number>) => void;
  /** Tells that a time is acted upon, or why it is not. */
  readonly tell: (jail: SupervisedJail, what: Timed, slot: number, skipped: string | null) => void;
}

interface Known {
  readonly schedule: Schedule;
  /** Nothing can be due from `from` until `until`. */
  from: number;
  until: number;
  /** The times to come, seen between the two. */
  times: Readonly<Record<Timed, readonly number[]>>;
}

/** What is to be done now, by jail: the slot of it. */
interface Tasks {
  readonly start: Map<SupervisedJail, number>;
  readonly stop: Map<SupervisedJail, number>;
  readonly restart: Map<SupervisedJail, number>;
}

/** Milliseconds. */
const LOOK = 30_000;
/** A restart that is not over by then keeps the next jail waiting no longer. */
const TURN = 120_000;
/** How many times to come are known of each kind. */
const AHEAD = 3;

/**
 * Restarts, starts and stops jails by the clock. One timer for all, at most 30 s ahead, that reads the clock again:
 * setting it, or a sleep of the machine, is noticed in that time. Nothing is armed while no jail has a schedule.
 */
export class Scheduler {
  private readonly known = new Map<SupervisedJail, Known>();
  private cancel: (() => void) | null = null;
  private turns: Promise<unknown> = Promise.resolve();
  private readonly queued = new Set<SupervisedJail>();
  private isOver = false;

  constructor(private readonly context: SchedulerContext) {}

  /** Looks at once, and then when the next time comes. To be called when schedules may have changed. */
  look(): void {
    this.cancel?.();
    this.cancel = null;
    if (this.isOver) return;
    const now = this.context.clock.now();
    const tasks: Tasks = { start: new Map(), stop: new Map(), restart: new Map() };
    let until = Infinity;
    for (const jail of this.context.jails()) until = Math.min(until, this.lookAt(jail, now, tasks));
    this.act(tasks);
    if (until === Infinity) return;
    const wait = Math.min(LOOK, Math.max(1, until - now));
    this.cancel = this.context.clock.setTimeout(wait, () => this.look());
  }

  end(): void {
    this.isOver = true;
    this.cancel?.();
    this.cancel = null;
  }

  /** When the clock does something to a jail next, the first three times. */
  next(jail: SupervisedJail, what: Timed): readonly Date[] {
    const now = this.context.clock.now();
    const known = this.known.get(jail);
    const schedule = scheduleOf(jail.name, jail.definition.values);
    if (schedule === null) return [];
    const isFresh = known?.schedule.text === schedule.text && now >= known.from && now < known.until;
    const times = isFresh ? known.times[what] : nextTimes(schedule, what, now, AHEAD);
    return times.map((at) => new Date(at));
  }

  private lookAt(jail: SupervisedJail, now: number, tasks: Tasks): number {
    const known = this.knownOf(jail);
    if (known === null) return Infinity;
    if (now < known.from || now >= known.until) {
      this.gather(jail, known.schedule, now, tasks);
      const times = (what: Timed) => nextTimes(known.schedule, what, now, AHEAD);
      known.times = { restart: times('restart'), start: times('start'), stop: times('stop') };
      known.from = now;
      known.until = Math.min(...timed.map((what) => known.times[what][0] ?? Infinity));
    }
    return known.until;
  }

  private knownOf(jail: SupervisedJail): Known | null {
    const schedule = scheduleOf(jail.name, jail.definition.values);
    if (schedule === null) {
      this.known.delete(jail);
      this.context.dropped(jail);
      return null;
    }
    let known = this.known.get(jail);
    const { text, window, missed } = schedule;
    const { schedule: old } = known ?? {};
    if (known === undefined || old?.text !== text || old.window !== window || old.missed !== missed) {
      known = { schedule, from: Infinity, until: Infinity, times: { restart: [], start: [], stop: [] } };
      this.known.set(jail, known);
    }
    return known;
  }

  /** Finds out what a jail's schedule asks for now. */
  private gather(jail: SupervisedJail, schedule: Schedule, now: number, tasks: Tasks): void {
    const start = this.slotOf(jail, schedule, 'start', now);
    const stop = this.slotOf(jail, schedule, 'stop', now);
    const restart = this.slotOf(jail, schedule, 'restart', now);
    const skip = (what: Timed, slot: number | null, why: string): void => {
      if (slot !== null) this.context.tell(jail, what, slot, why);
    };
    if (stop !== null && (start === null || stop >= start)) {
      skip('start', start, 'a stop follows it');
      skip('restart', restart, 'it is to be stopped');
      if (jail.target === 'up' || !isDown(jail.phase)) tasks.stop.set(jail, stop);
      else skip('stop', stop, `it is ${shown(jail.phase)}`);
      return;
    }
    skip('stop', stop, 'a start follows it');
    if (start !== null && isWanting(jail)) {
      tasks.start.set(jail, start);
      return skip('restart', restart, 'it is to be started');
    }
    skip('start', start, `it is ${shown(jail.phase)}`);
    if (restart !== null) tasks.restart.set(jail, restart);
  }

  /** The slot that is to be acted upon, or null. */
  private slotOf(jail: SupervisedJail, schedule: Schedule, what: Timed, now: number): number | null {
    const found = due(schedule, what, now, this.context.since(jail, schedule, what));
    if (found.what === 'nothing') return null;
    this.context.noteHandled(jail, what, found.slot);
    if (found.what === 'act') return found.slot;
    // Of a jail that is not up, no restart was missed: it starts after that time anyway.
    if (what !== 'restart' || isUp(jail.phase)) this.context.tell(jail, what, found.slot, 'too long past');
    return null;
  }

  private act({ start, stop, restart }: Tasks): void {
    if (stop.size > 0) this.context.stop(stop);
    for (const [jail, slot] of start) {
      this.context.tell(jail, 'start', slot, null);
      this.context.start(jail);
    }
    for (const jail of this.context.inOrder([...restart.keys()])) this.queue(jail, restart.get(jail) ?? 0);
  }

  /** One at a time: a host whose jails share a time does not lose them all at once. */
  private queue(jail: SupervisedJail, slot: number): void {
    const { life, phase } = jail;
    if (phase !== 'running') return this.context.tell(jail, 'restart', slot, `it is ${shown(phase)}`);
    if (this.queued.has(jail))
      return this.context.tell(jail, 'restart', slot, 'the restart before it is still to come');
    this.queued.add(jail);
    this.turns = this.turns.then(() => this.turn(jail, slot, life));
  }

  private async turn(jail: SupervisedJail, slot: number, life: Incarnation | null): Promise<void> {
    this.queued.delete(jail);
    if (this.isOver) return;
    const { context } = this;
    if (jail.life !== life) return context.tell(jail, 'restart', slot, 'it was started after that time');
    if (jail.phase !== 'running') return context.tell(jail, 'restart', slot, `it is ${shown(jail.phase)}`);
    context.tell(jail, 'restart', slot, null);
    jail.restart('schedule');
    await this.untilAtRest(jail);
    if (jail.life === life && isUp(jail.phase))
      context.tell(jail, 'restart', slot, jail.history.failure?.message ?? 'a stop command failed');
  }

  private async untilAtRest(jail: SupervisedJail): Promise<void> {
    let cancel: (() => void) | null = null;
    const late = new Promise<void>((resolve) => (cancel = this.context.clock.setTimeout(TURN, resolve)));
    await Promise.race([jail.untilAtRest(), late]);
    (cancel as (() => void) | null)?.();
  }
}

/** A start would do something: it is down, or on its way there. */
function isWanting(jail: SupervisedJail): boolean {
  return isDown(jail.phase) || (jail.target === 'down' && !isUp(jail.phase));
}
