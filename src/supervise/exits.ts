import type { Jail } from '../config/compile.js';
import type { ParamName } from '../config/params.js';
import { errnoWords, StepFailure } from '../host/error.js';
import { hintFor } from '../host/hint.js';
import type { Ended } from '../host/host.js';
import { describeSignal } from '../host/signal.js';

/** An end in words: "exit 3", "signal 9 (SIGKILL)", "mount /jails/web/dev: No such file or directory". */
export function describeEnd(ended: Ended): string {
  switch (ended.how) {
    case 'exit':
      return `exit ${ended.code}`;
    case 'signal':
      return describeSignal(ended.code);
    case 'timeout':
      return 'timed out';
    case 'error':
      return `${ended.step ?? 'jailer'} ${ended.subject ?? ''}`.trimEnd() + `: ${errnoWords(ended.code)}`;
  }
}

/** A command of the configuration that failed: its text, and "exited 3", "timed out after 5 s". */
export interface FailedCommand {
  readonly text: string;
  readonly reason: string;
}

/** A failure of a step, as people are told: words, and what to do about it. */
export interface Failure {
  readonly message: string;
  readonly hint?: string;
  /** Set when it was a command that failed. */
  readonly command?: FailedCommand;
}

/** What went wrong, from anything thrown: its words, and its hint where it has one. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { hint } = error as { readonly hint?: unknown };
  const failure = typeof hint === 'string' ? { message: error.message, hint } : { message: error.message };
  if (!(error instanceof StepFailure) || !error.step.startsWith('exec.')) return failure;
  return { ...failure, command: { text: error.subject, reason: error.reason } };
}

/** The parameters that the jailer's steps do the will of; the first that is set is the one to look at. */
const askedBy: Readonly<Record<string, readonly ParamName[]>> = {
  exec: ['command', 'exec.start', 'exec.init'],
  user: ['exec.jail_user'],
  mount: ['mount', 'mount.fstab'],
  overlay: ['base', 'ephemeral'],
};

/** What to do about a step of the jailer that failed: what usually helps, and where the file asks for it. */
export function adviceOn(jail: Jail, ended: Ended): string | undefined {
  if (ended.how !== 'error') return undefined;
  const parts = [hintFor(ended.step ?? '', ended.code, ended.subject), whereAsked(jail, ended)];
  return parts.filter((part) => part !== undefined).join('; ') || undefined;
}

/** What is known of a life beside how it ended. */
interface Witness {
  readonly jail: Jail;
  /** How often its limit of processes has kept it from one. */
  readonly refusedForks: number;
}

/** What to do about the end of a jail that was up: a limit of its own may be the cause. */
export function adviceOnEnd(life: Witness, ended: Ended, oom: boolean): string | undefined {
  const limit = (name: ParamName): string | undefined => life.jail.params.get(name)?.join(', ');
  if (oom) {
    const most = limit('memory.max');
    return most === undefined
      ? 'it has no memory.max: other limits, or the host, left it no memory'
      : `it may use ${most} (memory.max)`;
  }
  if (ended.how === 'exit' && ended.code === 0) return undefined;
  const { refusedForks } = life;
  if (refusedForks === 0) return undefined;
  const times = refusedForks === 1 ? 'once' : `${refusedForks} times`;
  return `${times} it could not start a process: it may have ${limit('pids.max') ?? 'no more'} (pids.max)`;
}

/** Where the file asks for what a step of the jailer failed at: for most steps, the root of the jail. */
function whereAsked(jail: Jail, ended: Ended): string | undefined {
  if (ended.how !== 'error') return undefined;
  const asked = (askedBy[ended.step ?? ''] ?? []).find((name) => jail.origin.has(name)) ?? 'path';
  const span = jail.origin.get(asked);
  return span === undefined ? undefined : `"${asked}" is set at ${span.file}:${span.line}:${span.column}`;
}
