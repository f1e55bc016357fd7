import { readFileSync } from 'node:fs';
import { readText } from './files.js';

/** The id of this boot of the machine. Throws SystemError. random(4). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Whether a process was stopped by a signal, and does nothing until it is told to go on. proc_pid_stat(5) */
export function isStopped(pid: number): boolean {
  const [state] = readText(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ') ?? [];
  return state === 'T' || state === 't';
}
