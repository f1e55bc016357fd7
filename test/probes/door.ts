import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe, unless, type HostProbe, type Weight } from './probe.js';
import type { Scene } from './scene.js';

/** Milliseconds until jaild has answered. */
function answerTime(scene: Scene): number {
  const begun = Date.now();
  scene.expectDone(scene.ctl('list'));
  return Date.now() - begun;
}

const modes: readonly (readonly [string, number])[] = [
  ['var/lib/jaild', 0o077],
  ['var/lib/jaild/uids.json', 0o077],
  ['var/log/jaild', 0o027],
  ['var/log/jaild/box.log', 0o137],
  ['run/jaild', 0o022],
  ['run/jaild/jaild.sock', 0o117],
  ['run/jaild/box', 0o077],
  ['run/jaild/box/jailer.sock', 0o177],
  ['run/jaild/box/state.json', 0o077],
];

const states: readonly HostProbe[] = [
  ...modes.map(([path, shut]) =>
    probe('6.state', 4, `mode_${path.replaceAll(/\W/g, '_')}`, (scene) => {
      const { mode, uid } = statSync(join(scene.instance.prefix, path));
      return unless((mode & shut) === 0 && uid === 0, `mode ${(mode & 0o7777).toString(8)}, user ${uid}`);
    }),
  ),
  probe('6.state', 4, 'nothing_writable_by_others', (scene) => {
    const { stdout } = scene.instance.run([
      'find',
      ...['run', 'var', 'etc'].map((d) => join(scene.instance.prefix, d)),
      '-perm',
      '/022',
      '!',
      '-type',
      'l',
    ]);
    return unless(stdout === '', stdout);
  }),
  probe('6.socket', 8, 'socket_refuses_others', (scene) => {
    const words = [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      scene.instance.bin('jailctl'),
      'list',
    ];
    return unless(scene.instance.run(words).code !== 0, 'nobody may list');
  }),
  probe('6.socket', 8, 'socket_refuses_jail_user', (scene) => {
    const uid = statSync(`/proc/${scene.pids('box').command}`).uid;
    const words = [
      'setpriv',
      `--reuid=${uid}`,
      `--regid=${uid}`,
      '--clear-groups',
      scene.instance.bin('jailctl'),
      'list',
    ];
    return unless(scene.instance.run(words).code !== 0, 'a jail’s root may list');
  }),
];

const junk: Readonly<Record<string, Buffer>> = {
  zeros: Buffer.alloc(65_536),
  ones: Buffer.alloc(65_536, 0xff),
  huge_length: Buffer.from([0xff, 0xff, 0xff, 0x7f, 1, 2, 3]),
  half_frame: Buffer.from([0, 0, 1]),
  json_bomb: Buffer.from('['.repeat(60_000)),
  text: Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(100)),
};

const sockets = Object.entries(junk).map(([name, bytes]) =>
  probe('6.socket', 4, `socket_takes_${name}`, async (scene) => {
    const clients: Socket[] = [];
    for (let n = 0; n < 60; n++) {
      const client = connect(join(scene.instance.prefix, 'run/jaild/jaild.sock'));
      client.on('error', () => undefined);
      client.write(bytes);
      clients.push(client);
    }
    await sleep(100);
    const took = answerTime(scene);
    for (const client of clients) client.destroy();
    return unless(took < scene.soon, `list took ${took} ms`);
  }),
);

const badNames: Readonly<Record<string, string>> = {
  dots: '../escape',
  slash: 'a/b',
  absolute: '/tmp/escape',
  dot: '.',
  two_dots: '..',
  newline: 'a\nb',
  escape: 'a\u001b[2Jb',
  long: 'a'.repeat(5000),
  option: '--help',
  shell: 'a;touch ${IFS}x',
  zero_width: '',
};

const names = Object.entries(badNames).map(([kind, name]) =>
  probe('6.names', 4, `name_${kind}`, (scene) => {
    const before = readdirSync(join(scene.instance.prefix, 'run/jaild')).join(' ');
    const { code } = scene.instance.run([
      scene.instance.bin('jail'),
      '-c',
      `name=${name}`,
      `path=${scene.rootOf('other')}`,
      'command=/bin/true',
    ]);
    const after = readdirSync(join(scene.instance.prefix, 'run/jaild')).join(' ');
    scene.ctl('stop', name);
    return unless(
      code !== 0 && before === after && !existsSync(join(scene.instance.prefix, 'run/escape')),
      `taken (${code}): ${after}`,
    );
  }),
);

