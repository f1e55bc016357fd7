import type { JailParams } from '../config/params.js';
import type { DeviceGrant } from '../config/values/device.js';
import { PlanError } from './error.js';
import type { DeviceNumbers, HostFacts } from './facts.js';
import { rctlLaunch } from './rctl.js';
import { withholdsDisks } from './securelevel.js';
import type { LaunchRecord } from './step.js';
import { shmRoom } from './tmpfs.js';
import { idCount } from './uidrange.js';

/** Character devices that a jail may use, with their numbers (Documentation/admin-guide/devices.txt). */
const basic = [
  ['null', '1:3'],
  ['zero', '1:5'],
  ['full', '1:7'],
  ['random', '1:8'],
  ['urandom', '1:9'],
] as const;
const terminal = [['tty', '5:0']] as const;

const terminalLinks = [['ptmx', 'pts/ptmx']] as const;
const descriptorLinks = [['fd', '/proc/self/fd']] as const;
const streamLinks = [
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
] as const;

/** The rulesets of FreeBSD's devfs.rules that mean something here; every other one is that of a jail. */
type Ruleset = 'all' | 'nothing' | 'basic' | 'login';
const rulesets: Readonly<Record<number, Ruleset>> = { 1: 'nothing', 2: 'basic', 3: 'login' };

/** The numbers of those that every jail may have. */
export const harmlessDevices: readonly string[] = [...basic, ...terminal].map(([, numbers]) => numbers);

/** Of the memory file system that is /dev; its pages are charged to the jail's cgroup. */
const DEV_SIZE = '64k';
/** Group that owns terminals, by the custom of Debian and others. */
const TTY = 5;
const PSEUDOTERMINALS = 256;

const nodeRecord = (target: string, [name, numbers]: readonly [string, string]): LaunchRecord => [
  'node',
  `${target}/${name}`,
  'c',
  numbers,
  '666',
];

function terminalRecords(target: string, values: JailParams): readonly LaunchRecord[] {
  const group = idCount(values) > TTY ? `,gid=${TTY}` : '';
  const most = rctlLaunch(values).pseudoterminals ?? PSEUDOTERMINALS;
  const options = `nosuid,noexec,newinstance,ptmxmode=0666,mode=620${group},max=${most}`;
  return [
    ['mkdir', `${target}/pts`, '755'],
    ['mount', 'devpts', 'devpts', `${target}/pts`, options],
  ];
}

function memoryRecords(target: string, values: JailParams): readonly LaunchRecord[] {
  return [
    ['mkdir', `${target}/shm`, '1777'],
    ['mount', 'tmpfs', 'shm', `${target}/shm`, `nosuid,nodev,noexec,mode=1777,${shmRoom(values)}`],
    ['mkdir', `${target}/mqueue`, '755'],
    ['mount', 'mqueue', 'mqueue', `${target}/mqueue`, 'optional,nosuid,nodev,noexec'],
  ];
}

/**
 * A private /dev at `target`: a file system with nodes of the harmless devices that its ruleset names, and the jail's
 * own terminals. `uidBase`: the id of the host that owns it, null for root.
 */
export function devRecords(
  target: string,
  values: JailParams,
  uidBase: number | null,
): readonly LaunchRecord[] {
  const set = rulesets[values.devfs_ruleset ?? 0] ?? 'all';
  const has = (...sets: readonly Ruleset[]): boolean => sets.includes(set);
  const links = [
    ...(has('all', 'login') ? terminalLinks : []),
    ...(has('all', 'login') && values['mount.fdescfs'] !== false ? descriptorLinks : []),
    ...(has('all', 'login') ? streamLinks : []),
  ];
  const owner = uidBase === null ? '' : `,uid=${uidBase},gid=${uidBase}`;
  const options = `create,nosuid,noexec,mode=755,size=${DEV_SIZE},nr_inodes=64${owner}`;
  return [
    ['mount', 'nodes', 'dev', target, options],
    ...(has('all', 'basic') ? basic : []).map((device) => nodeRecord(target, device)),
    ...(has('all', 'login') ? terminal : []).map((device) => nodeRecord(target, device)),
    ...(has('all', 'login') ? terminalRecords(target, values) : []),
    ...(has('all') ? memoryRecords(target, values) : []),
    ...links.map(([name, text]): LaunchRecord => ['symlink', `${target}/${name}`, text]),
  ];
}

const kvm: DeviceGrant = { path: '/dev/kvm', read: true, write: true };

/** The devices of the host that a jail is to have, by path; later ones count. */
function grantsOf(values: JailParams): readonly DeviceGrant[] {
  const asked = [...(values['allow.vmm'] === true ? [kvm] : []), ...(values.devices ?? [])];
  return [...new Map(asked.map((grant) => [grant.path, grant])).values()];
}

/** Paths of devices that a plan has to know, and whether it can be made without them. */
export function devicesOf(
  values: JailParams,
): readonly { readonly path: string; readonly optional: boolean }[] {
  const named = new Set((values.devices ?? []).map(({ path }) => path));
  return grantsOf(values).map(({ path }) => ({ path, optional: !named.has(path) }));
}

/** A device of the host that a jail has, and what everybody in the jail may do with it. */
interface GivenDevice extends DeviceNumbers {
  readonly path: string;
  readonly read: boolean;
  readonly write: boolean;
}

/**
 * The devices of the host that `devices` and `allow.vmm` give.
 * @throws PlanError for a device that the host does not have.
 */
export function grantedNumbers(
  values: JailParams,
  facts: Pick<HostFacts, 'devices'>,
): readonly GivenDevice[] {
  const optional = new Set(devicesOf(values).flatMap((device) => (device.optional ? [device.path] : [])));
  return grantsOf(values).flatMap(({ path, read, write }): readonly GivenDevice[] => {
    const device = facts.devices?.get(path);
    if (device === undefined && optional.has(path)) return [];
    if (device === undefined)
      throw new PlanError('devices', path, 'this host has no such device', 'see what ls -l /dev shows');
    return [{ ...device, path, read, write: write && !(device.type === 'b' && withholdsDisks(values)) }];
  });
}

/**
 * Nodes for the devices of the host. They are nodes of their own, which not even root in the jail owns, so that their
 * modes decide what everybody in the jail may do.
 * @throws PlanError for a device that the host does not have.
 */
export function grantedDevices(
  values: JailParams,
  facts: Pick<HostFacts, 'devices'>,
): readonly LaunchRecord[] {
  return grantedNumbers(values, facts).map(({ path, type, numbers, read, write }) => {
    const digit = (read ? 4 : 0) + (write ? 2 : 0);
    return ['node', path.slice(1), type, numbers, `${digit}${digit}${digit}`];
  });
}
