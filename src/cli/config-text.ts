import { configAsJson } from '../config/json.js';
import type { Compiled, Jail } from '../config/compile.js';
import { confName, confString } from '../config/format/spelling.js';
import { findParam } from '../config/params.js';

function originOf(jail: Jail, param: string): string {
  const span = jail.origin.get(findParam(param)?.name ?? param) ?? jail.origin.get(param);
  return span === undefined ? '' : `\t# ${span.file}:${span.line}`;
}

/** A jail as a block of jail.conf(5) that means the same without globals, wildcards and variables. */
export function jailAsConf(jail: Jail, showOrigin: boolean): string {
  const lines = [...jail.params].map(([name, values]) => {
    const value = values === null ? '' : ` = ${values.map(confString).join(', ')}`;
    return `  ${confName(name)}${value};${showOrigin ? originOf(jail, name) : ''}`;
  });
  return `${[`${confName(jail.name)} {`, ...lines, '}'].join('\n')}\n`;
}

/** A jail's values after types, defaults and units, one on each line; those that are not known before the start are left out. */
export function resolvedAsText(compiled: Compiled, name: string): string {
  const [jail] = configAsJson(compiled, { resolved: true, names: [name] }).jails;
  const known = Object.entries(jail?.values ?? {}).filter(([, value]) => value !== null);
  return [name, ...known.map(([param, value]) => `  ${param} ${JSON.stringify(value)}`)].join('\n') + '\n';
}
