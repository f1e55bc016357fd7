import type { Compiled } from '../config/compile.js';
import type { Host } from '../host/host.js';
import { failureOf } from './exits.js';
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

/** Makes running jails what the new files say: changes limits, restarts what cannot be changed otherwise. */
export async function applyChanges(changes: readonly ReloadChange[], context: ReloadContext): Promise<void> {
  await Promise.all(changes.map((change) => applyChange(change, context)));
}

async function applyChange({ jail: name, change }: ReloadChange, context: ReloadContext): Promise<void> {
  const { roster, host, planJail, log } = context;
  const jail = roster.jails.get(name);
  if (jail === undefined || change === 'new' || change === 'removed') return;
  if (change === 'restart') {
    jail.restart('reload');
    await jail.untilAtRest();
    return;
  }
  if (jail.phase === 'failed' && jail.target === 'up') return jail.start('reload');
  if (jail.life === null) return;
  try {
    const errors = await changeLive(jail.life, jail.definition, host, planJail);
    jail.noteChanged(jail.definition);
    for (const error of errors) log.child(name).warn(failureOf(error).message);
  } catch (error) {
    log.child(name).warn(`cannot be changed while it runs: ${failureOf(error).message}`);
  }
}
