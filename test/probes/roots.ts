import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileProbes } from './program.js';
import { probe, unless, type HostProbe, type Weight } from './probe.js';
import type { Scene } from './scene.js';

const PATIENCE_MS = 30_000;
/** How the thing at a path of the root is made; the words before the path. */
const traps: Readonly<Record<string, (outside: string) => readonly string[]>> = {
  link: (outside) => ['ln', '-s', outside],
  dangling: (outside) => ['ln', '-s', `${outside}/new`],
  relative: (outside) => ['ln', '-s', `../../../../../../../..${outside}`],
  magic: () => ['ln', '-s', '/proc/self/fd/3'],
  loop: () => ['ln', '-s', 'dev'],
  fifo: () => ['mkfifo'],
  device: () => ['mknod', '-m', '666'],
  huge: () => ['truncate', '-s', '10G'],
};
const DEVICE_NUMBERS = ['c', '1', '5'];
const places = [
  'dev',
  'proc',
  'sys',
  'etc',
  'tmp',
  'run',
  'bin',
  'root',
  'mnt',
  'etc/passwd',
  'etc/group',
  'etc/hosts',
];
const more = [
  'etc/resolv.conf',
  'etc/hostname',
  'etc/machine-id',
  'etc/mtab',
  'bin/sh',
  'var',
  '.old',
  'lib',
];

/** Lays a trap in a new root. Returns the root. */
function lay(scene: Scene, place: string, kind: string, name: string): string {
  const root = scene.instance.newRoot(`${name}-${place.replaceAll('/', '-')}-${kind}`);
  const target = join(root, place);
  const words = traps[kind]?.(scene.outside) ?? [];
  spawnSync('rm', ['-rf', target]);
  const [file = '', ...rest] = [...words, target, ...(kind === 'device' ? DEVICE_NUMBERS : [])];
  spawnSync(file, rest);
  return root;
}

/** What a start and an end did to the host: nothing, or words on it. */
function harmOf(scene: Scene, act: () => unknown): string | null {
  const mounts = (): string =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(scene.instance.prefix))
      .join('\n');
  const before = [scene.outsideNow(), mounts()];
  const begun = Date.now();
  act();
  const took = Date.now() - begun;
  const after = [scene.outsideNow(), mounts()];
  if (before[0] !== after[0]) return `outside was changed:\n${after[0] ?? ''}`;
  if (before[1] !== after[1]) return `mounts of the host:\n${after[1] ?? ''}`;
  return unless(took < PATIENCE_MS, `took ${took} ms`);
}

function trapped(place: string, kind: string, name = 'root', ...parameters: readonly string[]): HostProbe {
  const weight: Weight = ['link', 'dangling', 'relative', 'magic'].includes(kind)
    ? 8
    : kind === 'loop'
      ? 2
      : 4;
  const section = place.startsWith('etc/') || place.startsWith('bin/') ? '2.files' : '2.links';
  return probe(section, weight, `${name}_${place.replaceAll(/\W/g, '_')}_${kind}`, (scene) => {
    const root = lay(scene, place, kind, name);
    const words = ['path=' + root, ...parameters, '--', '/bin/busybox', 'true'];
    return harmOf(scene, () =>
      scene.instance.run(['timeout', '60', scene.instance.bin('jailctl'), 'run', ...words]),
    );
  });
}

const matrix = [
  ...places.flatMap((place) => Object.keys(traps).map((kind) => trapped(place, kind))),
  ...more.flatMap((place) => ['dangling', 'fifo', 'device'].map((kind) => trapped(place, kind))),
];

/** The place of the socket for notices where the jail is given no /dev. */
const noticed = ['run', 'run/notify'].flatMap((place) =>
  ['link', 'dangling', 'relative', 'magic'].map((kind) =>
    trapped(place, kind, 'notify', 'mount.nodevfs', 'ready=notify', 'start.timeout=1'),
  ),
);

/** Two names change places while jails are started below them. */
function raced(place: string, ...parameters: readonly string[]): HostProbe {
  return probe('2.swap', 8, `race_${place.replaceAll('/', '_')}`, (scene) => {
    const root = scene.instance.newRoot(`race-${place.replaceAll('/', '-')}`);
    spawnSync('mkdir', ['-p', join(root, place)]);
    spawnSync('ln', ['-s', scene.outside, join(root, 'link')]);
    const swapper = spawn(compileProbes(), ['swap', join(root, place), join(root, 'link')]);
    try {
      return harmOf(scene, () => {
        for (let n = 0; n < 12; n++)
          scene.ctl(
            'run',
            `path=${root}`,
            ...parameters.map((word) => word.replace('ROOT', root)),
            '--',
            '/bin/busybox',
            'touch',
            `/${place}/made`,
          );
      });
    } finally {
      swapper.kill('SIGKILL');
    }
  });
}

const races = [
  raced('dev'),
  raced('proc'),
  raced('sys'),
  raced('etc'),
  raced('tmp'),
  raced('mnt', 'mount=tmpfs ROOT/mnt tmpfs rw 0 0'),
  racedPasswd('fifo'),
  racedPasswd('link'),
  raced('var/deep', 'mount=tmpfs ROOT/var/deep tmpfs rw 0 0'),
];

/** etc/passwd is a file at one moment and something that bites at the next, while execs ask for a user of it. */
function racedPasswd(kind: string): HostProbe {
  return probe('2.swap', 8, `race_passwd_${kind}`, (scene) => {
    const etc = join(scene.rootOf('other'), 'etc');
    const [file = '', ...words] = [...(traps[kind]?.(`${scene.outside}/secret`) ?? []), join(etc, 'other')];
    spawnSync(file, words);
    const swapper = spawn(compileProbes(), ['swap', join(etc, 'passwd'), join(etc, 'other')]);
    try {
      return harmOf(scene, () => {
        for (let n = 0; n < 40; n++) scene.ctl('exec', '-u', 'www', 'other', '--', '/bin/true');
      });
    } finally {
      swapper.kill('SIGKILL');
      spawnSync('sh', [
        '-c',
        'cd "$0"; [ -f passwd ] && [ ! -L passwd ] || mv other passwd; rm -f other',
        etc,
      ]);
    }
  });
}

