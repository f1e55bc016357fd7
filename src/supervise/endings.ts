import type { Jail } from '../config/compile.js';
import { StepFailure, SystemError } from '../host/error.js';
import type { Ended } from '../host/host.js';
import { describeEnd, failureOf, type Failure } from './exits.js';
import type { LastExit } from './operations.js';

/** The exit of a jail that never began: what was thrown says why. */
export function neverBegan(error: unknown, at: Date): LastExit {
  return { ...endedBy(error), oom: false, at, cause: `not started: ${failureOf(error).message}` };
}

function endedBy(error: unknown): Ended {
  if (error instanceof SystemError)
    return { how: 'error', code: error.errno, step: error.call, subject: error.subject };
  if (error instanceof StepFailure)
    return { how: 'error', code: 0, step: error.step, subject: error.subject };
  return { how: 'error', code: 0 };
}

/** What a command of exec.start that ended badly is a failure of; null when it ended well. */
export function startFailure(jail: Jail, index: number, ended: Ended): Failure | null {
  if (ended.how === 'exit' && ended.code === 0) return null;
  const command = jail.values['exec.start']?.[index] ?? '';
  const words = ended.how === 'exit' ? `exited ${ended.code}` : describeEnd(ended);
  return { message: `exec.start "${command}": ${words}`, hint: `jailctl logs ${jail.name} shows what it said` };
}
