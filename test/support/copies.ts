import { readdirSync, readFileSync } from 'node:fs';
import { instanceBelow } from '../../src/plan/instance.js';

/** A file of /proc about a process, empty when that has ended. */
export function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

export const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)/m.exec(readOf(pid, 'status'))?.[1] ?? 0);

/**
 * Processes by jail that are its service, by their words: zombies, the jail's own PID 1 and all else in it are not
 * counted. They are found by their cgroup, whatever jaild says.
 */
export function copiesOf(prefix: string, isService: (words: string) => boolean): Map<string, number[]> {
  const jail = new RegExp(`/${instanceBelow(prefix).cgroupName}/([^/\\n]+)$`, 'm');
  const found = new Map<string, number[]>();
  for (const pid of readdirSync('/proc').map(Number).filter(Boolean)) {
    const words = readOf(pid, 'cmdline').replaceAll('\0', ' ').trim();
    if (!isService(words)) continue;
    const name = jail.exec(readOf(pid, 'cgroup'))?.[1];
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), pid]);
  }
  return found;
}
