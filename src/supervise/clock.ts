/** Time, as everything here reads it: tests drive it, so nothing else asks the system. */
export interface Clock {
  /** Milliseconds of CLOCK_MONOTONIC: what delays and uptimes are measured with. */
  monotonic(): number;
  /** Milliseconds since 1970: for schedules and for people. */
  now(): number;
  /** Calls `call` after `ms` milliseconds; the result cancels that. */
  setTimeout(ms: number, call: () => void): () => void;
}

/** The longest that a timer of Node's can be, in milliseconds: a longer one would be over at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Node would make a millisecond of none. Whatever has come in until now is heard before. */
function nextTurn(call: () => void): () => void {
  const turn = setImmediate(call);
  return () => clearImmediate(turn);
}

/** The machine's time. */
export const systemClock: Clock = {
  // process.hrtime is CLOCK_MONOTONIC itself, so its values can be compared after a restart of jaild.
  monotonic: () => Number(process.hrtime.bigint() / 1_000_000n),
  now: () => Date.now(),
  setTimeout: (ms, call) => {
    if (ms <= 0) return nextTurn(call);
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const rest = left - LONGEST_TIMER;
      timer = rest > 0 ? setTimeout(() => wait(rest), LONGEST_TIMER) : setTimeout(call, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds of the clock. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(ms, resolve));
}
