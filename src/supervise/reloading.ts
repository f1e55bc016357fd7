import type { Compiled } from '../config/compile.js';
import type { Host } from '../host/host.js';
import { failureOf, type Failure } from './exits.js';
import type { PlanJail } from './incarnation.js';
import { isDown } from './lifecycle.js';
import { changeLive } from './live.js';
import type { Log } from './log.js';
import type { ReloadChange, ReloadResult } from './operations.js';
import { compareJails, type Present } from './reload.js';
import type { Roster } from './roster.js';

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
      { jail: jail.life?.jail ?? jail.definition, runs: !isDown(jail.phase) },
    ]),
  );
  const changes = compareJails(present, roster.withChanges(next.jails));
  return {
    ok: true,
    changes: changes.filter((one) => one.change !== 'removed' || roster.isListed(one.jail)),
    diagnostics,
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

async function applyChange(
  { jail: name, change }: ReloadChange,
  { roster, host, planJail, log }: ReloadContext,
): Promise<Failure | null> {
  const jail = roster.jails.get(name);
  if (jail === undefined || change === 'new' || change === 'removed') return null;
  if (change === 'restart') {
    jail.restart('reload');
    await jail.untilAtRest();
    return jail.target === 'up' && isDown(jail.phase) ? jail.history.failure : null;
  }
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
  const [failure] = errors.map(failureOf);
  if (jail.life !== life) return null; // a new life begins as the files say
  if (failure === undefined) jail.noteChanged(life.jail);
  for (const error of errors) log.child(name).warn(`not changed: ${failureOf(error).message}`);
  return failure ?? null;
}
