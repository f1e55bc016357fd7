import { changedSettings } from '../../plan/cgroup-change.js';
import type { JailPlan, Step, StepArgs, StepOf } from '../../plan/step.js';

/** Steps of a running jail that can be given up, taken up or changed, beside its limits; a plan has at most one of each. */
export const network = ['network.attach', 'network.limit', 'firewall.set'] as const;
export type NetworkStep = (typeof network)[number];

type Limit = StepOf<'cgroup.set'>;

/** The step of that name in a plan, if it is in it. */
export function stepOf<K extends NetworkStep>(plan: JailPlan, name: K): StepOf<K> | undefined {
  return plan.prepare.find((step): step is StepOf<K> => step.name === name);
}

/** What of a step that may have changed is the same in both, or in none of them. */
export function isSame(before: Step | undefined, after: Step | undefined): boolean {
  return JSON.stringify(before?.args) === JSON.stringify(after?.args);
}

/** What a change may have done when it has not come to its end: steps that are other ones then, or given up. */
export function turningSteps(old: JailPlan, fresh: JailPlan): readonly Step[] {
  return network.flatMap((name): readonly Step[] => {
    const [before, after] = [stepOf(old, name), stepOf(fresh, name)];
    return isSame(before, after) ? [] : [after ?? before].flatMap((step) => step ?? []);
  });
}

/** `plan` as it is after a change of these steps, all of it done. */
export function turnedPlan(plan: JailPlan, turning: readonly Step[]): JailPlan {
  const kept = plan.prepare.filter(({ name }) => !turning.some((step) => step.name === name));
  const taken = turning.filter(
    (step) => !plan.prepare.some((one) => one.name === step.name && isSame(one, step)),
  );
  return { ...plan, prepare: [...kept, ...taken] };
}

/** The limits to write: those that are new or different, and no limit for those that are gone. */
export function changedLimits(old: JailPlan, fresh: JailPlan): readonly Limit[] {
  const settings = (plan: JailPlan): readonly StepArgs['cgroup.set'][] =>
    plan.prepare.flatMap((step) => (step.name === 'cgroup.set' ? [step.args] : []));
  return changedSettings(settings(old), settings(fresh)).map((args) => ({ name: 'cgroup.set', args }));
}

const changes = (name: Step['name']): boolean => name === 'cgroup.set' || network.some((one) => one === name);

/**
 * The plan of a jail that was made as `old` and is by now what `fresh` says, as far as that can change: what is undone at
 * its end is what there is.
 */
export function amendedPlan(old: JailPlan, fresh: JailPlan): JailPlan {
  const { poststart, stop, poststop, release, startTimeout, stopTimeout, checks = [] } = fresh;
  const rest = old.prepare.filter(({ name }) => !changes(name));
  const limits = fresh.prepare.filter(({ name }) => name === 'cgroup.set');
  const links = fresh.prepare.filter(({ name }) => changes(name) && name !== 'cgroup.set');
  const prepare = rest.flatMap((step): readonly Step[] => {
    if (step.name === 'cgroup.create') return [step, ...limits];
    return step.name === 'netns.name' ? [step, ...links] : [step];
  });
  return { ...old, poststart, stop, poststop, release, startTimeout, stopTimeout, checks, prepare };
}
