import { examplesOf } from './examples.js';
import { groups, isParamName, negated, parameterOf, type ParamName } from '../params.js';
import type { Parameter, SomeValues } from '../parameter.js';

/** One parameter as `jailctl params --json` tells it. */
export interface ParamDescription {
  readonly name: ParamName;
  readonly group: string;
  readonly type: string;
  readonly list: boolean;
  readonly choices: readonly string[] | null;
  /** Of a number; null where there is no bound. */
  readonly least: number | null;
  readonly most: number | null;
  readonly default: string;
  readonly unit: string | null;
  readonly live: boolean;
  readonly origin: Parameter['origin'];
  readonly onLinux: Parameter['onLinux'];
  readonly summary: string;
  readonly note: string | null;
  /** It may be written with "no": `nopersist`. */
  readonly negation: string | null;
  /** Shown by jls, set by no file. */
  readonly readOnly: boolean;
  /** Values as they stand in a file. */
  readonly examples: readonly string[];
  /** Values that do nothing yet, and what happens instead. */
  readonly notYet: { readonly values: string; readonly note: string } | null;
  /** Values that mean nothing on Linux. */
  readonly meaningless: { readonly values: string; readonly note: string } | null;
}

/** Every parameter, in the order of the table. */
export function describeParams(): readonly ParamDescription[] {
  return Object.entries(groups).flatMap(([group, table]) =>
    Object.keys(table)
      .filter(isParamName)
      .map((name) => describeParam(name, group)),
  );
}

function describeParam(name: ParamName, group: string): ParamDescription {
  const { type, unit, note, live, origin, onLinux, summary, default: fallback, ...more } = parameterOf(name);
  const told = (values: SomeValues | undefined) =>
    values === undefined ? null : { values: values.values, note: values.note };
  return {
    ...{ name, group, type: type.name, list: type.list, choices: type.choices ?? null },
    ...{ least: bound(type.bounds?.[0]), most: bound(type.bounds?.[1]) },
    ...{ default: fallback, unit: unit ?? null, live, origin, onLinux, summary, note: note ?? null },
    negation: type.negatable ? negated(name) : null,
    readOnly: more.readOnly === true,
    examples: examplesOf(name),
    notYet: told(more.notYet),
    meaningless: told(more.meaningless),
  };
}

/** How Linux treats a parameter. */
export const LINUX_WORDS = {
  same: 'as on FreeBSD',
  close: 'close to FreeBSD',
  ignored: 'accepted, means nothing on Linux',
  later: 'accepted, does nothing yet',
} as const;

/** What is known of one parameter, or a list of all of them, for people. @returns null for an unknown name */
export function paramsAsText(name?: string): string | null {
  const all = describeParams();
  if (name === undefined) return listAsText(all);
  const found = all.find((param) => param.name === name);
  return found === undefined ? null : paramAsText(found);
}

function listAsText(all: readonly ParamDescription[]): string {
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  return Object.keys(groups)
    .map((group) => {
      const rows = all.filter((param) => param.group === group);
      return [`${group}:`, ...rows.map((param) => `  ${param.name.padEnd(width)}${summaryOf(param)}`)].join(
        '\n',
      );
    })
    .join('\n\n');
}

/** What limits a number to what JavaScript can count is no bound of the parameter's. */
const bound = (value: number | undefined): number | null =>
  value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? null : value;

/** "integer, 1 to 10000", "choice (no, on-failure, always)". */
function typeOf(param: ParamDescription): string {
  const { type, choices } = param;
  return choices === null ? boundedType(param) : `${type} (${choices.join(', ')})`;
}

/** "integer, 1 to 10000". */
export function boundedType({ type, least, most }: ParamDescription): string {
  if (least === null) return type;
  return most === null ? `${type}, at least ${least}` : `${type}, ${least} to ${most}`;
}

/** The sentence about it, with a remark where it does nothing. */
function summaryOf({ summary, onLinux, readOnly }: ParamDescription): string {
  if (readOnly) return `${summary} (read-only)`;
  return onLinux === 'ignored' || onLinux === 'later' ? `${summary} (${LINUX_WORDS[onLinux]})` : summary;
}

function paramAsText(param: ParamDescription): string {
  const { name, negation, unit, note, notYet, meaningless } = param;
  const rows: readonly (readonly [string, string | null])[] = [
    ['type', typeOf(param)],
    ['default', param.default],
    ['unit', unit],
    ['changes', param.live ? 'while the jail runs' : 'with a restart of the jail'],
    ['origin', param.origin === 'freebsd' ? 'jail(8) of FreeBSD' : 'jaild'],
    ['on Linux', linuxOf(param)],
    ['note', note],
    ['not yet', notYet && someText(notYet)],
    ['ignored', meaningless && someText(meaningless)],
    ['negation', param.type === 'boolean' ? null : negation],
    ...examplesAsText(param).map((text, index) => [index === 0 ? 'example' : '', text] as const),
  ];
  const lines = rows.flatMap(([key, text]) => (text === null ? [] : [`  ${key.padEnd(10)}${text}`]));
  return [`${name}: ${param.summary}`, ...lines].join('\n');
}

/** Whole statements of a file. A boolean needs no value. */
function examplesAsText({ name, type, negation, examples, readOnly }: ParamDescription): readonly string[] {
  if (readOnly) return [];
  if (type === 'boolean') return [`${name};`, `${negation ?? name};`];
  return examples.map((text) => `${name} = ${text};`);
}

/** How Linux treats it; of a parameter that there is only here there is nothing to compare. */
function linuxOf({ origin, onLinux, readOnly }: ParamDescription): string | null {
  if (readOnly) return 'jls shows it, files cannot set it';
  return origin === 'freebsd' || onLinux === 'later' ? LINUX_WORDS[onLinux] : null;
}

/** "inherit: what happens instead". */
export function someText({ values, note }: NonNullable<ParamDescription['notYet']>): string {
  return `${values}: ${note}`;
}
