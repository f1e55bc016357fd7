import { sharesNetworkBy } from './apart.js';
import { harmlessDevices } from '../devices.js';
import type { Expectation, PlannedDevice, PlannedMount } from './expectation.js';
import type { Door } from './finding.js';
import type { ForeignDescriptor, Observation, ObservedMount } from './observation.js';
import { isNoticeMount } from '../notices.js';
import { ownsUsers, type Judge } from './privileges.js';

/** The mount that is seen at a path: of several, the one that was made last. */
const mountAt = ({ mounts }: Observation, target: string): ObservedMount | undefined =>
  mounts.filter((mount) => mount.target === target).at(-1);

const isBelow = (path: string, directory: string): boolean =>
  directory === '/' ? path.startsWith('/') : path === directory || path.startsWith(`${directory}/`);

const guards = ['ro', 'nosuid', 'nodev', 'noexec'];

/** The guards of a mount that are planned and not there. */
const missingGuards = (mount: ObservedMount, planned: readonly string[]): readonly string[] =>
  guards.filter((guard) => planned.includes(guard) && !mount.options.includes(guard));

/** Its root directory. */
export const root: Judge = (seen, plan) => {
  const mount = mountAt(seen, '/');
  const doors: Door[] = [];
  const isHostRoot = mount?.device === seen.hostRoot.device && mount.root === seen.hostRoot.root;
  if (isHostRoot)
    doors.push({
      by: 'path = /',
      severity: 'high',
      cost: 'its files are those of the host: it reads and, where its users may, changes them',
    });
  const weaker =
    mount === undefined
      ? ['it has no root of its own']
      : missingGuards(mount, plan.rootOptions).map((guard) => `its root is not ${guard}`);
  if (mount !== undefined && plan.rootOptions.includes('idmap') && !isMapped(mount, seen, plan))
    weaker.push('its root is not mapped to its users');
  if (mount !== undefined && plan.layers > 1) weaker.push(...overlayFaults(mount, plan));
  if (seen.mounts.some((one) => one.propagates)) weaker.push('mounts go to and from the host');
  const words = mount?.options.filter((option) => [...guards, 'idmapped'].includes(option)) ?? [];
  const what = layersOf(mount) > 1 ? `an overlay of ${layersOf(mount)} directories` : 'of its own';
  return { wall: 'root', seen: [what, ...words].join(' '), doors, weaker };
};

/** The directories that an overlay is made of, as the kernel names them; 0 for any other mount. */
function layersOf(mount: ObservedMount | undefined): number {
  if (mount?.type !== 'overlay') return 0;
  const named = mount.superOptions.flatMap((option) => {
    const [key = '', value = ''] = option.split('=');
    if (key === 'lowerdir') return value.split(':');
    return key === 'lowerdir+' || key === 'upperdir' ? [value] : [];
  });
  return named.length;
}

/** Of an overlay its directories are mapped and not the whole, so that only who owns it tells. */
function isMapped(
  mount: ObservedMount,
  { rootOwner }: Observation,
  { layers, uidMap }: Expectation,
): boolean {
  if (layers === 1) return mount.options.includes('idmapped');
  if (rootOwner === null || uidMap === null) return false;
  return rootOwner >= uidMap.outside && rootOwner < uidMap.outside + uidMap.count;
}

function overlayFaults(mount: ObservedMount, { layers }: Expectation): readonly string[] {
  const followed = ['redirect_dir=on', 'redirect_dir=follow', 'metacopy=on'];
  return [
    ...(layersOf(mount) === layers ? [] : [`its root is not made of ${layers} directories`]),
    ...followed
      .filter((option) => mount.superOptions.includes(option))
      .map((option) => `what its layers say of other files is believed (${option})`),
  ];
}

const special = ['/', '/dev', '/proc', '/sys', '/run', '/etc', '/boot', '/root', '/var/run'];

/** A directory of the host that the jail is given. */
function bindDoor({ source, options, target }: PlannedMount): Door {
  const by = `mount: ${source} on ${target}`;
  if (isNoticeMount(source, target))
    return { by, severity: 'low', cost: 'jaild hears what it says of itself there, that it is well for one' };
  const own = source.replace(/\/+$/, '') || '/';
  if (special.includes(own))
    return { by, severity: 'high', cost: "it has the host's own: whatever is kept or listens there" };
  return options.includes('ro')
    ? { by, severity: 'low', cost: 'it reads what the host has there' }
    : { by, severity: 'low', cost: 'it reads and changes what the host has there' };
}

function mountDoors(plan: Expectation): readonly Door[] {
  const binds = plan.mounts.filter(
    ({ type, source, target }) => type === 'bind' && !(source === '/sys' && target === '/sys'),
  );
  const own: Door = {
    by: 'allow.mount',
    severity: 'low',
    cost: 'its root mounts what allow.mount.* names; the jailer does it, outside of the jail',
  };
  return [...binds.map(bindDoor), ...(plan.mountsItself ? [own] : [])];
}

/** Whether somebody in the jail may have mounted what is not planned. */
const mayMount = (seen: Observation, plan: Expectation): boolean =>
  plan.mountsItself || seen.processes.some(({ capabilities }) => (capabilities.bounding >> 21n) & 1n);

