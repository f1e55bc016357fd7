import { createHash } from 'node:crypto';
import type { JailParams } from '../config/params.js';
import { memoryLimit } from './cgroup-limits.js';
import { uptimeInside } from './clocks.js';
import type { HostFacts } from './facts.js';
import { fileRecord } from './file-record.js';
import type { KernelMount } from './kernel-files.js';
import type { LaunchRecord } from './step.js';

/** The numbers of a list as in cpuset(7), "0-3,8". */
export function cpuNumbers(list: string): readonly number[] {
  return list.split(',').flatMap((range) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    const length = first === undefined ? 0 : Math.max(0, Number(last) - Number(first) + 1);
    return Array.from({ length }, (_, index) => Number(first) + index);
  });
}

/** proc_meminfo(5): all of what the jail may use is free. */
function meminfo(values: JailParams, facts: HostFacts): string {
  const { memory } = facts.limits;
  const { hugepage } = facts.figures;
  const total = Math.floor(Math.min(memoryLimit(values, facts) ?? Infinity, memory.total) / 1024);
  const none = ['Buffers', 'Cached', 'SwapCached', 'Active', 'Inactive', 'SwapTotal', 'SwapFree', 'Dirty'];
  const neither = ['AnonPages', 'Mapped', 'Shmem', 'KReclaimable', 'Slab', 'SReclaimable', 'SUnreclaim'];
  const rows = [
    ...['MemTotal', 'MemFree', 'MemAvailable'].map((name) => [name, total] as const),
    ...[...none, ...neither].map((name) => [name, 0] as const),
    ...['CommitLimit'].map((name) => [name, total] as const),
    ...['Committed_AS', 'Hugetlb'].map((name) => [name, 0] as const),
    ...(hugepage === null ? [] : [['Hugepagesize', hugepage] as const]),
  ];
  return rows
    .map(([name, kilobytes]) => `${`${name}:`.padEnd(16)}${String(kilobytes).padStart(8)} kB\n`)
    .join('');
}

/** proc_stat(5): the CPUs that the jail may run on, and when its clocks began. */
function stat(values: JailParams, facts: HostFacts): string {
  const { cpus, realtime } = facts.figures;
  const allowed = new Set(cpuNumbers(values['cpuset.cpus'] ?? ''));
  const own = allowed.size === 0 ? cpus : cpus.filter((cpu) => allowed.has(cpu));
  const times = '0 0 0 0 0 0 0 0 0 0';
  const began = Math.floor(realtime / 1000) - uptimeInside(values, facts);
  return [
    `cpu  ${times}`,
    ...own.map((cpu) => `cpu${cpu} ${times}`),
    ...['intr 0', 'ctxt 0', `btime ${began}`, 'processes 0', 'procs_running 1', 'procs_blocked 0'],
    `softirq 0 ${times}\n`,
  ].join('\n');
}

const events = ['nr_free_pages', 'pgpgin', 'pgpgout', 'pswpin', 'pswpout', 'pgfault', 'pgmajfault'];
const vmstat = events.map((name) => `${name} 0\n`).join('');

/** random(4): a UUID of version 4 for each start. It says nothing of the launch's id, which is jaild's. */
function bootId(launch: string): string {
  const bytes = createHash('sha256').update(`boot\0${launch}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Files over those of /proc that would tell how much the host has and does. They are as of the jail's start. */
export function figureFiles(
  mounts: readonly KernelMount[],
  values: JailParams,
  facts: HostFacts,
): readonly LaunchRecord[] {
  const texts = {
    cmdline: '\n',
    loadavg: '0.00 0.00 0.00 1/1 1\n',
    meminfo: meminfo(values, facts),
    stat: stat(values, facts),
    swaps: 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n',
    vmstat,
    'sys/kernel/core_pattern': 'core\n',
    'sys/kernel/random/boot_id': `${bootId(facts.launch)}\n`,
  };
  return mounts
    .filter(({ type }) => type === 'proc')
    .flatMap(({ target }) =>
      Object.entries(texts).map(([path, text]) =>
        fileRecord(`${target}/${path}`, 'optional', Buffer.from(text)),
      ),
    );
}
