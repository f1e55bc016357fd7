import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionalFiles } from '../plan/cgroup-limits.js';
import type { CgroupFacts } from '../plan/facts.js';
import { isDelegated } from './cgroup-facts.js';
import { isErrno, readText, systemError, unless, writeControl } from './files.js';

/** The child of its delegated cgroup that jaild itself is in. */
const SUPERVISOR = 'supervisor';
/** Milliseconds between attempts to remove a cgroup whose processes are just ending; in all 5 s. */
const REMOVE_DELAYS = [1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 640, 640, 640, 640, 640, 640];

const words = (path: string): readonly string[] => readText(path)?.split(/\s+/).filter(Boolean) ?? [];

function directories(facts: CgroupFacts): readonly string[] {
  return [...new Set([...(facts.v2 === null ? [] : [facts.v2]), ...Object.values(facts.v1)])].filter(
    (directory) => directory !== undefined,
  );
}

/**
 * Makes this instance's directory in every hierarchy, and lets its jails have every controller of the v2 tree that can
 * be had. Returns the facts as they turned out to be: controllers that could not be switched on are gone from them,
 * and control files that the kernel lacks are named. Idempotent. Throws SystemError.
 */
export function prepareRoot(facts: CgroupFacts): CgroupFacts {
  try {
    for (const directory of directories(facts)) mkdirSync(directory, { recursive: true, mode: 0o755 });
    if (facts.v1['cpuset'] !== undefined) prepareCpuset(facts.v1['cpuset']);
    const v2Controllers = facts.v2 === null ? [] : enableControllers(facts.v2, facts.v2Controllers);
    return { ...facts, v2Controllers, missing: missingFiles({ ...facts, v2Controllers }) };
  } catch (error) {
    throw systemError(error);
  }
}

/**
 * No process can enter a v1 cpuset without CPUs and memory nodes, so they are copied from the parent, from the top
 * down; `cgroup.clone_children` makes the kernel do the same for each jail's directory. cpuset(7).
 */
function prepareCpuset(directory: string): void {
  const parent = dirname(directory);
  if (existsSync(`${parent}/cpuset.cpus`) && words(`${parent}/cpuset.cpus`).length === 0)
    prepareCpuset(parent);
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    if (words(`${directory}/${file}`).length === 0)
      writeControl(`${directory}/${file}`, readFileSync(`${parent}/${file}`, 'utf8'));
  writeControl(`${directory}/cgroup.clone_children`, '1');
}

/** Switches controllers on from the hierarchy's root down to the jails' parent; returns those that jails have now. */
function enableControllers(directory: string, controllers: readonly string[]): readonly string[] {
  if (controllers.length === 0) return [];
  const chain = [directory];
  for (
    let parent = dirname(directory);
    existsSync(`${parent}/cgroup.subtree_control`);
    parent = dirname(parent)
  )
    chain.unshift(parent);
  for (const cgroup of chain) {
    const on = words(`${cgroup}/cgroup.subtree_control`);
    const off = controllers.filter((controller) => !on.includes(controller));
    if (off.length === 0 || !makeRoom(cgroup)) continue;
    // One at a time: a controller that is refused (cpu, with real-time processes about) does not keep the others off.
    for (const controller of off)
      unless(['EBUSY', 'EINVAL', 'ENOENT', 'EOPNOTSUPP', 'EPERM', 'EACCES'], undefined, () =>
        writeControl(`${cgroup}/cgroup.subtree_control`, `+${controller}`),
      );
  }
  return words(`${directory}/cgroup.subtree_control`);
}

/**
 * Whether controllers may be switched on in a cgroup. All but the hierarchy's root must hold no process themselves: the
 * kernel refuses memory and io there, and with cpu and pids makes it a threaded domain, whose children nobody can enter.
 * Of the cgroup that is delegated to jaild every process is jaild's, and moves to a child.
 */
