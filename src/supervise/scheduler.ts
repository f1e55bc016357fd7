import type { Clock } from './clock.js';
import { isDown } from './lifecycle.js';
import type { SupervisedJail } from './jail.js';
import { due, nextTime, scheduleOf, type Schedule, type Timed } from './schedule.js';

/** What the schedules ask for, and what they must know. */
export interface SchedulerContext {
  readonly clock: Clock;
  readonly jails: () => Iterable<SupervisedJail>;
  /** Moments (wall clock) after which a time of the jail must lie to count. */
  readonly since: (jail: SupervisedJail, schedule: Schedule, what: Timed) => readonly number[];
  readonly start: (jail: SupervisedJail) => void;
  readonly stop: (jail: SupervisedJail) => void;
  /** Tells that a time was not acted upon, and why. */
  readonly skipped: (jail: SupervisedJail, what: Timed, slot: number, why: string) => void;
}

interface Known {
  readonly schedule: Schedule;
  /** The times dealt with last. */
  readonly handled: Record<Timed, number>;
  /** Nothing can be due from `from` until `until`. */
  from: number;
  until: number;
}

const LOOK = 30_000;

/**
 * Restarts, starts and stops jails by the clock. One timer for all, at most 30 s ahead, that reads the clock again:
 * setting it, or a sleep of the machine, is noticed in that time. Nothing is armed while no jail has a schedule.
 */
export class Scheduler {
  private readonly known = new Map<SupervisedJail, Known>();
  private cancel: (() => void) | null = null;
  private restarting: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: SchedulerContext) {}

  /** Looks at once, and then when the next time comes. To be called when schedules may have changed. */
  look(): void {
    this.cancel?.();
    this.cancel = null;
    const now = this.context.clock.now();
    let until = Infinity;
    for (const jail of this.context.jails()) until = Math.min(until, this.lookAt(jail, now));
    if (until === Infinity) return;
    const wait = Math.min(LOOK, Math.max(1, until - now));
    this.cancel = this.context.clock.setTimeout(wait, () => this.look());
  }

  end(): void {
    this.cancel?.();
    this.cancel = null;
  }

  /** When the clock does something to a jail next. */
  next(jail: SupervisedJail, what: Timed): Date | null {
    const schedule = scheduleOf(jail.name, jail.definition.values);
    const at = schedule === null ? null : nextTime(schedule, what, this.context.clock.now());
    return at === null ? null : new Date(at);
  }

  private lookAt(jail: SupervisedJail, now: number): number {
    const known = this.knownOf(jail);
    if (known === null) return Infinity;
    if (now < known.from || now >= known.until) {
      this.act(jail, known, now);
      const times = (['restart', 'start', 'stop'] as const).map((what) =>
        nextTime(known.schedule, what, now),
      );
      known.from = now;
      known.until = Math.min(...times.map((time) => time ?? Infinity));
    }
    return known.until;
  }

  private knownOf(jail: SupervisedJail): Known | null {
    const schedule = scheduleOf(jail.name, jail.definition.values);
    if (schedule === null) {
      this.known.delete(jail);
      return null;
    }
    let known = this.known.get(jail);
    if (known?.schedule.text !== schedule.text || known.schedule.window !== schedule.window) {
      const handled = { restart: 0, start: 0, stop: 0 };
      known = { schedule, handled, from: Infinity, until: Infinity };
      this.known.set(jail, known);
    }
    return known;
  }

  private act(jail: SupervisedJail, known: Known, now: number): void {
    const slotOf = (what: Timed): number | null => {
      const since = [...this.context.since(jail, known.schedule, what), known.handled[what]];
      const found = due(known.schedule, what, now, since);
      if (found.what === 'nothing') return null;
      known.handled[what] = found.slot;
      if (found.what === 'act') return found.slot;
      this.context.skipped(jail, what, found.slot, 'too long past');
      return null;
    };
    const start = slotOf('start');
    const stop = slotOf('stop');
    const restart = slotOf('restart');
    if (stop !== null && (start === null || stop >= start)) return this.stop(jail);
    if (start !== null && isDown(jail.phase)) return this.context.start(jail);
    if (restart !== null) this.restart(jail, restart);
  }

  private stop(jail: SupervisedJail): void {
    if (jail.target === 'up' || !isDown(jail.phase)) this.context.stop(jail);
  }

  /** One at a time: a host whose jails share a time does not lose them all at once. */
  private restart(jail: SupervisedJail, slot: number): void {
    if (jail.phase !== 'running') return this.context.skipped(jail, 'restart', slot, `it is ${jail.phase}`);
    const { life } = jail;
    this.restarting = this.restarting.then(async () => {
      if (jail.life !== life || jail.phase !== 'running') return;
      jail.restart('schedule');
      await jail.untilAtRest();
    });
  }
}
