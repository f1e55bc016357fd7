import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe, unless, type HostProbe, type Weight } from './probe.js';
import type { Scene } from './scene.js';

const LOG_BYTES = 11 * 10 * 2 ** 20;
const MEMORY_KB = 32_768;

/** The directory of a jail in the tree of a controller, v1 or v2. */
function cgroupOf(scene: Scene, controller: string): string {
  const lines = readFileSync(`/proc/${scene.pids('box').command}/cgroup`, 'utf8')
    .trim()
    .split('\n');
  const [, own] =
    lines
      .map((line) => line.split(':'))
      .find(([, names]) => names?.split(',').includes(controller))
      ?.slice(1) ?? [];
  return own === undefined
    ? (scene.instance.status('box').cgroup ?? '')
    : `/sys/fs/cgroup/${controller}${own}`;
}

/** One of the files, v1 or v2, holds a number below the most. */
const bounded = (weight: Weight, controller: string, files: readonly string[], most: number): HostProbe =>
  probe('5.memory', weight, `cgroup_${files[0]?.replaceAll('.', '_') ?? ''}`, (scene) => {
    const file = files
      .map((name) => join(cgroupOf(scene, controller), name))
      .find((path) => existsSync(path));
    if (file === undefined) return `none of ${files.join(', ')} in ${cgroupOf(scene, controller)}`;
    const text = readFileSync(file, 'utf8').trim();
    return unless(Number(text) <= most, `${file}: ${text}`);
  });

const cgroups: readonly HostProbe[] = [
  bounded(4, 'pids', ['pids.max'], 65_536),
  bounded(4, 'memory', ['memory.max', 'memory.limit_in_bytes'], 2 ** 40),
  bounded(2, 'memory', ['memory.swap.max', 'memory.memsw.limit_in_bytes'], 2 ** 40),
  probe('3.devices', 2, 'cgroup_devices', (scene) => {
    const path = cgroupOf(scene, 'devices');
    const list = join(path, 'devices.list');
    return unless(
      path !== '/sys/fs/cgroup/devices/' && (!existsSync(list) || !/^a/.test(readFileSync(list, 'utf8'))),
      `${path} allows all`,
    );
  }),
  ...['pids', 'memory', 'cpu', 'freezer'].map((controller) =>
    probe('3.release-agent', 8, `cgroup_owner_${controller}`, (scene) => {
      const path = cgroupOf(scene, controller);
      const owners = readdirSync(path).map((name) => statSync(join(path, name)).uid);
      return unless(
        [statSync(path).uid, ...owners].every((uid) => uid === 0),
        'the jail owns files of its cgroup',
      );
    }),
  ),
  probe('5.init', 8, 'daemonized_stays_in_cgroup', async (scene) => {
    // A number that nobody else on this host sleeps for.
    const words = `sleep ${1_000_000 + process.pid}`;
    scene.shell('box', `setsid sh -c "(exec ${words} &)" </dev/null >/dev/null 2>&1`);
    const find = (): string => scene.instance.run(['pgrep', '-x', '-f', words]).stdout.trim();
    for (let tries = 0; tries < 20 && find() === ''; tries++) await sleep(20);
    const pid = find();
    if (pid === '') return null; // It has ended with its exec: nothing is left to count.
    const group = (of: string | number): string => readFileSync(`/proc/${of}/cgroup`, 'utf8');
    const stays = group(pid) === group(scene.pids('box').command);
    process.kill(Number(pid), 'SIGKILL');
    return unless(stays, 'it has left the cgroup of the jail');
  }),
];

/** A zombie, which somebody else may reap late, is not. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}

/** Milliseconds until jaild has told of another jail. */
function statusTime(scene: Scene): number {
  const begun = Date.now();
  scene.instance.status('other');
  return Date.now() - begun;
}

