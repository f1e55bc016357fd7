import { availableParallelism, loadavg, totalmem } from 'node:os';
import type { CgroupFacts } from '../plan/facts.js';
import { readFigure } from './cgroup-accounting.js';
import { readText } from './files.js';
import type { HostUsage } from './host.js';
import { readPressure } from './pressure.js';

/** USER_HZ, in which /proc/stat counts on all machines that Node runs on. */
const USEC_PER_TICK = 10_000;

/** Microseconds that all processors together were busy, from the text of /proc/stat, or null. proc_stat(5). */
export function busyUsec(stat: string | null): number | null {
  const line = /^cpu +(.*)$/m.exec(stat ?? '')?.[1];
  if (line === undefined) return null;
  // Guests are counted with user and nice already; idle and iowait are no work.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
  return (user + nice + system + irq + softirq + steal) * USEC_PER_TICK;
}

function available(meminfo: string | null): number {
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? '')?.[1] ?? 0) * 1024;
}

/** What the host uses, and all jails together: the cgroup that theirs are below counts them. Throws SystemError. */
export function readHostUsage(cgroups: CgroupFacts): HostUsage {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const all = ['.'];
  return {
    processors: availableParallelism(),
    busyUsec: busyUsec(readText('/proc/stat')),
    memory: { total: totalmem(), available: available(readText('/proc/meminfo')) },
    load: [one, five, fifteen],
    pressure: readPressure((resource) => `/proc/pressure/${resource}`),
    jails: {
      cpuUsec: readFigure(all, cgroups, 'cpu'),
      memory: readFigure(all, cgroups, 'memory'),
    },
  };
}
