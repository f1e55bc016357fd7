import type { JailParams } from '../config/params.js';
import { isShare, type Amount } from '../config/values/quantity.js';

/** Parameters that are files of a cgroup, in the order in which they are written. */
export const limitNames = [
  'memory.max',
  'memory.swap.max',
  'memory.high',
  'memory.low',
  'memory.min',
  'memory.oom.group',
  'cpu.max',
  'cpu.weight',
  'cpuset.cpus',
  'cpuset.mems',
  'pids.max',
  'io.max',
  'io.weight',
  'hugetlb.2MB.max',
  'hugetlb.1GB.max',
] as const;

export type LimitName = (typeof limitNames)[number];

/** Limits in the units of control files: a share of the host's memory has become bytes. */
export type CgroupLimits = {
  readonly [K in LimitName]?: Amount extends JailParams[K] ? number : NonNullable<JailParams[K]>;
};

/** What limits may be shares of, in bytes. */
export interface HostMemory {
  readonly total: number;
  readonly swap: number;
}

/**
 * The limits of a jail that sets none. A quarter of the memory is left for what the host's root needs, whatever one jail
 * does; of the swap half, since a host that has filled it is slow for all.
 */
export const limitDefaults: JailParams = {
  'pids.max': 4096,
  'memory.max': { percent: 75 },
  'memory.swap.max': { percent: 50 },
};

/** Shares are rounded down to this: all page sizes divide it, so that the kernel shows what was written. */
const UNIT = 1024 * 1024;

/** Bytes of an amount, of which a share is one of `whole`. */
export function bytesOf(amount: Amount, whole: number): number {
  if (typeof amount === 'number') return amount;
  return Math.floor((whole * amount.percent) / 100 / UNIT) * UNIT;
}

/** The limits that parameters set, in bytes. */
export function amountsOf(values: JailParams, host: HostMemory): CgroupLimits {
  const limits = limitNames.flatMap((name): readonly (readonly [LimitName, unknown])[] => {
    const value = values[name];
    if (value === undefined) return [];
    const whole = name === 'memory.swap.max' ? host.swap : host.total;
    return [[name, isShare(value) ? bytesOf(value, whole) : value]];
  });
  return Object.fromEntries(limits);
}
