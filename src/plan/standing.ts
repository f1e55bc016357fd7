import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import { jailCapabilities } from './capabilities.js';
import { policyBase } from './seccomp.js';
import type { JailPlan, LaunchRecord, Step, StepName } from './step.js';

/** What a life of a jail has left of its network for the next one. */
export interface Standing {
  /** File of the network namespace, which holds the links in it, and the user namespace that it was made in. */
  readonly netns: string;
  /** The steps that are done, in their order. */
  readonly steps: readonly Step[];
  /** What of the launch plan has made these namespaces what they are. */
  readonly records: readonly LaunchRecord[];
}

const networkSteps: ReadonlySet<StepName> = new Set<StepName>([
  'netns.name',
  'network.attach',
  'network.limit',
  'firewall.set',
]);

/** With these the jail may have changed what is set in its namespaces; capabilities(7). */
const changing: readonly string[] = ['net_admin', 'sys_admin', 'sys_resource'];
/** Limits that a user namespace takes from whoever makes it (create_user_ns() in kernel/user_namespace.c). */
const countedLimits: readonly string[] = ['memlock', 'msgqueue', 'sigpending'];

/**
 * Whether the network of a jail can only be as jaild has made it. Commands of the host's that come after it may have put
 * something in, and would again; without the default policy the keys of the jail's users (keyrings(7)) would outlive it.
 */
function isUntouched(values: JailParams): boolean {
  const { 'exec.created': created = [], 'exec.poststart': poststart = [] } = values;
  return (
    created.length + poststart.length === 0 &&
    (values['vnet.interface'] ?? []).length === 0 &&
    policyBase(values).kind === 'default' &&
    !jailCapabilities(values).some((name) => changing.includes(name))
  );
}

function definingRecords({ prepare }: JailPlan): readonly LaunchRecord[] {
  const spawn = prepare.find((step) => step.name === 'jailer.spawn');
  return (spawn?.args.records ?? []).filter(([key, name = '']) => {
    if (key === 'rlimit') return countedLimits.includes(name);
    return ['namespaces', 'uid_map', 'gid_map', 'sysctl'].includes(key);
  });
}

/** What of a life that was prepared by this plan can be left to the next one; null when that is nothing. */
export function standingOf(jail: Jail, plan: JailPlan): Standing | null {
  const steps = plan.prepare.filter(({ name }) => networkSteps.has(name));
  const named = steps.find((step) => step.name === 'netns.name');
  if (named === undefined || !isUntouched(jail.values)) return null;
  return { netns: named.args.path, steps, records: definingRecords(plan) };
}

/** Whether what stands is what a plan would make. Both are as planJail() writes them, or as JSON has kept that. */
export function isWhatIsPlanned(standing: Standing, jail: Jail, plan: JailPlan): boolean {
  return JSON.stringify(standing) === JSON.stringify(standingOf(jail, plan));
}
