import { isStartable, type Jail } from '../config/jail.js';
import { StepFailure } from '../host/error.js';
import type { SupervisedJail } from './jail.js';
import { isDown, isSettled } from './lifecycle.js';
import type { Outcome } from './operations.js';
import type { Roster } from './roster.js';

interface ForegroundContext {
  readonly roster: Roster;
  readonly create: () => SupervisedJail;
  readonly start: (names: readonly string[]) => Promise<readonly Outcome[]>;
}

/**
 * Makes a jail that is in no file, and what it depends on; resolves when it waits for its client.
 * Rejects with StepFailure: its name is taken, its definition is wrong, or it did not start.
 */
export async function runInForeground(definition: Jail, context: ForegroundContext): Promise<void> {
  const { roster, create, start } = context;
  const { name, values } = definition;
  refuse(definition, roster);
  const needed = await start((values.depend ?? []).filter((other) => roster.jails.has(other)));
  const down = needed.find((outcome) => !outcome.ok);
  if (down !== undefined) throw new StepFailure('depend', down.jail, down.message, down.hint);
  const jail = create();
  roster.jails.set(name, jail);
  jail.start('run');
  // What goes wrong while it is built is told by jaild, which knows more of it than the client will.
  const phase = await jail.until(
    (now) => (now === 'starting' && jail.life?.isBuilt === true) || isSettled(now),
  );
  if (!isDown(phase)) return;
  const { message, hint } = jail.history.failure ?? { message: 'stopped meanwhile' };
  throw new StepFailure(name, '', `not started: ${message}`, hint);
}

function refuse(definition: Jail, { jails }: Roster): void {
  const { name } = definition;
  if (jails.has(name))
    throw new StepFailure('run', name, 'there is a jail of that name', 'give it another name');
  if (isStartable(definition)) return;
  const wrong = definition.diagnostics.find((d) => d.severity === 'error');
  throw new StepFailure('run', name, wrong?.message ?? 'its configuration is wrong', wrong?.hint);
}
