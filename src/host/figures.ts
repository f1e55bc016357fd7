import { readFileSync } from 'node:fs';
import { cpus, uptime } from 'node:os';
import type { HostFigures } from '../plan/facts.js';
import { cpuNumbers } from '../plan/figures.js';
import { readText } from './files.js';

type Hardware = Pick<HostFigures, 'hugepage' | 'cpus'>;
type Clocks = Pick<HostFigures, 'realtime' | 'monotonic' | 'boottime'>;

/** What the host has, as long as nobody adds CPUs to it. Throws SystemError. proc_meminfo(5), cpu(5). */
export function readHardware(): Hardware {
  const online = cpuNumbers((readText('/sys/devices/system/cpu/online') ?? '').trim());
  const size = /^Hugepagesize:\s+(\d+) kB$/m.exec(readText('/proc/meminfo') ?? '');
  return {
    hugepage: size === null ? null : Number(size[1]),
    cpus: online.length > 0 ? online : cpus().map((_, index) => index),
  };
}

/** What the time namespace for a process's children adds to each clock of the machine, in seconds. Throws SystemError. */
export function clockShifts(pid: number | 'self'): Readonly<Record<string, number>> {
  const text = readText(`/proc/${pid}/timens_offsets`) ?? '';
  const lines = text.matchAll(/^(\w+)\s+(-?\d+)\s+(\d+)$/gm);
  return Object.fromEntries(
    [...lines].map(([, clock = '', seconds, nanoseconds]) => [
      clock,
      Number(seconds) + Number(nanoseconds) / 1e9,
    ]),
  );
}

/** A reader of the host's clocks. Throws SystemError. time_namespaces(7). */
export function clockReader(): () => Clocks {
  const { monotonic = 0, boottime = 0 } = clockShifts('self');
  return () => ({
    realtime: Date.now(),
    monotonic: Number(process.hrtime.bigint() / 1_000_000n) / 1000 - monotonic,
    boottime: uptime() - boottime,
  });
}

/** The host's machine-id(5), or null. */
export function hostMachineId(): string | null {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return null; // many hosts have none
  }
}
