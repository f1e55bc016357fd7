import type { Jail } from '../config/compile.js';

/** A value as `jail -e` quotes it: when it is empty or has blanks or quotes in it. */
export function quotedValue(text: string): string {
  const quote =
    text === '' ? '"' : text.includes("'") ? '"' : text.includes('"') ? "'" : /[ \t]/.test(text) ? '"' : '';
  const escaped = [...text].map((one) => (one === '\\' || one === quote ? `\\${one}` : one)).join('');
  return quote + escaped + quote;
}

/** PARAM, or PARAM=VALUE,VALUE */
function paramText([name, values]: readonly [string, readonly string[] | null]): string {
  return values === null ? name : `${name}=${values.map(quotedValue).join(',')}`;
}

/** The parameters of a jail but its number, its name first. */
function paramsOf({ name, params }: Jail): readonly string[] {
  const others = [...params].filter(([param]) => param !== 'name' && param !== 'jid');
  return [paramText(['name', params.get('name') ?? [name]]), ...others.map(paramText)];
}

/** A jail as `jail -e SEPARATOR` prints it. */
export function exhibitLine(jail: Jail, separator: string): string {
  return `${paramsOf(jail).join(separator)}\n`;
}

/** A jail as -J writes it into a file: its number and parameters, or the five columns of a jail made in the old style. */
export function jidFileLine(jail: Jail, jid: number, oldStyle: boolean): string {
  if (!oldStyle) return `${[`jid=${jid}`, ...paramsOf(jail)].join(' ')}\n`;
  const value = (name: string, separator: string): string =>
    (jail.params.get(name) ?? []).map(quotedValue).join(separator);
  const columns = [value('path', ','), value('host.hostname', ','), value('ip4.addr', ',')];
  const ip6 = value('ip6.addr', ',');
  return `${[jid, ...columns, ...(ip6 === '' ? [] : [ip6]), value('command', ' ')].join('\t')}\n`;
}
