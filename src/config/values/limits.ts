import { readRule, type RctlRule } from '../rctl/rule.js';
import { bad, good, listType, scalarType, type Converted, type ValueType } from './type.js';
import { readBytes } from './quantity.js';

export interface CpuMax {
  /** Microseconds of CPU time per period; Infinity for no limit. */
  readonly quota: number;
  /** Microseconds. */
  readonly period: number;
}

const CPU_PERIOD = 100_000;

/** "150%" of one CPU, "QUOTA PERIOD" in microseconds, or "max" (Control Group v2, cpu.max). */
export const cpuMax: ValueType<CpuMax> = scalarType('CPU bandwidth', (text) => {
  const hint = 'write 150% (of one CPU), "QUOTA PERIOD" in microseconds, or max';
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text)?.[1];
  if (percent !== undefined) return cpuBandwidth(Math.round(Number(percent) * 1000), CPU_PERIOD, text);
  const [, quota, period = String(CPU_PERIOD)] = /^(max|\d{1,15})(?:\s+(\d{1,15}))?$/.exec(text) ?? [];
  if (quota === undefined) return bad(`"${text}" is not a CPU limit`, hint);
  return cpuBandwidth(quota === 'max' ? Infinity : Number(quota), Number(period), text);
});

function cpuBandwidth(quota: number, period: number, text: string): Converted<CpuMax> {
  // The kernel refuses these with EINVAL only when the jail starts (kernel/sched/core.c, tg_set_bandwidth).
  if (quota < 1000) return bad(`"${text}" is less than the kernel's least, 1000 µs (1%)`);
  if (period < 1000 || period > 1_000_000)
    return bad(`the period in "${text}" is not within 1000 and 1000000 µs`);
  return good({ quota, period });
}

export interface IoMax {
  readonly device: string;
  readonly rbps?: number;
  readonly wbps?: number;
  readonly riops?: number;
  readonly wiops?: number;
}

/** "/dev/sda rbps=1M wiops=100", the keys of io.max in Control Group v2. */
export const ioMax: ValueType<readonly IoMax[]> = listType('list of I/O limits', (text) => {
  const [device = '', ...limits] = text.trim().split(/\s+/);
  if (!/^\/./.test(device) && !/^\d+:\d+$/.test(device))
    return bad(
      `"${device}" is not a device`,
      'write /dev/NAME or MAJOR:MINOR, then rbps= wbps= riops= wiops=',
    );
  if (limits.length === 0) return bad(`"${text}" limits nothing`, 'add rbps=, wbps=, riops= or wiops=');
  const result: Record<string, number> = {};
  for (const limit of limits) {
    const [, key, amount = ''] = /^([rw](?:bps|iops))=(.+)$/.exec(limit) ?? [];
    const value = amount === 'max' ? good(Infinity) : readBytes(amount);
    if (key === undefined || !value.ok)
      return bad(`"${limit}" is not an I/O limit`, 'write rbps=1M or wiops=100');
    result[key] = value.value;
  }
  return good({ device, ...result });
});

/** A list of CPUs or memory nodes, "0-3,8", in order and without repetition (cpuset(7), List format). */
export const cpuList: ValueType<string> = {
  ...scalarType('CPU list', readCpuList),
  // 0-3,8 without quotes is a list of two words to the parser.
  convert: (values) => (values === null ? bad('needs a value') : readCpuList(values.join(','))),
};

function readCpuList(text: string): Converted<string> {
  const numbers = new Set<number>();
  if (text.length > 4096) return bad('a list of CPUs of more than 4096 characters is too long');
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(first) > Number(last))
      return bad(`"${part}" is not a CPU or a range of CPUs`, 'write 0-3,8');
    for (let n = Number(first); n <= Number(last); n++) numbers.add(n);
  }
  return good(joinRanges([...numbers].sort((a, b) => a - b)));
}

function joinRanges(sorted: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of sorted) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === n - 1) range[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

/** Rules as rctl(8) writes them, with or without the jail itself as their subject. */
export const rctlRules: ValueType<readonly RctlRule[]> = listType('list of rctl rules', (text) => {
  const reading = readRule(text);
  if (!reading.ok) return bad(reading.message, reading.hint);
  const { subject, rule } = reading.value;
  return subject === 'jail'
    ? good(rule)
    : bad(
        `a rule about a ${subject} cannot stand in a jail`,
        'leave out the subject: RESOURCE:ACTION=AMOUNT',
      );
});
