import type { ValueType } from './values/type.js';

/** How much of a FreeBSD parameter's meaning there is on Linux. */
export type OnLinux = 'same' | 'close' | 'ignored' | 'later';

export interface Parameter<T = unknown> {
  readonly type: ValueType<T>;
  /** One sentence for manuals. */
  readonly summary: string;
  /** What holds when it is not set, as manuals show it. */
  readonly default: string;
  /** Unit of a bare number. */
  readonly unit?: 's' | 'bytes' | 'bytes/s' | 'µs';
  /** Can change while the jail runs. */
  readonly live: boolean;
  readonly origin: 'freebsd' | 'linux';
  readonly onLinux: OnLinux;
  /** The difference from FreeBSD, or why it means nothing here. */
  readonly note?: string;
  /** Shown by jls, never set by a file. */
  readonly readOnly?: true;
}

type Details = Partial<Omit<Parameter, 'type' | 'summary' | 'origin'>>;

/** A parameter of FreeBSD's jail(8). */
export function freebsd<T>(type: ValueType<T>, summary: string, details: Details = {}): Parameter<T> {
  return { type, summary, default: 'none', live: false, origin: 'freebsd', onLinux: 'same', ...details };
}

/** A parameter that there is only here. */
export function linux<T>(type: ValueType<T>, summary: string, details: Details = {}): Parameter<T> {
  return { type, summary, default: 'none', live: false, origin: 'linux', onLinux: 'same', ...details };
}

/** A parameter of jail(8) that is accepted with a warning. */
export function ignored<T>(type: ValueType<T>, summary: string, note: string): Parameter<T> {
  return freebsd(type, summary, { onLinux: 'ignored', note });
}
