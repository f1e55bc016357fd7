import type { JailParams } from '../config/params.js';
import type { Ended } from '../host/host.js';

/** The restart parameters of a jail, defaults filled in. Delays are in seconds. */
export interface RestartPolicy {
  readonly restart: 'no' | 'on-failure' | 'on-abnormal' | 'always';
  readonly delay: number;
  readonly maxDelay: number;
  /** Failures in a row after which it is given up; 0 is never. */
  readonly limit: number;
  readonly okCodes: readonly number[];
  readonly fatalCodes: readonly number[];
}

/** What is remembered about a jail's failures from one run to the next. */
export interface Tally {
  /** The leaky bucket: one more with each failure, one less with each minute of running; sets the delay. */
  readonly n: number;
  /** Failures since it last ran for a minute. */
  readonly inARow: number;
}

/**
 * What a run ended by. `exit`, `signal`: its processes, by themselves; `oom`: memory ran out; `timeout`: its start took too
 * long; `health`, `watchdog`: jaild ended it; `start`: it never came up, for another reason.
 */
export type Cause = 'exit' | 'signal' | 'oom' | 'timeout' | 'health' | 'watchdog' | 'start';

/** One run, or one attempt at it, that is over. */
export interface Run {
  /** How it ended; null when it never came to a process. */
  readonly ended: Ended | null;
  readonly cause: Cause;
  /** Time it was up, in milliseconds of CLOCK_MONOTONIC. */
  readonly upMs: number;
}

export interface Verdict {
  readonly what: 'end' | 'retry' | 'give-up';
  readonly tally: Tally;
  /** Milliseconds until the next start. */
  readonly delayMs: number;
  /** With `give-up`: the parameter that says so, in words. */
  readonly why?: string;
}

export const freshTally: Tally = { n: 0, inARow: 0 };
const MOST = 11;
const MINUTE = 60_000;
const FLAPPING = 5;
const JITTER = 0.1;
/** EX_CONFIG of sysexits.h: to try again cannot help. */
const EX_CONFIG = 78;

/** The policy that a jail's parameters ask for. */
export function restartPolicy(values: JailParams): RestartPolicy {
  return {
    restart: values.restart ?? 'on-failure',
    delay: values['restart.delay'] ?? 0.1,
    maxDelay: values['restart.max_delay'] ?? 60,
    limit: values['restart.limit'] ?? 0,
    okCodes: values['restart.success_codes'] ?? values['exit.ok'] ?? [0],
    fatalCodes: values['exit.fatal'] ?? [EX_CONFIG],
  };
}

/** The cause of an end that jaild did not bring about. */
export function causeOf(ended: Ended, wasUp: boolean, oom: boolean): Cause {
  if (oom) return 'oom';
  if (!wasUp) return 'start';
  return ended.how === 'exit' ? 'exit' : ended.how === 'timeout' ? 'timeout' : 'signal';
}

/** Whether the end of a run that nobody asked for is a failure: all but an exit by itself, with a code that is one of success. */
function isFailure({ ended, cause }: Run, policy: RestartPolicy): boolean {
  return cause !== 'exit' || ended?.how !== 'exit' || !policy.okCodes.includes(ended.code);
}

/** What the bucket holds after `upMs` milliseconds of running. */
export function decayed(tally: Tally, upMs: number): Tally {
  const minutes = Math.floor(upMs / MINUTE);
  return minutes < 1 ? tally : { n: Math.max(0, tally.n - minutes), inARow: 0 };
}

/** Whether it fails so often that people should look at it. */
export function isFlapping(tally: Tally): boolean {
  return tally.n >= FLAPPING;
}

/**
 * What becomes of a jail whose run ended without anybody asking for it.
 * A failure is fatal, retried or the last that restart.limit allows; `always` starts a successful one again, with the
 * same delays, so that a program that ends at once does not take the whole machine.
 * @param random a number from 0 up to 1
 */
export function judge(run: Run, policy: RestartPolicy, before: Tally, random: number): Verdict {
  const tally = decayed(before, run.upMs);
  const failed = isFailure(run, policy);
  if (!failed && policy.restart !== 'always') return { what: 'end', tally, delayMs: 0 };
  const counted = { n: Math.min(MOST, tally.n + 1), inARow: failed ? tally.inARow + 1 : 0 };
  const why = failed ? whyGivenUp(run, policy, counted) : null;
  if (why !== null) return { what: 'give-up', tally: counted, delayMs: 0, why };
  return { what: 'retry', tally: counted, delayMs: delayMs(counted.n, policy, random) };
}

/** Why a failure is the last; null when it is not. */
function whyGivenUp({ ended, cause }: Run, policy: RestartPolicy, tally: Tally): string | null {
  if (policy.restart === 'no') return 'restart = no';
  const code = ended?.how === 'exit' && (cause === 'exit' || cause === 'start') ? ended.code : null;
  if (code !== null && policy.fatalCodes.includes(code)) return `exit.fatal has ${code}`;
  if (code !== null && policy.restart === 'on-abnormal')
    return 'restart = on-abnormal, and it ended with an exit code';
  if (policy.limit === 0 || tally.inARow < policy.limit) return null;
  return `restart.limit = ${policy.limit}, and so many failures came in a row`;
}

/** restart.delay × 2^(n-1), ± 10 % so that jails that fell together do not rise together; never above restart.max_delay. */
export function delayMs(n: number, policy: RestartPolicy, random: number): number {
  const curve = Math.min(policy.maxDelay, policy.delay * 2 ** (n - 1));
  const spread = 1 + JITTER * (2 * random - 1);
  return Math.round(Math.min(policy.maxDelay, curve * spread) * 1000);
}
