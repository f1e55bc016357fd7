import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import type { Observation, ObservedMount, ObservedProcess, Subject } from '../plan/audit/observation.js';
import { processes } from './cgroup-processes.js';
import { observeDeviceAccess } from './device-access.js';
import { untilAnswered } from './answering.js';
import { SystemError } from './error.js';
import { clockShifts } from './figures.js';
import { readText, unless } from './files.js';
import { landlockAbi } from './libc/kernel.js';
import { mountsOf, type Mount } from './mount-table.js';
import {
  gone,
  look,
  foreignDescriptors,
  idMap,
  limitsOf,
  namespaceOf,
  observeProcess,
} from './observe-process.js';

const run = promisify(execFile);
const kinds = ['mnt', 'pid', 'ipc', 'uts', 'cgroup', 'time', 'net', 'user'] as const;
/** Processes of a jail that are looked at beside the first and the command. */
const MOST_PROCESSES = 256;
const NSENTER_PATIENCE = 5000;

const mountsOfProcess = (pid: number | 'self'): readonly Mount[] =>
  mountsOf(look(`/proc/${pid}/mountinfo`) ?? '');

const observed = ({ mountPoint: target, ...mount }: Mount): ObservedMount => {
  const { root, device, type, options, superOptions, propagates } = mount;
  return { target, root, device, type, options, superOptions, propagates };
};

/** Where the host has mounted something below a directory, as seen from there. */
function mountedBelow(path: string, host: readonly Mount[]): readonly string[] {
  const directory = path.replace(/\/+$/, '');
  return host
    .filter(({ mountPoint }) => mountPoint.startsWith(`${directory}/`))
    .map(({ mountPoint }) => mountPoint.slice(directory.length));
}

const QUOTAS = '/proc/sys/user';
const quotaNames = (): readonly string[] => unless(gone, [], () => readdirSync(QUOTAS));

/** These files show those of the user namespace of whoever opens them, which jaild never enters itself. */
async function quotasOf(pid: number, names: readonly string[]): Promise<Observation['quotas']> {
  const enter = [`--user=/proc/${pid}/ns/user`, '--', 'cat', ...names.map((name) => `${QUOTAS}/${name}`)];
  try {
    const { stdout } = await run('nsenter', enter, { timeout: NSENTER_PATIENCE, cwd: '/' });
    const values = stdout.trim().split('\n').map(Number);
    return values.length === names.length
      ? Object.fromEntries(names.map((name, index) => [name, values[index] ?? 0]))
      : null;
  } catch {
    return null; // no nsenter(1) here, or the jail has ended: said as "unreadable"
  }
}

function hostQuotas(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, Number(readText(`${QUOTAS}/${name}`) ?? 0)]));
}

/** Whether a process is in the very namespaces of the jail: it may have made some inside, and a pid may be another's by now. */
const isIn = (init: number, pid: number): boolean =>
  ['pid', 'user'].every((kind) => namespaceOf(pid, kind) === namespaceOf(init, kind));

/** Others in its cgroup. */
function others({ init, command, cgroups }: Subject): readonly ObservedProcess[] {
  return (processes(cgroups[0] ?? '') ?? [])
    .filter((pid) => pid !== init && pid !== command)
    .slice(0, MOST_PROCESSES)
    .filter((pid) => isIn(init, pid))
    .flatMap((pid) => observeProcess(pid, 'other') ?? []);
}

/** The links of a network namespace: /proc/PID/net/dev has a line for each. */
function linksOf(pid: number): readonly string[] {
  const text = look(`/proc/${pid}/net/dev`) ?? '';
  return [...text.matchAll(/^\s*([^\s:|]+):/gm)].map(([, name = '']) => name);
}

function initOf(pid: number): Observation['init'] {
  const stat = look(`/proc/${pid}/stat`) ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    program: unless(gone, '', () => readlinkSync(`/proc/${pid}/exe`)),
    // proc_pid(5): the files of a process that is not dumpable are root's.
    isDumpable: unless(gone, 0, () => statSync(`/proc/${pid}/environ`).uid) !== 0,
    terminal: Number(fields[4] ?? 0),
  };
}

/** Process 1 is a child of its jailer, and of nobody else: it ends with it. */
function jailerOf(init: number): ObservedProcess | null {
  const parent = /^PPid:\s*(\d+)$/m.exec(look(`/proc/${init}/status`) ?? '')?.[1];
  return parent === undefined ? null : observeProcess(Number(parent), 'jailer');
}

/**
 * Looks at a running jail from outside. Nothing in it is asked, and no path of it followed.
 * @throws SystemError ESRCH when it has ended
 */
export async function observeJail(subject: Subject): Promise<Observation> {
  const { init, command, path, controls, covered } = subject;
  await untilAnswered([`/proc/${init}/root/`]);
  const first = observeProcess(init, 'init');
  if (first === null) throw new SystemError('observe', constants.errno.ESRCH, `pid ${init}`);
  const main = command !== null && isIn(init, command) ? observeProcess(command, 'command') : null;
  const host = mountsOfProcess('self');
  const own = mountsOfProcess(init);
  const mountIds = new Set(own.map(({ id }) => id));
  const hostRoot = host.filter(({ mountPoint }) => mountPoint === '/').at(-1);
  const names = quotaNames();
  const pids = [init, ...(main === null ? [] : [main.pid])];
  return {
    jailer: jailerOf(init),
    processes: [first, ...(main === null ? [] : [main]), ...others(subject)],
    namespaces: Object.fromEntries(
      kinds.map((kind) => [kind, { jail: namespaceOf(init, kind), host: namespaceOf('self', kind) }]),
    ),
    uidMap: idMap(init, 'uid'),
    gidMap: idMap(init, 'gid'),
    mounts: own.map(observed),
    rootOwner: unless(gone, null, () => statSync(`/proc/${init}/root/`).uid),
    hostMounts: mountedBelow(path, host),
    hostRoot: { device: hostRoot?.device ?? '', root: hostRoot?.root ?? '' },
    present: covered.filter((target) => existsSync(target)),
    descriptors: pids.flatMap((pid) => foreignDescriptors(pid, mountIds)),
    limits: pids.map(limitsOf),
    controls: Object.fromEntries(controls.map((file) => [file, readText(file)])),
    quotas: await quotasOf(init, names),
    hostQuotas: hostQuotas(names),
    links: linksOf(init),
    deviceAccess: subject.devices === null ? null : observeDeviceAccess(subject.devices),
    clocks: clockShifts(init),
    init: initOf(init),
    landlock: landlockAbi(),
    corePattern: (readText('/proc/sys/kernel/core_pattern') ?? '').trim(),
    neighbours: Object.fromEntries(
      Object.entries(subject.neighbours).map(([name, pid]) => [name, idMap(pid, 'uid')]),
    ),
  };
}
