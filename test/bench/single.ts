import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { CRASHABLE, crashOf, installStopwatch, jailctl, startOf } from './attempts.js';
import { bwrap, peerRoot, Runc } from './peers.js';
import type { Line } from './report.js';
import { race } from './statistics.js';
import { Stopwatch } from './stopwatch.js';

const floorProgram = join(import.meta.dirname, '../../../native/build/floor');

/** Rounds that count, and those before them. */
export interface Rounds {
  readonly rounds: number;
  readonly warmUp: number;
}

/** Milliseconds that the kernel alone takes for `count` jails, one after the other. */
export function floor(root: string, count: number): number {
  const { status, stdout } = spawnSync(floorProgram, [root, String(count)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`floor ended with ${status}`);
  return Number(stdout) * count;
}

/** One jail at a time: started, crashed, entered. */
export async function measureSingleJails({ rounds, warmUp }: Rounds): Promise<readonly Line[]> {
  const instance = new TestInstance();
  const watch = new Stopwatch();
  const runc = new Runc(watch, join(instance.prefix, 'runc'), peerRoot(instance));
  try {
    installStopwatch(instance);
    instance.configure(`
      path = "$root"; command = "/bin/sleep 1000";
      plain {}
      addressed { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; }
      crashing { ${CRASHABLE} }
    `);
    await instance.start();
    const starts = await raceStarts(instance, watch, runc, { rounds, warmUp });
    const crashes = await raceCrashes(instance, watch, { rounds, warmUp });
    const execs = await raceExecs(instance, watch, runc, { rounds, warmUp });
    return [...starts, ...crashes, ...execs];
  } finally {
    watch.close();
    await instance.close();
    runc.close();
  }
}

async function raceStarts(
  instance: TestInstance,
  watch: Stopwatch,
  runc: Runc,
  { rounds, warmUp }: Rounds,
): Promise<readonly Line[]> {
  const times = await race(
    {
      plain: startOf(instance, watch, 'plain'),
      bwrap: bwrap(watch, peerRoot(instance)),
      addressed: startOf(instance, watch, 'addressed'),
      runc: runc.start(),
    },
    rounds,
    warmUp,
  );
  const begin = { what: 'start until the command runs', figure: times.plain, unit: 'ms' } as const;
  return [
    { ...begin, peer: { name: 'bwrap', figure: times.bwrap }, budget: 1 },
    { ...begin, peer: { name: 'runc run -d', figure: times.runc }, budget: 0.2 },
    {
      what: 'the same with an IPv4 and an IPv6 address',
      figure: times.addressed,
      unit: 'ms',
      peer: { name: 'without', figure: times.plain },
      budget: 1.6,
    },
  ];
}

async function raceCrashes(
  instance: TestInstance,
  watch: Stopwatch,
  { rounds, warmUp }: Rounds,
): Promise<readonly Line[]> {
  const crash = crashOf(instance, watch, 'crashing');
  const times = await race(
    { crash, floor: () => Promise.resolve(floor(peerRoot(instance), 1)) },
    rounds,
    warmUp,
  );
  instance.ctl('stop', 'crashing');
  const peer = { name: 'floor', figure: times.floor };
  return [{ what: 'crash until the command runs again', figure: times.crash, unit: 'ms', peer, budget: 3 }];
}

async function raceExecs(
  instance: TestInstance,
  watch: Stopwatch,
  runc: Runc,
  { rounds, warmUp }: Rounds,
): Promise<readonly Line[]> {
  const container = runc.exec();
  try {
    instance.ctl('start', 'plain');
    const exec = (): Promise<number> => watch.run(jailctl(instance, 'exec', 'plain', '--', 'true'));
    const times = await race({ exec, runc: container.attempt }, rounds, warmUp);
    const peer = { name: 'runc exec', figure: times.runc };
    return [{ what: 'exec of true', figure: times.exec, unit: 'ms', peer, budget: 0.25 }];
  } finally {
    container.end();
  }
}
