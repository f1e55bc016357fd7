import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { CgroupFacts } from '../plan/facts.js';
import type { Instance } from '../plan/instance.js';
import { SystemError } from './error.js';
import { readText } from './files.js';
import { getxattr } from './libc/files.js';
import { mountsOf } from './mount-table.js';

/** One mounted hierarchy. */
interface Hierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** What of the hierarchy the mount shows: `/`, or a subtree in a container without a cgroup namespace. */
  readonly root: string;
  readonly controllers: readonly string[];
}

/** The names that v1 gives its controllers; other words among the mount's options are flags. */
const controllersV1 = new Set([
  ...['memory', 'cpu', 'cpuacct', 'cpuset', 'blkio', 'pids', 'freezer', 'devices', 'hugetlb'],
  ...['net_cls', 'net_prio', 'perf_event', 'rdma', 'misc'],
]);

/** The controllers of v2 that parameters set or accounting reads. */
const controllersUsed = new Set(['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids']);

/** The cgroup hierarchies that a mountinfo file lists. proc_pid_mountinfo(5). */
const hierarchies = (mountinfo: string): readonly Hierarchy[] =>
  mountsOf(mountinfo).flatMap(({ type, mountPoint, root, superOptions }): readonly Hierarchy[] => {
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const controllers = superOptions.filter((word) => controllersV1.has(word));
    return [{ version: type === 'cgroup' ? 1 : 2, controllers, mountPoint, root }];
  });

/** Where processes of this one's v2 cgroup are, as a directory of the mount; null when the mount does not show it. */
function ownCgroup(v2: Hierarchy, cgroup: string): string | null {
  const path = /^0::(.*)$/m.exec(cgroup)?.[1];
  if (path === undefined || path.startsWith('/..')) return null;
  if (v2.root === '/') return v2.mountPoint + (path === '/' ? '' : path);
  return path === v2.root || path.startsWith(`${v2.root}/`)
    ? v2.mountPoint + path.slice(v2.root.length)
    : null;
}

/** A cgroup that its owner gives away says so (systemd: "Control Group APIs and Delegation"). */
export function isDelegated(directory: string): boolean {
  return ['trusted.delegate', 'user.delegate'].some((name) => getxattr(directory, name) === '1');
}

/** The cgroup below which this instance may do as it likes: the delegated one, of which jaild may be in the child "supervisor". */
function delegatedCgroup(v2: Hierarchy, cgroup: string): string | null {
  const own = ownCgroup(v2, cgroup);
  if (own === null || own === v2.mountPoint) return null;
  const parent = own.replace(/\/supervisor$/, '');
  return [own, parent].find(isDelegated) ?? null;
}

/**
 * How this host mounts its cgroups, and where this instance's jails go: `<mount>/<cgroupName>` in v1 hierarchies; in v2
 * `<delegated cgroup>/<cgroupName>`, or the same as v1 where none is delegated to jaild. Makes nothing.
 * @param configuredRoot a cgroup below each hierarchy's root (`/jails.slice`) to use instead of these parents, or null
 * @throws SystemError when there is no hierarchy at all
 */
export function detectCgroups(instance: Instance, configuredRoot: string | null): CgroupFacts {
  const mounted = hierarchies(readFileSync('/proc/self/mountinfo', 'utf8'));
  const v2 = mounted.find((hierarchy) => hierarchy.version === 2);
  if (mounted.length === 0) {
    const hint = 'mount one: mount -t cgroup2 none /sys/fs/cgroup';
    throw new SystemError('find', constants.errno.ENOENT, 'a mounted cgroup hierarchy', hint);
  }
  const name =
    configuredRoot === null ? instance.cgroupName : joinCgroup(configuredRoot, instance.cgroupName);
  const v1 = mounted
    .filter((hierarchy) => hierarchy.version === 1)
    .flatMap(({ controllers, mountPoint }) => controllers.map((c) => [c, `${mountPoint}/${name}`] as const));
  const base = v2 === undefined ? null : v2Base(v2, configuredRoot);
  const rootIsTaken = v1.length > 0 && base === v2?.mountPoint;
  return {
    v1: Object.fromEntries(v1.reverse()), // of a hierarchy mounted twice, the first counts
    v2: base === null ? null : `${base}/${name}`,
    v2Controllers: base === null ? [] : usableControllers(base, rootIsTaken),
  };
}

/**
 * Those that the cgroup can hand to its children and parameters make use of. On a hybrid host whoever mounted v1 has
 * chosen where controllers are, so that the root of its v2 tree is left as it is: only what is switched on there counts.
 */
function usableControllers(base: string, asItIs: boolean): readonly string[] {
  const listed = readText(`${base}/${asItIs ? 'cgroup.subtree_control' : 'cgroup.controllers'}`) ?? '';
  return listed.split(/\s+/).filter((controller) => controllersUsed.has(controller));
}

function joinCgroup(root: string, name: string): string {
  const trimmed = root.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? name : `${trimmed}/${name}`;
}

function v2Base(v2: Hierarchy, configuredRoot: string | null): string {
  const delegated =
    configuredRoot === null ? delegatedCgroup(v2, readFileSync('/proc/self/cgroup', 'utf8')) : null;
  return delegated ?? v2.mountPoint;
}
