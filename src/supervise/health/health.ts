import type { JailParams } from '../../config/params.js';
import type { CheckResult, Ended } from '../../host/host.js';
import { isShortage } from '../../host/shortage.js';

/** The health parameters of a jail, defaults filled in. Times are in milliseconds. */
export interface HealthPolicy {
  readonly interval: number;
  readonly timeout: number;
  /** Failures in a row that make it unhealthy. */
  readonly retries: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly action: 'restart' | 'none';
}

export type Verdict = 'starting' | 'healthy' | 'unhealthy';
/** `unknown`: it could not be tried, which tells nothing of the jail. */
export type Finding = 'passed' | 'failed' | 'unknown';

/** What one round of checks came to. */
export interface HealthResult {
  readonly at: Date;
  readonly finding: Finding;
  readonly ended: Ended;
  /** What the check printed, or what was amiss; its beginning. */
  readonly output: string;
}

/** What is known of the health of one life of a jail. */
export interface Health {
  readonly verdict: Verdict;
  /** Failures in a row that count. */
  readonly streak: number;
  /** The last ones, the oldest first. */
  readonly results: readonly HealthResult[];
}

/** How every life begins: nothing of the one before counts. */
export const unknownHealth: Health = { verdict: 'starting', streak: 0, results: [] };
const KEPT = 5;

/** What of it outlives a jaild. */
export type SavedHealth = Pick<Health, 'verdict' | 'streak'>;

/** Whether a later jaild would do something else for what was learned: failures beyond those that matter change nothing. */
export function isNews(before: Health, { verdict, streak }: Health, { retries }: HealthPolicy): boolean {
  return verdict !== before.verdict || (streak !== before.streak && streak <= retries);
}

/** The policy that a jail's parameters ask for. */
export function healthPolicy(values: JailParams): HealthPolicy {
  const ms = (seconds: number): number => Math.round(seconds * 1000);
  return {
    interval: ms(values['health.interval'] ?? 30),
    timeout: ms(values['health.timeout'] ?? 5),
    retries: values['health.retries'] ?? 3,
    startPeriod: ms(values['health.start_period'] ?? 30),
    startInterval: ms(values['health.start_interval'] ?? 1),
    action: values['health.action'] ?? 'restart',
  };
}

/** What a check says of the jail: a command that is not there is the jail's fault, a host out of memory is not. */
export function findingOf({ ended }: CheckResult): Finding {
  if (ended.how === 'error') return isShortage(ended.code) ? 'unknown' : 'failed';
  return ended.how === 'exit' && ended.code === 0 ? 'passed' : 'failed';
}

/**
 * What is known after one more result.
 * @param lenient failures do not count: it has not been well yet and is still given time
 */
export function absorb(health: Health, result: HealthResult, policy: HealthPolicy, lenient: boolean): Health {
  const results = [...health.results, result].slice(-KEPT);
  if (result.finding === 'unknown') return { ...health, results };
  if (result.finding === 'passed') return { verdict: 'healthy', streak: 0, results };
  if (lenient && health.verdict === 'starting') return { ...health, results };
  const streak = health.streak + 1;
  return { verdict: streak >= policy.retries ? 'unhealthy' : health.verdict, streak, results };
}

/** Whether a failure does not count yet, `upMs` milliseconds after it came up; the first success ends that. */
export function isLenient(health: Health, policy: HealthPolicy, upMs: number): boolean {
  return health.verdict === 'starting' && health.streak === 0 && upMs < policy.startPeriod;
}

/** Milliseconds from the end of one round of checks to the next. */
export function pauseMs(health: Health, policy: HealthPolicy, lenient: boolean): number {
  return lenient && health.verdict === 'starting'
    ? Math.min(policy.startInterval, policy.interval)
    : policy.interval;
}
