import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { jailctl } from './attempts.js';
import { peerRoot, Runc } from './peers.js';
import type { Line } from './report.js';
import { race, type Attempt } from './statistics.js';
import { Stopwatch } from './stopwatch.js';

/** Lines of 100 bytes: what is logged by all of them. */
const MEGABYTES = 256;
const LINE = `${'a line of output, as services print it, long enough to be like most of them that are written'.padEnd(99, '.')}\n`;
const FILE_BYTES = 10_000_000;
const FILES = 10;

/** What it takes to bring a stream of lines into rotated files, with times and without. */
export async function measureOutput(rounds: number): Promise<readonly Line[]> {
  const instance = new TestInstance();
  const watch = new Stopwatch();
  const runc = new Runc(watch, join(instance.prefix, 'runc'), peerRoot(instance), null, ['/bin/cat', '/big']);
  try {
    const big = join(instance.root, 'big');
    writeFileSync(big, LINE.repeat((MEGABYTES * 1_000_000) / LINE.length));
    linkSync(big, join(peerRoot(instance), 'big'));
    instance.configure(`
      path = "$root"; persist; log.max_size = ${FILE_BYTES}; log.max_files = ${FILES}; log.compress = false;
      loud { exec.start = "/bin/cat /big"; }
    `);
    await instance.start();
    const times = await race(
      {
        jaild: outputOfJail(instance, watch),
        conmon: outputOfConmon(instance, watch, runc),
        stamped: outputOfS6(instance, watch, ['T'], big),
        plain: outputOfS6(instance, watch, [], big),
      },
      rounds,
      1,
    );
    const base = {
      what: `${MEGABYTES} MB of output into rotated files`,
      figure: times.jaild,
      unit: 'ms',
    } as const;
    return [
      { ...base, peer: { name: 'conmon', figure: times.conmon }, budget: 1 },
      { ...base, peer: { name: 's6-log T, with times as well', figure: times.stamped }, budget: 1 },
      { ...base, peer: { name: 's6-log, without times', figure: times.plain }, budget: 2 },
    ];
  } finally {
    watch.close();
    await instance.close();
    runc.close();
  }
}

function outputOfJail(instance: TestInstance, watch: Stopwatch): Attempt {
  return async () => {
    const time = await watch.run(jailctl(instance, 'start', 'loud'));
    const { code, stderr } = instance.ctl('stop', 'loud');
    if (code !== 0) throw new Error(stderr);
    return time;
  };
}

function outputOfS6(
  instance: TestInstance,
  watch: Stopwatch,
  words: readonly string[],
  big: string,
): Attempt {
  return async () => {
    const directory = mkdtempSync(join(instance.prefix, 's6-'));
    const log = `/bin/busybox cat '${big}' | exec s6-log n${FILES} s${FILE_BYTES} ${words.join(' ')} '${directory}'`;
    const time = await watch.run(['/bin/sh', '-c', log]);
    rmSync(directory, { recursive: true });
    return time;
  };
}

/** From the start of the container, which conmon has made before, to conmon's note of its end. */
function outputOfConmon(instance: TestInstance, watch: Stopwatch, runc: Runc): Attempt {
  return async () => {
    const directory = mkdtempSync(join(instance.prefix, 'conmon-'));
    const [name, exits] = [runc.newName(), join(directory, 'exits')];
    mkdirSync(exits);
    const [program = '', ...words] = runc.words;
    const conmon = [
      ...['--cid', name, '--cuuid', name, '--name', name, '--runtime', program, '--bundle', runc.bundle],
      ...words.map((word) => `--runtime-arg=${word}`),
      ...['--log-path', `k8s-file:${directory}/log`, '--log-size-max', String(FILE_BYTES)],
      ...['--exit-dir', exits, '--socket-dir-path', directory, '--container-pidfile', join(directory, 'pid')],
    ];
    const made = spawnSync('/usr/bin/conmon', conmon, { encoding: 'utf8' });
    const isMade = (): boolean => existsSync(join(directory, 'pid'));
    for (let tries = 0; !isMade() && tries < 100; tries++) spawnSync('sleep', ['0.05']);
    if (!isMade()) throw new Error(`conmon has not made ${name}: ${made.stderr}`);
    const start = [program, ...words, 'start', name].join(' ');
    const script = `${start} && while [ ! -e '${exits}/${name}' ]; do sleep 0.01; done`;
    const time = await watch.run(['/bin/sh', '-c', script]);
    runc.delete(name);
    if (readdirSync(directory).every((file) => file !== 'log')) throw new Error('conmon has no log');
    rmSync(directory, { recursive: true });
    return time;
  };
}