/** What else is mounted in it. */
export const mounts: Judge = (seen, plan) => {
  const covered = [...plan.masked, ...plan.readOnly];
  const planned = ['/', ...plan.mounts.map(({ target }) => target), ...covered];
  const broad = plan.mounts.filter(({ options }) => options.includes('rec')).map(({ target }) => target);
  const isPlanned = (target: string): boolean =>
    planned.includes(target) ||
    broad.some((directory) => isBelow(target, directory)) ||
    seen.hostMounts.includes(target);
  const strange = mayMount(seen, plan) ? [] : seen.mounts.filter(({ target }) => !isPlanned(target));
  const loose = plan.mounts.flatMap(({ target, options }) => {
    const mount = mountAt(seen, target);
    if (mount === undefined) return options.includes('optional') ? [] : [`nothing is mounted on ${target}`];
    return missingGuards(mount, options).map((guard) => `${target} is not ${guard}`);
  });
  return {
    wall: 'mounts',
    seen: `${seen.mounts.length}, ${strange.length === 0 ? 'all of the plan' : `${strange.length} of nobody's plan`}`,
    doors: mountDoors(plan),
    weaker: [
      ...strange.map(({ target, type }) => `a ${type} that nobody planned is mounted on ${target}`),
      ...loose,
    ],
  };
};

/** What of /proc and /sys is hidden from it, and what it can't write. */
export const kernelFiles: Judge = (seen, plan) => {
  const there = (target: string): boolean => seen.present.includes(target);
  const hidden = plan.masked.filter(there);
  const readOnly = plan.readOnly.filter(there);
  const open = hidden.filter((target) => mountAt(seen, target) === undefined);
  const writable = readOnly.filter((target) => mountAt(seen, target)?.options.includes('ro') !== true);
  const inherited = plan.mounts.some(({ source, target }) => source === '/sys' && target === '/sys');
  const door: Door = {
    by: sharesNetworkBy(plan),
    severity: 'low',
    cost: "/sys is the host's, read-only: it lists all of its devices",
  };
  return {
    wall: 'kernel files',
    seen: `${hidden.length - open.length} of /proc and /sys hidden, ${readOnly.length - writable.length} read-only`,
    doors: inherited ? [door] : [],
    weaker: [
      ...open.map((target) => `${target} is not hidden`),
      ...writable.map((target) => `${target} can be written`),
    ],
  };
};

/** A device of the host that the jail is given. */
function deviceDoor({ target, type, mode }: PlannedDevice, { values }: Expectation): Door {
  const isNamed = values.devices?.some(({ path }) => path === target) === true;
  const by = isNamed ? `devices: ${target}` : `allow.vmm: ${target}`;
  if (type !== 'b')
    return {
      by,
      severity: 'medium',
      cost: "a driver of the host's kernel, and what it drives, is open to it",
    };
  return (parseInt(mode, 8) & 0o222) === 0
    ? { by, severity: 'high', cost: 'it reads all of a disk, whoever its files belong to' }
    : { by, severity: 'critical', cost: 'it changes a disk of the host beneath its file systems' };
}

/** What of its cgroup's hold on devices is not as planned. */
function loosened({ deviceAccess }: Observation): readonly string[] {
  if (deviceAccess?.version === 2 && !deviceAccess.isAttached)
    return ['the program that holds back devices is not on its cgroup'];
  return deviceAccess?.version === 1
    ? deviceAccess.beyond.map((rule) => `its cgroup lets it use more devices: ${rule}`)
    : [];
}

const unheld: Door = {
  by: 'no cgroup of this host holds back devices',
  severity: 'note',
  cost: 'whoever came by a node of a disk could use it',
};

/** Which devices it reaches. */
export const devices: Judge = (seen, plan) => {
  const strange = seen.mounts.filter(
    ({ type, target }) => type === 'devtmpfs' && !seen.hostMounts.includes(target),
  );
  const makes =
    !ownsUsers(seen) && seen.processes.some(({ capabilities }) => (capabilities.bounding >> 27n) & 1n);
  const isHarmless = ({ type, numbers }: PlannedDevice): boolean =>
    type === 'c' && harmlessDevices.includes(numbers);
  const given = plan.devices.filter((device) => !isHarmless(device));
  const all: Door = {
    by: 'userns = off, caps: mknod',
    severity: 'critical',
    cost: 'it makes nodes of every disk, and uses them',
  };
  const extra = given.length === 0 ? '' : `, ${given.length} of the host's`;
  const held = seen.deviceAccess === null ? '' : ', and no other by cgroup';
  return {
    wall: 'devices',
    seen: `${plan.devices.length - given.length} harmless ones${extra}${held}`,
    doors: [
      ...given.map((node) => deviceDoor(node, plan)),
      ...(seen.deviceAccess !== null ? [] : [makes ? all : unheld]),
    ],
    weaker: [...strange.map(({ target }) => `${target} is a device of the host`), ...loosened(seen)],
  };
};

/** What of the host has come along with its processes: descriptors, sessions, terminals. */
export const leaks: Judge = (seen, plan) => {
  const given = plan.foreground ? [0, 1, 2] : [];
  const isGiven = ({ descriptor, kind }: ForeignDescriptor): boolean =>
    given.includes(descriptor) && kind !== 'directory';
  const lent = seen.descriptors.filter(isGiven);
  const leaked = seen.descriptors
    .filter((one) => !isGiven(one))
    .map(
      ({ pid, descriptor, target, kind }) =>
        `pid ${pid} holds a ${kind} of the host as descriptor ${descriptor}: ${target}`,
    );
  const outside = seen.processes.filter(({ role, session }) => role === 'command' && session === 0);
  const door: Door = {
    by: 'jailctl run',
    severity: 'low',
    cost: 'it has the files that its caller gave it',
  };
  const weaker = [
    ...leaked,
    ...outside.map(({ pid }) => `the command (pid ${pid}) is in a session of the host`),
    ...(seen.init.terminal === 0 ? [] : ['process 1 has a terminal of the host']),
  ];
  return {
    wall: 'leaks',
    seen:
      seen.descriptors.length + weaker.length === 0
        ? 'no descriptor, session or terminal of the host'
        : `${seen.descriptors.length} descriptors lead outside`,
    doors: lent.length === 0 ? [] : [door],
    weaker,
  };
};
