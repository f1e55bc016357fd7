import { readdirSync } from 'node:fs';
import type { ResourceName } from '../config/rctl/resources.js';
import type { CgroupFacts } from '../plan/facts.js';
import { cpuUsec, field, readers, sum } from './cgroup-accounting.js';
import { processes } from './cgroup-processes.js';
import { readText, unless } from './files.js';

type Measure = (paths: readonly string[], facts: CgroupFacts) => number | null;

const add = (amounts: readonly (number | null)[]): number | null =>
  amounts.some((amount) => amount === null)
    ? null
    : amounts.reduce<number>((all, one) => all + (one ?? 0), 0);

/** Fields of memory.stat: v2 counts what is below as well, v1 in those that begin with "total_". */
function memoryStat(v2: readonly string[], v1: readonly string[]): Measure {
  return (paths, facts) => {
    const [version, read] = readers(paths, facts)('memory');
    const stat = read('memory.stat');
    return add((version === 2 ? v2 : v1).map((name) => field(stat, name)));
  };
}

const swap: Measure = (paths, facts) => {
  const [version, read] = readers(paths, facts)('memory');
  const current = version === 2 ? read('memory.swap.current') : null;
  if (version === 2) return current === null ? null : Number(current);
  return field(read('memory.stat'), 'total_swap');
};

const pidsOf = (paths: readonly string[]): readonly number[] => processes(paths[0] ?? '') ?? [];

/** A process that has ended meanwhile has nothing. */
const gone = ['ENOENT', 'ESRCH', 'EACCES'];

/** The sum of a field of each process's status, in bytes. proc_pid_status(5). */
function ofProcesses(name: string): Measure {
  return (paths) =>
    add(pidsOf(paths).map((pid) => (field(readText(`/proc/${pid}/status`), `${name}:`) ?? 0) * 1024));
}

const openFiles: Measure = (paths) =>
  add(pidsOf(paths).map((pid) => unless(gone, 0, () => readdirSync(`/proc/${pid}/fd`).length)));

/** A counter of all disks: v2's io.stat has one line for each, v1 one for each kind. */
function disks(v2: RegExp, file: string, v1: RegExp): Measure {
  return (paths, facts) => {
    const [version, read] = readers(paths, facts)('io', 'blkio');
    return version === 2 ? sum(read('io.stat'), v2) : sum(read(file), v1);
  };
}

const threads: Measure = (paths, facts) => {
  const text = readers(paths, facts)('pids')[1]('pids.current');
  return text === null ? null : Number(text);
};

const cpuSeconds: Measure = (paths, facts) => {
  const microseconds = cpuUsec(paths, facts);
  return microseconds === null ? null : microseconds / 1e6;
};

const BYTES = 'blkio.throttle.io_service_bytes';
const OPERATIONS = 'blkio.throttle.io_serviced';

/** How each resource is measured: an amount now, or of a rate all that there was since the jail was made. */
const measures: Readonly<Partial<Record<ResourceName, Measure>>> = {
  cputime: cpuSeconds,
  pcpu: cpuSeconds,
  memoryuse: memoryStat(['anon', 'shmem'], ['total_rss', 'total_shmem']),
  swapuse: swap,
  memorylocked: ofProcesses('VmLck'),
  vmemoryuse: ofProcesses('VmSize'),
  maxproc: (paths) => pidsOf(paths).length,
  nthr: threads,
  openfiles: openFiles,
  readbps: disks(/\brbytes=(\d+)/g, BYTES, /^\S+ Read (\d+)/gm),
  writebps: disks(/\bwbytes=(\d+)/g, BYTES, /^\S+ Write (\d+)/gm),
  readiops: disks(/\brios=(\d+)/g, OPERATIONS, /^\S+ Read (\d+)/gm),
  writeiops: disks(/\bwios=(\d+)/g, OPERATIONS, /^\S+ Write (\d+)/gm),
};

/** What a jail uses of a resource, in the resource's unit (a rate's without "/s"); null where this host does not count it. Throws SystemError. */
export function readUsage(
  paths: readonly string[],
  facts: CgroupFacts,
  resource: ResourceName,
): number | null {
  return measures[resource]?.(paths, facts) ?? null;
}
