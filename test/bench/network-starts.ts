import { join } from 'node:path';
import { Apart } from '../support/apart.js';
import { TestInstance } from '../support/instance.js';
import { CRASHABLE, crashOf, installStopwatch, startOf } from './attempts.js';
import { CniBridge, hasCni } from './cni.js';
import { peerRoot, Runc } from './peers.js';
import type { Line } from './report.js';
import { race, type Attempt } from './statistics.js';
import { Stopwatch } from './stopwatch.js';

/** What each kind of network adds to a start, beside the jail that has none; then what a crash costs with addresses. */
export async function measureNetworkStarts(rounds: number): Promise<readonly Line[]> {
  const instance = new TestInstance();
  const watch = new Stopwatch();
  try {
    installStopwatch(instance);
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      none {}
      ip4 { ip4.addr = 10.77.0.2; }
      both { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; }
      bridged { bridge = br77; bridge.subnet = "10.88.0.0/24", "fd88::/64"; ip4.addr = 10.88.0.2/24; ip6.addr = "fd88::2/64"; }
      forwarded { bridge = br77; bridge.subnet = "10.88.0.0/24", "fd88::/64"; ip4.addr = 10.88.0.3/24; ip6.addr = "fd88::3/64";
        nat; rdr = "tcp 8080 80"; }
      keeper { bridge = br77; bridge.subnet = "10.88.0.0/24", "fd88::/64"; ip4.addr = 10.88.0.4/24; ip6.addr = "fd88::4/64"; }
      crash-none { ${CRASHABLE} }
      crash-both { ip4.addr = 10.77.0.5; ip6.addr = "fd77::5"; ${CRASHABLE} }
    `);
    await instance.start();
    instance.ctl('start', 'keeper');
    return [
      ...(await raceStarts(instance, watch, rounds)),
      ...(await raceCni(instance, rounds)),
      ...(await raceCrashes(instance, watch, rounds)),
    ];
  } finally {
    watch.close();
    await instance.close();
  }
}

async function raceStarts(
  instance: TestInstance,
  watch: Stopwatch,
  rounds: number,
): Promise<readonly Line[]> {
  const start = (name: string): Attempt => startOf(instance, watch, name);
  const names = ['none', 'ip4', 'both', 'bridged', 'forwarded'] as const;
  const entries = names.map((name) => [name, start(name)] as const);
  const times = await race(Object.fromEntries(entries) as Record<(typeof names)[number], Attempt>, rounds, 3);
  const line = (what: string, name: (typeof names)[number], budget: number): Line => ({
    what: `start ${what}`,
    figure: times[name],
    unit: 'ms',
    peer: { name: 'without network', figure: times.none },
    budget,
  });
  return [
    line('with an IPv4 address', 'ip4', 1.4),
    line('with an IPv4 and an IPv6 address', 'both', 1.6),
    line('on a bridge, both families', 'bridged', 1.6),
    line('on a bridge, with nat and rdr', 'forwarded', 2.5),
  ];
}

/** A start on a bridge beside runc with what engines have done for it before: a namespace, CNI's bridge. */
async function raceCni(instance: TestInstance, rounds: number): Promise<readonly Line[]> {
  if (!hasCni()) {
    process.stderr.write('bench: left out: runc with CNI (package containernetworking-plugins)\n');
    return [];
  }
  const host = await Apart.make();
  const watch = new Stopwatch(host.words());
  const cni = new CniBridge(host, instance.prefix);
  const name = `jaild-bench-${process.pid}`;
  const runc = new Runc(watch, join(instance.prefix, 'runc'), peerRoot(instance), {
    path: cni.path(name),
    add: () => cni.add(name),
    delete: () => cni.delete(name),
  });
  try {
    const own = new Stopwatch();
    const times = await race(
      { jaild: startOf(instance, own, 'bridged'), runc: runc.start() },
      Math.ceil(rounds / 3),
      1,
    ).finally(() => own.close());
    const peer = { name: 'runc run -d, CNI bridge', figure: times.runc };
    return [{ what: 'start on a bridge, both families', figure: times.jaild, unit: 'ms', peer, budget: 0.5 }];
  } finally {
    watch.close();
    cni.close();
    runc.close();
    await host.end();
  }
}

async function raceCrashes(
  instance: TestInstance,
  watch: Stopwatch,
  rounds: number,
): Promise<readonly Line[]> {
  const [none, both] = [crashOf(instance, watch, 'crash-none'), crashOf(instance, watch, 'crash-both')];
  const times = await race({ none, both }, rounds, 3);
  for (const name of ['crash-none', 'crash-both']) instance.ctl('stop', name);
  const peer = { name: 'without network', figure: times.none };
  const what = 'crash until the command runs again, both families';
  return [{ what, figure: times.both, unit: 'ms', peer, budget: 1.15 }];
}
