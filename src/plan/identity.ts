import { createHash } from 'node:crypto';
import { hostnameOf, type Jail } from '../config/jail.js';
import { attachedText } from '../config/keyed.js';
import type { MountEntry } from '../config/values/mount.js';
import type { HostFacts } from './facts.js';
import { fileRecord } from './file-record.js';
import { plainPath } from './path-name.js';

import type { LaunchRecord } from './step.js';

/** Where the jail reads what `env` and `env.KEY` say. */
const ENV_FILE = 'dev/jail/env';

/** Host name and NIS domain name, of a jail that has its own; without a domain name it keeps the host's. */
export function nameRecords(jail: Jail): readonly LaunchRecord[] {
  const { values } = jail;
  if (values.host === 'inherit') return [];
  const hostname = hostnameOf(jail);
  const domain = values['host.domainname'] ?? '';
  return [
    ...(hostname === '' ? [] : [['hostname', hostname] as LaunchRecord]),
    ...(domain === '' ? [] : [['domainname', domain] as LaunchRecord]),
  ];
}

/** machine-id(5) for a UUID: its 32 digits. A text that is none has those of its hash. */
function machineId(uuid: string): string {
  const digits = uuid.replaceAll('-', '').toLowerCase();
  if (/^[0-9a-f]{32}$/.test(digits)) return digits;
  return createHash('sha256').update(uuid).digest('hex').slice(0, 32);
}

/** gethostid(3) reads four bytes in the machine's order; the machines that jaild runs on have the lowest first. */
function hostId(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(id);
  return bytes;
}

/** What FreeBSD has where none is given, and `jls -s` writes. */
const NO_UUID = '00000000-0000-0000-0000-000000000000';

/** The kernel's release where it stands beside uname(2), in a jail that has /proc. proc_version(5). */
function releaseFiles(release: string): readonly LaunchRecord[] {
  return [
    fileRecord('proc/version', 'optional', Buffer.from(`Linux version ${release}\n`)),
    fileRecord('proc/sys/kernel/osrelease', 'optional', Buffer.from(`${release}\n`)),
  ];
}

/** What of the host brings its machine-id(5) along, and where in it that lies. */
const bringsMachineId: ReadonlyMap<string, string> = new Map([
  ['', '/etc/machine-id'],
  ['/etc', '/machine-id'],
  ['/etc/machine-id', ''],
]);

/** Where the jail would find the machine id of the host: below its root. */
function hostIdPlaces(root: string, entries: readonly MountEntry[]): readonly string[] {
  const plain = (path: string): string => plainPath(path).replace(/^\/$/, '');
  const below = plain(root).length + 1;
  return entries.flatMap(({ source, target }) => {
    const rest = bringsMachineId.get(plain(source));
    return rest === undefined ? [] : [`${plain(target)}${rest}`.slice(below)];
  });
}

/** The jail's own id where it would see the host's: always the same, and that of no other jail anywhere. */
function ownMachineId({ name }: Jail, { instance, machineId: host = '' }: HostFacts): string {
  return machineId(`${host.trim()}\0${instance.prefix}\0${name}`);
}

function machineIdFiles(
  jail: Jail,
  entries: readonly MountEntry[],
  facts: HostFacts,
): readonly LaunchRecord[] {
  const { 'host.hostuuid': uuid = NO_UUID, path = '/' } = jail.values;
  const isGiven = uuid !== '' && uuid !== NO_UUID;
  const text = Buffer.from(`${isGiven ? machineId(uuid) : ownMachineId(jail, facts)}\n`);
  // A root that cannot be written to and has no such file goes without.
  const places = hostIdPlaces(path, entries);
  const given = isGiven && !places.includes('etc/machine-id') ? ['etc/machine-id'] : [];
  return [
    ...given.map((place) => fileRecord(place, 'create,optional', text)),
    ...places.map((place) => fileRecord(place, 'optional', text)),
  ];
}

/**
 * Files that tell the jail who and where it is, laid over its own: `host.hostuuid`, `host.hostid`, `env`, `osrelease`;
 * and over those of the host that it is given.
 */
export function identityFiles(
  jail: Jail,
  entries: readonly MountEntry[],
  facts: HostFacts,
): readonly LaunchRecord[] {
  const { values } = jail;
  const id = values['host.hostid'] ?? 0;
  const text = attachedText(values, 'env');
  const inDev = values['mount.devfs'] === false ? 'optional' : 'create';
  return [
    ...machineIdFiles(jail, entries, facts),
    ...(id === 0 ? [] : [fileRecord('etc/hostid', 'create,optional', hostId(id))]),
    ...(text === '' ? [] : [fileRecord(ENV_FILE, inDev, Buffer.from(text))]),
    ...(values.osrelease === undefined ? [] : releaseFiles(values.osrelease)),
  ];
}
