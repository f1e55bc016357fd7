import type { Clock } from './clock.js';
import { step, timers, type Effect, type LifeEvent, type Phase, type TimerName } from './lifecycle.js';

/** Effects but those of the timer, which are done here. */
export type Work = Readonly<Record<Exclude<Effect, 'arm' | 'disarm'>, () => void>>;

/** Takes a jail through the table of its life: one event after another, with the timer of each phase. */
export abstract class Lifeline {
  private current: Phase = 'stopped';
  private readonly events: (readonly [LifeEvent, string])[] = [];
  private handling = false;
  private disarm: (() => void) | null = null;
  private readonly watchers = new Set<() => void>();

  constructor(private readonly timekeeper: Clock) {}

  /** THE TABLE of what is done; lifecycle.ts says when. */
  protected abstract readonly work: Work;
  /** Milliseconds of a timer, null for no limit. */
  protected abstract timerMs(timer: TimerName): number | null;
  /** The phase is a new one, or the same again; nothing has been done about it yet. */
  protected abstract entered(from: Phase, cause: string): void;
  /** All was done or begun that the new phase asks for. */
  protected abstract settled(from: Phase): void;
  /** Something that was done went wrong and is survived. */
  protected abstract report(error: unknown): void;

  get phase(): Phase {
    return this.current;
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

  /** An earlier jaild left something of it: the next event says what. */
  protected beginAdoption(): void {
    this.current = 'adopting';
  }

  private handle(event: LifeEvent, cause: string): void {
    const from = this.current;
    const next = step(from, event);
    if (next === null) return;
    this.current = next.phase;
    this.attempt(() => this.entered(from, cause));
    for (const effect of next.effects) this.attempt(() => this.perform(effect));
    if (from === next.phase) return;
    this.attempt(() => this.settled(from));
    this.awaken();
  }

  /** Lets those who wait look again. */
  awaken(): void {
    for (const watch of [...this.watchers]) watch();
  }

  private perform(effect: Effect): void {
    if (effect === 'arm') return this.arm();
    if (effect !== 'disarm') return this.work[effect]();
    this.disarm?.();
    this.disarm = null;
  }

  /** What fails must not keep the rest of a transition from being done. */
  protected attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.report(error);
    }
  }

  private arm(): void {
    const timer = timers[this.current];
    const ms = timer === undefined ? null : this.timerMs(timer);
    const fire = (): void => this.post('timeout', 'timeout');
    if (ms === null) return;
    if (ms <= 0 && timer !== 'retry') return fire();
    // Through the event loop: a start that fails at once, tried again at once, would leave nobody else a turn.
    if (ms <= 0) {
      this.disarm = this.timekeeper.setTimeout(0, fire);
      return;
    }
    // When the event loop was blocked, what the jailer said in the meantime counts before the time that has passed.
    this.disarm = this.timekeeper.setTimeout(ms, () => {
      this.disarm = this.timekeeper.setTimeout(0, fire);
    });
  }
}
