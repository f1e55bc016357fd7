import { failureOf } from './exits.js';
import type { SupervisedJail } from './jail.js';
import { isUp } from './lifecycle.js';
import type { Outcome } from './operations.js';

const refused = (jail: SupervisedJail) => ({ jail: jail.name, ok: false, changed: false, code: 1 }) as const;

/** Sends a signal to every process of a jail; SIGKILL ends it. */
export function signalJail(jail: SupervisedJail, signal: number): Outcome {
  const base = refused(jail);
  if (jail.jailer === null) return { ...base, message: 'not running' };
  try {
    if (signal === 9) jail.jailer.kill();
    else jail.jailer.signal(signal);
    return { ...base, ok: true, changed: true, code: 0, message: `signal ${signal} sent` };
  } catch (error) {
    return { ...base, message: `not signalled: ${failureOf(error).message}` };
  }
}

/** Freezes a jail that runs, or thaws one that is frozen. */
export async function setFrozen(jail: SupervisedJail, frozen: boolean): Promise<Outcome> {
  const base = refused(jail);
  const [to, verb] = frozen ? (['paused', 'paused'] as const) : (['running', 'resumed'] as const);
  if (jail.phase === to)
    return { ...base, ok: true, code: 0, message: frozen ? 'already paused' : 'not paused' };
  if (!isUp(jail.phase)) return { ...base, message: `not ${verb}: it is ${jail.phase}` };
  try {
    await jail.freeze(frozen);
    return { ...base, ok: true, changed: true, code: 0, message: verb };
  } catch (error) {
    return { ...base, message: `not ${verb}: ${failureOf(error).message}` };
  }
}
