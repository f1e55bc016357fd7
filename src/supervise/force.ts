import type { Host } from '../host/host.js';
import type { Clock } from './clock.js';
import type { Incarnation } from './incarnation.js';
import type { LifeEvent, Phase } from './lifecycle.js';

/** Milliseconds between two looks at whether a killed jail is gone: soon, and of one that does not go. */
const LOOK_SOON = 20;
export const LOOK_LATER = 500;

/** The jail that is handled, as it is at any time. */
export interface Subject {
  readonly phase: Phase;
  readonly life: Incarnation | null;
  readonly post: (event: LifeEvent, cause: string) => void;
}

/** What is done to a jail whether it wants it or not: freezing, signals, killing. */
export class Force {
  private freezing: Promise<void> = Promise.resolve();

  constructor(
    private readonly jail: Subject,
    private readonly host: Host,
    private readonly clock: Clock,
    private readonly report: (error: unknown) => void,
  ) {}

  setFrozen(frozen: boolean): void {
    this.freezing = this.host.freeze(this.jail.life?.plan?.cgroups ?? [], frozen);
    this.freezing.catch((error: unknown) => {
      this.report(error);
      if (frozen) this.jail.post('freeze-failed', 'cannot be frozen');
    });
  }

  /** Rejects with SystemError when the last freezing or thawing did not work. */
  get frozen(): Promise<void> {
    return this.freezing;
  }

  /** Nothing in a frozen jail hears a signal. */
  thawed(): Promise<void> {
    return this.freezing.catch((error: unknown) => this.report(error));
  }

  /** @param sent called when the signal is on its way */
  signal(signal: number, sent: () => void): void {
    const { life } = this.jail;
    if (life !== null) life.wasEnded = true;
    void this.thawed()
      .then(() => {
        sent();
        life?.jailer?.signal(signal);
      })
      .catch((error: unknown) => this.report(error));
  }

  kill(): void {
    const { life } = this.jail;
    if (life !== null) life.wasEnded = true;
    void this.thawed()
      .then(() => life?.jailer?.kill())
      .catch((error: unknown) => this.report(error));
    if (!life?.jailer) return this.killCgroup();
    // A jailer that does not do it, because it is stopped itself, is not waited for.
    this.clock.setTimeout(LOOK_LATER, () => {
      if (this.jail.life === life && this.jail.phase === 'stopping.kill') this.killCgroup();
    });
  }

  killCgroup(): void {
    const { life } = this.jail;
    try {
      life?.jailer?.kill();
    } catch (error) {
      this.report(error);
    }
    life?.killCgroup();
    // A jail that cannot be killed is looked at less often.
    const interval = (): number | null => {
      if (this.jail.life !== life) return null;
      if (this.jail.phase === 'stuck') return LOOK_LATER;
      return this.jail.phase === 'stopping.kill' ? LOOK_SOON : null;
    };
    life?.watchEmpty(interval, () => this.jail.post('emptied', 'empty'));
  }
}
