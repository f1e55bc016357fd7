import { setTimeout as sleep } from 'node:timers/promises';
import { TestInstance } from '../support/instance.js';
import { CRASHABLE, crashOf, installStopwatch } from './attempts.js';
import type { Line } from './report.js';
import { field, pss } from './sizes.js';
import { race, type Attempt } from './statistics.js';
import { Stopwatch } from './stopwatch.js';
import { crashOfPeer, RunningPeer, supervisorPeers } from './supervisors.js';

/** runit has a service back at once, and no jail to build. */
const BUDGETS: Readonly<Record<string, number>> = { runsv: 1.5, 's6-supervise': 1.5, supervisord: 1 };

/** What supervisors of plain programs take: to have one back that has crashed, and memory for each. */
export async function measureSupervision(rounds: number, services: number): Promise<readonly Line[]> {
  return [...(await raceCrashes(rounds)), ...(await compareSizes(services))];
}

async function raceCrashes(rounds: number): Promise<readonly Line[]> {
  const instance = new TestInstance();
  const watch = new Stopwatch();
  const peers = supervisorPeers.map((peer) => ({ peer, ...crashOfPeer(peer, watch) }));
  try {
    installStopwatch(instance);
    instance.configure(`path = "$root"; crashing { ${CRASHABLE} }`);
    await instance.start();
    const others = Object.fromEntries(peers.map(({ peer, attempt }) => [peer.name, attempt]));
    const attempts: Record<string, Attempt> = { jaild: crashOf(instance, watch, 'crashing'), ...others };
    const times = await race(attempts, rounds, 2);
    return peers.map(({ peer: { name } }) => ({
      what: 'crash until it runs again',
      figure: times['jaild'] ?? NaN,
      unit: 'ms',
      peer: { name: `${name}, a bare program`, figure: times[name] ?? NaN },
      budget: BUDGETS[name] ?? 1,
    }));
  } finally {
    for (const { close } of peers) await close();
    watch.close();
    await instance.close();
  }
}

async function compareSizes(count: number): Promise<readonly Line[]> {
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  const figure = await sizeOfJails(names);
  const lines: Line[] = [];
  for (const peer of supervisorPeers) {
    const words = ['/bin/sleep', '31415'];
    const running = new RunningPeer(peer, Object.fromEntries(names.map((name) => [name, words])));
    try {
      await sleep(3000);
      const size = running.size(words.join(' ')) / count;
      const what = 'memory for one, PSS: jailer and init';
      lines.push({
        what,
        figure,
        unit: 'KB',
        peer: { name: `${peer.name} and logger`, figure: size },
        budget: 1,
      });
    } finally {
      await running.close();
    }
  }
  return lines;
}

async function sizeOfJails(names: readonly string[]): Promise<number> {
  const instance = new TestInstance();
  try {
    instance.configure(
      `path = "$root"; command = "/bin/sleep 1000"; ${names.map((n) => `${n} {}`).join(' ')}`,
    );
    await instance.start();
    instance.ctl('start', '-a');
    await sleep(3000);
    const inits = names.map((name) => instance.status(name).pid ?? 0);
    const all = inits.map((init) => pss(init) + pss(field(`/proc/${init}/status`, 'PPid')));
    return all.reduce((sum, size) => sum + size, 0) / all.length;
  } finally {
    await instance.close();
  }
}
