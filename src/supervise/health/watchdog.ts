import type { Clock } from '../clock.js';

/** A timer that is later than this was not kept waiting by the jail: jaild was stopped, or busy. Milliseconds. */
const LAG_MS = 1000;

/** Waits for signs of life. */
export class Watchdog {
  private disarm: (() => void) | null = null;
  private seenAt = 0;

  /** @param missed called once when no sign came in time */
  constructor(
    private readonly clock: Clock,
    private readonly missed: () => void,
  ) {}

  /** Waits from now on, for at most `periodMs` from one sign to the next; 0: for nothing. */
  begin(periodMs: number): void {
    this.end();
    this.seenAt = this.clock.monotonic();
    if (periodMs > 0) this.arm(periodMs, periodMs);
  }

  /** There was a sign of life. */
  see(): void {
    this.seenAt = this.clock.monotonic();
  }

  end(): void {
    this.disarm?.();
    this.disarm = null;
  }

  private arm(ms: number, periodMs: number): void {
    const due = this.clock.monotonic() + ms;
    this.disarm = this.clock.setTimeout(ms, () => {
      if (this.clock.monotonic() - due > LAG_MS) return this.begin(periodMs);
      // What it said while the event loop was busy counts before the time that has passed.
      this.disarm = this.clock.setTimeout(0, () => this.look(periodMs));
    });
  }

  private look(periodMs: number): void {
    const left = this.seenAt + periodMs - this.clock.monotonic();
    if (left > 0) return this.arm(left, periodMs);
    this.disarm = null;
    this.missed();
  }
}
