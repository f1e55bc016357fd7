import { expect } from 'chai';
import { TestInstance, type StatusJson } from '../support/instance.js';
import { installPackets, PORT, SERVE } from '../support/packets.js';

const COUNT = 200;
/** How many jails ask at the same time. */
const AT_ONCE = 8;

interface Kind {
  readonly parameters: (index: number) => string;
  /** How far the jails that one asks are from it, so that every jail is asked by some of the others. */
  readonly distances: readonly number[];
}

const name = (index: number): string => `j${index}`;
const addresses = (index: number): string =>
  `ip4.addr = 10.77.${index >> 7}.${(index & 127) + 1}; ip6.addr = "fd77::${index + 1}";`;

const kinds: Readonly<Record<string, Kind>> = {
  'with addresses': { parameters: addresses, distances: [1, 7, 50, 100] },
  // The kernel knows 1024 neighbours of each family at most, those of all namespaces together (arp(7), gc_thresh3), and
  // on a bridge the others are neighbours: each jail here has two, the one that it asks and the one that asks it.
  'on a bridge, each with addresses that it was given': {
    parameters: () => 'bridge = br77; bridge.subnet = "10.88.0.0/24", "fd88::/64";',
    distances: [71],
  },
};

for (const [kind, { parameters, distances }] of Object.entries(kinds))
  describe(`${COUNT} jails ${kind}`, () => {
    const instance = new TestInstance();

    before(async () => {
      installPackets(instance);
      const jails = Array.from({ length: COUNT }, (_, index) => `${name(index)} { ${parameters(index)} }`);
      instance.configure(`path = "$root"; command = "${SERVE}"; auto = false; ${jails.join('\n')}`);
      await instance.start();
    });

    after(() => instance.close());

    it('start together', () => {
      const { code, stdout, stderr } = instance.ctl('start', '-a');
      expect([code, stderr]).to.deep.equal([0, '']);
      expect(stdout.trim().split('\n')).to.have.lengthOf(COUNT);
    });

    it('reach each other over IPv4 and IPv6', async () => {
      const { jails } = JSON.parse(instance.ctl('status', '--json').stdout) as {
        jails: readonly StatusJson[];
      };
      const all = jails.map(({ ip4, ip6 }) => [...ip4, ...ip6].map((address) => address.replace(/\/.*/, '')));
      expect(new Set(all.flat()).size).to.equal(2 * COUNT);
      // A neighbour may be looked for in vain once, where two processors do the work of all of them.
      const ask = async (index: number): Promise<string> => {
        const answer = await askOnce(index);
        return answer.includes('EHOSTUNREACH') ? askOnce(index) : answer;
      };
      const askOnce = async (index: number): Promise<string> => {
        const others = distances.flatMap((distance) => all[(index + distance) % COUNT] ?? []);
        const words = ['/bin/packets', 'many', String(PORT), '1', '1', ...others];
        const { stdout, stderr } = await instance.ctlLater('exec', jails[index]?.name ?? '', '--', ...words);
        return `${stdout}${stderr}`.trim();
      };
      const answers: string[] = [];
      let next = 0;
      const askInTurn = async (): Promise<void> => {
        while (next < COUNT) answers.push(await ask(next++));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
      expect(answers).to.deep.equal(
        Array.from({ length: COUNT }, () => `${2 * distances.length} answered, 0 failed`),
      );
    });

    it('stop together and leave no link, no route and no address behind', () => {
      const { code, stderr } = instance.ctl('stop', '-a');
      expect([code, stderr]).to.deep.equal([0, '']);
      const left = (...words: readonly string[]) =>
        instance
          .onHost('ip', '-o', ...words)
          .stdout.trim()
          .split('\n');
      expect(left('link').map((line) => line.split(':')[1])).to.deep.equal([' lo']);
      const routes = [left('route'), left('-6', 'route')].flat();
      expect(routes.filter((line) => /10\.[78]|fd[78]/.test(line))).to.deep.equal([]);
    });
  });
