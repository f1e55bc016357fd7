import type { JailParams } from '../config/params.js';
import { params } from '../config/params.js';
import { roff } from '../config/manual/roff.js';
import { choice, integer, readPath, requiredPath, string } from '../config/values/scalar.js';
import { readSubnet, type Subnet } from '../config/values/subnet.js';
import { bad, good, scalarType, type Converted, type ValueType } from '../config/values/type.js';
import { listenAddress } from './listen-address.js';
import { familyOf } from '../config/values/family.js';
import { usualLogSockets } from '../plan/log.js';
import { bridgePrefix, type SubnetPool } from '../plan/lease-subnet.js';

/** One setting of jaild.ini. */
export interface Setting<T> {
  readonly type: ValueType<T>;
  readonly default: T;
  /** The default, as the file and the manual show it. */
  readonly shown: string;
  readonly summary: string;
}

function setting<T>(type: ValueType<T>, byDefault: T, shown: string, summary: string): Setting<T> {
  return { type, default: byDefault, shown, summary };
}

/** Parameters of which jaild.ini can change the default. */
type JailDefault =
  | 'pids.max'
  | 'memory.max'
  | 'memory.swap.max'
  | 'rlimit.nofile'
  | 'inotify.max_instances'
  | 'inotify.max_watches'
  | 'fanotify.max_groups'
  | 'fanotify.max_marks'
  | 'tmpfs.size'
  | 'shm.size'
  | 'ephemeral.size'
  | 'stop.timeout'
  | 'log.max_size'
  | 'log.max_files';

/** A default for jails: as in jail.conf; without it, what jail.conf says when nothing is set. */
function jailDefault<K extends JailDefault>(name: K): Setting<JailParams[K] | null> {
  const { type, default: shown } = params[name];
  // The table pairs each name with the type of its values; TypeScript loses the pair in the union of them all.
  return setting(
    type as ValueType<JailParams[K] | null>,
    null,
    shown,
    `${name} of jails that do not set it.`,
  );
}

/** The ids that end where a signed 32-bit number does, which much software believes ids to be. */
const POOL_BASE = 0x40000000;
const POOL_COUNT = 0x40000000;

const optionalPath: ValueType<string> = scalarType('path', (text) =>
  text === '' ? good('') : readPath(text),
);

/** Subnets that bridges get parts of, between commas. */
const subnetPool: ValueType<SubnetPool> = scalarType('list of subnets', (text) => {
  const words = text.split(',').map((word) => word.trim());
  const subnets = words.filter((word) => word !== '').map(readPoolSubnet);
  const wrong = subnets.find((one) => !one.ok);
  return wrong ?? good(subnets.flatMap((one) => (one.ok ? [one.value] : [])));
});

function readPoolSubnet(text: string): Converted<Subnet | 'auto'> {
  if (text === 'auto') return good('auto');
  const subnet = readSubnet(text);
  const hint = 'write auto, or ADDRESS/PREFIX such as 10.209.0.0/16, fd00:209::/48';
  if (subnet === null || !text.includes('/')) return bad(`"${text}" is not a subnet`, hint);
  const most = bridgePrefix[familyOf(subnet.address)];
  return subnet.prefix <= most ? good(subnet) : bad(`"${text}" has no room for a /${most}`, hint);
}

