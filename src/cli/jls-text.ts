import type { JlsView } from './jls-view.js';
import type { JlsRecord } from './jls-json.js';
import { isDying, type JlsJail, type JlsParam, type JlsValue } from './jls-params.js';

/** printf's %-WIDTH.WIDTHs */
const column = (text: string, width: number): string => text.slice(0, width).padEnd(width);
/** Paths are cut where FreeBSD cuts them (printf's %.74s). */
const cut = (text: string): string => text.slice(0, 74);
const bare = (address: string): string => address.replace(/\/.*$/, '');

const NUMBER_HEADER = '   JID  IP Address      Hostname                      Path\n';
const NAME_HEADER = ' JID             IP Address      Hostname                      Path\n';
const VERBOSE_HEADER =
  '   JID  Hostname                      Path\n' +
  '        Name                          State\n' +
  '        CPUSetID\n' +
  '        IP Address(es)\n';

const number = ({ status }: JlsJail): string => String(status.jid ?? 0).padStart(6);

/** The columns that jls shows without flags. */
export function defaultText(jails: readonly JlsJail[], byName: boolean): string {
  const lines = jails.map((jail) => {
    const { name, ip4, hostname, path } = jail.status;
    const first = byName ? ` ${name.padEnd(15)} ` : `${number(jail)}  `;
    return `${first}${column(bare(ip4[0] ?? ''), 15)} ${column(hostname ?? '', 29)} ${cut(path ?? '')}\n`;
  });
  return (byName ? NAME_HEADER : NUMBER_HEADER) + lines.join('');
}

/** Four lines and more for each jail: -v. */
export function verboseText(jails: readonly JlsJail[]): string {
  const blocks = jails.map((jail) => {
    const { name, jid, ip4, ip6, hostname, path } = jail.status;
    return [
      `${number(jail)}  ${column(hostname ?? '', 29)} ${cut(path ?? '')}`,
      `        ${column(name, 29)} ${isDying(jail.status) ? 'DYING' : 'ACTIVE'}`,
      `        ${jid ?? 0}`,
      ...[...ip4, ...ip6].map((address) => `        ${bare(address)}`),
    ].map((line) => `${line}\n`);
  });
  return VERBOSE_HEADER + blocks.flat().join('');
}

/** The names of the parameters shown: -h. */
export function headerText({ params }: JlsView): string {
  return `${params.map(({ name }) => name).join(' ')}\n`;
}

/** One line of parameters, with their names where asked for. */
export function namedLine(jail: JlsJail, view: JlsView): string {
  return `${shownParams(jail, view)
    .map((param) => namedWord(param.name, param.value(jail), view))
    .join(' ')}\n`;
}

/** With -s, what cannot be set is left out, and so is what belongs to a group that the jail has none of its own of. */
function shownParams(jail: JlsJail, { params, settable }: JlsView): readonly JlsParam[] {
  if (!settable) return params;
  return params.filter((param) => param.settable && groupIsNew(jail, param.name));
}

function groupIsNew({ status, jail }: JlsJail, name: string): boolean {
  const group = /^(host|ip4|ip6)\./.exec(name)?.[1];
  if (group === 'host') return (jail?.values.host ?? 'new') === 'new';
  if (group !== 'ip4' && group !== 'ip6') return true;
  return (jail?.values[group] ?? (status[group].length > 0 ? 'new' : 'disable')) === 'new';
}

/** The name of a parameter that is false: "no" before its last component. */
const negated = (name: string): string => name.replace(/[^.]*$/, 'no$&');

function namedWord(name: string, value: JlsValue, { pairs, quoted }: JlsView): string {
  if (typeof value === 'boolean') {
    if (pairs) return value ? name : negated(name);
    return String(value);
  }
  const prefix = pairs ? `${name}=` : '';
  if (typeof value === 'string') return prefix + quote(value, quoted);
  if (value.length > 0) return prefix + quote(value.join(','), quoted);
  return prefix + (quoted ? '""' : pairs ? '' : '-');
}

/** An empty text is always quoted; -q quotes also those that a shell would take apart. */
function quote(text: string, quoted: boolean): string {
  if (text === '') return '""';
  const mark = text.includes("'") ? '"' : text.includes('"') ? "'" : /[ \t]/.test(text) ? '"' : '';
  return quoted ? mark + text + mark : text;
}

/** What --libxo json shows of a jail. In the named layout all values are text, and with -n booleans are bare. */
export function recordOf(jail: JlsJail, view: JlsView): JlsRecord {
  const { name, jid, ip4, ip6, hostname, path } = jail.status;
  if (view.layout === 'default')
    return [
      view.byName ? ['name', name] : ['jid', jid ?? 0],
      ['ipv4', bare(ip4[0] ?? '')],
      ['hostname', hostname ?? ''],
      ['path', path ?? ''],
    ];
  if (view.layout === 'verbose')
    return [
      ['jid', jid ?? 0],
      ['hostname', hostname ?? ''],
      ['path', path ?? ''],
      ['name', name],
      ['state', isDying(jail.status) ? 'DYING' : 'ACTIVE'],
      ['cpusetid', jid ?? 0],
      ['ipv4_addrs', ip4.map(bare)],
      ['ipv6_addrs', ip6.map(bare)],
    ];
  return shownParams(jail, view).map((param) => {
    const value = param.value(jail);
    return [param.name, typeof value === 'boolean' && !view.pairs ? String(value) : value];
  });
}
