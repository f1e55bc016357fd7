import type { JailParams } from '../config/params.js';
import type { HostFacts } from './facts.js';
import {
  amountsOf,
  limitDefaults,
  type CgroupLimits,
  type HostMemory,
  type LimitName,
} from './limit-amounts.js';
import { rctlLimits } from './rctl.js';

/** A hierarchy that has a controller. */
export interface Place {
  readonly version: 1 | 2;
  /** Directory below which the jails' cgroups lie. */
  readonly directory: string;
}

/** What a translation needs to know of the host. */
export interface LimitContext {
  readonly blockDevices: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
  readonly placeOf: (controller: string) => Place | null;
}

type Write = readonly [file: string, value: string];

/** The writes of one parameter, below the directory; `unsupported` says why there are none, `close` what is lost. */
export interface Translated {
  readonly directory: string;
  readonly writes: readonly Write[];
  readonly unsupported?: string;
  readonly close?: string;
}

type Outcome = Omit<Translated, 'directory'>;
type Translation<T> = (value: T, limits: CgroupLimits, context: LimitContext) => Outcome;

interface Limit<T> {
  readonly controller: string;
  readonly v2: Translation<T>;
  readonly v1: Translation<T>;
}

const write = (...writes: readonly Write[]): Outcome => ({ writes });
const refuse = (reason: string): Outcome => ({ writes: [], unsupported: reason });
const max = (amount: number): string => (amount === Infinity ? 'max' : String(amount));
const minusOne = (amount: number): string => (amount === Infinity ? '-1' : String(amount));

const MEMSW = 'memory.memsw.limit_in_bytes';

const onlyV2 = <T>(controller: string, file: string, text: (value: T) => string, neutral: T): Limit<T> => ({
  controller,
  v2: (value) => write([file, text(value)]),
  v1: (value) => (value === neutral ? write() : refuse('cgroup v1 has nothing like it')),
});

const hugetlb = (size: string): Limit<number> => ({
  controller: 'hugetlb',
  v2: (bytes) => write([`hugetlb.${size}.max`, max(bytes)]),
  v1: (bytes) => write([`hugetlb.${size}.limit_in_bytes`, minusOne(bytes)]),
});

const cpuset = (file: 'cpuset.cpus' | 'cpuset.mems'): Limit<string> => ({
  controller: 'cpuset',
  v2: (list) => write([file, list]),
  v1: (list) => write([file, list]),
});

/** v1: the limit of memory and swap together must never be below that of memory, so it is lifted before both are set. */
function memoryMaxV1(bytes: number, limits: CgroupLimits, { missing }: LimitContext): Outcome {
  const limit = ['memory.limit_in_bytes', minusOne(bytes)] as const;
  const lifts = limits['memory.swap.max'] !== undefined && !missing.includes(MEMSW);
  return lifts ? write([MEMSW, '-1'], limit) : write(limit);
}

/** v1 has no limit of swap alone. */
function swapMaxV1(bytes: number, limits: CgroupLimits, { missing }: LimitContext): Outcome {
  const memory = limits['memory.max'] ?? Infinity;
  if (missing.includes(MEMSW)) return refuse('this kernel does not count swap (boot it with swapaccount=1)');
  if (bytes === Infinity) return write([MEMSW, '-1']);
  if (memory === Infinity) return refuse('cgroup v1 limits memory and swap together: set memory.max too');
  return write([MEMSW, String(memory + bytes)]);
}

/** The kernel takes a weight of 100 for 1024 shares (kernel/sched: sched_weight_from_cgroup); 2 is the least. */
const cpuShares = (weight: number): number => Math.max(2, Math.round((weight * 1024) / 100));

/** io.weight is 1 to 10,000, BFQ's 1 to 1000, and 100 is the middle of both. */
const bfqWeight = (weight: number): number =>
  weight <= 100 ? weight : 100 + Math.round(((weight - 100) * 900) / 9900);

function ioWeight(weight: number, files: readonly string[], missing: readonly string[]): Outcome {
  const file = files.find((candidate) => !missing.includes(candidate));
  if (file === undefined) return refuse('no I/O scheduler of this kernel has weights (bfq has)');
  return write([file, file === 'io.weight' ? `default ${weight}` : String(bfqWeight(weight))]);
}

type IoLimits = NonNullable<CgroupLimits['io.max']>;
type IoKey = 'rbps' | 'wbps' | 'riops' | 'wiops';

const throttles: readonly (readonly [IoKey, string])[] = [
  ['rbps', 'blkio.throttle.read_bps_device'],
  ['wbps', 'blkio.throttle.write_bps_device'],
  ['riops', 'blkio.throttle.read_iops_device'],
  ['wiops', 'blkio.throttle.write_iops_device'],
];

