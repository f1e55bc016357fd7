import type { Jail } from '../config/compile.js';
import { StepFailure, SystemError } from '../host/error.js';
import type { Ended } from '../host/host.js';
import type { Clock } from './clock.js';
import { adviceOn, adviceOnEnd, describeEnd, failureOf, type Failure } from './exits.js';
import type { Incarnation } from './incarnation.js';
import type { LastExit } from './operations.js';
import {
  causeOf,
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
  /** The last ends, the oldest first. */
  exits: readonly LastExit[] = [];
  /** Why it is not tried again. */
  gaveUp: string | null = null;
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
  noteFailedStart(life: Incarnation | null, error: unknown): void {
    this.error = error;
    this.failure = failureOf(error);
    const at = new Date(this.clock.now());
    const cause = `not started: ${this.failure.message}`;
    const told = { ...hintOf(this.failure), launch: life?.id ?? '' };
    this.keep({ ...endedBy(error), oom: false, at, cause, reason: 'start', ...told });
  }

  /** Whether it is known how this life has ended. */
  knows(life: Incarnation): boolean {
    return this.exit?.launch === life.id;
  }

  /** One end for each life: what is learned of it later counts. */
  private keep(exit: LastExit): void {
    const before = this.exits.filter(({ launch }) => launch === undefined || launch !== exit.launch);
    this.exits = [...before, exit].slice(-KEPT);
    this.exit = exit;
  }

  /**
   * Takes down how a life ended, before anything is cleaned that could tell of it.
   * @param words why, where that is known better than `ended` says it
   */
  noteEnd(
    life: Incarnation,
    ended: Ended,
    { words = null, at = new Date(this.clock.now()), isAsked = false }: EndDetails = {},
  ): void {
    life.endedAt = this.clock.monotonic() - Math.max(0, this.clock.now() - at.getTime());
    const oom = life.ranOutOfMemory(ended);
    const reason = life.blame ?? (isAsked ? 'stop' : causeOf(ended, life.wasUp, oom));
    const told = inWords(ended, oom, life, words);
    const hint = adviceOn(life.jail, ended);
    if (!life.wasUp) this.failure ??= { message: told, ...(hint !== undefined && { hint }) };
    const cause = life.wasUp ? told : `not started: ${this.failure?.message ?? told}`;
    const advice = life.wasUp ? hintOf({ hint: adviceOnEnd(life, ended, oom) }) : hintOf(this.failure ?? {});
    this.keep({ ...ended, oom, at, cause, reason, upMs: life.upMs, ...advice, launch: life.id });
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
    const { exit } = this;
    const ended = exit === null || exit.how === 'error' ? null : exit;
    const { wasUp = false, upMs = 0 } = life ?? {};
    const { reason } = exit ?? {};
    const asItLooks = ended === null ? 'start' : causeOf(ended, wasUp, exit?.oom ?? false);
    const cause = reason === undefined || reason === 'stop' ? asItLooks : reason;
    const verdict = judge({ ended, cause, upMs }, policy, this.tally, random);
    this.gaveUp = verdict.why ?? null;
    this.tally = verdict.tally;
    if (verdict.what === 'retry') {
      this.restarts++;
      this.retryAt = this.clock.monotonic() + verdict.delayMs;
    }
    return verdict.what;
  }
}

/** What of an end is known beside how it ended. */
interface EndDetails {
  readonly words?: string | null;
  readonly at?: Date;
  /** Somebody had asked for it. */
  readonly isAsked?: boolean;
}

/** Of the last ends so many are kept. */
const KEPT = 10;

function inWords(ended: Ended, oom: boolean, { blame, ailment }: Incarnation, words: string | null): string {
  const why = ailment === null ? '' : ` (${ailment})`;
  if (blame === 'health') return `unhealthy${why}, then ${describeEnd(ended)}`;
  if (blame === 'watchdog') return `no sign of life (watchdog), then ${describeEnd(ended)}`;
  return oom ? 'out of memory' : (words ?? describeEnd(ended));
}

const hintOf = ({ hint }: { readonly hint?: string | undefined }): { readonly hint?: string } =>
  hint === undefined ? {} : { hint };

function endedBy(error: unknown): Ended {
  if (error instanceof SystemError)
    return { how: 'error', code: error.errno, step: error.call, subject: error.subject };
  if (error instanceof StepFailure)
    return { how: 'error', code: 0, step: error.step, subject: error.subject };
  return { how: 'error', code: 0 };
}