function makeRoom(cgroup: string): boolean {
  if (!existsSync(`${cgroup}/cgroup.type`) || words(`${cgroup}/cgroup.procs`).length === 0) return true;
  if (!isDelegated(cgroup)) return false;
  const supervisor = `${cgroup}/${SUPERVISOR}`;
  mkdirSync(supervisor, { recursive: true });
  for (const pid of words(`${cgroup}/cgroup.procs`))
    unless(['ESRCH'], undefined, () => writeControl(`${supervisor}/cgroup.procs`, pid));
  return true;
}

/** Looked for in the instance's directory, since the root of a hierarchy does not have the files of its children. */
function missingFiles(facts: CgroupFacts): readonly string[] {
  return Object.entries(optionalFiles).flatMap(([controller, files]) => {
    const directory = facts.v2Controllers.includes(controller) ? facts.v2 : facts.v1[controller];
    if (directory === undefined || directory === null) return [];
    const version1 = directory !== facts.v2;
    return files.filter((file) => isOf(file, version1) && !existsSync(`${directory}/${file}`));
  });
}

const isOf = (file: string, version1: boolean): boolean => /memsw|^blkio/.test(file) === version1;

/**
 * Makes a jail's directories. What an earlier start left there is removed first, with its limits. Throws SystemError
 * (EBUSY: an earlier start's processes are still in it), and then has made nothing.
 */
export function createCgroup(paths: readonly string[]): void {
  const made: string[] = [];
  for (const path of paths) {
    try {
      if (!unless(['EEXIST'], false, () => (mkdirSync(path), true))) {
        removeTree(path);
        mkdirSync(path);
      }
      made.push(path);
    } catch (error) {
      made.forEach((directory) => unless(['ENOENT', 'EBUSY'], undefined, () => rmdirSync(directory)));
      const left = isErrno(error) && error.code === 'EBUSY';
      throw systemError(error, path, left ? 'processes of an earlier start are still in it' : undefined);
    }
  }
}

/** Writes one limit. Throws SystemError with the parameter's file as its subject. */
export function setCgroup(file: string, value: string): void {
  try {
    writeControl(file, value);
  } catch (error) {
    throw systemError(error, file, isErrno(error) ? limitHints[error.code ?? ''] : undefined);
  }
}

/** What a refused limit means. */
const limitHints: Readonly<Record<string, string>> = {
  ENOENT: 'this host, or this running jail, has no such control',
  EINVAL: 'the kernel does not take that value',
  ERANGE: 'the kernel does not take that value, or this host has no CPU with such a number',
  ENOSPC: 'the CPUs or memory nodes are not those of this host',
  ENODEV: 'no such disk; a limit is for a whole disk, not for a partition',
  EBUSY: 'the jail uses more than that, and it cannot be reclaimed',
};

/** Removes a cgroup and those below it. Throws the exception of node:fs (EBUSY while a process is in one). */
function removeTree(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!isErrno(error) || error.code === 'ENOENT') return;
    // EBUSY stands for processes and for children alike; a directory with children has more than two links.
    if (error.code !== 'EBUSY' || statSync(path).nlink <= 2) throw error;
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(`${path}/${entry.name}`);
    rmdirSync(path);
  }
}

/**
 * Removes a jail's directories, waiting up to 5 s for processes that are ending: the kernel lets go of a cgroup some
 * time after the last of them was waited for. Idempotent. Throws SystemError (EBUSY).
 */
export async function removeCgroup(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    for (let attempt = 0; ; attempt++) {
      try {
        removeTree(path);
        break;
      } catch (error) {
        const delay = REMOVE_DELAYS[attempt];
        const busy = isErrno(error) && error.code === 'EBUSY';
        if (!busy || delay === undefined)
          throw systemError(error, path, busy ? 'processes are still in it' : undefined);
        await sleep(delay);
      }
    }
  }
}

/** Removes this instance's directories where no jail is left in them. Throws SystemError. */
export function removeRoot(facts: CgroupFacts): void {
  for (const directory of directories(facts))
    unless(['ENOENT', 'EBUSY', 'ENOTEMPTY'], undefined, () => rmdirSync(directory));
}
