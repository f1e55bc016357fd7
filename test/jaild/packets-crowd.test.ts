import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { installPackets, PORT, SERVE } from '../support/packets.js';
import { patience } from '../support/patience.js';

const COUNT = 200;
/** How many jails ask at the same time. */
const AT_ONCE = 8;
/** How far the jails that one asks are from it, so that every jail is asked by some of the others. */
const DISTANCES = [1, 7, 50, 100];

const name = (index: number): string => `j${index % COUNT}`;
const ip4 = (index: number): string => `10.77.${(index % COUNT) >> 7}.${((index % COUNT) & 127) + 1}`;
const ip6 = (index: number): string => `fd77::${(index % COUNT) + 1}`;

describe(`${COUNT} jails with addresses`, function () {
  this.timeout(40_000 * patience);
  const instance = new TestInstance();

  before(async () => {
    installPackets(instance);
    const jails = Array.from(
      { length: COUNT },
      (_, index) => `${name(index)} { ip4.addr = ${ip4(index)}; ip6.addr = "${ip6(index)}"; }`,
    );
    instance.configure(`path = "$root"; command = "${SERVE}"; ${jails.join('\n')}`);
    await instance.start();
  });

  after(() => instance.close());

  it('start together', () => {
    const { code, stdout, stderr } = instance.ctl('start', '-a');
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout.trim().split('\n')).to.have.lengthOf(COUNT);
  });

  it('reach each other over IPv4 and IPv6', async () => {
    const ask = async (index: number): Promise<string> => {
      const others = DISTANCES.flatMap((distance) => [ip4(index + distance), ip6(index + distance)]);
      const words = ['many', String(PORT), '1', '1', ...others];
      const { stdout, stderr } = await instance.ctlLater('exec', name(index), '--', '/bin/packets', ...words);
      return `${stdout}${stderr}`.trim();
    };
    const answers: string[] = [];
    let next = 0;
    const askInTurn = async (): Promise<void> => {
      while (next < COUNT) answers.push(await ask(next++));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
    expect(answers).to.deep.equal(Array.from({ length: COUNT }, () => '8 answered, 0 failed'));
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
    expect(
      [left('route'), left('-6', 'route')].flat().filter((line) => /10\.77|fd77/.test(line)),
    ).to.deep.equal([]);
  });
});
