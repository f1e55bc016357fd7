import type { Jail } from '../config/compile.js';
import { StepFailure, SystemError } from '../host/error.js';
import type { Ended } from '../host/host.js';
import type { Clock } from './clock.js';
import { describeEnd, failureOf, adviceOn, type Failure } from './exits.js';
import type { Incarnation } from './incarnation.js';
import type { LastExit } from './operations.js';
import {
  decayed,
  freshTally,
  isFlapping,
  judge,
  type RestartPolicy,
  type Tally,
  type Verdict,
} from './restart.js';

/** What is remembered of a jail's earlier lives, and what went wrong in this one. */
export class History {
  tally: Tally = freshTally;
  /** Automatic restarts since the last start by hand. */
  restarts = 0;
  exit: LastExit | null = null;
  /** Why the last start, stop or cleaning did not go well. */
  failure: Failure | null = null;
  /** What the last failed start threw. */
  error: unknown = null;
  /** When a backoff ends, in milliseconds of CLOCK_MONOTONIC. */
  retryAt: number | null = null;

  constructor(private readonly clock: Clock) {}

  /** Whether it fails so often that people should look, after `upMs` milliseconds of its life. */
  isFlapping(upMs: number): boolean {
    return isFlapping(decayed(this.tally, upMs));
  }

  /** A start failed: what was thrown says why. */
  noteFailedStart(error: unknown): void {
    this.error = error;
    this.failure = failureOf(error);
    const at = new Date(this.clock.now());
    this.exit = { ...endedBy(error), oom: false, at, cause: `not started: ${this.failure.message}` };
  }

  /** Takes down how a life ended, before anything is cleaned that could tell of it. */
  noteEnd(life: Incarnation, ended: Ended, cause: string | null, at = new Date(this.clock.now())): void {
    life.endedAt = this.clock.monotonic() - Math.max(0, this.clock.now() - at.getTime());
    const oom = life.ranOutOfMemory(ended);
    const words = oom ? 'out of memory' : (cause ?? describeEnd(ended));
    const hint = adviceOn(life.jail, ended);
    if (!life.wasUp) this.failure ??= { message: words, ...(hint !== undefined && { hint }) };
    const told = life.wasUp ? words : `not started: ${this.failure?.message ?? words}`;
    this.exit = { ...ended, oom, at, cause: told };
  }

  /** A command of exec.start has ended; the failure of one is that of the start. */
  noteStartCommand(jail: Jail, index: number, ended: Ended): void {
    if (ended.how === 'exit' && ended.code === 0) return;
    const command = jail.values['exec.start']?.[index] ?? '';
    const words = ended.how === 'exit' ? `exited ${ended.code}` : describeEnd(ended);
    this.failure = {
      message: `exec.start "${command}": ${words}`,
      hint: `jailctl logs ${jail.name} shows what it said`,
      command: { text: command, reason: words },
    };
  }

  /** Nothing is left of a life that nobody ended: what now? Counts the failure, sets the time of the next try. */
  judge(life: Incarnation | null, policy: RestartPolicy, random: number): Verdict['what'] {
    const ended = this.exit === null || this.exit.how === 'error' ? null : this.exit;
    const { wasUp = false, upMs = 0 } = life ?? {};
    const verdict = judge({ ended, wasUp, oom: this.exit?.oom ?? false, upMs }, policy, this.tally, random);
    this.tally = verdict.tally;
    if (verdict.what === 'retry') {
      this.restarts++;
      this.retryAt = this.clock.monotonic() + verdict.delayMs;
    }
    return verdict.what;
  }
}

function endedBy(error: unknown): Ended {
  if (error instanceof SystemError)
    return { how: 'error', code: error.errno, step: error.call, subject: error.subject };
  if (error instanceof StepFailure)
    return { how: 'error', code: 0, step: error.step, subject: error.subject };
  return { how: 'error', code: 0 };
}