/** A key that is not given is written as no limit, so that it also goes from a jail that is running. */
function ioMax(limits: IoLimits, context: LimitContext, version: 1 | 2): Outcome {
  const writes: Write[] = [];
  for (const limit of limits) {
    const number = limit.device.startsWith('/') ? context.blockDevices.get(limit.device) : limit.device;
    if (number === undefined) return refuse(`${limit.device} is not a block device of this host`);
    const amounts = throttles.map(([key, file]) => [key, file, limit[key] ?? Infinity] as const);
    if (version === 2)
      writes.push([
        'io.max',
        [number, ...amounts.map(([key, , amount]) => `${key}=${max(amount)}`)].join(' '),
      ]);
    // v1: 0 takes a throttle away.
    else
      for (const [, file, amount] of amounts)
        writes.push([file, `${number} ${amount === Infinity ? 0 : amount}`]);
  }
  return { writes };
}

/** THE TABLE of limits: cgroup v2's files (Documentation/admin-guide/cgroup-v2.rst), and what v1 has for them. */
const limits: { readonly [K in LimitName]: Limit<NonNullable<CgroupLimits[K]>> } = {
  'memory.max': {
    controller: 'memory',
    v2: (bytes) => write(['memory.max', max(bytes)]),
    v1: memoryMaxV1,
  },
  'memory.swap.max': {
    controller: 'memory',
    v2: (bytes, _, { missing }) =>
      missing.includes('memory.swap.max')
        ? refuse('this kernel has no swap')
        : write(['memory.swap.max', max(bytes)]),
    v1: swapMaxV1,
  },
  'memory.high': {
    controller: 'memory',
    v2: (bytes) => write(['memory.high', max(bytes)]),
    v1: (bytes) => ({
      writes: [['memory.soft_limit_in_bytes', minusOne(bytes)]],
      close: 'cgroup v1 has a soft limit, which counts only when the whole host is short of memory',
    }),
  },
  'memory.low': onlyV2<number>('memory', 'memory.low', max, 0),
  'memory.min': onlyV2<number>('memory', 'memory.min', max, 0),
  'memory.oom.group': onlyV2<boolean>('memory', 'memory.oom.group', (on) => (on ? '1' : '0'), false),
  'cpu.max': {
    controller: 'cpu',
    v2: ({ quota, period }) => write(['cpu.max', `${max(quota)} ${period}`]),
    v1: ({ quota, period }) =>
      write(['cpu.cfs_period_us', String(period)], ['cpu.cfs_quota_us', minusOne(quota)]),
  },
  'cpu.weight': {
    controller: 'cpu',
    v2: (weight) => write(['cpu.weight', String(weight)]),
    v1: (weight) => write(['cpu.shares', String(cpuShares(weight))]),
  },
  'cpuset.cpus': cpuset('cpuset.cpus'),
  'cpuset.mems': cpuset('cpuset.mems'),
  'pids.max': {
    controller: 'pids',
    v2: (count) => write(['pids.max', max(count)]),
    v1: (count) => write(['pids.max', max(count)]),
  },
  'io.max': {
    controller: 'io',
    v2: (devices, _, context) => ioMax(devices, context, 2),
    v1: (devices, _, context) => ioMax(devices, context, 1),
  },
  'io.weight': {
    controller: 'io',
    v2: (weight, _, { missing }) => ioWeight(weight, ['io.weight', 'io.bfq.weight'], missing),
    v1: (weight, _, { missing }) => ioWeight(weight, ['blkio.bfq.weight'], missing),
  },
  'hugetlb.2MB.max': hugetlb('2MB'),
  'hugetlb.1GB.max': hugetlb('1GB'),
};

/** Files that not every kernel has; the host looks for them once (`CgroupFacts.missing`). */
export const optionalFiles: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.swap.max', MEMSW],
  io: ['io.weight', 'io.bfq.weight'],
  blkio: ['blkio.bfq.weight'],
};

/** One limit as writes below a directory, or why it cannot be had on this host. */
export function translate<K extends LimitName>(
  parameter: K,
  all: CgroupLimits,
  context: LimitContext,
): Translated {
  const value = all[parameter];
  // The table's type ties the value to the key, which the compiler cannot follow through a union of keys.
  const limit = limits[parameter] as Limit<unknown>;
  const place = context.placeOf(limit.controller);
  if (place === null)
    return { directory: '', ...refuse(`this host has no ${limit.controller} controller for cgroups`) };
  const translation = place.version === 2 ? limit.v2 : limit.v1;
  return { directory: place.directory, ...translation(value, all, context) };
}

/** Every limit of a jail: what it says itself, else its rules of rctl(8), else the default. */
export function limitsOf(values: JailParams, host: HostMemory, defaults: JailParams): CgroupLimits {
  return {
    ...amountsOf(defaults, host),
    ...rctlLimits(values),
    ...amountsOf(values, host),
  };
}

/** Bytes of memory that a jail may have, or null for no limit of its own. */
export function memoryLimit(values: JailParams, { limits }: Pick<HostFacts, 'limits'>): number | null {
  const limit = limitsOf(values, limits.memory, limitDefaults)['memory.max'] ?? Infinity;
  return limit === Infinity ? null : limit;
}
