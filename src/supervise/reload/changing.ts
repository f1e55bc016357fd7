import type { Jail } from '../../config/compile.js';
import type { Host } from '../../host/host.js';
import { addressOfAnother } from '../taken-addresses.js';
import { failureOf, type Failure } from '../exits.js';
import type { PlanJail } from '../incarnation.js';
import type { SupervisedJail } from '../jail.js';
import { isUp } from '../lifecycle.js';
import { changeLive } from './live.js';
import type { Amend, Outcome } from '../operations.js';
import { changedParameters, fixedParameters } from './differences.js';
import type { Roster } from '../roster.js';

export interface ChangeContext {
  readonly roster: Roster;
  readonly host: Host;
  readonly planJail: PlanJail;
  /** What cannot change while a jail runs is changed by a restart. */
  readonly mayRestart: boolean;
  readonly restart: (name: string) => Promise<readonly Outcome[]>;
}

const underWay = new WeakMap<SupervisedJail, Promise<unknown>>();

/** Changes of one jail are made one after the other: each builds upon what the one before has made. */
export function inTurn<T>(jail: SupervisedJail, change: () => Promise<T>): Promise<T> {
  const before = underWay.get(jail) ?? Promise.resolve();
  const made = before.then(change);
  underWay.set(
    jail,
    made.catch(() => undefined),
  );
  return made;
}

/** Gives a running jail another definition. Rejects with what `amend` throws. */
export function changeJail(jail: SupervisedJail, amend: Amend, context: ChangeContext): Promise<Outcome> {
  return inTurn(jail, () => changeNow(jail, amend, context));
}

async function changeNow(jail: SupervisedJail, amend: Amend, context: ChangeContext): Promise<Outcome> {
  const { life, name } = jail;
  const refused = { jail: name, ok: false, changed: false, code: 1 } as const;
  if (life === null || !isUp(jail.phase)) return { ...refused, message: 'not changed: it is not running' };
  const next = amend(life.jail);
  const parameters = changedParameters(life.jail.values, next.values);
  const fixed = fixedParameters(life.jail.values, next.values);
  if (parameters.length === 0) return { ...refused, ok: true, code: 0, message: 'is so already' };
  const taken = addressOfAnother(next, life.jail, context.roster);
  if (taken !== null) return { ...refused, code: 2, message: `not changed: ${taken}` };
  if (fixed.length > 0 && !context.mayRestart) {
    const message = `not changed: ${fixed.join(', ')} cannot be changed after creation`;
    return { ...refused, code: 2, message, hint: `a restart changes it: jail -mr name=${name} ...` };
  }
  if (fixed.length > 0) {
    context.roster.replace(next);
    const [outcome = { ...refused, message: 'not changed: it is gone' }] = await context.restart(name);
    // A stop command has kept it up: it is what it was.
    if (jail.life === life) context.roster.replace(life.jail);
    return outcome;
  }
  const failure = await changeWhole(jail, next, context);
  if (failure !== null) {
    const { message, hint } = failure;
    return { ...refused, message: `not changed: ${message}`, ...(hint !== undefined && { hint }) };
  }
  return { ...refused, ok: true, changed: true, code: 0, message: `changed: ${parameters.join(', ')}` };
}

/** All of it or nothing. @returns why not, or null */
async function changeWhole(
  jail: SupervisedJail,
  next: Jail,
  { roster, host, planJail }: ChangeContext,
): Promise<Failure | null> {
  const { life } = jail;
  if (life === null) return { message: 'it has ended' };
  const note = (): void => jail.noteChanged(life.jail);
  const errors = await changeLive(life, next, { host, planJail, note });
  const failures = errors.map(failureOf);
  const [first] = failures;
  if (first !== undefined)
    return { ...first, message: failures.map(({ message }) => message).join('; not put back: ') };
  if (jail.life !== life) return { message: 'it has ended' };
  if (jail.mode.foreground) jail.definition = next;
  else roster.replace(next);
  jail.noteChanged(next);
  return null;
}
