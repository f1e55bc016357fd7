import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  type Stats,
} from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { PlanError } from '../plan/error.js';
import type { HostAddress, HostView, PathFact, UsedIds } from '../plan/host-view.js';
import type { Instance } from '../plan/instance.js';
import { usualLogSockets, type LogSockets } from '../plan/log.js';
import { parseSubordinate, type UidPool } from '../plan/uidrange.js';
import { detectCgroups } from './cgroup-facts.js';
import { diskOf } from './disk.js';
import { SystemError } from './error.js';
import { isErrno } from './files.js';
import { hasIp6 } from './forwarding.js';
import { hostAddresses, hostInterfaces } from './interfaces.js';
import { mountOf, mountsAt, mountTable } from './mount-table.js';
import { hostMemory, ownHardLimits, raisesLimits } from './host-limits.js';
import type { Link } from './netlink-link.js';
import { directoriesOf } from './own-directory.js';
import { factOf } from './path-fact.js';
import { blockDeviceNumbers } from './root.js';
import { securityModules } from './security-modules.js';

/** Bytes of a program that say what runs it. */
const HEAD = 4096;

/** This host, as far as this process may look. */
export interface RealHostView extends HostView {
  /** What it may not look at: nothing is said of it. */
  readonly unseen: () => readonly string[];
}

/** Where jaild makes what it makes, as its settings have it. */
export interface ViewOptions {
  readonly instance: Instance;
  readonly cgroupRoot: string | null;
  readonly uids: UidPool;
  readonly logSockets?: LogSockets;
}

/** Looks at the host that this process is on. Nothing is read before it is asked for, and everything once. */
export function openHostView({ instance, cgroupRoot, uids, logSockets }: ViewOptions): RealHostView {
  const unseen = new Set<string>();
  const mounts = once(() => unlessSystem([], mountTable));
  const links = once(() => unlessSystem([], hostInterfaces));
  return {
    ...pathFacts(unseen),
    ownDirectories: directoriesOf(instance),
    logSockets: logSockets ?? usualLogSockets,
    unseen: () => [...unseen],
    setsIds: (directory) => mountOf(directory, mounts())?.options.includes('nosuid') !== true,
    text: remembered((path) => attempt(unseen, path, null, () => readFileSync(path, 'utf8'))),
    head: remembered((path) => attempt(unseen, path, new Uint8Array(), () => readHead(path))),
    users: remembered((path) => attempt(unseen, path, null, () => namesIn(readFileSync(path, 'utf8')))),
    blockDevice: remembered(blockDevice),
    disk: remembered(disk),
    mountsAt: remembered((path) => mountsAt(path, mounts())),
    release: once(release),
    isRunning: (jail) => existsSync(`${instance.runDirectory}/${jail}`),
    links: once(() => links().map(({ name }) => name)),
    addresses: once(() => addressesOn(links())),
    hasIp6: once(hasIp6),
    hasTimeNamespaces: once(() => existsSync('/proc/self/ns/time')),
    securityModules: once(() => unlessSystem([], securityModules)),
    memory: once(totalmem),
    swap: once(() => hostMemory().swap),
    possible: remembered(possible),
    cpuCount: once(() => cpus().length),
    pidMax: once(() => numberIn('/proc/sys/kernel/pid_max')),
    openFilesMax: once(() => numberIn('/proc/sys/fs/nr_open')),
    hardLimit: remembered(hardLimit),
    cgroups: once(() => unlessSystem(null, () => detectCgroups(instance, cgroupRoot))),
    usedIds: once(() => usedIds(instance, uids)),
  };
}

function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => (known ??= { value: read() }).value;
}

function remembered<K, T>(read: (key: K) => T): (key: K) => T {
  const known = new Map<K, T>();
  return (key) => {
    const value = known.get(key);
    if (value !== undefined) return value;
    const fresh = read(key);
    known.set(key, fresh);
    return fresh;
  };
}

