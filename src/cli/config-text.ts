import { configAsJson } from '../config/json.js';
import type { Compiled, Jail } from '../config/compile.js';
import { findParam } from '../config/params.js';

const WORD = /^[\w./:@%+|-]+$/;

/** A string as jail.conf(5) reads it back: as it is when it is one word, else in double quotes. */
export function confString(text: string): string {
  if (WORD.test(text)) return text;
  const escaped = text
    .replace(/["\\$]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replace(
      /[\u0000-\u001f\u007f]/g,
      (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
    );
  return `"${escaped}"`;
}

function originOf(jail: Jail, param: string): string {
  const span = jail.origin.get(findParam(param)?.name ?? param) ?? jail.origin.get(param);
  return span === undefined ? '' : `\t# ${span.file}:${span.line}`;
}

/** A jail as a block of jail.conf(5) that means the same without globals, wildcards and variables. */
export function jailAsConf(jail: Jail, showOrigin: boolean): string {
  const lines = [...jail.params].map(([name, values]) => {
    const value = values === null ? '' : ` = ${values.map(confString).join(', ')}`;
    return `  ${confString(name)}${value};${showOrigin ? originOf(jail, name) : ''}`;
  });
  return `${[`${confString(jail.name)} {`, ...lines, '}'].join('\n')}\n`;
}

/** A jail's values after types, defaults and units, one on each line; those that are not known before the start are left out. */
export function resolvedAsText(compiled: Compiled, name: string): string {
  const [jail] = configAsJson(compiled, { resolved: true, names: [name] }).jails;
  const known = Object.entries(jail?.values ?? {}).filter(([, value]) => value !== null);
  return [name, ...known.map(([param, value]) => `  ${param} ${JSON.stringify(value)}`)].join('\n') + '\n';
}
