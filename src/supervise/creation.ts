import type { Jail } from '../config/compile.js';
import { dependenciesOf } from '../config/rules/rules.js';
import type { Host, Launch } from '../host/host.js';
import { failureOf } from './exits.js';
import { runEach, undoAll } from './executor.js';
import type { PlanJail } from './incarnation.js';
import { isDown } from './lifecycle.js';
import type { DeedListener, Outcome } from './operations.js';
import { closure } from './order.js';
import type { Roster } from './roster.js';
import { addressOfAnother } from './taken-addresses.js';

/**
 * Starts jails by definitions of somebody's own. Those that are up are left alone, as are definitions that nobody asked
 * for and no jail asked for depends on.
 */
export async function createJails(
  definitions: readonly Jail[],
  names: readonly string[],
  context: {
    readonly roster: Roster;
    readonly start: (names: readonly string[]) => Promise<readonly Outcome[]>;
  },
): Promise<readonly Outcome[]> {
  const { roster, start } = context;
  const given = new Map(definitions.map((jail) => [jail.name, jail]));
  const graph = new Map(
    definitions.map(({ name, values }) => [name, dependenciesOf(name, values.depend ?? [])]),
  );
  const wanted = closure(graph, names).flatMap((name) => given.get(name) ?? []);
  const taken = new Map(
    wanted.flatMap((jail) => {
      const isUp = !isDown(roster.jails.get(jail.name)?.phase ?? 'stopped');
      const why = isUp ? null : addressOfAnother(jail, null, roster);
      return why === null ? [] : [[jail.name, why] as const];
    }),
  );
  if (taken.size > 0)
    return [...taken].map(([jail, why]) => ({
      ...{ jail, ok: false, changed: false, code: 2 },
      message: `not started: ${why}`,
    }));
  const replaced = wanted
    .filter(({ name }) => isDown(roster.jails.get(name)?.phase ?? 'stopped'))
    .map((definition) => roster.replace(definition));
  const outcomes = await start(names);
  // Whoever was refused has not been anywhere from where it would be forgotten.
  for (const jail of replaced) if (roster.jails.get(jail.name) === jail) roster.forget(jail);
  return outcomes;
}

export interface CleaningContext {
  readonly host: Host;
  readonly planJail: PlanJail;
  readonly tell: DeedListener;
}

/** exec.poststop, taking away what the start of a jail had made, exec.release: for one of which nothing runs. */
export async function cleanUp(jail: Jail, { host, planJail, tell }: CleaningContext): Promise<Outcome> {
  const base = { jail: jail.name, changed: true } as const;
  const launch: Launch = { jail: jail.name, jailer: null, hooks: new Set() };
  const plan = planJail(jail, await host.facts(jail), { foreground: false, terminal: false });
  const { executors } = host;
  const trace: Parameters<typeof undoAll>[3] = (verb, step) => tell(jail.name, { kind: 'step', verb, step });
  const errors = [
    ...(await runEach(executors, plan.poststop, launch, trace)),
    ...(await undoAll(executors, plan.prepare, launch, trace)),
    ...(await runEach(executors, plan.release, launch, trace)),
  ];
  if (errors.length === 0) return { ...base, ok: true, code: 0, message: 'cleaned up' };
  const failure = failureOf(errors[0]);
  return { ...base, ...failure, ok: false, code: 1, message: `not cleaned up: ${failure.message}` };
}