/** What the read gives, or `otherwise` where the path is missing or closed; the closed ones are noted. */
function attempt<T>(unseen: Set<string>, path: string, otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (isClosed(error)) unseen.add(path);
    return otherwise;
  }
}

const isClosed = ({ code }: NodeJS.ErrnoException): boolean => code === 'EACCES' || code === 'EPERM';

/** `read()`, or `otherwise` where the system refuses it. */
function unlessSystem<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SystemError || isErrno(error)) return otherwise;
    throw error;
  }
}

const MISSING: PathFact = { kind: 'missing' };
const UNKNOWN: PathFact = { kind: 'unknown' };

function pathFacts(unseen: Set<string>): Pick<HostView, 'lstat' | 'stat'> {
  const look = (path: string, read: () => Stats | undefined): PathFact => {
    try {
      return factOf(path, read());
    } catch (error) {
      if (!isErrno(error)) throw error;
      if (isClosed(error)) unseen.add(path);
      // A loop of links, a name that is too long or has a file in its middle lead nowhere.
      return isClosed(error) ? UNKNOWN : MISSING;
    }
  };
  return {
    lstat: remembered((path) => look(path, () => lstatSync(path, { throwIfNoEntry: false }))),
    stat: remembered((path) => look(path, () => statSync(path, { throwIfNoEntry: false }))),
  };
}

function readHead(path: string): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const head = new Uint8Array(HEAD);
    return head.slice(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

const namesIn = (passwd: string): ReadonlySet<string> =>
  new Set(passwd.split('\n').map((line) => line.slice(0, Math.max(0, line.indexOf(':')))));

const blockDevice = (path: string): string | null =>
  unlessSystem(null, () => blockDeviceNumbers([path]).get(path) ?? null);

function disk(path: string): string | null {
  try {
    return diskOf(path);
  } catch (error) {
    if (error instanceof SystemError || error instanceof PlanError) return null;
    throw error;
  }
}

function addressesOn(links: readonly Link[]): readonly HostAddress[] {
  const names = new Map(links.map(({ index, name }) => [index, name]));
  return unlessSystem([], hostAddresses).map(({ address, prefix, link }) => ({
    ...{ address, prefix, link: names.get(link) ?? `link ${link}` },
  }));
}

const SYSTEM = '/sys/devices/system';

function possible(what: 'cpus' | 'mems'): string | null {
  const file = what === 'cpus' ? `${SYSTEM}/cpu/possible` : `${SYSTEM}/node/possible`;
  return unlessSystem(null, () => readFileSync(file, 'utf8').trim());
}

const numberIn = (file: string): number =>
  unlessSystem(Infinity, () => Number(readFileSync(file, 'utf8').trim()));

function hardLimit(name: string): number {
  // Without root nobody starts jaild, so that the limits of this process say nothing of its.
  if (raisesLimits() || process.getuid?.() !== 0) return Infinity;
  return ownHardLimits()[name] ?? Infinity;
}

/** Ids of the host's users, of those who hand out subordinate ones, and of jails whose range jaild chooses. */
function usedIds({ settingsFile }: Instance, { base, count }: UidPool): readonly UsedIds[] {
  const read = (file: string): string => unlessSystem('', () => readFileSync(file, 'utf8'));
  const users = read('/etc/passwd')
    .split('\n')
    .flatMap((line): readonly UsedIds[] => {
      const [name, , id] = line.split(':');
      return id === undefined ? [] : [{ first: Number(id), count: 1, by: `the user ${name} of this host` }];
    });
  const subordinate = ['/etc/subuid', '/etc/subgid'].flatMap((file) =>
    parseSubordinate(read(file)).map((ids): UsedIds => ({ ...ids, by: file })),
  );
  const pool = { first: base, count, by: `jails with userns = auto (uids in ${settingsFile})` };
  return [...users, ...subordinate, pool];
}
