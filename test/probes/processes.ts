import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe, unless, type HostProbe, type Weight } from './probe.js';
import type { Scene } from './scene.js';

type Who = 'jailer' | 'init' | 'command';
const HARMFUL_CAPS = {
  sys_module: 16,
  sys_rawio: 17,
  sys_boot: 22,
  sys_time: 25,
  mac_admin: 33,
  syslog: 34,
  bpf: 39,
};

const field = (who: Who, weight: Weight, key: string, wanted: RegExp): HostProbe =>
  probe('1.processes', weight, `${who}_${key.toLowerCase()}`, (scene) => {
    const seen = scene.status(scene.pids('box')[who])[key] ?? '';
    return unless(wanted.test(seen), `${key}: ${seen}`);
  });

const hasDirectory = (pid: number): string | null => {
  for (let fd = 0; fd < 64; fd++) {
    const path = `/proc/${pid}/fd/${fd}`;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return `${readlinkSync(path)} is open`;
  }
  return null;
};

const everyone = (['jailer', 'init', 'command'] as const).flatMap((who): readonly HostProbe[] => [
  field(who, who === 'command' ? 8 : 4, 'Seccomp', /^2$/),
  field(who, who === 'command' ? 4 : 2, 'NoNewPrivs', /^1$/),
  field(who, 2, 'CapInh', /^0+$/),
  field(who, 2, 'CapAmb', /^0+$/),
  field(who, 2, 'Groups', /^\d* ?$/),
  probe('1.descriptors', 8, `${who}_directories`, (scene) => hasDirectory(scene.pids('box')[who])),
  probe('1.environment', 2, `${who}_environ`, (scene) => {
    const text = readFileSync(`/proc/${scene.pids('box')[who]}/environ`, 'latin1');
    const odd = text
      .split('\0')
      .filter((word) => !/^(PATH|HOME|SHELL|USER|JNAME|JID|JPATH|TERM)=|^$/.test(word));
    return unless(odd.length === 0, odd.join(' ').slice(0, 100));
  }),
]);

const inits: readonly HostProbe[] = [
  probe('1.binary', 8, 'jailer_program', (scene) => programOf(scene.pids('box').jailer)),
  probe('1.binary', 8, 'init_program', (scene) => programOf(scene.pids('box').init)),
  probe('1.binary', 4, 'init_not_dumpable', (scene) =>
    unless(statSync(`/proc/${scene.pids('box').init}/environ`).uid === 0, 'process 1 belongs to the jail'),
  ),
  probe('1.processes', 4, 'jailer_capabilities', (scene) => {
    const caps = BigInt(`0x${scene.status(scene.pids('box').jailer)['CapEff'] ?? '0'}`);
    const kept = Object.entries(HARMFUL_CAPS).filter(([, bit]) => (caps >> BigInt(bit)) & 1n);
    return unless(kept.length === 0, kept.map(([name]) => name).join(' '));
  }),
  probe('1.processes', 4, 'init_capabilities', (scene) => {
    const { init, command } = scene.pids('box');
    const caps = scene.status(init)['CapEff'] ?? '';
    return unless(BigInt(`0x${caps}`) <= BigInt(`0x${scene.status(command)['CapBnd'] ?? '0'}`), caps);
  }),
  probe('1.descriptors', 8, 'command_descriptors', (scene) => {
    const odd = scene
      .descriptors(scene.pids('box').command)
      .filter((to) => !/^(\/dev\/null|pipe:.*)$/.test(to));
    return unless(odd.length === 0, odd.join(' '));
  }),
  probe('1.log', 4, 'jailer_files_written', (scene) => {
    const odd = scene
      .descriptors(scene.pids('box').jailer)
      .filter((to) => to.startsWith('/') && !/^\/dev\/null|\/var\/log\/jaild\/|^\/memfd/.test(to));
    return unless(odd.length === 0, odd.join(' '));
  }),
  probe('1.processes', 2, 'jailer_core', (scene) =>
    limitOf(scene.pids('box').jailer, 'Max core file size', '0'),
  ),
  probe('1.processes', 2, 'jailer_cgroup', (scene) => {
    const { jailer, command } = scene.pids('box');
    const pids = (pid: number): string =>
      /:pids:(.*)|^0::(.*)/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[0] ?? '';
    return unless(pids(jailer) !== pids(command), `both in ${pids(jailer)}`);
  }),
  ...['mnt', 'pid', 'user', 'net', 'ipc', 'uts', 'cgroup', 'time'].map((kind) =>
    probe('3.namespaces', 8, `command_namespace_${kind}`, (scene) => {
      const of = (jail: string): string => readlinkSync(`/proc/${scene.pids(jail).command}/ns/${kind}`);
      const all = [of('box'), of('other'), of('twin'), readlinkSync(`/proc/self/ns/${kind}`)];
      return unless(new Set(all).size === 4, all.join(' '));
    }),
  ),
  ...(['uid_map', 'gid_map'] as const).map((map) =>
    probe('4.id-maps', 8, `ranges_${map}`, (scene) => {
      const bases = ['box', 'other', 'twin'].map((jail) =>
        Number(
          readFileSync(`/proc/${scene.pids(jail).command}/${map}`, 'utf8')
            .trim()
            .split(/\s+/)[1],
        ),
      );
      const apart = bases.every((a, i) => bases.every((b, j) => i === j || Math.abs(a - b) >= 65_536));
      return unless(apart && bases.every((base) => base >= 100_000), bases.join(' '));
    }),
  ),
];

