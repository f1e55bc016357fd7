import { groups, isParamName, parameterOf, type ParamName } from './params.js';
import type { Parameter } from './parameter.js';
import { roff, textBlock } from './roff.js';

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
  const { type, unit, note, notYet, live, origin, onLinux, summary, default: fallback } = parameterOf(name);
  return {
    ...{ name, group, type: type.name, list: type.list, choices: type.choices ?? null },
    ...{ default: fallback, unit: unit ?? null, live, origin, onLinux, summary, note: note ?? null },
    notYet: notYet === undefined ? null : { values: notYet.values, note: notYet.note },
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
    ...(param.notYet === null ? [] : [['not yet', notYetText(param.notYet)] as [string, string]]),
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
function notYetText({ values, note }: NonNullable<ParamDescription['notYet']>): string {
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

function paramAsRoff(param: ParamDescription): string {
  const facts = [
    typeText(param),
    `default: ${param.default}`,
    ...(param.live ? ['can change while the jail runs'] : []),
    ...(param.onLinux === 'ignored' || param.onLinux === 'later' ? [LINUX_WORDS[param.onLinux]] : []),
  ];
  return [
    `.It Va ${param.name}`,
    roff(param.summary),
    ...(param.note === null ? [] : [roff(param.note)]),
    ...(param.notYet === null ? [] : [roff(`Not yet: ${notYetText(param.notYet)}.`)]),
    `.Po\n${roff(facts.join('; '))}\n.Pc`,
  ].join('\n');
}

/** The type, its words where they are few, and the unit of a bare number where the type does not say it. */
function typeText({ type, choices, list, unit }: ParamDescription): string {
  if (type === 'choice' && choices !== null && !list) return `one of ${choices.join(', ')}`;
  return unit === null || type === unit || (unit === 's' && type === 'seconds')
    ? type
    : `${type}, in ${unit}`;
}

/** What the table of parameters in jail.conf(5) says about how Linux treats each. */
function treatmentOf({ origin, onLinux, notYet }: ParamDescription): string {
  if (onLinux === 'later') return 'not yet';
  if (notYet !== null) return 'partly';
  return origin === 'linux' ? 'own' : onLinux;
}

/** Every parameter and how Linux treats it, as a tbl(1) table in the order of the alphabet. It fits 80 columns. */
export function treatmentsAsRoff(): string {
  const rows = describeParams()
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((param) => {
      const remarks = [
        param.note ?? '',
        param.notYet === null ? '' : `Not yet: ${notYetText(param.notYet)}.`,
      ];
      const text = remarks.filter((remark) => remark !== '').join(' ');
      return [param.name, treatmentOf(param), text === '' ? '' : textBlock(text)].join('\t');
    });
  const table = ['.TS', 'lb lb lb', 'l1 l2 lw(28n).', 'Parameter\tLinux\tRemarks', ...rows, '.TE'];
  return ['.nh', ...table, '.hy'].join('\n'); // names of parameters are not for hyphens
}
