import { setTimeout as wait } from 'node:timers/promises';
import { StepFailure } from './error.js';
import type { JailerEvent, JailerHandle } from './host.js';
import { buildError } from './jailer.js';
import { readStat } from './lineage.js';
import { describeSignal } from './signal.js';

/** Milliseconds in which a jail that is about to be gone is so, and in which its jailer then tells how it ended. */
const DYING = 200;
const TELLING = 5000;

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
  const told = new Promise<Error>((resolve) => {
    jailer.listen((event) => {
      const end = inWords(event);
      if (end !== null) resolve(end);
    });
  });
  const isAlive = wait(DYING).then(() => !['X', 'Z'].includes(readStat(jailer.initPid)?.state ?? 'X'));
  const nothing = isAlive.then((alive) => (alive ? null : wait(TELLING, null)));
  throw (await Promise.race([told, nothing])) ?? error;
}

function inWords(event: JailerEvent): Error | null {
  if (event.kind === 'lost') return new StepFailure('jailer', '', 'lost');
  if (event.kind !== 'exited') return null;
  const { ended } = event;
  if (ended.how === 'error') return buildError(ended);
  return new StepFailure('process 1', '', ended.how === 'signal' ? describeSignal(ended.code) : 'ended');
}
