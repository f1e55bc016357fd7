import { boundedType, describeParams, LINUX_WORDS, someText, type ParamDescription } from './describe.js';
import { groups } from '../params.js';
import { roff, textBlock } from './roff.js';

/** Every parameter as mdoc(7) for jail.conf(5): one .Ss for each group, one .It for each parameter. */
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
  const remarks = remarksOf(param).map(roff);
  return [
    `.It Va ${param.name}`,
    roff(param.summary),
    ...remarks,
    `.Po\n${roff(facts.join('; '))}\n.Pc`,
  ].join('\n');
}

function remarksOf({ note, notYet, meaningless }: ParamDescription): readonly string[] {
  return [
    ...(note === null ? [] : [note]),
    ...(notYet === null ? [] : [`Not yet: ${someText(notYet)}.`]),
    ...(meaningless === null ? [] : [`Without meaning: ${someText(meaningless)}.`]),
  ];
}

/** The type, its words where they are few, and the unit of a bare number where the type does not say it. */
function typeText(param: ParamDescription): string {
  const { type, choices, list, unit } = param;
  if (type === 'choice' && choices !== null && !list) return `one of ${choices.join(', ')}`;
  const isTold = unit === null || type === unit || (unit === 's' && type === 'seconds');
  return isTold ? boundedType(param) : `${boundedType(param)}, in ${unit}`;
}

/** What the table of parameters says about how Linux treats one, in one word or two. */
function treatmentOf({ origin, onLinux, notYet, meaningless }: ParamDescription): string {
  if (onLinux === 'later') return 'not yet';
  if (notYet !== null || meaningless !== null) return 'partly';
  return origin === 'linux' ? 'own' : onLinux;
}

/** Every parameter and how Linux treats it, as a tbl(1) table in the order of the alphabet. It fits 80 columns. */
export function treatmentsAsRoff(): string {
  const rows = describeParams()
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((param) => {
      const remarks = remarksOf(param).join(' ');
      return [param.name, treatmentOf(param), remarks === '' ? '' : textBlock(remarks)].join('\t');
    });
  // Names of parameters are not for hyphens. A text block at the end of a page is one that tbl(1) warns of, and which
  // one that is changes with every line above.
  const table = ['.TS', 'nowarn;', 'lb lb lb', 'l1 l2 lw(28n).', 'Parameter\tLinux\tRemarks', ...rows, '.TE'];
  return ['.nh', ...table, '.hy'].join('\n');
}
