import { groups, isParamName, parameterOf, type ParamName } from './params.js';
import type { Parameter, SomeValues } from './parameter.js';

/** One parameter as `jailctl params --json` tells it. */
export interface ParamDescription {
  readonly name: ParamName;
  readonly group: string;
  readonly type: string;
  readonly list: boolean;
  readonly choices: readonly string[] | null;
  readonly default: string;
  readonly unit: string | null;
  readonly live: boolean;
  readonly origin: Parameter['origin'];
  readonly onLinux: Parameter['onLinux'];
  readonly summary: string;
  readonly note: string | null;
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
  const { type, unit, note, live, origin, onLinux, summary, default: fallback, ...some } = parameterOf(name);
  const told = (values: SomeValues | undefined) =>
    values === undefined ? null : { values: values.values, note: values.note };
  return {
    ...{ name, group, type: type.name, list: type.list, choices: type.choices ?? null },
    ...{ default: fallback, unit: unit ?? null, live, origin, onLinux, summary, note: note ?? null },
    notYet: told(some.notYet),
    meaningless: told(some.meaningless),
  };
}

const LINUX_WORDS = {
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
      return [`${group}:`, ...rows.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`)].join(
        '\n',
      );
    })
    .join('\n\n');
}

function paramAsText(param: ParamDescription): string {
  const rows: [string, string][] = [
    ['type', param.choices === null ? param.type : `${param.type} (${param.choices.join(', ')})`],
    ['default', param.default],
    ...(param.unit === null ? [] : [['unit', param.unit] as [string, string]]),
    ['changes', param.live ? 'while the jail runs' : 'with a restart of the jail'],
    ['origin', originOf(param)],
    ...(param.note === null ? [] : [['note', param.note] as [string, string]]),
    ...(param.notYet === null ? [] : [['not yet', someText(param.notYet)] as [string, string]]),
    ...(param.meaningless === null ? [] : [['ignored', someText(param.meaningless)] as [string, string]]),
  ];
  return [`${param.name}: ${param.summary}`, ...rows.map(([key, text]) => `  ${key.padEnd(9)}${text}`)].join(
    '\n',
  );
}

function originOf({ origin, onLinux }: ParamDescription): string {
  if (origin === 'freebsd') return `jail(8), ${LINUX_WORDS[onLinux]}`;
  return onLinux === 'later' ? `jaild, ${LINUX_WORDS.later}` : 'jaild';
}

/** "inherit: what happens instead". */
function someText({ values, note }: NonNullable<ParamDescription['notYet']>): string {
  return `${values}: ${note}`;
}

/** The same as a list of roff for jail.conf(5): one .Ss for each group, one .It for each parameter. */
export function paramsAsRoff(): string {
  const all = describeParams();
  return Object.keys(groups)
    .map((group) => {
      const rows = all.filter((param) => param.group === group).map(paramAsRoff);
      return [`.Ss ${group}`, '.Bl -tag -width indent', ...rows, '.El'].join('\n');
    })
    .join('\n');
}

/** Characters that roff would read as its own. */
const roff = (text: string): string =>
  text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/, '\\&$1');

function paramAsRoff(param: ParamDescription): string {
  const facts = [
    param.unit === null ? param.type : `${param.type}, in ${param.unit}`,
    `default: ${param.default}`,
    ...(param.live ? ['can change while the jail runs'] : []),
    ...(param.onLinux === 'ignored' || param.onLinux === 'later' ? [LINUX_WORDS[param.onLinux]] : []),
  ];
  return [
    `.It Va ${param.name}`,
    roff(param.summary),
    ...(param.note === null ? [] : [roff(param.note)]),
    ...(param.notYet === null ? [] : [roff(`Not yet: ${someText(param.notYet)}.`)]),
    ...(param.meaningless === null ? [] : [roff(`Without meaning: ${someText(param.meaningless)}.`)]),
    `.Pq ${roff(facts.join('; '))}`,
  ].join('\n');
}
