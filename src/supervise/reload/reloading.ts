import type { Compiled } from '../../config/compile.js';
import type { Host } from '../../host/host.js';
import { inTurn } from './changing.js';
import { failureOf, type Failure } from '../exits.js';
import { HasEnded, type PlanJail } from '../incarnation.js';
import type { SupervisedJail } from '../jail.js';
import { isDown, isUp } from '../lifecycle.js';
import { changeLive } from './live.js';
import type { Log } from '../log.js';
import type { ReloadChange, ReloadResult } from '../operations.js';
import { compareJails, type Present } from './reload-plan.js';
import type { Roster } from '../roster.js';

export interface ReloadContext {
  readonly roster: Roster;
  readonly host: Host;
  readonly planJail: PlanJail;
  readonly log: Log;
}

/** What taking over new files would change. Any error in them, and nothing may be taken over. */
export function planReload(next: Compiled, roster: Roster): ReloadResult {
  const { diagnostics } = next;
  if (!next.ok || diagnostics.some((d) => d.severity === 'error'))
    return { ok: false, changes: [], diagnostics };
  const all = [...roster.jails.values()].filter((jail) => !jail.mode.foreground);
  const present = new Map(
    all.map((jail): [string, Present] => [
      jail.name,
      // One that is being stopped needs no restart: its next start is by the new files.
      { jail: jail.life?.jail ?? jail.definition, runs: !isDown(jail.phase) && isWanted(jail) },
    ]),
  );
  const changes = compareJails(present, roster.withChanges(next.jails));
  return {
    ok: true,
    changes: changes.filter((one) => one.change !== 'removed' || roster.isListed(one.jail)),
    diagnostics,
  };
}

/** What a reload comes to of a file that somebody goes on writing. */
export function notWhole(file: string): ReloadResult {
  const hint =
    'when it is whole, jailctl reload; a file that is written beside it and renamed is whole at any time';
  const message = `${file} keeps changing: it may be half written`;
  return {
    ok: false,
    changes: [],
    diagnostics: [{ code: 'unreadable-file', severity: 'error', span: null, message, hint }],
  };
}

/**
 * Makes running jails what the new files say: changes what can change, restarts what cannot be changed otherwise.
 * @returns the changes, with why they were not made where they were not
 */
export function applyChanges(
  changes: readonly ReloadChange[],
  context: ReloadContext,
): Promise<readonly ReloadChange[]> {
  return Promise.all(
    changes.map(async (change) => {
      const failure = await applyChange(change, context);
      return failure === null ? change : { ...change, failure };
    }),
  );
}

async function applyChange(change: ReloadChange, context: ReloadContext): Promise<Failure | null> {
  const jail = context.roster.jails.get(change.jail);
  if (jail === undefined || change.change === 'new' || change.change === 'removed') return null;
  return inTurn(jail, () => {
    // Somebody may have changed it meanwhile, by what it was before: its file has changed, which counts.
    context.roster.restore(jail);
    return change.change === 'restart' ? restart(jail) : changeOne(jail, context);
  });
}

const isWanted = ({ target }: SupervisedJail): boolean => target === 'up';

async function restart(jail: SupervisedJail): Promise<Failure | null> {
  const { life } = jail;
  // It has been stopped since, or has ended: it starts by the new files anyway.
  if (!isWanted(jail) || isDown(jail.phase)) return null;
  jail.restart('reload');
  await jail.untilAtRest();
  const failure = jail.history.failure ?? { message: 'a stop command failed' };
  if (jail.life === life && isUp(jail.phase))
    return { ...failure, message: `it runs on as it was: ${failure.message}` };
  if (!isWanted(jail) || !isDown(jail.phase) || jail.phase === 'waiting') return null;
  return { ...failure, message: `it is down: ${failure.message}` };
}

async function changeOne(
  jail: SupervisedJail,
  { host, planJail, log }: ReloadContext,
): Promise<Failure | null> {
  const { life } = jail;
  if (jail.phase === 'failed' && jail.target === 'up') {
    jail.start('reload');
    return null;
  }
  if (life === null || isDown(jail.phase)) return null;
  const note = (): void => jail.noteChanged(life.jail);
  const errors = await changeLive(life, jail.definition, { host, planJail, note }).catch((error: unknown) => [
    error,
  ]);
  // A new life begins as the files say.
  if (jail.life !== life || errors.some((error) => error instanceof HasEnded)) return null;
  const [failure] = errors.map(failureOf);
  if (failure === undefined) jail.noteChanged(life.jail);
  for (const error of errors) log.child(jail.name).warn(`not changed: ${failureOf(error).message}`);
  return failure ?? null;
}