/** A mount whose place in the root is a trap. */
function mounted(name: string, line: string, ...make: readonly string[]): HostProbe {
  return probe('2.links', 8, `mount_${name}`, (scene) => {
    const root = scene.instance.newRoot(`mount-${name}`);
    const fill = (text: string): string => text.replaceAll('ROOT', root).replaceAll('OUTSIDE', scene.outside);
    spawnSync('sh', ['-c', `cd ${root} && ${fill(make.join(' '))}`]);
    return harmOf(scene, () =>
      scene.ctl('run', `path=${root}`, `mount=${fill(line)}`, '--', '/bin/busybox', 'touch', '/mnt/made'),
    );
  });
}

const mounts = [
  mounted('at_link', 'tmpfs ROOT/mnt tmpfs rw 0 0', 'rmdir mnt; ln -s OUTSIDE mnt'),
  mounted('below_link', 'tmpfs ROOT/var/a/b tmpfs rw 0 0', 'rmdir var; ln -s OUTSIDE var'),
  mounted('at_dangling', 'tmpfs ROOT/mnt/new tmpfs rw 0 0', 'rmdir mnt; ln -s OUTSIDE/new mnt'),
  mounted('by_dots', 'tmpfs ROOT/../../outside/new tmpfs rw 0 0', 'true'),
  mounted('of_link', 'ROOT/var/link ROOT/mnt nullfs rw 0 0', 'ln -s OUTSIDE var/link'),
  mounted('at_fifo', 'ROOT/etc ROOT/mnt/fifo nullfs ro 0 0', 'mkfifo mnt/fifo'),
  mounted('file_at_link', 'ROOT/etc/passwd ROOT/mnt/file nullfs ro 0 0', 'ln -s OUTSIDE/secret mnt/file'),
];

/** What a jail with a trap in its root does to an exec that asks nothing special. */
function execIn(name: string, make: string, ...words: readonly string[]): HostProbe {
  return probe('2.files', 4, `exec_${name}`, (scene) => {
    const root = scene.rootOf('other');
    spawnSync('sh', ['-c', `cd ${root} && cp -a etc .etc && ${make.replaceAll('OUTSIDE', scene.outside)}`]);
    try {
      return harmOf(scene, () =>
        scene.instance.run(['timeout', '60', scene.instance.bin('jailctl'), 'exec', ...words]),
      );
    } finally {
      spawnSync('sh', ['-c', `cd ${root} && rm -rf etc && mv .etc etc && rm -rf root && mkdir root`]);
    }
  });
}

const execs = [
  execIn('passwd_fifo', 'rm etc/passwd && mkfifo etc/passwd', 'other', '--', '/bin/true'),
  execIn('passwd_fifo_user', 'rm etc/passwd && mkfifo etc/passwd', '-u', 'www', 'other', '--', '/bin/true'),
  execIn('group_fifo_user', 'rm etc/group && mkfifo etc/group', '-u', 'www', 'other', '--', '/bin/true'),
  execIn('group_huge_user', 'truncate -s 10G etc/group', '-u', 'www', 'other', '--', '/bin/true'),
  execIn(
    'group_device_user',
    'rm etc/group && mknod etc/group c 1 5',
    '-u',
    'www',
    'other',
    '--',
    '/bin/true',
  ),
  execIn('home_link', 'rmdir root && ln -s OUTSIDE root', '-l', 'other', '--', '/bin/touch', 'made'),
  execIn('home_fifo', 'rmdir root && mkfifo root', '-l', 'other', '--', '/bin/true'),
  execIn('workdir_magic', 'true', '-w', '/proc/1/cwd', 'other', '--', '/bin/touch', 'made'),
  execIn('program_fifo', 'mkfifo -m 755 etc/program', 'other', '--', '/etc/program'),
  execIn('program_missing', 'true', 'other', '--', '/etc/no-such-program'),
  execIn('log_in_terminal', 'true', '-t', 'other', '--', '/bin/true'),
];

/** Numbers in passwd that are no user ids. @see the runc class of uid overflows */
const overflow = (name: string, id: string): HostProbe =>
  probe('2.files', 8, `passwd_${name}`, (scene) => {
    const passwd = join(scene.rootOf('other'), 'etc/passwd');
    const kept = readFileSync(passwd);
    spawnSync('sh', ['-c', `echo "evil:x:${id}:${id}::/:/bin/sh" >>${passwd}`]);
    const { stdout, code } = scene.ctl('exec', '-u', 'evil', 'other', '--', '/bin/id', '-u');
    spawnSync('dd', [`of=${passwd}`, 'status=none'], { input: kept });
    return unless(code !== 0, `user ${id} is ${stdout.trim()}`);
  });

const overflows = [
  overflow('uid_2_to_32', '4294967296'),
  overflow('uid_minus_1', '-1'),
  overflow('uid_max', '4294967295'),
  overflow('uid_beyond_range', '70000'),
  overflow('uid_empty', ''),
  overflow('uid_words', '0x21'),
  overflow('uid_huge', '99999999999999999999999999'),
];

/** Everything that is done with roots made to harm. */
export const rootProbes: readonly HostProbe[] = [
  ...matrix,
  ...noticed,
  ...races,
  ...mounts,
  ...execs,
  ...overflows,
];
