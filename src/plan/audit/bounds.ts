import { sizeText } from '../../config/values/quantity.js';
import { leavesTheJail } from '../resource-limits.js';
import type { Expectation } from './expectation.js';
import type { Door } from './finding.js';
import type { Observation } from './observation.js';
import type { Judge } from './privileges.js';

/** What v1 says for no limit is as many pages as fit a long. */
const UNLIMITED = 2 ** 62;
const PAGE = 65_536;

/** A control file's value as an amount: "max", "-1", a number, or "QUOTA PERIOD" as a share. NaN for anything else. */
export function controlAmount(text: string): number {
  const [first = '', period] = text.trim().split(/\s+/);
  if (first === 'max' || first === '-1') return Infinity;
  const number = /^\d+$/.test(first) ? Number(first) : NaN;
  if (number >= UNLIMITED) return Infinity;
  return period === undefined ? number : number / Number(period);
}

const base = (file: string): string => file.slice(file.lastIndexOf('/') + 1);
/** Files in which more is weaker. */
const isCeiling = (file: string): boolean => /(\.max|\.high|limit_in_bytes|cfs_quota_us)$/.test(file);

function isWeaker(planned: string, actual: string): boolean {
  const [limit, now] = [controlAmount(planned), controlAmount(actual)];
  // The kernel rounds bytes to pages.
  return now > (limit > PAGE ? limit + PAGE : limit);
}

function tooLarge(
  seen: Observation,
  plan: Expectation,
  wanted: (file: string) => boolean,
): readonly string[] {
  return Object.entries(plan.controls)
    .filter(([file]) => isCeiling(file) && wanted(base(file)))
    .flatMap(([file, planned]) => {
      const actual = seen.controls[file] ?? null;
      if (actual === null) return [`${base(file)} is not there`];
      return isWeaker(planned, actual) ? [`${base(file)} is ${actual.trim()} instead of ${planned}`] : [];
    });
}

const isMemory = (file: string): boolean => /^(memory|hugetlb)\./.test(file);
const isProcesses = (file: string): boolean => file.startsWith('pids.');

function limitOf(seen: Observation, plan: Expectation, names: readonly string[]): string | null {
  const file = Object.keys(plan.controls).find((one) => names.includes(base(one)));
  const text = file === undefined ? null : (seen.controls[file]?.trim() ?? null);
  return text === null || controlAmount(text) === Infinity ? null : text;
}

/** How many processes it can have. */
export const processes: Judge = (seen, plan) => {
  const limit = limitOf(seen, plan, ['pids.max']);
  const door: Door = {
    by: plan.values['pids.max'] === Infinity ? 'pids.max = max' : 'no pids.max',
    severity: 'medium',
    cost: 'a fork bomb in it stops the host',
  };
  const weaker = tooLarge(seen, plan, isProcesses);
  return {
    wall: 'processes',
    seen: limit === null ? 'no limit' : `at most ${limit}`,
    doors: limit === null && weaker.length === 0 ? [door] : [],
    weaker,
  };
};

const memoryFiles = ['memory.max', 'memory.limit_in_bytes'];
const swapFiles = ['memory.swap.max', 'memory.memsw.limit_in_bytes'];

/** How much memory and swap it can have. */
export const memory: Judge = (seen, plan) => {
  const limit = limitOf(seen, plan, memoryFiles);
  const swap = limitOf(seen, plan, swapFiles);
  const weaker = tooLarge(seen, plan, isMemory);
  const asked = plan.values['memory.max'] === Infinity;
  const door: Door = {
    by: asked ? 'memory.max = max' : 'no memory controller on this host',
    severity: asked ? 'low' : 'note',
    cost: 'it can take all of the memory of the host',
  };
  const swapDoor: Door = {
    by: 'memory.swap.max = max',
    severity: 'low',
    cost: 'it can fill the swap of the host, which slows down everybody',
  };
  return {
    wall: 'memory',
    seen: `${limit === null ? 'no limit' : `at most ${sizeText(Number(limit))}`}, ${swapText(seen, plan, swap)}`,
    doors: [
      ...(limit === null && weaker.length === 0 ? [door] : []),
      ...(limit !== null && plan.values['memory.swap.max'] === Infinity ? [swapDoor] : []),
    ],
    weaker,
  };
};

/** cgroup v1 counts memory and swap together. */
function swapText(seen: Observation, plan: Expectation, limit: string | null): string {
  if (limit === null) return 'no limit of swap';
  const together = limitOf(seen, plan, swapFiles.slice(1)) !== null;
  return `${sizeText(Number(limit))} ${together ? 'together with swap' : 'of swap'}`;
}

