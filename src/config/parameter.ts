import type { ValueType } from './values/type.js';

/** How much of a FreeBSD parameter's meaning there is on Linux. */
export type OnLinux = 'same' | 'close' | 'ignored' | 'later';

/** Some values of a parameter whose others work: those that do nothing yet, or never will. */
export interface SomeValues {
  /** As manuals show them. */
  readonly values: string;
  readonly includes: (value: unknown) => boolean;
  /** What happens instead. */
  readonly note: string;
}

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
  readonly notYet?: SomeValues;
  readonly meaningless?: SomeValues;
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

/** A parameter that is known and does nothing yet; `note` says what happens instead. */
export function later<T>(
  type: ValueType<T>,
  summary: string,
  note: string,
  details: Details & { readonly origin?: Parameter['origin'] } = {},
): Parameter<T> {
  return { ...linux(type, summary, details), onLinux: 'later', note, ...details };
}

/** Some of a parameter's values, which are compared as texts. */
export function notYet(values: readonly string[], note: string): SomeValues {
  return { values: values.join(', '), includes: (value) => values.includes(String(value)), note };
}

/** A parameter of jail(8) that is accepted with a warning. */
export function ignored<T>(type: ValueType<T>, summary: string, note: string): Parameter<T> {
  return freebsd(type, summary, { onLinux: 'ignored', note });
}
