import type { Check, CheckResult } from '../../host/host.js';
import type { Clock } from '../clock.js';
import {
  absorb,
  findingOf,
  pauseMs,
  unknownHealth,
  type Health,
  type HealthPolicy,
  type HealthResult,
} from './health.js';

/** The jail that is looked at, as it is at each look: what changes meanwhile counts for the next. */
export interface Patient {
  readonly checks: () => readonly Check[];
  readonly policy: () => HealthPolicy;
  readonly look: (check: Check) => Promise<CheckResult>;
  /** Failures do not count yet. */
  readonly isLenient: (health: Health) => boolean;
  /** There is one more result. */
  readonly learned: (before: Health, result: HealthResult) => void;
}

/** Looks at the health of one life of a jail, one round of checks after the other. */
export class Checkup {
  health: Health = unknownHealth;
  private isOn = false;
  /** A round is under way. */
  private isBusy = false;
  /** Counts what ends rounds: their results are of a time that is over. */
  private spell = 0;
  private disarm: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly patient: Patient,
  ) {}

  /** @param soon the first round begins now, and not after a pause */
  begin(soon: boolean): void {
    this.isOn = true;
    this.arm(soon);
  }

  /** What is under way comes to nothing. */
  end(): void {
    this.isOn = false;
    this.spell++;
    this.disarm?.();
    this.disarm = null;
  }

  /** There may be checks where there were none. */
  review(): void {
    if (this.isOn && this.disarm === null) this.arm(false);
  }

  private arm(soon: boolean): void {
    // Never two rounds at once: the one under way arms when it is over.
    if (this.isBusy || this.patient.checks().length === 0) return;
    const wait = pauseMs(this.health, this.patient.policy(), this.patient.isLenient(this.health));
    this.disarm = this.clock.setTimeout(soon ? 0 : wait, () => {
      this.disarm = null;
      void this.round();
    });
  }

  private async round(): Promise<void> {
    const { spell } = this;
    this.isBusy = true;
    const result = await this.lookAtAll().catch(() => null);
    this.isBusy = false;
    if (spell === this.spell && result !== null) this.learn(result);
    if (this.isOn) this.arm(false);
  }

  private learn(result: HealthResult): void {
    const before = this.health;
    const { patient } = this;
    this.health = absorb(before, result, patient.policy(), patient.isLenient(before));
    patient.learned(before, result);
  }

  /** The first that fails is the result; null when jaild was held up for so long that nobody can tell. */
  private async lookAtAll(): Promise<HealthResult | null> {
    let last: HealthResult | null = null;
    for (const check of this.patient.checks()) {
      const began = this.clock.monotonic();
      const answer = await this.patient.look(check);
      if (this.clock.monotonic() - began > 2 * check.timeout * 1000) return null;
      const { ended, output } = answer;
      last = { at: new Date(this.clock.now()), finding: findingOf(answer), ended, output };
      if (last.finding !== 'passed') break;
    }
    return last;
  }
}