/** What else of the machine it can use up. */
export const shares: Judge = (seen, plan) => {
  const other = (file: string): boolean => !isMemory(file) && !isProcesses(file);
  const planned = Object.keys(plan.controls)
    .map(base)
    .filter((file) => other(file) && isCeiling(file));
  return {
    wall: 'cpu and disks',
    seen: planned.length === 0 ? "shares like the other jails'" : `bounded: ${planned.join(' ')}`,
    doors: [],
    weaker: tooLarge(seen, plan, other),
  };
};

const hostQuotas: Door = {
  by: 'userns = off',
  severity: 'medium',
  cost: "it uses up what the host's root may have of inotify watches and the like",
};

/** Quotas that the kernel keeps for whoever made a user namespace, in all that it makes: those of the jail are below the host's. */
export const kernelQuotas: Judge = (seen, plan) => {
  const { quotas } = seen;
  if (plan.uidMap === null)
    return { wall: 'kernel quotas', seen: "the host's", doors: [hostQuotas], weaker: [] };
  if (quotas === null)
    return { wall: 'kernel quotas', seen: 'unreadable', doors: [], weaker: ['they cannot be read'] };
  const weaker = Object.entries(plan.quotas).flatMap(([name, planned]) => {
    const actual = quotas[name] ?? Infinity;
    return actual > planned ? [`user.${name} is ${actual} instead of ${planned}`] : [];
  });
  const nested = Object.entries(quotas).filter(
    ([name, limit]) => name.endsWith('_namespaces') && name !== 'max_mnt_namespaces' && limit > 0,
  );
  const children: Door = {
    by: 'children.max',
    severity: 'medium',
    cost: 'it makes namespaces of its own, in which kernel code runs that is otherwise for root',
  };
  return {
    wall: 'kernel quotas',
    seen: `${Object.keys(plan.quotas).filter((name) => (quotas[name] ?? Infinity) < (seen.hostQuotas[name] ?? 0)).length} below the host's`,
    doors: nested.length > 0 && (plan.values['children.max'] ?? 0) > 0 ? [children] : [],
    weaker,
  };
};

const amountText = (amount: number): string => (amount === Infinity ? 'unlimited' : String(amount));
const limitText = ({ limits: [first] }: Observation, name: string): string =>
  amountText(first?.[name]?.hard ?? Infinity);

/** Where its core files go that the limit does not keep back. */
function coreDoors(pattern: string, limit: number): readonly Door[] {
  if (!leavesTheJail(pattern)) {
    const cost = 'core dumps, secrets and all, fill its disk';
    return limit > 1 ? [{ by: 'rlimit.core', severity: 'low', cost }] : [];
  }
  const receiver = pattern.slice(1).split(' ')[0] ?? '';
  const cost = `its core dumps are handed to the host: ${receiver}`;
  if (pattern.startsWith('@')) return [{ by: 'kernel.core_pattern', severity: 'note', cost }];
  return limit === 1 ? [] : [{ by: 'rlimit.core', severity: 'medium', cost }];
}

/** Limits of its processes, setrlimit(2). */
export const resourceLimits: Judge = (seen, plan) => {
  const weaker = seen.limits.flatMap((limits, number) =>
    Object.entries(plan.limits).flatMap(([name, planned]) => {
      const actual = limits[name];
      if (actual === undefined || actual.hard <= planned.hard) return [];
      return [
        `rlimit.${name} of ${number === 0 ? 'process 1' : 'the command'} is ${amountText(actual.hard)} instead of ${amountText(planned.hard)}`,
      ];
    }),
  );
  const core = plan.limits['core']?.hard ?? Infinity;
  return {
    wall: 'resource limits',
    seen: `core ${limitText(seen, 'core')}, open files ${limitText(seen, 'nofile')}`,
    doors: coreDoors(seen.corePattern, core),
    weaker,
  };
};

/** Who is killed when the host's memory runs out. */
export const outOfMemory: Judge = ({ processes: all }) => ({
  wall: 'out of memory',
  seen: all.every(({ oomScoreAdj }) => oomScoreAdj >= 0) ? 'not spared' : 'spared',
  doors: [],
  weaker: all
    .filter(({ oomScoreAdj }) => oomScoreAdj < 0)
    .map(
      ({ pid, oomScoreAdj }) =>
        `pid ${pid} is spared (oom_score_adj ${oomScoreAdj}): others are killed for it`,
    ),
});
