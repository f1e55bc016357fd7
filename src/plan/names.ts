import type { Family } from '../config/values/family.js';
import { hostnameOf, type Jail } from '../config/jail.js';
import { sharesHostNetwork } from '../config/network-of.js';
import type { JailParams } from '../config/params.js';
import type { MountEntry } from '../config/values/mount.js';
import type { HostFacts, Neighbour } from './facts.js';
import { fileRecord } from './file-record.js';
import { jailNetwork } from './network.js';
import { plainPath, within } from './path-name.js';
import type { LaunchRecord } from './step.js';

/** Where programs look for names, below the root: resolv.conf(5), hosts(5). */
const RESOLVER_FILE = 'etc/resolv.conf';
export const HOSTS_FILE = 'etc/hosts';

/** What Debian gives a host that has no address of its own (Debian Reference, 5.1.1). */
const WITHOUT_ADDRESS = '127.0.1.1';

/** Whether it is planned to have an address of its own; one of a bridge is given out only at its start. */
function mayHaveAddress(values: JailParams): boolean {
  if (sharesHostNetwork(values)) return false;
  const isWritten = (family: Family): boolean =>
    values[family] !== 'disable' && (values[`${family}.addr`] ?? []).length > 0;
  const isGiven = values.ip_hostname === true || (values['bridge.subnet'] ?? []).length > 0;
  return isGiven || isWritten('ip4') || isWritten('ip6');
}

/** What of the host and of the root must be read for a jail's files of names. */
export function namesToRead(values: JailParams): { readonly resolver: boolean; readonly hosts: boolean } {
  const hosts = values.hosts ?? (mayHaveAddress(values) ? 'own' : 'none');
  return { resolver: values.dns === 'inherit', hosts: hosts !== 'none' };
}

const named = (line: string): readonly string[] =>
  line
    .replace(/#.*/, '')
    .split(/\s+/)
    .filter((word) => word !== '');

const entry = (address: string, names: readonly string[]): string => [address, names.join(' ')].join('\t');

/** A word that stays one word in a line of hosts(5). */
const isName = (text: string): boolean => /^[\w.-]+$/.test(text);

function linesFor(addresses: readonly string[], names: readonly string[]): readonly string[] {
  const distinct = [...new Set(names)].filter(isName);
  return distinct.length === 0 ? [] : addresses.map((address) => entry(address, distinct));
}

function ownNames(jail: Jail): readonly string[] {
  const hostname = jail.values.host === 'inherit' ? '' : hostnameOf(jail);
  return [hostname, hostname.split('.')[0] ?? '', jail.name];
}

function ownAddresses(jail: Jail, facts: HostFacts): readonly string[] {
  if (sharesHostNetwork(jail.values)) return [];
  const { ip4, ip6 } = jailNetwork(jail, facts);
  return [...ip4, ...ip6].map(({ address }) => address);
}

function ownLoopback({ ip4, ip6 }: JailParams): readonly string[] {
  if (ip4 !== 'disable') return [WITHOUT_ADDRESS];
  return ip6 === 'disable' ? [] : ['::1'];
}

/** For programs that ask for "localhost" in a root that does not know it. */
function loopbackLines(values: JailParams, present: readonly string[]): readonly string[] {
  const entries = present.map(named);
  const has = (isLoopback: (address: string) => boolean): boolean =>
    entries.some(([address = '', ...names]) => isLoopback(address) && names.includes('localhost'));
  return [
    ...(values.ip4 === 'disable' || has((address) => address.startsWith('127.'))
      ? []
      : [entry('127.0.0.1', ['localhost'])]),
    ...(values.ip6 === 'disable' || has((address) => address === '::1')
      ? []
      : [entry('::1', ['localhost', 'ip6-localhost', 'ip6-loopback'])]),
  ];
}

/** Lines that say something the second time are left out. */
function withoutDoubles(lines: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const words = named(line).join(' ');
    if (words === '') return true;
    const isNew = !seen.has(words);
    seen.add(words);
    return isNew;
  });
}

const neighbourLines = (neighbours: readonly Neighbour[]): readonly string[] =>
  neighbours.flatMap(({ name, hostname, addresses }) => linesFor(addresses, [hostname, name]));

/** hosts(5) of a jail: what its root has, then what it lacks. */
function hostsText(jail: Jail, addresses: readonly string[], facts: HostFacts, ofRoot: string): string {
  const { values } = jail;
  const present = ofRoot.replace(/\n+$/, '').split('\n');
  const lines = [
    ...(ofRoot.trim() === '' ? [] : present),
    ...loopbackLines(values, present),
    ...linesFor(addresses, ownNames(jail)),
    ...(values.hosts === 'depend' ? neighbourLines(facts.neighbours ?? []) : []),
  ];
  return withoutDoubles(lines)
    .map((line) => `${line}\n`)
    .join('');
}

/** The jail's files say that something else is mounted there, or around it. */
function isMountPoint(place: string, { path = '/' }: JailParams, entries: readonly MountEntry[]): boolean {
  const root = plainPath(path);
  const file = `${root}/${place}`;
  return entries.some(({ target, options }) => {
    const at = plainPath(target);
    return !options.includes('noauto') && at !== root && within(file, at);
  });
}

function hostsRecords(jail: Jail, entries: readonly MountEntry[], facts: HostFacts): readonly LaunchRecord[] {
  const { values } = jail;
  const ofRoot = facts.names?.hosts ?? null;
  if (ofRoot === null || !namesToRead(values).hosts) return [];
  const addresses = ownAddresses(jail, facts);
  const isAsked = values.hosts !== undefined;
  if (!isAsked && (addresses.length === 0 || isMountPoint(HOSTS_FILE, values, entries))) return [];
  const text = hostsText(jail, addresses.length === 0 ? ownLoopback(values) : addresses, facts, ofRoot);
  // Bytes of the root's file that are no UTF-8 stay what they are.
  return [fileRecord(HOSTS_FILE, isAsked ? 'create' : 'create,optional', Buffer.from(text, 'latin1'))];
}

function resolverRecords({ dns = 'none' }: JailParams, { names }: HostFacts): readonly LaunchRecord[] {
  if (dns === 'none' || dns.length === 0) return [];
  const text =
    dns === 'inherit' ? (names?.resolver ?? '') : dns.map((address) => `nameserver ${address}\n`).join('');
  return [fileRecord(RESOLVER_FILE, 'create', Buffer.from(text))];
}

/**
 * The files by which a jail finds others by name, laid over those of its root (`dns`, `hosts`).
 * @param entries what `mount` and `mount.fstab` list: a file of names that they bring stays, unless `hosts` is written
 */
export function nameFiles(
  jail: Jail,
  entries: readonly MountEntry[],
  facts: HostFacts,
): readonly LaunchRecord[] {
  return [...resolverRecords(jail.values, facts), ...hostsRecords(jail, entries, facts)];
}
