import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestInstance } from '../support/instance.js';
import { peerRoot } from './peers.js';
import type { Line } from './report.js';
import { floor } from './single.js';
import { field, pss } from './sizes.js';
import { race } from './statistics.js';
import { Stopwatch } from './stopwatch.js';

const IDLE_SECONDS = 10;
/** V8 gives memory back for some seconds after it was busy. */
const SETTLE_SECONDS = 15;

/** Many jails at once: how long they take to start, and what they and jaild cost when nothing happens. */
export async function measureCrowd(count: number, rounds: number): Promise<readonly Line[]> {
  const instance = new TestInstance();
  const watch = new Stopwatch();
  const ctl = (...words: readonly string[]) => [
    instance.bin('jailctl'),
    '--prefix',
    instance.prefix,
    ...words,
  ];
  try {
    const jails = Array.from({ length: count }, (_, index) => `j${index} {}`).join(' ');
    instance.configure(`path = "$root"; command = "/bin/sleep 1000"; ${jails}`);
    await instance.start();
    const times = await race(
      {
        jaild: async () => {
          await watch.run(ctl('stop', '-a'));
          return watch.run(ctl('start', '-a'));
        },
        floor: () => Promise.resolve(floor(peerRoot(instance), count)),
      },
      rounds,
      1,
    );
    const pids = (instance.ctl('status', '--json').stdout.match(/"pid": ?\d+/g) ?? []).map((text) =>
      Number(/\d+/.exec(text)),
    );
    if (pids.length !== count) throw new Error(`${pids.length} of ${count} jails run`);
    const peer = { name: `floor ${count} times`, figure: times.floor };
    return [
      { what: `start -a of ${count} jails`, figure: times.jaild, unit: 'ms', peer, budget: 2.5 },
      ...sizes(instance, pids),
      {
        what: `jaild with ${count} jails, idle`,
        figure: await idleCpu(instance.daemonPid),
        unit: '% of a core',
        peer: null,
        budget: 0.2,
      },
    ];
  } finally {
    watch.close();
    await instance.close();
  }
}

function sizes(instance: TestInstance, inits: readonly number[]): readonly Line[] {
  const all = inits.map((pid) => pss(pid) + pss(field(`/proc/${pid}/status`, 'PPid')));
  const mean = all.reduce((sum, size) => sum + size, 0) / all.length;
  const rss = field(`/proc/${instance.daemonPid}/status`, 'VmRSS') / 1024;
  return [
    { what: 'jailer and init of one jail, PSS', figure: mean, unit: 'KB', peer: null, budget: 120 },
    { what: `jaild with ${inits.length} jails, RSS`, figure: rss, unit: 'MB', peer: null, budget: 110 },
  ];
}

/** Nanoseconds that all threads of a process have run. Documentation/scheduler/sched-stats.rst */
function ran(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return times.reduce((sum, time) => sum + time, 0);
}

async function idleCpu(pid: number): Promise<number> {
  await sleep(SETTLE_SECONDS * 1000);
  const [before, began] = [ran(pid), performance.now()];
  await sleep(IDLE_SECONDS * 1000);
  return ((ran(pid) - before) / 1e6 / (performance.now() - began)) * 100;
}
