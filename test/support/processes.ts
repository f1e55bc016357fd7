import { readFileSync } from 'node:fs';

/** Whether there is a process with this pid, a zombie not counted. proc_pid_status(5) */
export function processExists(pid: number): boolean {
  try {
    return /^State:\s+[^ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
