import { createHash } from 'node:crypto';
import { hostnameOf, type Jail } from '../config/jail.js';
import { attachedText } from '../config/keyed.js';
import type { LaunchRecord } from './step.js';

/** Where the jail reads what `env` and `env.KEY` say. */
export const ENV_FILE = 'dev/jail/env';

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

const file = (target: string, options: string, bytes: Buffer): LaunchRecord => [
  'file',
  target,
  '444',
  options,
  bytes.toString('hex'),
];

/** What FreeBSD has where none is given, and `jls -s` writes. */
const NO_UUID = '00000000-0000-0000-0000-000000000000';

/** The kernel's release where it stands beside uname(2), in a jail that has /proc. proc_version(5). */
function releaseFiles(release: string): readonly LaunchRecord[] {
  return [
    file('proc/version', 'optional', Buffer.from(`Linux version ${release}\n`)),
    file('proc/sys/kernel/osrelease', 'optional', Buffer.from(`${release}\n`)),
  ];
}

/** Files that tell the jail who and where it is, laid over its own: `host.hostuuid`, `host.hostid`, `env`, `osrelease`. */
export function identityFiles({ values }: Jail): readonly LaunchRecord[] {
  const uuid = values['host.hostuuid'] ?? NO_UUID;
  const id = values['host.hostid'] ?? 0;
  const text = attachedText(values, 'env');
  // A root that cannot be written to and has no such file goes without.
  const inRoot = 'create,optional';
  const inDev = values['mount.devfs'] === false ? 'optional' : 'create';
  return [
    ...(uuid === '' || uuid === NO_UUID
      ? []
      : [file('etc/machine-id', inRoot, Buffer.from(`${machineId(uuid)}\n`))]),
    ...(id === 0 ? [] : [file('etc/hostid', inRoot, hostId(id))]),
    ...(text === '' ? [] : [file(ENV_FILE, inDev, Buffer.from(text))]),
    ...(values.osrelease === undefined ? [] : releaseFiles(values.osrelease)),
  ];
}
