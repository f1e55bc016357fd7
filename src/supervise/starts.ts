import { isUp, type Phase } from './lifecycle.js';
import type { Clock } from './clock.js';
import type { SupervisedJail } from './jail.js';
import type { Outcome, StartOptions, StartProgress } from './operations.js';
import { withinTime } from './start-wait.js';
import { closure, waves } from './order.js';
import type { Roster } from './roster.js';

export interface StartContext extends StartOptions {
  readonly roster: Roster;
  readonly clock: Clock;
  /** Remembers that it is wanted. */
  readonly want: (name: string) => Promise<unknown>;
  readonly progress?: StartProgress | undefined;
}

/** Starts jails and whatever they depend on. @returns outcomes of those named, and of dependencies that were not up */
export async function startJails(
  names: readonly string[],
  context: StartContext,
): Promise<readonly Outcome[]> {
  const { roster } = context;
  const known = names.filter((name) => roster.jails.has(name));
  const all = closure(roster.graph, known);
  const ordered = waves(roster.graph, all).flat();
  const outcomes = new Map<string, Promise<Outcome>>();
  for (const name of [...ordered, ...all, ...names]) {
    if (outcomes.has(name)) continue;
    const refused = roster.refusal(name);
    outcomes.set(name, refused === null ? startOne(name, context, outcomes) : Promise.resolve(refused));
  }
  const asked = new Set(names);
  const results = await Promise.all(outcomes.values());
  return results.filter((outcome) => asked.has(outcome.jail) || outcome.changed || !outcome.ok);
}

async function startOne(
  name: string,
  context: StartContext,
  outcomes: ReadonlyMap<string, Promise<Outcome>>,
): Promise<Outcome> {
  const { roster } = context;
  const jail = roster.jails.get(name);
  if (jail === undefined) throw new Error(`${name} was not refused and is not there`);
  const wasUp = isUp(jail.phase);
  const standing = jail.phase === 'paused' ? 'already running, but paused' : 'already running';
  const saved = context.want(name);
  jail.start();
  if (wasUp) return saved.then(() => ({ jail: name, ok: true, changed: false, message: standing, code: 0 }));
  if (context.wait === false)
    return saved.then(() => ({ jail: name, ok: true, changed: true, message: 'is starting', code: 0 }));
  const outcome = await withinTime(jail, context, startedOrNot(jail, context, outcomes));
  await saved;
  context.progress?.(`${name}: ${outcome.message}`);
  return outcome;
}

async function startedOrNot(
  jail: SupervisedJail,
  { roster, clock }: StartContext,
  outcomes: ReadonlyMap<string, Promise<Outcome>>,
): Promise<Outcome> {
  const { name } = jail;
  const began = clock.monotonic();
  const depend = (roster.graph.get(name) ?? []).flatMap((other) => outcomes.get(other) ?? []);
  const down = (await Promise.all(depend)).filter((outcome) => !outcome.ok);
  if (down.length > 0) {
    const code = down.some((outcome) => outcome.code === 2) ? 2 : 1;
    return {
      ...waitingFor(
        name,
        down.map((outcome) => outcome.jail),
      ),
      code,
    };
  }
  const phase = await jail.untilAtRest();
  // What it depends on was up, and is so no more, or has ended already.
  if (phase === 'waiting') return waitingFor(name, roster.missing(jail));
  // At once: a jail that failed may be tried again while the disk is waited for, and then has no failure to tell of.
  return started(jail, phase, (clock.monotonic() - began) / 1000);
}

/** The outcome for a jail whose dependencies are not up. */
export function waitingFor(name: string, down: readonly string[]): Outcome {
  return {
    jail: name,
    ok: false,
    changed: false,
    message: `not started: waiting for ${down.join(', ')}`,
    waitsFor: down,
    hint: 'it starts by itself when they run',
    code: 1,
  };
}

/** The outcome of a start, or of a restart. */
export function started(jail: SupervisedJail, phase: Phase, seconds: number, verb = 'started'): Outcome {
  const base = { jail: jail.name, changed: true };
  const time = `${seconds.toFixed(1)} s`;
  if (isUp(phase)) {
    // A command that is done by now has left no process to name.
    const pid = jail.jailer === null ? '' : `pid ${jail.jailer.initPid}, `;
    return { ...base, ok: true, code: 0, message: `${verb} (${pid}${time})` };
  }
  if (phase === 'stopped') return { ...base, ok: false, code: 1, message: `not ${verb}: stopped meanwhile` };
  if (phase === 'stuck')
    return { ...base, ok: false, code: 1, message: `not ${verb}: what ran before cannot be killed` };
  const { exit, failure } = jail.history;
  if (phase === 'ended' || failure === null) {
    const ended = exit?.cause ?? 'ended';
    return {
      ...base,
      ok: phase === 'ended',
      code: phase === 'ended' ? 0 : 1,
      message: `${verb}, then ended: ${ended} (${time})`,
    };
  }
  return { ...base, ...failure, ok: false, code: 1, message: `not ${verb}: ${failure.message}` };
}
