import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { instanceBelow, netnsName } from '../../src/plan/instance.js';

/**
 * What of the jaild below `prefix` is on this host: mounts, named network namespaces, cgroups, processes. Another
 * jaild's things are not counted, so tests can run beside one. Links live in a network namespace of the test's own.
 */
export function leftovers(prefix: string): readonly string[] {
  const { key, cgroupName } = instanceBelow(prefix);
  return [
    ...mounts(prefix, key),
    ...namespaces(key),
    ...cgroups(cgroupName),
    ...processes(prefix, cgroupName),
  ].sort();
}

/** What there is of one jail on the host, whatever jaild says; its root is in `roots/`. */
export function tracesOf(prefix: string, jail: string): readonly string[] {
  const known = instanceBelow(prefix);
  return [
    join(known.runDirectory, jail),
    `/run/netns/${netnsName(known, jail)}`,
    join(prefix, `roots/.${jail}.jaild`),
    ...['pids', 'memory', 'unified'].map((tree) => `/sys/fs/cgroup/${tree}/${known.cgroupName}/${jail}`),
    `/sys/fs/cgroup/${known.cgroupName}/${jail}`,
  ].filter((path) => existsSync(path));
}

function mountPoints(): readonly { readonly path: string; readonly type: string }[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ path: line.split(' ')[4] ?? '', type: line.split(' - ')[1]?.split(' ')[0] ?? '' }));
}

function mounts(prefix: string, key: string): readonly string[] {
  return mountPoints()
    .filter(({ path }) => path.startsWith(prefix) || path.endsWith(`.${key}`))
    .map(({ path }) => `mount ${path}`);
}

function namespaces(key: string): readonly string[] {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns')
    .filter((name) => name.endsWith(`.${key}`))
    .map((name) => `netns ${name}`);
}

function cgroups(cgroupName: string): readonly string[] {
  return mountPoints()
    .filter(({ type }) => type.startsWith('cgroup'))
    .map(({ path }) => join(path, cgroupName))
    .filter((path) => existsSync(path))
    .map((path) => `cgroup ${path}`);
}

/** Processes in a cgroup of the instance, or started with its directory among their words. */
function processes(prefix: string, cgroupName: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        const ours =
          words.includes(prefix) || readFileSync(`/proc/${pid}/cgroup`, 'latin1').includes(`/${cgroupName}`);
        return ours ? [`process ${pid} ${words}${readlinkSync(`/proc/${pid}/exe`)}`] : [];
      } catch {
        return []; // It ended while we looked, or is a kernel thread.
      }
    });
}
