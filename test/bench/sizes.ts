import { readFileSync } from 'node:fs';

/** The number behind `name:` in a file of /proc, in KB where it is a size. proc(5). */
export function field(file: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1]);
}

/** Memory of a process, its share of what it shares counted, in KB. */
export const pss = (pid: number): number => field(`/proc/${pid}/smaps_rollup`, 'Pss');
