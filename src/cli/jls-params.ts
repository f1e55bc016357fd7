import { release } from 'node:os';
import type { Jail } from '../config/compile.js';
import { attachedText } from '../config/keyed.js';
import { isParamName, type ParamName } from '../config/params.js';
import { systemV, type SystemVName } from '../plan/ipc.js';
import type { JailStatus } from '../supervise/operations.js';

/** A running jail as jls looks at it: what it is, and what its files say. */
export interface JlsJail {
  readonly status: JailStatus;
  readonly jail: Jail | undefined;
  /** Asks the kernel, so only where they are to be shown. */
  readonly routes: () => readonly string[];
}

/** Whether jls shows true and false, text, or addresses: they differ in all output formats. */
export type JlsValue = boolean | string | readonly string[];

export interface JlsParam {
  readonly name: string;
  /** jail(8) can set it, so `jls -s` shows it. */
  readonly settable: boolean;
  readonly value: (jail: JlsJail) => JlsValue;
}

type Entry = Omit<JlsParam, 'name'>;
type Get = JlsParam['value'];

const fromFile = ({ jail }: JlsJail, name: string): unknown =>
  jail !== undefined && isParamName(name) ? jail.values[name] : undefined;

const flag =
  (fallback: boolean) =>
  (name: string): Entry => ({
    settable: true,
    value: (jail) => (fromFile(jail, name) ?? fallback) === true,
  });
const text =
  (fallback: string, settable = true) =>
  (name: string): Entry => ({
    settable,
    value: (jail) => {
      const found = fromFile(jail, name);
      return typeof found === 'string' || typeof found === 'number' ? String(found) : fallback;
    },
  });
const systemVPart = (name: SystemVName) => (): Entry => ({
  settable: true,
  value: ({ jail }) => systemV(jail?.values ?? {})[name],
});
const attached = (name: 'env' | 'meta') => (): Entry => ({
  settable: true,
  value: ({ jail }) => (jail === undefined ? '' : attachedText(jail.values, name)),
});
const shown =
  (value: Get, settable = true) =>
  (): Entry => ({ settable, value });

/** An address without its prefix length, as jls shows it. */
const bare = (addresses: readonly string[]): readonly string[] =>
  addresses.map((one) => one.replace(/\/.*$/, ''));

/** Being removed, while something of it is left. */
export function isDying({ state }: JailStatus): boolean {
  return state === 'stuck' || state === 'cleaning';
}

const inherits = (jail: JlsJail): boolean =>
  fromFile(jail, 'ip4') === 'inherit' || fromFile(jail, 'ip6') === 'inherit';
const stack =
  (name: 'ip4' | 'ip6'): Get =>
  (jail) => {
    const found = fromFile(jail, name);
    return typeof found === 'string' ? found : jail.status[name].length > 0 ? 'new' : 'disable';
  };

/** The parameters of a jail that FreeBSD's kernel keeps, top-level ones first, each group by name. */
const table: Readonly<Record<string, (name: string) => Entry>> = {
  devfs_ruleset: text('0'),
  dying: shown(({ status }) => isDying(status), false),
  enforce_statfs: text('1'),
  env: attached('env'),
  host: text('new'),
  ip4: shown(stack('ip4')),
  ip6: shown(stack('ip6')),
  jid: shown(({ status }) => String(status.jid ?? 0)),
  meta: attached('meta'),
  name: shown(({ status }) => status.name),
  osreldate: text('0'),
  osrelease: text(release()),
  parent: text('0', false),
  path: shown(({ status }) => status.path ?? ''),
  persist: flag(false),
  securelevel: text('-1'),
  sysvmsg: systemVPart('sysvmsg'),
  sysvsem: systemVPart('sysvsem'),
  sysvshm: systemVPart('sysvshm'),
  vnet: (name) => shown((jail) => text(inherits(jail) ? 'inherit' : 'new')(name).value(jail))(),
  'allow.adjtime': flag(false),
  'allow.chflags': flag(false),
  'allow.extattr': flag(false),
  'allow.mlock': flag(false),
  'allow.mount': flag(false),
  'allow.mount.devfs': flag(false),
  'allow.mount.fdescfs': flag(false),
  'allow.mount.linprocfs': flag(false),
  'allow.mount.linsysfs': flag(false),
  'allow.mount.nullfs': flag(false),
  'allow.mount.procfs': flag(false),
  'allow.mount.tmpfs': flag(false),
  'allow.mount.zfs': flag(false),
  'allow.nfsd': flag(false),
  'allow.quotas': flag(false),
  'allow.raw_sockets': flag(false),
  'allow.read_msgbuf': flag(false),
  'allow.reserved_ports': flag(true),
  'allow.routing': flag(false),
  'allow.set_hostname': flag(false),
  'allow.setaudit': flag(false),
  'allow.settime': flag(false),
  'allow.socket_af': flag(false),
  'allow.suser': flag(true),
  'allow.sysvipc': flag(false),
  'allow.unprivileged_parent_tampering': flag(false),
  'allow.unprivileged_proc_debug': flag(true),
  'children.cur': text('0', false),
  'children.max': text('0'),
  'cpuset.id': shown(({ status }) => String(status.jid ?? 0), false),
  'host.domainname': text(''),
  'host.hostid': text('0'),
  'host.hostname': shown(({ status }) => status.hostname ?? ''),
  'host.hostuuid': text('00000000-0000-0000-0000-000000000000'),
  'ip4.addr': shown(({ status }) => bare(status.ip4)),
  'ip4.saddrsel': flag(true),
  'ip6.addr': shown(({ status }) => bare(status.ip6)),
  'ip6.saddrsel': flag(true),
};

/** All parameters of FreeBSD, in the order of `jls -n`. */
export const jlsParams: readonly JlsParam[] = Object.entries(table).map(([name, entry]) => ({
  name,
  ...entry(name),
}));

/** The parameter of this name: one of FreeBSD's, or one that jail.conf has here. */
export function findJlsParam(name: string): JlsParam | undefined {
  const [, group, key = ''] = /^(meta|env)\.(.+)$/s.exec(name) ?? [];
  if (group === 'meta' || group === 'env') return attachedKey(name, group, key);
  if (name === 'route') return { name, settable: false, value: ({ routes }) => routes() };
  const found = jlsParams.find((param) => param.name === name);
  if (found !== undefined || !isParamName(name)) return found;
  return { name, settable: true, value: ({ jail }) => (jail === undefined ? '' : writtenValue(jail, name)) };
}

/** As its file has it; a parameter that stands there without a value is true. */
function writtenValue({ params, values }: Jail, name: ParamName): JlsValue {
  const value = values[name];
  if (typeof value === 'boolean') return value;
  const written = params.get(name);
  return written === null && value !== undefined ? 'true' : (written?.join(',') ?? '');
}

/** One line KEY=VALUE of the text attached to a jail; a jail without it has an empty one. */
function attachedKey(name: string, group: 'meta' | 'env', key: string): JlsParam {
  const value: Get = ({ jail }) => {
    const lines = jail === undefined ? [] : attachedText(jail.values, group).split('\n');
    return lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
  };
  return { name, settable: true, value };
}
