import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { HostLimits } from '../plan/facts.js';
import type { HostMemory } from '../plan/limit-amounts.js';
import { readText } from './files.js';

/** Rows of /proc/self/limits by setrlimit(2)'s short names; proc_pid_limits(5). */
const LIMIT_ROWS: Readonly<Record<string, string>> = {
  ...{ as: 'Max address space', core: 'Max core file size', cpu: 'Max cpu time', data: 'Max data size' },
  ...{ fsize: 'Max file size', locks: 'Max file locks', memlock: 'Max locked memory' },
  ...{ msgqueue: 'Max msgqueue size', nice: 'Max nice priority', nofile: 'Max open files' },
  ...{ nproc: 'Max processes', rss: 'Max resident set', rtprio: 'Max realtime priority' },
  ...{ rttime: 'Max realtime timeout', sigpending: 'Max pending signals', stack: 'Max stack size' },
};

/** Its number in capabilities(7). */
const SYS_RESOURCE = 24n;
const QUOTAS = '/proc/sys/user';

/** Whether this process can raise limits above its own: CAP_SYS_RESOURCE. */
export function raisesLimits(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> SYS_RESOURCE) & 1n) === 1n;
}

/** The hard limits of this process by setrlimit(2)'s short names, in its units; Infinity for none. */
export function ownHardLimits(): Readonly<Record<string, number>> {
  const lines = readFileSync('/proc/self/limits', 'utf8').split('\n');
  const hardOf = (row: string): number => {
    const line = lines.find((one) => one.startsWith(row)) ?? '';
    const [, hard = 'unlimited'] = line.slice(row.length).trim().split(/\s+/);
    return hard === 'unlimited' ? Infinity : Number(hard);
  };
  return Object.fromEntries(Object.entries(LIMIT_ROWS).map(([name, row]) => [name, hardOf(row)]));
}

const numberIn = (file: string): number => Number(readText(file) ?? NaN);

/** What no process of this host can have more of, with whatever capability. */
const kernelLimits = (): Readonly<Record<string, number>> => ({ nofile: numberIn('/proc/sys/fs/nr_open') });

/** Bytes of memory and swap that the host has. proc_meminfo(5) */
export function hostMemory(): HostMemory {
  const text = readText('/proc/meminfo') ?? '';
  const bytesOf = (row: RegExp): number => Number(row.exec(text)?.[1] ?? 0) * 1024;
  return { total: bytesOf(/^MemTotal:\s+(\d+)/m), swap: bytesOf(/^SwapTotal:\s+(\d+)/m) };
}

/** How many descriptors this process has. The size of the directory says so since Linux 6.2. proc_pid_fd(5) */
export function countDescriptors(): number {
  const { size } = statSync('/proc/self/fd');
  return size > 0 ? size : readdirSync('/proc/self/fd').length;
}

function quotas(): Readonly<Record<string, number>> {
  if (!existsSync(QUOTAS)) return {};
  return Object.fromEntries(readdirSync(QUOTAS).map((name) => [name, numberIn(`${QUOTAS}/${name}`)]));
}

/** Reads what stays as it is while jaild runs once, and the rest when asked. */
export class HostLimitsReader {
  readonly #threads = numberIn('/proc/sys/kernel/threads-max');
  readonly #files = numberIn('/proc/sys/fs/file-max');
  readonly #hard = raisesLimits() ? kernelLimits() : ownHardLimits();
  readonly #quotas = quotas();

  /** The limits of this host, as they are now. */
  read(): HostLimits {
    return {
      memory: hostMemory(),
      threads: this.#threads,
      files: this.#files,
      corePattern: (readText('/proc/sys/kernel/core_pattern') ?? '').trim(),
      hard: this.#hard,
      quotas: this.#quotas,
    };
  }
}
