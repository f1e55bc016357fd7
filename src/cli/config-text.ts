import type { Compiled, Jail } from '../config/compile.js';
import { confName, confString } from '../config/format/spelling.js';
import { configAsJson } from '../config/json.js';
import type { Origin, Origins, Written } from '../config/origin.js';
import { printable } from './render.js';

/** What the name of the block says already may not be said again (jail.conf(5)). */
function isSaidByName(jail: Jail, name: string): boolean {
  const isNumber = /^\d+$/.test(jail.name) && Number(jail.name) !== 0;
  if (name === (isNumber ? 'jid' : 'name')) return true;
  return isNumber && name === 'name' && jail.params.get('name')?.[0] === jail.name;
}

/** One line, and what is said of it. */
interface Line {
  readonly text: string;
  readonly remark: string;
}

/** A jail as a block of jail.conf(5) that means the same without globals, wildcards and variables. */
export function jailAsConf(jail: Jail, origins: Origins | null): string {
  const origin = origins?.of(jail);
  const lines = [...jail.params]
    .filter(([name]) => !isSaidByName(jail, name))
    .flatMap(([name, values]) => paramLines(name, values, origin?.get(name)));
  const named = [...(origin?.values() ?? [])].find(({ by }) => by === 'block name');
  const head: Line = { text: `${confName(jail.name)} {`, remark: named === undefined ? '' : place(named) };
  return aligned([head, ...lines, { text: '}', remark: '' }]);
}

/** One line, or one for each string where they come from different places. */
function paramLines(
  name: string,
  values: readonly string[] | null,
  origin: Origin | undefined,
): readonly Line[] {
  const begin = `  ${confName(name)}`;
  const whole = origin === undefined ? '' : remarkOf(origin);
  if (values === null) return [{ text: `${begin};`, remark: whole }];
  const strings = values.map(confString);
  const places = origin?.elements.map(place) ?? [];
  if (new Set(places).size <= 1) return [{ text: `${begin} = ${strings.join(', ')};`, remark: whole }];
  const indent = ' '.repeat(begin.length + 3);
  const used = variablesOf(origin);
  return strings.map((text, index) => ({
    text: `${index === 0 ? `${begin} = ` : indent}${text}${index === strings.length - 1 ? ';' : ','}`,
    remark: `${places[index] ?? ''}${index === strings.length - 1 ? used : ''}`,
  }));
}

/** "jail.conf:3", with the block where it is not the jail's own. */
function place({ by, block, file, line }: Written): string {
  if (by === 'default') return 'default';
  if (by === 'command line') return by;
  const where = `${printable(file ?? '')}:${line ?? 0}`;
  if (by === 'global') return `${where} (global)`;
  return by === 'wildcard' ? `${where} (${printable(block ?? '')})` : where;
}

const variablesOf = (origin: Origin | undefined): string =>
  (origin?.variables ?? []).map((one) => `, $${printable(one.name)} at ${place(one)}`).join('');

const remarkOf = (origin: Origin): string => `${place(origin.elements[0] ?? origin)}${variablesOf(origin)}`;

/** Remarks begin below each other, except behind lines that are much longer than others. */
const MAX_WIDTH = 60;

function aligned(lines: readonly Line[]): string {
  const widths = lines.map(({ text }) => text.length).filter((width) => width <= MAX_WIDTH);
  const width = Math.max(0, ...widths);
  return lines
    .map(({ text, remark }) => (remark === '' ? `${text}\n` : `${text.padEnd(width)}  # ${remark}\n`))
    .join('');
}

/** A jail's values after types, defaults and units, one on each line; those that are not known before the start are left out. */
export function resolvedAsText(compiled: Compiled, jail: Jail, origins: Origins | null): string {
  const [described] = configAsJson({ ...compiled, jails: [jail] }, { resolved: true }).jails;
  const origin = origins?.ofAll(jail);
  const lines = Object.entries(described?.values ?? {})
    .filter(([, value]) => value !== null)
    .map(([name, value]): Line => {
      const written = origin?.get(name);
      return { text: `  ${name} ${JSON.stringify(value)}`, remark: written ? remarkOf(written) : '' };
    });
  return aligned([{ text: jail.name, remark: '' }, ...lines]);
}
