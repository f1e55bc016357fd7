import { bad, good, scalarType, type Converted, type ValueType } from './type.js';

const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** The units that a duration may have. */
export const timeUnits: readonly string[] = Object.keys(SECONDS);
const PART = new RegExp(`(\\d+(?:\\.\\d+)?)\\s*(${timeUnits.join('|')})?\\s*`, 'gy');

/** Reads "30", "30s", "100ms", "1h30m" as seconds; a bare number is seconds, as in jail(8). */
export function readSeconds(text: string): Converted<number> {
  const parts = [...text.matchAll(PART)];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  const bare = parts.length > 1 && parts.some(([, , unit]) => unit === undefined);
  if (parts.length === 0 || length !== text.length || bare)
    return bad(`"${text}" is not a duration`, 'write seconds, or a unit: 100ms, 30s, 5m, 1h');
  const seconds = parts.reduce(
    (sum, [, number, unit = 's']) => sum + Number(number) * (SECONDS[unit] ?? 1),
    0,
  );
  return good(Math.round(seconds * 1e6) / 1e6);
}

/** Seconds, with or without a unit. */
export const seconds: ValueType<number> = scalarType('seconds', readSeconds);

const BYTES = /^(\d+(?:\.\d+)?)\s*([kmgtpe]?)(?:i?b)?$/i;

/** Reads "512M", "1.5G", "4096" as bytes; units are powers of 1024, as cgroup files and rctl have them. */
export function readBytes(text: string): Converted<number> {
  const [, number, unit = ''] = BYTES.exec(text) ?? [];
  if (number === undefined) return bad(`"${text}" is not a size`, 'write bytes, or a unit: 64K, 512M, 2G');
  const power = ' kmgtpe'.indexOf(unit.toLowerCase() || ' ');
  const value = Math.floor(Number(number) * 1024 ** power);
  return Number.isSafeInteger(value) ? good(value) : bad(`"${text}" is too large`, 'write max for no limit');
}

/** Bytes as people read them, in powers of 1024: "512M", "1.5G". */
export function sizeText(bytes: number): string {
  if (bytes === Infinity) return 'max';
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? Number(value.toFixed(1)) : Math.round(value)}${' KMGT'[power]?.trim() ?? ''}`;
}

const isUnlimited = (text: string): boolean => /^(max|unlimited|infinity)$/i.test(text);

/** Bytes, or "max" (Infinity) for no limit. */
export const bytes: ValueType<number> = scalarType('bytes', (text) =>
  isUnlimited(text) ? good(Infinity) : readBytes(text),
);

const LEAST_ROOM = 65_536;

/** Bytes that something may take: there is always a limit, and a tmpfs would take 0 for none. */
export const room: ValueType<number> = scalarType('bytes', (text) => {
  const read = readBytes(text);
  if (!read.ok || read.value >= LEAST_ROOM) return read;
  return bad(`"${text}" is too little`, 'write at least 64K');
});

const LEAST_RATE = 1024;

/** Bytes per second, or "max": of less a packet would take seconds. */
export const bandwidth: ValueType<number> = scalarType('bytes', (text) => {
  const read = bytes.convert([text], false);
  return !read.ok || read.value >= LEAST_RATE ? read : bad(`"${text}" is too little`, 'write at least 1K');
});

/** A part of what the host has. */
export interface Share {
  readonly percent: number;
}

export const isShare = (value: unknown): value is Share =>
  typeof value === 'object' && value !== null && 'percent' in value;

/** Bytes, or a part of what the host has of them. */
export type Amount = number | Share;

const PERCENT = /^(\d{1,3}(?:\.\d+)?)\s*%$/;

/** Bytes, "75%" of what the host has, or "max" (Infinity) for no limit. */
export const amount: ValueType<Amount> = scalarType('bytes or percent', (text): Converted<Amount> => {
  const percent = PERCENT.exec(text)?.[1];
  if (percent === undefined) return bytes.convert([text], false);
  return Number(percent) <= 100
    ? good({ percent: Number(percent) })
    : bad(`"${text}" is more than the host has`, 'at most 100%');
});

/** A count, or "max" (Infinity) for no limit. */
export const count: ValueType<number> = scalarType('count', (text) => {
  if (isUnlimited(text)) return good(Infinity);
  return /^\d{1,15}$/.test(text)
    ? good(Number(text))
    : bad(`"${text}" is not a count`, 'write a number, or max');
});

/** So much in so many seconds. */
export interface Rate {
  readonly amount: number;
  readonly unit: 'lines' | 'bytes';
  readonly seconds: number;
}

/** Lines per time, "1000/30s", or bytes, "1M/s"; "0" for no limit. */
export const rate: ValueType<Rate> = scalarType('rate', (text) => {
  const [, much = '', per = '1s'] = /^([^/]+)(?:\/(.+))?$/.exec(text.trim()) ?? [];
  const time = readSeconds(/^\d/.test(per) ? per : `1${per}`);
  const isLines = /^\d{1,12}$/.test(much.trim());
  const amount = isLines ? good(Number(much)) : readBytes(much.trim());
  if (!amount.ok || !time.ok || !Number.isInteger(time.value) || time.value === 0)
    return bad(`"${text}" is not a rate`, 'write lines or bytes per whole seconds: 1000/30s, 1M/s');
  return good({ amount: amount.value, unit: isLines ? 'lines' : 'bytes', seconds: time.value });
});

export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

/** A soft and a hard limit as in setrlimit(2): "1024", "1024:4096", "unlimited" (Infinity), "64M". */
export const resourceLimit: ValueType<ResourceLimit> = scalarType('SOFT[:HARD]', (text) => {
  const [softText = '', hardText = softText, more] = text.split(/\s*:\s*|\s+/);
  const soft = isUnlimited(softText) ? good(Infinity) : readBytes(softText);
  const hard = isUnlimited(hardText) ? good(Infinity) : readBytes(hardText);
  if (!soft.ok || !hard.ok || more !== undefined)
    return bad(
      `"${text}" is not a resource limit`,
      'write SOFT:HARD or one number for both; unlimited for none',
    );
  if (soft.value > hard.value) return bad(`the soft limit ${softText} is above the hard limit ${hardText}`);
  return good({ soft: soft.value, hard: hard.value });
});

/** For a clock: seconds to add to the host's, or one of its own, which begins with the jail. */
type ClockOffset = number | 'own';

export interface TimeOffset {
  readonly monotonic: ClockOffset;
  readonly boottime: ClockOffset;
}

function readOffset(text: string): Converted<ClockOffset> {
  if (text === 'own') return good(text);
  const magnitude = readSeconds(text.replace(/^[+-]/, ''));
  return magnitude.ok && text.startsWith('-') ? good(-magnitude.value) : magnitude;
}

/** What time_namespaces(7) can shift: "own" or "1d" for both clocks, or "monotonic=+1h boottime=-30m". */
export const timeOffset: ValueType<TimeOffset> = scalarType('time offset', (text) => {
  const result: Record<keyof TimeOffset, ClockOffset> = { monotonic: 0, boottime: 0 };
  for (const word of text.trim().split(/\s+/)) {
    const [, clock, shift = ''] = /^(?:(monotonic|boottime)=)?(.*)$/.exec(word) ?? [];
    const offset = readOffset(shift);
    if (!offset.ok)
      return bad(`"${word}" is not a time offset`, 'write own, +1h, or monotonic=+1h boottime=-30m');
    if (clock !== 'boottime') result.monotonic = offset.value;
    if (clock !== 'monotonic') result.boottime = offset.value;
  }
  return good(result);
});