const floods: readonly HostProbe[] = [
  probe('5.space', 4, 'log_flood', async (scene) => {
    scene.expectDone(scene.ctl('start', 'noisy'));
    const jailer = scene.pids('noisy').jailer;
    let slowest = 0;
    for (let n = 0; n < 6; n++) {
      slowest = Math.max(slowest, statusTime(scene));
      await sleep(200);
    }
    const kilobytes = Number(scene.status(jailer)['VmRSS']?.replace(/ kB/, ''));
    scene.ctl('stop', 'noisy');
    const logs = join(scene.instance.prefix, 'var/log/jaild');
    const bytes = readdirSync(logs).reduce((sum, name) => sum + statSync(join(logs, name)).size, 0);
    return unless(
      bytes < LOG_BYTES && slowest < scene.soon && kilobytes < MEMORY_KB,
      `${bytes} bytes, status in ${slowest} ms, jailer ${kilobytes} kB`,
    );
  }),
  probe('5.memory', 4, 'fork_bomb', async (scene) => {
    const bomb = ': >/tmp/bomb; while [ -e /tmp/bomb ]; do (sleep 1 & sleep 1 &) ; done';
    const ended = scene.instance.ctlLater('exec', 'box', '--', '/bin/sh', '-c', bomb);
    for (let tries = 0; tries < 3000 && !existsSync(join(scene.rootOf('box'), 'tmp/bomb')); tries++)
      await sleep(10);
    await sleep(700);
    const took = statusTime(scene);
    rmSync(join(scene.rootOf('box'), 'tmp/bomb'));
    await ended;
    return unless(took < scene.soon, `status took ${took} ms`);
  }),
  probe('5.init', 8, 'jailer_killed', async (scene) => {
    scene.expectDone(scene.ctl('start', 'stubborn'));
    const { jailer, command } = scene.pids('stubborn');
    process.kill(jailer, 'SIGKILL');
    const isThere = (): boolean => isAlive(command);
    for (let tries = 0; tries < 3000 && isThere(); tries++) await sleep(10);
    const lives = isThere();
    scene.ctl('stop', 'stubborn');
    return unless(!lives, 'the jail goes on without its jailer');
  }),
  probe('6.state', 2, 'run_leaves_nothing', async (scene) => {
    scene.ctl('run', `path=${scene.rootOf('other')}`, '--', '/bin/true');
    const left = (): readonly string[] =>
      readdirSync(join(scene.instance.prefix, 'run/jaild')).filter((name) => name.startsWith('run-'));
    for (let tries = 0; tries < 3000 && left().length > 0; tries++) await sleep(10);
    return unless(left().length === 0, left().join(' '));
  }),
  probe('5.init', 4, 'stop_of_stubborn', (scene) => {
    scene.expectDone(scene.ctl('start', 'stubborn'));
    const { command, init } = scene.pids('stubborn');
    const begun = Date.now();
    scene.ctl('stop', 'stubborn');
    const left = [command, init].filter(isAlive);
    return unless(
      left.length === 0 && Date.now() - begun < 4 * scene.soon,
      `${Date.now() - begun} ms, left ${left.join(' ')}`,
    );
  }),
  probe('5.priority', 2, 'core_dumps', (scene) => {
    scene.shell('box', 'cd /tmp; sh -c "kill -SEGV \\$\\$"; sh -c "kill -QUIT \\$\\$"');
    const cores = readdirSync(join(scene.rootOf('box'), 'tmp')).filter((name) => name.startsWith('core'));
    return unless(cores.length === 0, cores.join(' '));
  }),
];

/** What a hook on the host has when the caller of jailctl is careless and the jail says what it likes. */
function hooked(weight: Weight, what: string, script: string, wanted: RegExp): HostProbe {
  return probe('3.hooks', weight, `hook_${what}`, (scene) => {
    const seen = join(scene.instance.prefix, `hook-${what}`);
    const words = [`path=${scene.rootOf('other')}`, `exec.prestart=(${script}) >${seen}`];
    const caller = 'export SECRET=x LD_PRELOAD=; exec 9</etc; exec "$@"';
    const jailctl = [scene.instance.bin('jailctl'), '--prefix', scene.instance.prefix, 'run'];
    const { stderr } = scene.instance.run([
      'bash',
      '-c',
      caller,
      'careless',
      ...jailctl,
      ...words,
      '--',
      '/bin/true',
    ]);
    const text = existsSync(seen) ? readFileSync(seen, 'utf8') : `no hook was run: ${stderr}`;
    return unless(wanted.test(text), text);
  });
}

