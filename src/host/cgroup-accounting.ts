import { basename } from 'node:path';
import type { CgroupFacts } from '../plan/facts.js';
import type { Accounting } from './host.js';
import { readText } from './files.js';

type Read = (file: string) => string | null;

const number = (text: string | null): number | null => (text === null ? null : Number(text));

/** The number behind a word at the beginning of a line: `oom_kill 3`. */
export function field(text: string | null, name: string): number | null {
  const found = text === null ? null : new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text);
  return found === null ? null : Number(found[1]);
}

/** The sum over all disks; none of them listed means that nothing was read or written. */
export function sum(text: string | null, pattern: RegExp): number | null {
  if (text === null) return null;
  let total = 0;
  for (const [, amount] of text.matchAll(pattern)) total += Number(amount);
  return total;
}

function oomKills(version: 1 | 2, read: Read): number {
  return field(read(version === 2 ? 'memory.events' : 'memory.oom_control'), 'oom_kill') ?? 0;
}

function memory(version: 1 | 2, read: Read): Pick<Accounting, 'memory' | 'memoryPeak' | 'oomKills'> {
  const [usage, peak] =
    version === 2
      ? ['memory.current', 'memory.peak']
      : ['memory.usage_in_bytes', 'memory.max_usage_in_bytes'];
  return {
    memory: number(read(usage)),
    memoryPeak: number(read(peak)),
    oomKills: oomKills(version, read),
  };
}

function io(version: 1 | 2, read: Read): Pick<Accounting, 'ioRead' | 'ioWritten'> {
  if (version === 2) {
    const stat = read('io.stat');
    return { ioRead: sum(stat, /\brbytes=(\d+)/g), ioWritten: sum(stat, /\bwbytes=(\d+)/g) };
  }
  const stat = read('blkio.throttle.io_service_bytes');
  return { ioRead: sum(stat, /^\S+ Read (\d+)/gm), ioWritten: sum(stat, /^\S+ Write (\d+)/gm) };
}

/** What reads the files of a controller for the jail that these paths are of, and by which version's names. */
export function readers(
  paths: readonly string[],
  facts: CgroupFacts,
): (controller: string, name?: string) => readonly [1 | 2, Read] {
  const jail = basename(paths[0] ?? '');
  const below = (directory: string | undefined): Read =>
    directory === undefined ? () => null : (file) => readText(`${directory}/${jail}/${file}`);
  return (controller, name = controller) =>
    facts.v2 !== null && facts.v2Controllers.includes(controller)
      ? [2, below(facts.v2)]
      : [1, below(facts.v1[name])];
}

/** CPU time, in microseconds: the v2 tree counts it even where it has no controllers; v1 counts nanoseconds. Throws SystemError. */
export function cpuUsec(paths: readonly string[], facts: CgroupFacts): number | null {
  if (facts.v2 !== null)
    return field(readText(`${facts.v2}/${basename(paths[0] ?? '')}/cpu.stat`), 'usage_usec');
  const usage = number(readers(paths, facts)('cpuacct')[1]('cpuacct.usage'));
  return usage === null ? null : Math.round(usage / 1000);
}

/** What a jail uses and has used. Figures that this host does not keep are null. Throws SystemError. */
export function readAccounting(paths: readonly string[], facts: CgroupFacts): Accounting {
  const of = readers(paths, facts);
  return {
    ...memory(...of('memory')),
    cpuUsec: cpuUsec(paths, facts),
    pids: number(of('pids')[1]('pids.current')),
    ...io(...of('io', 'blkio')),
  };
}

/** How often the out-of-memory killer has been at a jail's processes: of its accounting what each start asks for. Throws SystemError. */
export function readOomKills(paths: readonly string[], facts: CgroupFacts): number {
  return oomKills(...readers(paths, facts)('memory'));
}