function programOf(pid: number): string | null {
  const program = readlinkSync(`/proc/${pid}/exe`);
  return unless(program.startsWith('/memfd:'), program);
}

function limitOf(pid: number, name: string, most: string): string | null {
  const line =
    readFileSync(`/proc/${pid}/limits`, 'utf8')
      .split('\n')
      .find((text) => text.startsWith(name)) ?? '';
  return unless(line.slice(name.length).trim().split(/\s+/)[1] === most, line);
}

/** What the caller of an exec or run is like: everything of it that could leak is odd. */
const CARELESS =
  'trap "" USR1 QUIT; umask 0; cd /etc; export SECRET=x LD_PRELOAD=; ulimit -n 300; ulimit -c 0; exec 9</etc 8>>/dev/null; exec nice -n 5 "$@"';
const same =
  'Uid Gid Groups SigBlk SigIgn CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Umask'.split(
    ' ',
  );
const equalFiles = ['limits', 'cgroup', 'oom_score_adj', 'personality', 'uid_map', 'timerslack_ns'];

/** The host's pid of a process that a careless caller has put into a jail. */
async function enter(
  scene: Scene,
  words: readonly string[],
  marker: string,
): Promise<{ pid: number; end: () => void }> {
  const caller = spawn(
    'setpriv',
    [
      '--groups',
      '0,4,27',
      'bash',
      '-c',
      CARELESS,
      'careless',
      scene.instance.bin('jailctl'),
      '--prefix',
      scene.instance.prefix,
      ...words,
      '/bin/sleep',
      marker,
    ],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  );
  for (let tries = 0; tries < 3000; tries++) {
    const { stdout } = scene.instance.run(['pgrep', '-x', '-f', `/bin/sleep ${marker}`]);
    if (stdout !== '') return { pid: Number(stdout.split('\n')[0]), end: () => caller.kill('SIGTERM') };
    await sleep(20);
  }
  throw new Error('it did not come in');
}

/** Compared with the jail's own command, which nobody careless has started. */
function careless(way: string, ...words: readonly string[]): HostProbe {
  return probe('1.exec', 8, `careless_${way}`, async (scene) => {
    const entered = await enter(
      scene,
      words.map((word) => word.replace('ROOT', scene.rootOf('box'))),
      `${process.pid}${way.length}`,
    );
    try {
      return difference(scene, entered.pid, scene.pids('box').command, way === 'exec');
    } finally {
      entered.end();
    }
  });
}

function difference(scene: Scene, pid: number, command: number, inSameJail: boolean): string | null {
  const [mine, theirs] = [scene.status(pid), scene.status(command)];
  const odd = same
    .filter((key) =>
      inSameJail ? mine[key] !== theirs[key] : !/id$|Groups/.test(key) && mine[key] !== theirs[key],
    )
    .map((key) => `${key} ${mine[key] ?? ''} not ${theirs[key] ?? ''}`);
  const read = (of: number, file: string): string => readFileSync(`/proc/${of}/${file}`, 'utf8');
  const files = equalFiles.filter(
    (file) => (inSameJail || !/map|cgroup/.test(file)) && read(pid, file) !== read(command, file),
  );
  const nice = (of: number): string => read(of, 'stat').split(') ')[1]?.split(' ')[16] ?? '';
  const environment = /SECRET|LD_PRELOAD/.test(read(pid, 'environ')) ? ['environment'] : [];
  const open = scene.descriptors(pid).filter((to) => !/^(\/dev\/null|pipe:.*)$/.test(to));
  const all = [
    ...odd,
    ...files,
    ...environment,
    ...open,
    ...(nice(pid) === nice(command) ? [] : [`nice ${nice(pid)}`]),
  ];
  return unless(all.length === 0, all.join(', '));
}

/** Somebody in the jail watches each process that comes in. */
const watched = probe('1.memory', 8, 'exec_watched', async (scene) => {
  const watcher = scene.instance.ctlLater('exec', 'box', '--', '/bin/probe', 'watch', '1500');
  await sleep(200);
  for (let n = 0; n < 15; n++) await scene.instance.ctlLater('exec', 'box', '--', '/bin/true');
  const { stdout } = await watcher;
  return unless(stdout === '', stdout.trim().replaceAll('\n', '; '));
});

/** An exec of the joining program itself, which is not the jail's. */
const again = ['/proc/self/exe', '/bin/again'].map((program, n) =>
  probe('1.binary', 4, `exec_of_itself_${n}`, (scene) => {
    scene.instance.run([
      'sh',
      '-c',
      `printf '#!/proc/self/exe\\n' >"$0" && chmod 755 "$0"`,
      `${scene.rootOf('box')}/bin/again`,
    ]);
    const { code } = scene.instance.run([
      'timeout',
      '-s',
      'TERM',
      '60',
      scene.instance.bin('jailctl'),
      'exec',
      'box',
      '--',
      program,
    ]);
    return unless(code === 126 || code === 127, `it was run again (${code})`);
  }),
);

/** What processes of jails are, by the host's /proc. */
export const processProbes: readonly HostProbe[] = [
  ...everyone,
  ...inits,
  careless('exec', 'exec', 'box', '--'),
  careless('run', 'run', 'path=ROOT', '--'),
  watched,
  ...again,
];
