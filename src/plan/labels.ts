import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import { PlanError } from './error.js';
import type { HostFacts } from './facts.js';
import type { LaunchRecord } from './step.js';

/** A parameter that labels a jail is named like the module of the kernel that takes the label, and says what that is. */
const modules = { apparmor: 'AppArmor', selinux: 'SELinux' } as const;
export type LabelName = keyof typeof modules;
export const labelNames: readonly LabelName[] = ['apparmor', 'selinux'];

/** The labels that a jail asks for. */
export const labelsOf = (values: JailParams): readonly (readonly [LabelName, string])[] =>
  labelNames.flatMap((name) => {
    const label = values[name];
    return label === undefined ? [] : [[name, label] as const];
  });

/** Why the host can't give a label, and what to do; null where it can. */
export function refuseLabel(
  name: LabelName,
  enabled: readonly string[],
): { readonly message: string; readonly hint: string } | null {
  if (enabled.includes(name)) return null;
  const has = enabled.length === 0 ? 'none' : enabled.join(', ');
  return {
    message: `${modules[name]} is not enabled in this kernel (security modules: ${has})`,
    hint: `take "${name}" out, or boot a kernel that has it among lsm=`,
  };
}

/** The records of the labels that commands get. Throws PlanError where the kernel has no such labels: nothing is run without. */
export function labelRecords({ values, name: jail }: Jail, facts: HostFacts): readonly LaunchRecord[] {
  return labelsOf(values).map(([name, label]): LaunchRecord => {
    const refusal = refuseLabel(name, facts.securityModules ?? []);
    if (refusal !== null) throw new PlanError(name, jail, refusal.message, refusal.hint);
    return [name, label];
  });
}
