import { basename } from 'node:path';
import type { CgroupFacts } from '../plan/facts.js';
import type { Accounting, BriefAccounting, Figure } from './host.js';
import { readText } from './files.js';
import { readPressure } from './pressure.js';

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

function memory(version: 1 | 2, read: Read): Pick<BriefAccounting, 'memory' | 'memoryPeak' | 'oomKills'> {
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

function io(version: 1 | 2, read: Read): Pick<BriefAccounting, 'ioRead' | 'ioWritten'> {
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

/** v1 has no file that says "no limit": it is the largest number of pages that there can be. */
const NO_LIMIT = 2 ** 62;

function limit(text: string | null): number | null {
  const bytes = number(text);
  return bytes === null || Number.isNaN(bytes) || bytes >= NO_LIMIT ? null : bytes;
}

function memoryLimit(version: 1 | 2, read: Read): Pick<Accounting, 'memoryMax' | 'ooms'> {
  return {
    memoryMax: limit(read(version === 2 ? 'memory.max' : 'memory.limit_in_bytes')),
    // v1 counts the processes that were killed only.
    ooms: version === 2 ? field(read('memory.events'), 'oom') : null,
  };
}

function ioOperations(version: 1 | 2, read: Read): Pick<Accounting, 'ioReads' | 'ioWrites'> {
  if (version === 2) {
    const stat = read('io.stat');
    return { ioReads: sum(stat, /\brios=(\d+)/g), ioWrites: sum(stat, /\bwios=(\d+)/g) };
  }
  const stat = read('blkio.throttle.io_serviced');
  return { ioReads: sum(stat, /^\S+ Read (\d+)/gm), ioWrites: sum(stat, /^\S+ Write (\d+)/gm) };
}

/** What a jail uses and has used, as far as lists of jails show it: each figure costs a file. Throws SystemError. */
export function readBriefly(paths: readonly string[], facts: CgroupFacts): BriefAccounting {
  const of = readers(paths, facts);
  return {
    ...memory(...of('memory')),
    cpuUsec: cpuUsec(paths, facts),
    pids: number(of('pids')[1]('pids.current')),
    ...io(...of('io', 'blkio')),
  };
}

/** What a jail uses and has used. Figures that this host does not keep are null. Throws SystemError. */
export function readAccounting(paths: readonly string[], facts: CgroupFacts): Accounting {
  const of = readers(paths, facts);
  const { v2 } = facts;
  const jail = basename(paths[0] ?? '');
  return {
    ...readBriefly(paths, facts),
    ...memoryLimit(...of('memory')),
    ...ioOperations(...of('io', 'blkio')),
    // v2's tree watches it where it has no controllers as well.
    pressure: v2 === null ? null : readPressure((resource) => `${v2}/${jail}/${resource}.pressure`),
  };
}

/** One figure of a jail, for those who compare a thousand. Throws SystemError. */
export function readFigure(paths: readonly string[], facts: CgroupFacts, figure: Figure): number | null {
  const of = readers(paths, facts);
  if (figure === 'cpu') return cpuUsec(paths, facts);
  if (figure === 'pids') return number(of('pids')[1]('pids.current'));
  if (figure === 'memory') {
    const [version, read] = of('memory');
    return number(read(version === 2 ? 'memory.current' : 'memory.usage_in_bytes'));
  }
  const { ioRead, ioWritten } = io(...of('io', 'blkio'));
  return ioRead === null || ioWritten === null ? null : ioRead + ioWritten;
}

/** How often the out-of-memory killer has been at a jail's processes: of its accounting what each start asks for. Throws SystemError. */
export function readOomKills(paths: readonly string[], facts: CgroupFacts): number {
  return oomKills(...readers(paths, facts)('memory'));
}

/** How often the limit of its processes has kept a jail from one; the same file in both versions. Throws SystemError. */
export function readRefusedForks(paths: readonly string[], facts: CgroupFacts): number {
  const [, read] = readers(paths, facts)('pids');
  return field(read('pids.events'), 'max') ?? 0;
}