/** THE TABLE: every setting of jaild.ini, SECTION.KEY. Checks, the commented file and the manual come from it. */
export const settings = {
  'daemon.autostart': setting(
    choice('wanted', 'all', 'none'),
    'wanted',
    'wanted',
    'Jails that start with jaild. wanted: those last asked to be up, and those whose file says auto. all: also those that nobody has spoken of.',
  ),
  'daemon.shutdown': setting(
    choice('leave', 'stop'),
    'leave',
    'leave',
    'What SIGTERM to jaild does with the jails: leave them running for the next jaild, or stop them first.',
  ),
  'daemon.parallel': setting(
    integer(0, 1024),
    0,
    '0',
    'How many jails may be starting at the same time. 0: twice as many as there are CPUs, and at least 4.',
  ),
  'log.level': setting(
    choice('error', 'warn', 'info', 'debug'),
    'info',
    'info',
    'The least important messages to log.',
  ),
  'log.format': setting(choice('human', 'json'), 'human', 'human', 'How messages are written to stderr.'),
  'socket.group': setting(
    string,
    'jaild',
    'jaild',
    'Group that may use the control socket. Where there is no such group, only root may.',
  ),
  'cgroup.root': setting(
    optionalPath,
    '',
    '',
    'Cgroup below the root of each hierarchy, such as /jails.slice, in which jails go. Empty: the cgroup that was delegated to jaild, else the root.',
  ),
  'uids.base': setting(
    integer(65_536, 4_294_836_224),
    POOL_BASE,
    String(POOL_BASE),
    'First host user id that jails may be given, in ranges of 65536.',
  ),
  'uids.count': setting(
    integer(65_536, 4_294_836_224),
    POOL_COUNT,
    String(POOL_COUNT),
    'How many host user ids there are to give.',
  ),
  'network.subnets': setting(
    subnetPool,
    [{ address: '10.209.0.0', prefix: 16 }, 'auto'],
    '10.209.0.0/16, auto',
    'Where bridges with bridge.subnet = auto have their subnets from: a /24 of the IPv4 ones, a /64 of the IPv6 ones, whichever meets nothing that the host has addresses in or routes to. auto: an IPv6 prefix of this host alone, made once at random.',
  ),
  'targets.journald': setting(
    requiredPath,
    usualLogSockets.journald,
    usualLogSockets.journald,
    'Datagram socket of systemd-journald, for log.target = journald.',
  ),
  'targets.syslog': setting(
    requiredPath,
    usualLogSockets.syslog,
    usualLogSockets.syslog,
    'Datagram socket of syslogd(8), for log.target = syslog.',
  ),
  'metrics.listen': setting(
    listenAddress,
    null,
    '',
    'Where Prometheus may fetch /metrics: 127.0.0.1:PORT or [::1]:PORT, for everybody on this host, or the path of a socket, for root and socket.group. Empty: nowhere.',
  ),
  'jails.pids.max': jailDefault('pids.max'),
  'jails.memory.max': jailDefault('memory.max'),
  'jails.memory.swap.max': jailDefault('memory.swap.max'),
  'jails.rlimit.nofile': jailDefault('rlimit.nofile'),
  'jails.inotify.max_instances': jailDefault('inotify.max_instances'),
  'jails.inotify.max_watches': jailDefault('inotify.max_watches'),
  'jails.fanotify.max_groups': jailDefault('fanotify.max_groups'),
  'jails.fanotify.max_marks': jailDefault('fanotify.max_marks'),
  'jails.tmpfs.size': jailDefault('tmpfs.size'),
  'jails.shm.size': jailDefault('shm.size'),
  'jails.ephemeral.size': jailDefault('ephemeral.size'),
  'jails.stop.timeout': jailDefault('stop.timeout'),
  'jails.log.max_size': jailDefault('log.max_size'),
  'jails.log.max_files': jailDefault('log.max_files'),
} as const;

export type SettingName = keyof typeof settings;
/** The value of every setting: what the file says, else the default. */
export type Settings = {
  readonly [K in SettingName]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};

const sections: Readonly<Record<string, string>> = {
  daemon: 'jaild itself',
  log: "jaild's own messages",
  socket: 'The control socket',
  cgroup: 'Where the jails are in the cgroup tree',
  uids: 'User ids for jails with a user namespace of their own',
  network: 'Addresses for jails',
  targets: 'Where the output of jails can go, beside files',
  metrics: 'Figures for Prometheus',
  jails: 'Defaults for jails, in the words of jail.conf(5)',
};

/** The names of all sections, in order. */
export const sectionNames: readonly string[] = Object.keys(sections);

/** The settings of one section, with the keys that they have in it. */
function keysOf(section: string): readonly (readonly [string, Setting<unknown>])[] {
  return Object.entries(settings)
    .filter(([name]) => name.startsWith(`${section}.`))
    .map(([name, one]) => [name.slice(section.length + 1), one]);
}

/** etc/jaild.ini: every setting, commented, with its default. */
export function settingsAsIni(): string {
  const head = '; Settings of jaild, see jaild.ini(5). What is commented out is the default.\n';
  const blocks = sectionNames.map((section) => {
    const keys = keysOf(section).map(([key, one]) => `; ${one.summary}\n; ${key} = ${one.shown}`.trimEnd());
    return [`; ${sections[section]}`, `[${section}]`, ...keys].join('\n');
  });
  return `${[head.trimEnd(), ...blocks].join('\n\n')}\n`;
}

/** The settings as the body of man/jaild.ini.5, in mdoc(7). */
export function settingsAsRoff(): string {
  const blocks = sectionNames.map((section) => {
    const items = keysOf(section).map(([key, { type, shown, summary }]) => {
      const words = [roff(summary), `Type: ${type.choices?.join(' | ') ?? type.name}.`];
      return [`.It Cm ${key}`, ...words, `Default: ${shown === '' ? 'empty' : roff(shown)}.`].join('\n');
    });
    return [`.Ss [${section}] ${sections[section]}`, '.Bl -tag -width indent', ...items, '.El'].join('\n');
  });
  return `${blocks.join('\n')}\n`;
}
