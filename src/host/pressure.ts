import { readFileSync } from 'node:fs';
import { unless } from './files.js';

/**
 * How long processes have waited for something that was short: some of them, or all of them at once. The share of the
 * last ten seconds in percent, and all of it in microseconds. Documentation/accounting/psi.rst of the kernel.
 */
export interface PressureFigures {
  readonly someAvg10: number;
  readonly someTotalUsec: number;
  readonly fullAvg10: number;
  readonly fullTotalUsec: number;
}

/** Null for what this kernel doesn't watch. */
export interface Pressure {
  readonly cpu: PressureFigures | null;
  readonly memory: PressureFigures | null;
  readonly io: PressureFigures | null;
}

/** Not there, in a kernel that leaves it out, or switched off (psi=0, cgroup.pressure). */
const ABSENT = ['ENOENT', 'ENODEV', 'ENOTDIR', 'EOPNOTSUPP'];

function share(text: string, kind: 'some' | 'full'): readonly [avg10: number, totalUsec: number] | null {
  const found = new RegExp(`^${kind} avg10=([\\d.]+) .*\\btotal=(\\d+)`, 'm').exec(text);
  return found === null ? null : [Number(found[1]), Number(found[2])];
}

/** Reads the text of a file of pressure; null when it is none. Before Linux 5.13 there is no "full" of the processor: nothing. */
export function parsePressure(text: string): PressureFigures | null {
  const some = share(text, 'some');
  const [fullAvg10, fullTotalUsec] = share(text, 'full') ?? [0, 0];
  return some && { someAvg10: some[0], someTotalUsec: some[1], fullAvg10, fullTotalUsec };
}

function readFigures(path: string): PressureFigures | null {
  const text = unless(ABSENT, null, () => readFileSync(path, 'utf8'));
  return text === null ? null : parsePressure(text);
}

/** The three at `of(RESOURCE)`; null when none of them is there. Throws SystemError. */
export function readPressure(of: (resource: keyof Pressure) => string): Pressure | null {
  const [cpu, memory, io] = (['cpu', 'memory', 'io'] as const).map((name) => readFigures(of(name)));
  if (!cpu && !memory && !io) return null;
  return { cpu: cpu ?? null, memory: memory ?? null, io: io ?? null };
}
