import type { CgroupLimits } from './cgroup-limits.js';

/** Limits that rctl rules amount to here. */
export interface RctlLimits {
  readonly limits: CgroupLimits;
  /** setrlimit(2) names → the amount for both limits. */
  readonly rlimits: Readonly<Record<string, number>>;
  readonly unsupported: readonly { readonly parameter: string; readonly reason: string }[];
}

const RULE = /^(?:jail:[^:]*:)?([a-z]+):([a-z0-9]+)=(\d+(?:\.\d+)?)([kmgtpe]?)b?(?:\/([a-z]+))?$/i;
const CPU_PERIOD = 100_000;

type NumberLimit = 'memory.max' | 'memory.high' | 'memory.swap.max' | 'pids.max';

/** RESOURCE:ACTION → the parameter that does it. `log` is the soft form of `deny`. */
const parameters: Readonly<Record<string, NumberLimit>> = {
  'memoryuse:deny': 'memory.max',
  'vmemoryuse:deny': 'memory.max',
  'memoryuse:log': 'memory.high',
  'swapuse:deny': 'memory.swap.max',
  'maxproc:deny': 'pids.max',
  'nthr:deny': 'pids.max',
};

const rlimitNames: Readonly<Record<string, string>> = {
  openfiles: 'nofile',
  memorylocked: 'memlock',
  stacksize: 'stack',
  datasize: 'data',
  coredumpsize: 'core',
};

/** Why the other resources and actions do nothing here. */
function refusal(resource: string, action: string): string {
  if (/^(?:read|write)(?:bps|iops)$/.test(resource))
    return 'Linux limits I/O for each device: use io.max = "/dev/NAME ..."';
  if (action !== 'deny') return `the action ${action} does nothing here: use deny`;
  return `nothing here limits ${resource} for a jail`;
}

/** Rules of rctl(8), RESOURCE:ACTION=AMOUNT, as limits of this host. Where two rules say the same, the lower counts. */
export function rctlLimits(rules: readonly string[]): RctlLimits {
  const limits: { -readonly [K in keyof CgroupLimits]: CgroupLimits[K] } = {};
  const rlimits: Record<string, number> = {};
  const unsupported: { parameter: string; reason: string }[] = [];
  for (const rule of rules) {
    const [, resource = '', action = '', number = '0', unit = ''] = RULE.exec(rule.toLowerCase()) ?? [];
    const amount = Math.floor(Number(number) * 1024 ** (unit === '' ? 0 : ' kmgtpe'.indexOf(unit)));
    const parameter = parameters[`${resource}:${action}`];
    const rlimit = action === 'deny' ? rlimitNames[resource] : undefined;
    if (parameter !== undefined) limits[parameter] = Math.min(limits[parameter] ?? Infinity, amount);
    else if (rlimit !== undefined) rlimits[rlimit] = Math.min(rlimits[rlimit] ?? Infinity, amount);
    else if (resource === 'pcpu' && action === 'deny')
      limits['cpu.max'] = { quota: Math.max(1000, amount * (CPU_PERIOD / 100)), period: CPU_PERIOD };
    else unsupported.push({ parameter: `rctl ${rule}`, reason: refusal(resource, action) });
  }
  return { limits, rlimits, unsupported };
}