const onHost: readonly HostProbe[] = [
  probe('2.host-files', 4, 'owner_of_files', (scene) => {
    scene.shell('box', 'touch /tmp/of-root; chown 33:33 /tmp/of-root; rm -f /tmp/of-0; touch /tmp/of-0');
    const owners = ['of-root', 'of-0'].map((name) => statSync(join(scene.rootOf('box'), 'tmp', name)).uid);
    return unless(owners[0] === 33 && owners[1] === 0, owners.join(' '));
  }),
  probe('2.host-files', 4, 'files_of_host_kept', (scene) => {
    const file = join(scene.rootOf('box'), 'tmp/beyond');
    writeFileSync(file, 'x');
    spawnSync('chown', ['100000:100000', file]);
    const answer = scene.shell(
      'box',
      'cat /tmp/beyond >/dev/null; chown 0 /tmp/beyond 2>&1; chmod 777 /tmp/beyond 2>&1; stat -c %u /tmp/beyond',
    );
    return unless(statSync(file).uid === 100_000 && (statSync(file).mode & 0o777) === 0o644, answer);
  }),
  probe('2.host-files', 4, 'open_directories_above_warned', (scene) => {
    const roots = join(scene.instance.prefix, 'roots');
    chmodSync(roots, 0o755);
    const { stdout, stderr } = scene.ctl('check');
    chmodSync(roots, 0o700);
    return unless(
      /users of this host reach the root of jail/.test(stdout + stderr),
      'no word about a root that others may reach',
    );
  }),
  probe('3.mounts', 4, 'mounts_stay_inside', (scene) => {
    const lines = readFileSync(`/proc/${scene.instance.daemonPid}/mountinfo`, 'utf8').split('\n');
    const ours = lines.filter((line) => line.includes(scene.instance.prefix));
    return unless(ours.length === 0, ours.join('; '));
  }),
  probe('1.log', 2, 'log_escapes', (scene) => {
    const log = join(scene.instance.prefix, 'var/log/jaild/box.log');
    writeFileSync(log, `${new Date().toISOString()} \u001b]0;title\u0007\u001b[2Jhello\n`, { flag: 'a' });
    const { stdout } = scene.instance.run([
      'script',
      '-qc',
      `${scene.instance.bin('jailctl')} --prefix ${scene.instance.prefix} logs -n 5 box`,
      '/dev/null',
    ]);
    return unless(
      stdout.includes('hello') && !/\u001b\]0|\u001b\[2J/.test(stdout),
      'a terminal gets the escapes of a jail',
    );
  }),
  probe('6.audit', 4, 'audit_of_defaults', (scene) => {
    const { code, stdout } = scene.ctl('audit', 'box');
    return unless(code === 0, stdout);
  }),
  probe('6.config', 2, 'config_of_others_warned', (scene) => {
    const path = join(scene.instance.prefix, 'etc/of-others.conf');
    writeFileSync(path, 'a { path = "/nowhere"; command = "/bin/true"; }\n');
    chmodSync(path, 0o666);
    const { stdout, stderr } = scene.ctl('check', '--no-host', '-f', path);
    rmSync(path);
    return unless(/may write|writable/.test(stdout + stderr), 'no word about a file that others may write');
  }),
  hooked(2, 'descriptors', 'ls /proc/self/fd | wc -l', /^4\n$/),
  hooked(4, 'directory', 'pwd', /^\/\n$/),
  hooked(8, 'environment', "env | grep -vE '^(PATH|HOME|SHELL|USER|PWD|_|JNAME|JID|JPATH)='", /^$/),
];

/** What jails may use up, and what is left on the host. */
export const useProbes: readonly HostProbe[] = [...cgroups, ...floods, ...onHost];
