import { hasOwnIpc } from '../config/rctl/possible.js';
import { resourceOf, type ResourceName, type RlimitName } from '../config/rctl/resources.js';
import { isLimit, type RctlRule } from '../config/rctl/rule.js';
import type { JailParams } from '../config/params.js';
import type { CgroupLimits } from './limit-amounts.js';
import type { LaunchRecord } from './step.js';

/** What rules make of a jail when it starts; the kernel takes nothing else later. */
export interface RctlLaunch {
  /** setrlimit(2) names → the amount for both limits. */
  readonly rlimits: Readonly<Partial<Record<RlimitName, number>>>;
  /** Of its own IPC namespace. */
  readonly sysctls: readonly LaunchRecord[];
  readonly pseudoterminals: number | null;
}

type Amounts = Readonly<Partial<Record<ResourceName, number>>>;

const CPU_PERIOD = 100_000;
/** kernel.shmall counts pages; where they are larger than this, kernel.shmmax still holds for each segment. */
const PAGE = 4096;
/** What Linux gives a new IPC namespace: SEMMSL SEMMNS SEMOPM SEMMNI (include/uapi/linux/sem.h). */
const SEMAPHORES = { perSet: 32_000, all: 1_024_000_000, operations: 500, sets: 32_000 } as const;

/** The limits for the jail or for each of its processes; of two rules about the same the lower counts. */
function limitsFor(rules: readonly RctlRule[], per: 'jail' | 'process'): Amounts {
  const amounts: Partial<Record<ResourceName, number>> = {};
  for (const rule of rules)
    if (isLimit(rule) && rule.per === per)
      amounts[rule.resource] = Math.min(amounts[rule.resource] ?? Infinity, rule.amount);
  return amounts;
}

const entriesOf = (amounts: Amounts): readonly (readonly [ResourceName, number])[] =>
  // Object.entries() forgets which keys there are.
  Object.entries(amounts) as [ResourceName, number][];

/** What rules are as limits of the jail's cgroup: those of I/O are about the disk that holds `path`. */
export function rctlLimits({ rctl = [], path = '/' }: JailParams): CgroupLimits {
  const limits: { -readonly [K in keyof CgroupLimits]: CgroupLimits[K] } = {};
  const rates: Partial<Record<'rbps' | 'wbps' | 'riops' | 'wiops', number>> = {};
  for (const [resource, amount] of entriesOf(limitsFor(rctl, 'jail'))) {
    const { means } = resourceOf(resource);
    if (means?.by === 'io.max') rates[means.key] = amount;
    if (means?.by !== 'cgroup') continue;
    const { parameter } = means;
    // The least that the kernel takes is 1 ms.
    if (parameter === 'cpu.max')
      limits['cpu.max'] = { quota: Math.max(1000, amount * (CPU_PERIOD / 100)), period: CPU_PERIOD };
    else limits[parameter] = Math.min(limits[parameter] ?? Infinity, amount);
  }
  if (Object.keys(rates).length > 0) limits['io.max'] = [{ device: path, ...rates }];
  return limits;
}

/** Whether rules slow down what goes to the disk that holds `path`, so that its number must be known. */
export function limitsDisk(values: JailParams): boolean {
  return values['io.max'] === undefined && rctlLimits(values)['io.max'] !== undefined;
}

/** What rules set when a jail starts. */
export function rctlLaunch(values: JailParams): RctlLaunch {
  const { rctl = [] } = values;
  const [ofJail, ofProcess] = [limitsFor(rctl, 'jail'), limitsFor(rctl, 'process')];
  const rlimits: Partial<Record<RlimitName, number>> = {};
  const lower = (name: RlimitName, amount: number): void => {
    rlimits[name] = Math.min(rlimits[name] ?? Infinity, amount);
  };
  for (const [resource, amount] of entriesOf(ofJail)) {
    const { means } = resourceOf(resource);
    if (means?.by === 'rlimit') lower(means.name, amount);
  }
  for (const [resource, amount] of entriesOf(ofProcess)) {
    const { ofProcess: name } = resourceOf(resource);
    if (name !== undefined) lower(name, amount);
  }
  return {
    rlimits,
    sysctls: hasOwnIpc(values) ? ipcSysctls(ofJail) : [],
    pseudoterminals: ofJail.pseudoterminals ?? null,
  };
}

/** Documentation/admin-guide/sysctl/kernel.rst; a jail with a user namespace may set them from Linux 6.9 on. */
function ipcSysctls({ shmsize, nshm, nsem, nsemop, nmsgq, msgqsize }: Amounts): readonly LaunchRecord[] {
  const { perSet, all, operations, sets } = SEMAPHORES;
  const sem = [perSet, nsem ?? all, nsemop ?? operations, sets].join(' ');
  const values: readonly (readonly [string, number | string | undefined])[] = [
    ['kernel.shmall', shmsize === undefined ? undefined : Math.floor(shmsize / PAGE)],
    ['kernel.shmmax', shmsize],
    ['kernel.shmmni', nshm],
    ['kernel.sem', nsem === undefined && nsemop === undefined ? undefined : sem],
    ['kernel.msgmni', nmsgq],
    ['kernel.msgmnb', msgqsize],
  ];
  return values.flatMap(([name, value]): readonly LaunchRecord[] =>
    value === undefined ? [] : [['sysctl', name, String(value)]],
  );
}

/** Whether other rules are other limits only once the jail is started again. */
export function rctlNeedsRestart(before: JailParams, after: JailParams): boolean {
  return JSON.stringify(rctlLaunch(before)) !== JSON.stringify(rctlLaunch(after));
}
