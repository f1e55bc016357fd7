import { readFileSync } from 'node:fs';

/** Fields of /proc/PID/stat that say where a process belongs. proc_pid_stat(5). */
export interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks after the boot of the machine: with the pid, it names one process only. */
  readonly startTime: number;
}

/** Longer lines of forebears than this are no commands of jaild's. */
const FARTHEST = 100;

/** @returns null when there is no such process */
export function readStat(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is a name that may have any character in it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    session: Number(fields[3]),
    startTime: Number(fields[19]),
  };
}

/** A process, its forebears, and the leaders of the sessions that they are in: where it may have come from. */
export function lineage(pid: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at = pid, steps = 0; at > 1 && steps < FARTHEST; steps++) {
    const stat = readStat(at);
    if (stat === null) break;
    found.add(at).add(stat.session);
    at = stat.parent;
  }
  return found;
}
