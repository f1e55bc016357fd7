import { isDown, isUp, type Phase } from './lifecycle.js';
import type { Clock } from './clock.js';
import type { SupervisedJail } from './jail.js';
import type { Outcome, StopOptions } from './operations.js';
import { closure, waves } from './order.js';
import { noSuchJail, type Roster } from './roster.js';

export interface StopContext extends StopOptions {
  readonly roster: Roster;
  readonly clock: Clock;
  /** A stop command that fails does not keep its jail up. */
  readonly insist: boolean;
  /** Remembers what is wanted. Resolves with null, or why a later jaild will not know of it. */
  readonly want: (name: string, want: 'up' | 'down') => Promise<string | null>;
}

/** Stops jails, those that depend on them first. */
export async function stopJails(names: readonly string[], context: StopContext): Promise<readonly Outcome[]> {
  const { roster } = context;
  const known = names.filter((name) => roster.jails.has(name));
  const unknown = names.filter((name) => !roster.jails.has(name));
  const cascade = context.cascade === true || names.length !== 1;
  const held = cascade ? [] : known.map((name) => runningDependants(roster, name)).flat();
  const [only] = known;
  if (held.length > 0 && only !== undefined) return [heldBy(only, held)];
  const asked = new Set(known);
  const withDependants = closure(roster.dependants, known);
  const goes = (name: string): boolean => asked.has(name) || (cascade && isActive(roster.jails.get(name)));
  const all = withDependants.filter(goes);
  const ordered = waves(roster.graph, all).flat().reverse();
  // What is in a cycle, or above one, has no order; it runs from before the files said so, and goes first.
  const placed = new Set(ordered);
  const unordered = all.filter((name) => !placed.has(name));
  const outcomes = new Map<string, Promise<Outcome>>();
  for (const name of [...unordered, ...ordered]) {
    const dependants = (roster.dependants.get(name) ?? []).flatMap((other) => outcomes.get(other) ?? []);
    outcomes.set(name, stopAfter(name, dependants, context));
  }
  const stopped = await Promise.all(outcomes.values());
  return [...unknown.map((name) => noSuchJail(name, [...roster.jails.keys()])), ...stopped];
}

/** Up, or on the way to it: what a dependency is needed for. */
function isActive(jail: SupervisedJail | undefined): boolean {
  return jail !== undefined && (!isDown(jail.phase) || jail.target === 'up');
}

/** Names of those that run and depend on a jail, however far from it. */
export function runningDependants(roster: Roster, name: string): readonly string[] {
  const above = closure(roster.dependants, [name]).filter((other) => other !== name);
  return above.filter((other) => !isDown(roster.jails.get(other)?.phase ?? 'stopped'));
}

function heldBy(name: string, held: readonly string[]): Outcome {
  return {
    jail: name,
    ok: false,
    changed: false,
    message: `not stopped: needed by ${held.join(', ')}`,
    hint: 'stop those too with --cascade',
    code: 1,
  };
}

async function stopAfter(
  name: string,
  dependants: readonly Promise<Outcome>[],
  context: StopContext,
): Promise<Outcome> {
  const failed = (await Promise.all(dependants)).filter((outcome) => !outcome.ok);
  const up = failed.filter((outcome) => isUp(context.roster.jails.get(outcome.jail)?.phase ?? 'stopped'));
  if (up.length === 0 || context.insist || context.force === true) return stopOne(name, context);
  return heldBy(
    name,
    up.map((outcome) => outcome.jail),
  );
}

async function stopOne(name: string, context: StopContext): Promise<Outcome> {
  const jail = context.roster.jails.get(name);
  if (jail === undefined)
    return { jail: name, ok: true, changed: false, message: 'already stopped', code: 0 };
  const began = context.clock.monotonic();
  const wasDown = jail.phase === 'stopped' || jail.phase === 'ended' || jail.phase === 'failed';
  const saved = context.want(name, 'down');
  const { force = false, hooks = true, insist } = context;
  jail.stop({ force, hooks, insist });
  const phase = await jail.until((now) => isDown(now) || isUp(now) || now === 'stuck');
  if (isUp(phase)) await context.want(name, 'up');
  const refusal = await saved;
  const outcome: Outcome = wasDown
    ? { jail: name, ok: true, changed: false, message: 'already stopped', code: 0 }
    : stopped(jail, phase, (context.clock.monotonic() - began) / 1000);
  return refusal === null || !outcome.ok ? outcome : forgettable(outcome, refusal);
}

/** It is stopped, and whoever asked for that is told that it might not stay so. */
function forgettable(outcome: Outcome, refusal: string): Outcome {
  return {
    ...outcome,
    ok: false,
    code: 1,
    message: `${outcome.message}, but that is not on the disk: ${refusal}`,
    hint: 'until it is, which is tried every 5 s, another jaild may start it',
  };
}

function stopped(jail: SupervisedJail, phase: Phase, seconds: number): Outcome {
  const base = { jail: jail.name, code: 1 } as const;
  const { failure } = jail.history;
  const why = failure?.message ?? 'a stop command failed';
  const command = failure?.command === undefined ? {} : { command: failure.command };
  if (isUp(phase))
    return {
      ...base,
      ...command,
      ok: false,
      changed: false,
      message: `not stopped: ${why}`,
      hint: 'stop it anyway with --force',
    };
  if (phase === 'stuck')
    return { ...base, ok: false, changed: true, message: 'not stopped: it was killed and is not gone' };
  if (failure !== null && phase === 'stopped')
    return { ...base, ...command, ok: false, changed: true, message: `stopped, but: ${why}` };
  return { jail: jail.name, ok: true, changed: true, code: 0, message: `stopped (${seconds.toFixed(1)} s)` };
}
