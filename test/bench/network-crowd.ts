import { TestInstance } from '../support/instance.js';
import { jailctl } from './attempts.js';
import type { Line } from './report.js';
import { race } from './statistics.js';
import { Stopwatch } from './stopwatch.js';

/** Many jails with an IPv4 and an IPv6 address, started and stopped at once, beside as many that have none. */
export async function measureNetworkCrowd(count: number, rounds: number): Promise<readonly Line[]> {
  const instance = new TestInstance();
  const watch = new Stopwatch();
  const names = (kind: string): readonly string[] =>
    Array.from({ length: count }, (_, index) => `${kind}${index}`);
  const addresses = (index: number): string =>
    `ip4.addr = 10.77.${index >> 7}.${(index & 127) + 1}; ip6.addr = "fd77::${index + 1}";`;
  const run = (verb: string, kind: string) => () => watch.run(jailctl(instance, verb, ...names(kind)));
  try {
    const jails = names('a').map((name, index) => `${name} { ${addresses(index)} } n${index} {}`);
    instance.configure(`path = "$root"; command = "/bin/sleep 1000"; ${jails.join('\n')}`);
    await instance.start();
    // In this order: they take turns, and what is stopped is what was just started.
    const figures = await race(
      {
        start: run('start', 'a'),
        stop: run('stop', 'a'),
        plainStart: run('start', 'n'),
        plainStop: run('stop', 'n'),
      },
      rounds,
      1,
    );
    const line = (what: string, figure: number, peer: number, budget: number): Line => ({
      what: `${what} of ${count} jails, both families`,
      figure,
      unit: 'ms',
      peer: { name: 'without network', figure: peer },
      budget,
    });
    return [
      line('start', figures.start, figures.plainStart, 1.6),
      line('stop', figures.stop, figures.plainStop, 2),
    ];
  } finally {
    watch.close();
    await instance.close();
  }
}
