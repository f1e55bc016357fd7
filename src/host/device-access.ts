import { closeSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import type { DeviceAccess } from '../plan/audit/observation.js';
import { deviceProgram } from '../plan/device-program.js';
import type { CgroupFacts } from '../plan/facts.js';
import type { DeviceAccessArgs } from '../plan/step.js';
import { attachedTags, attachProgram, loadProgram, tagOf } from './bpf.js';
import { SystemError } from './error.js';
import { readText, systemError, unless, writeControl } from './files.js';
import { closeFd } from './libc/descriptors.js';

/** Rules, a line each → their program. Most jails have the same ones. */
const programs = new Map<string, number>();
/** Sets of rules whose programs are kept: the descriptors are jaild's. */
const MOST_PROGRAMS = 16;

function programOf(rules: readonly string[]): number {
  const key = rules.join('\n');
  const known = programs.get(key);
  if (known !== undefined) return known;
  const program = loadProgram(deviceProgram(rules));
  const [oldest] = programs;
  if (programs.size >= MOST_PROGRAMS && oldest !== undefined) {
    programs.delete(oldest[0]);
    closeFd(oldest[1]);
  }
  programs.set(key, program);
  return program;
}

function withCgroup<T>(path: string, use: (cgroup: number) => T): T {
  const cgroup = openSync(path, 'r');
  try {
    return use(cgroup);
  } finally {
    closeSync(cgroup);
  }
}

/** Lets the processes of a new cgroup use the devices that rules name, and no other. Throws SystemError. */
export function limitDevices({ version, cgroup, rules }: DeviceAccessArgs): void {
  try {
    if (version === 2) return withCgroup(cgroup, (fd) => attachProgram(fd, programOf(rules), cgroup));
    writeControl(`${cgroup}/devices.deny`, 'a');
    writeControl(`${cgroup}/devices.allow`, ...rules);
  } catch (error) {
    throw systemError(error, cgroup);
  }
}

/** A directory that no jail is called by. */
const PROBE = 'devices.probe';

/**
 * Which cgroups hold back devices here, found by trying it below this instance's directories, which have to be there:
 * v1's controller where it is mounted, which administrators look at there; else those of v2; else none, and why.
 */
export function findDeviceAccess(facts: CgroupFacts): {
  readonly version: 1 | 2 | null;
  readonly reason: string | null;
} {
  const places = [
    [1, facts.v1['devices'] ?? null],
    [2, facts.v2],
  ] as const;
  let reason = 'there is no such cgroup';
  for (const [version, directory] of places) {
    if (directory === null) continue;
    const cgroup = `${directory}/${PROBE}`;
    try {
      unless(['EEXIST'], undefined, () => mkdirSync(cgroup));
      limitDevices({ version, cgroup, rules: ['c 1:3 rw'] });
      return { version, reason: null };
    } catch (error) {
      const failure = systemError(error, cgroup);
      if (!(failure instanceof SystemError)) throw failure;
      reason = failure.message;
    } finally {
      unless(['ENOENT'], undefined, () => rmdirSync(cgroup));
    }
  }
  return { version: null, reason };
}

/** What the kernel says of the devices of a running jail's cgroup. Throws SystemError when it is gone. */
export function observeDeviceAccess({ version, cgroup, rules }: DeviceAccessArgs): DeviceAccess {
  if (version === 1) {
    const listed = (readText(`${cgroup}/devices.list`) ?? '').split('\n').filter((line) => line !== '');
    return { version, beyond: listed.filter((rule) => !rules.includes(rule)) };
  }
  try {
    const tags = withCgroup(cgroup, (fd) => attachedTags(fd, cgroup));
    return { version, isAttached: tags.includes(tagOf(programOf(rules))) };
  } catch (error) {
    throw systemError(error, cgroup);
  }
}
