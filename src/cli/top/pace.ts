/** Of one processor, the most that all who look on take together. */
const MOST_SHARE = 0.1;

let onlookers = 0;

/** Counts somebody who looks on for as long as he does. */
export async function lookOn(look: () => Promise<void>): Promise<void> {
  onlookers++;
  try {
    await look();
  } finally {
    onlookers--;
  }
}

/** How long to pause after something that took `costMs`, when so many do the same. In milliseconds. */
export function pauseAfter(costMs: number, wantedMs: number, sharers = onlookers): number {
  return Math.max(wantedMs, (costMs * sharers) / MOST_SHARE);
}

/** Waits until it is time, something is to be done before, or nobody is there any more. */
export class Waiting {
  #wake: () => void = () => undefined;
  #isWoken = false;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.wake());
  }

  /** Ends the pause under way, or the next one. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  async pause(ms: number): Promise<void> {
    if (!this.#isWoken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#isWoken = false;
  }
}
