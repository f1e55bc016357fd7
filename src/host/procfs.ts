import { readFileSync } from 'node:fs';
import { readText } from './files.js';

/**
 * When a process started, in clock ticks since boot, or null when there is none. With the pid it names one process for
 * as long as the machine is up, whatever becomes of the pid. Throws SystemError. proc_pid_stat(5), field 22.
 */
export function startTime(pid: number): number | null {
  let stat: string | null;
  try {
    stat = readText(`/proc/${pid}/stat`);
  } catch {
    return null; // ESRCH: it ended between open and read
  }
  // The name of the program, in parentheses, may hold blanks and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? null : Number(fields[19]);
}

/** Whether there is a process with this pid, a zombie not counted. */
export function processExists(pid: number): boolean {
  try {
    const stat = readText(`/proc/${pid}/stat`);
    return stat !== null && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false; // ESRCH: it ended between open and read
  }
}

/** The id of this boot of the machine. Throws SystemError. random(4). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
