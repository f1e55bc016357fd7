import type { JailParams } from '../config/params.js';
import type { CgroupFacts } from './facts.js';
import { limitsOf, translate, type Place } from './cgroup-limits.js';
import { limitNames, type HostMemory } from './limit-amounts.js';
import { rctlLimits } from './rctl.js';

/** One write into a jail's cgroup: what a `cgroup.set` step is made of. */
export interface CgroupSetting {
  readonly parameter: string;
  /** Absolute path of the control file. */
  readonly file: string;
  readonly value: string;
}

/** Why a parameter does nothing, or not all of it, on this host. */
export interface Remark {
  readonly parameter: string;
  readonly reason: string;
}

export interface CgroupSettings {
  /** In the order in which they have to be written. */
  readonly settings: readonly CgroupSetting[];
  /** Asked for, and not possible on this host. */
  readonly unsupported: readonly Remark[];
  /** Done, but meaning less than cgroup v2 would. */
  readonly close: readonly Remark[];
}

/*
 * A hierarchy costs each start and stop about 60 µs (mkdir, entering, rmdir; memory 180 µs), so a jail has a directory
 * only where it is of use: limits (memory, pids, cpu, cpuset, blkio, hugetlb), all of which can be set while it runs.
 * A v2 tree, even one without controllers, counts CPU time, freezes and kills, and makes cpuacct and freezer unnecessary.
 * Devices are held back by a program on the v2 directory, which costs no directory, or where that can't be by v1's
 * controller; net_*, perf_event, rdma, misc have no parameter.
 */
const limiting = ['memory', 'pids', 'cpu', 'cpuset', 'blkio', 'hugetlb'];
const withoutV2 = ['cpuacct', 'freezer'];

/** The jail's directory in the v2 tree, or null on a pure v1 host. */
export function cgroupV2(facts: CgroupFacts, jail: string): string | null {
  return facts.v2 === null ? null : `${facts.v2}/${jail}`;
}

/** The jail's directories in v1 hierarchies; controllers that are mounted together share one. */
function cgroupsV1(facts: CgroupFacts, jail: string): readonly string[] {
  const controllers = facts.v2 === null ? [...limiting, ...withoutV2] : limiting;
  const devices = facts.deviceAccess === 1 ? ['devices'] : [];
  const directories = [...controllers, ...devices].flatMap((controller) => facts.v1[controller] ?? []);
  return [...new Set(directories)].map((directory) => `${directory}/${jail}`);
}

/** Every directory that is made for a jail, the v2 one first. */
export function cgroupPaths(facts: CgroupFacts, jail: string): readonly string[] {
  const v2 = cgroupV2(facts, jail);
  return v2 === null ? cgroupsV1(facts, jail) : [v2, ...cgroupsV1(facts, jail)];
}

/**
 * The files through which a process enters the jail's v1 hierarchies; v2 is entered by birth (`cgroup.v2` in the plan).
 * A thread that writes "0" (itself) to `tasks` does not take the kernel's lock over all threads (kernel/cgroup,
 * cgroup_procs_write_start), which is waited for through an RCU grace period: up to 16 ms here by `cgroup.procs`,
 * 0.3 ms by `tasks`. For the one process with one thread that enters, both mean the same.
 */
export function cgroupProcs(facts: CgroupFacts, jail: string): readonly string[] {
  return cgroupsV1(facts, jail).map((directory) => `${directory}/tasks`);
}

/** Where a controller is found: its v2 name, and in v1 the name it has there. */
function place(facts: CgroupFacts, controller: string): Place | null {
  if (facts.v2 !== null && facts.v2Controllers.includes(controller))
    return { version: 2, directory: facts.v2 };
  const directory = facts.v1[controller === 'io' ? 'blkio' : controller];
  return directory === undefined ? null : { version: 1, directory };
}

/**
 * The limits of a jail as writes to its cgroup. rctl rules count where the parameter itself is not set, `defaults`
 * where neither is.
 * @param blockDevices path → "MAJ:MIN" of the devices that io.max names
 * @param memory what limits may be shares of
 */
export function cgroupSettings(
  values: JailParams,
  facts: CgroupFacts,
  jail: string,
  blockDevices: ReadonlyMap<string, string>,
  memory: HostMemory = { total: 0, swap: 0 },
  defaults: JailParams = {},
): CgroupSettings {
  const ruled = rctlLimits(values);
  const limits = limitsOf(values, memory, defaults);
  const settings: CgroupSetting[] = [];
  const unsupported: Remark[] = [];
  const close: Remark[] = [];
  for (const parameter of limitNames.filter((name) => limits[name] !== undefined)) {
    const isDefault = !(parameter in values) && !(parameter in ruled);
    const found = translate(parameter, limits, {
      blockDevices,
      missing: facts.missing ?? [],
      placeOf: (controller) => place(facts, controller),
    });
    for (const [file, value] of found.writes)
      settings.push({ parameter, file: `${found.directory}/${jail}/${file}`, value });
    // A default that the host cannot keep is nobody's mistake.
    if (found.unsupported !== undefined && !isDefault)
      unsupported.push({ parameter, reason: found.unsupported });
    if (found.close !== undefined) close.push({ parameter, reason: found.close });
  }
  return { settings, unsupported, close };
}

/** Block devices that the jail's limits name by path, for facts about the host. */
export function limitedDevices(values: JailParams): readonly string[] {
  return (values['io.max'] ?? []).map((limit) => limit.device).filter((device) => device.startsWith('/'));
}
