import type { Jail } from '../config/compile.js';
import type { Host } from '../host/host.js';
import { changedSettings } from '../plan/cgroup-change.js';
import type { JailPlan, StepOf } from '../plan/step.js';
import { runEach } from './executor.js';
import type { Incarnation, PlanJail } from './incarnation.js';

type Limit = StepOf<'cgroup.set'>;

/** Changes a running jail to a new definition of which only live parameters differ. @returns what failed */
export async function changeLive(
  life: Incarnation,
  jail: Jail,
  host: Host,
  planJail: PlanJail,
): Promise<readonly unknown[]> {
  const old = life.plan;
  if (old === null) return [];
  const facts = await host.facts(jail);
  const fresh = planJail(jail, { ...facts, jid: life.jid, launch: life.id }, life.mode);
  const errors = await runEach(host.executors, changedLimits(old, fresh), life.launch);
  const { poststart, stop, poststop, release, startTimeout, stopTimeout } = fresh;
  life.plan = {
    ...old,
    poststart,
    stop,
    poststop,
    release,
    startTimeout,
    stopTimeout,
    prepare: withLimits(old, fresh),
  };
  life.jail = jail;
  return errors;
}

/** The limits to write: those that are new or different, and no limit for those that are gone. */
function changedLimits(old: JailPlan, fresh: JailPlan): readonly Limit[] {
  const settings = (plan: JailPlan) => limitsOf(plan).map(({ args }) => args);
  return changedSettings(settings(old), settings(fresh)).map((args) => ({ name: 'cgroup.set', args }));
}

function limitsOf(plan: JailPlan): readonly Limit[] {
  return plan.prepare.filter((step) => step.name === 'cgroup.set');
}

function withLimits(old: JailPlan, fresh: JailPlan): JailPlan['prepare'] {
  const limits = limitsOf(fresh);
  const rest = old.prepare.filter((step) => step.name !== 'cgroup.set');
  const place = rest.findIndex((step) => step.name === 'cgroup.create') + 1;
  return [...rest.slice(0, place), ...limits, ...rest.slice(place)];
}
