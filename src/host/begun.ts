import { StepFailure } from './error.js';
import type { JailerEvent, JailerHandle } from './host.js';
import { buildError } from './jailer.js';
import { readStat } from './lineage.js';
import { describeSignal } from './signal.js';

/** Milliseconds until a jailer whose jail is gone has told how. */
const PATIENCE = 1000;

/**
 * Does something with a jail that is being built. When that fails because the jail has ended meanwhile, it fails with how that
 * ended: what the kernel says of a process that is gone is no help to anybody.
 */
export function whileItLives(jailer: JailerHandle, act: () => Promise<void> | void): Promise<void> | void {
  try {
    return act()?.catch((error: unknown) => explain(error, jailer));
  } catch (error) {
    return explain(error, jailer);
  }
}

async function explain(error: unknown, jailer: JailerHandle): Promise<never> {
  const state = readStat(jailer.initPid)?.state ?? 'X';
  if (state !== 'X' && state !== 'Z') throw error;
  throw (await endOf(jailer)) ?? error;
}

/** Resolves with null when it is not told in time. */
function endOf(jailer: JailerHandle): Promise<Error | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE);
    jailer.listen((event) => {
      const end = inWords(event);
      if (end === null) return;
      clearTimeout(timer);
      resolve(end);
    });
  });
}

function inWords(event: JailerEvent): Error | null {
  if (event.kind === 'lost') return new StepFailure('jailer', '', 'lost');
  if (event.kind !== 'exited') return null;
  const { ended } = event;
  if (ended.how === 'error') return buildError(ended);
  return new StepFailure('process 1', '', ended.how === 'signal' ? describeSignal(ended.code) : 'ended');
}
