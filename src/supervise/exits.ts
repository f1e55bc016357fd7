import { constants } from 'node:os';
import { errnoWords, StepFailure, SystemError } from '../host/error.js';
import { hintFor } from '../host/hint.js';
import type { Ended } from '../host/host.js';
import { PlanError } from '../plan/error.js';

const SIGNALS = new Map<number, string>(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);

/** An end in words: "exit 3", "signal 9 (SIGKILL)", "mount /jails/web/dev: No such file or directory". */
export function describeEnd(ended: Ended): string {
  switch (ended.how) {
    case 'exit':
      return `exit ${ended.code}`;
    case 'signal': {
      const name = SIGNALS.get(ended.code);
      return name === undefined ? `signal ${ended.code}` : `signal ${ended.code} (${name})`;
    }
    case 'timeout':
      return 'timed out';
    case 'error':
      return `${ended.step ?? 'jailer'} ${ended.subject ?? ''}`.trimEnd() + `: ${errnoWords(ended.code)}`;
  }
}

/** A failure of a step, as people are told: words, and what to do about it. */
export interface Failure {
  readonly message: string;
  readonly hint?: string;
}

/** The failure of a jail that ended before it was up, in the words that tell its end. */
export function failureOfEnd(ended: Ended, words: string): Failure {
  const hint = ended.how === 'error' ? hintFor(ended.step ?? '', ended.code) : undefined;
  return hint === undefined ? { message: words } : { message: words, hint };
}

/** What went wrong, from anything thrown; a bug keeps its stack for the log. */
export function failureOf(error: unknown): Failure {
  if (error instanceof SystemError || error instanceof StepFailure || error instanceof PlanError)
    return error.hint === undefined
      ? { message: error.message }
      : { message: error.message, hint: error.hint };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