/** Files of configuration made to hold jaild up. jaild is asked to run a jail of each, and must refuse soon. */
const files: Readonly<Record<string, (path: string) => void>> = {
  fifo: (path) => void spawnSync('mkfifo', [path]),
  zeros: (path) => symlinkSync('/dev/zero', path),
  endless: (path) => symlinkSync('/dev/urandom', path),
  huge: (path) => void spawnSync('truncate', ['-s', '20G', path]),
  directory: (path) => void mkdirSync(path),
  itself: (path) => writeFileSync(path, `.include "${path}";\n`),
  glob_of_itself: (path) => writeFileSync(path, `.include "${path.slice(0, -3)}*";\n`),
  include_device: (path) => writeFileSync(path, '.include "/dev/zero";\n'),
  variables: (path) =>
    writeFileSync(
      path,
      `$v0 = "xxxxxxxxxx";\n${Array.from({ length: 60 }, (_, n) => `$v${n + 1} = "$v${n}$v${n}$v${n}";`).join('\n')}\na { path = "$v60"; }\n`,
    ),
  loop_of_variables: (path) => writeFileSync(path, '$a = "$b"; $b = "$a"; x { path = "/$a"; }\n'),
  cycle: (path) =>
    writeFileSync(path, 'a { path = /nowhere; depend = b; } b { path = /nowhere; depend = a; }\n'),
  deep: (path) => writeFileSync(path, 'a { '.repeat(50_000)),
  quotes: (path) => writeFileSync(path, `a { path = "${'\\'.repeat(1_000_001)}`),
  long_word: (path) => writeFileSync(path, `a { path = ${'x'.repeat(3_000_000)}; }`),
  junk: (path) =>
    writeFileSync(path, Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7919) % 256))),
  many_wildcards: (path) =>
    writeFileSync(path, `${'*'.repeat(2000)}a { } ${'a'.repeat(3000)} { path = /nowhere; }`),
};

const configs = Object.entries(files).map(([kind, make]) =>
  probe('6.config', 4, `config_${kind}`, (scene) => {
    const path = join(scene.instance.prefix, `etc/${kind}.conf`);
    make(path);
    const begun = Date.now();
    const run = scene.instance.run(['timeout', '60', scene.instance.bin('jailctl'), 'run', '-f', path, 'a']);
    const took = Date.now() - begun;
    spawnSync('rm', ['-rf', path]);
    const listed = answerTime(scene);
    return unless(
      took < 30_000 && listed < scene.soon && run.code !== 0 && run.code !== 124,
      `run ${run.code}, ${took} ms, list ${listed} ms: ${run.stderr.slice(0, 100)}`,
    );
  }),
);

const badPaths: Readonly<Record<string, string>> = {
  root: '/',
  proc: '/proc',
  sys: '/sys',
  dev: '/dev',
  etc: '/etc',
  usr: '/usr',
  relative: 'roots/box',
  dots: '/tmp/../etc',
  file: '/etc/passwd',
  jaild: 'PREFIX/var/lib/jaild',
  run: 'PREFIX/run/jaild',
};

const paths = Object.entries(badPaths).map(([kind, path]) =>
  probe('6.config', kind === 'root' ? 4 : 1, `path_${kind}`, (scene) => {
    const filled = path.replace('PREFIX', scene.instance.prefix);
    const { stdout, stderr } = scene.instance.run([
      'timeout',
      '60',
      scene.instance.bin('jailctl'),
      'run',
      `path=${filled}`,
      '--',
      '/bin/echo',
      'inside',
    ]);
    // It was a root already when only the command is missing.
    return unless(stdout === '' && stderr !== '' && !stderr.includes('exec /bin/echo'), 'it became a root');
  }),
);

const weightOf = (kind: string): Weight => (kind === 'directory' ? 4 : 2);
/** What a caller's own descriptor is good for in the jail. */
const handed = ['exec', 'run'].flatMap((way) =>
  [
    ['truncated', ': >/proc/self/fd/1; echo done', 'rw'] as const,
    ['read_back', 'exec 9<>/proc/self/fd/1 && echo open', 'rw'] as const,
    ['directory', 'ls /proc/self/fd/0/shadow && echo open', 'dir'] as const,
  ].map(([kind, script, input]) =>
    probe('1.descriptors', weightOf(kind), `handed_${kind}_${way}`, (scene) => {
      const file = join(scene.instance.prefix, `handed-${kind}`);
      writeFileSync(file, 'before\n', { mode: 0o600 });
      const words = way === 'exec' ? 'exec box --' : `run path=${scene.rootOf('box')} --`;
      const stdin = input === 'dir' ? '/etc' : '/dev/null';
      spawnSync('bash', [
        '-c',
        `"$0" --prefix "$1" ${words} /bin/sh -c "$2" <${stdin} >>"$3" 2>/dev/null`,
        scene.instance.bin('jailctl'),
        scene.instance.prefix,
        script,
        file,
      ]);
      const text = readFileSync(file, 'utf8');
      return unless(text.startsWith('before\n') && !text.includes('open'), text.trim());
    }),
  ),
);

/** The control socket, jaild's own files, and what it is asked to read. */
export const doorProbes: readonly HostProbe[] = [
  ...states,
  ...sockets,
  ...names,
  ...configs,
  ...paths,
  ...handed,
];
