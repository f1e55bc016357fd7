import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { Neighbour } from '../support/neighbour.js';
import { inside, installPackets, onHost, PORT, SERVE, tcp, udp } from '../support/packets.js';
import { patience } from '../support/patience.js';

const HOST = ['192.0.2.254', '2001:db8::fe'];
const PARALLEL = 40;
/** Fewer on a slow host: what counts is that jails come and go meanwhile. */
const ROUNDS = Math.ceil(40 / patience);

describe('packets through a forwarded port', () => {
  const instance = new TestInstance();
  const neighbour = new Neighbour(instance);
  const host = onHost(instance);
  const from = (jail: string) => inside(instance, jail);
  const through = (place: typeof host, addresses = HOST) =>
    addresses.map((address) => [tcp(place, address, 100_000, 8007), udp(place, address, 100, 8007)]);

  before(async () => {
    installPackets(instance);
    const transient = Array.from(
      { length: 8 },
      (_, index) => `t${index} { ip4.addr = 10.77.1.${index + 1}; rdr = "tcp 910${index} 7"; nat; }`,
    );
    instance.configure(`
      * { path = "$root"; command = "${SERVE}"; }
      web { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; nat; rdr = "tcp 8007 ${PORT}", "udp 8007 ${PORT}"; }
      other { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; }
      ${transient.join('\n')}
    `);
    await instance.start();
    await neighbour.join({
      name: 'lan0',
      host: HOST.map((address) => `${address}/${address.includes(':') ? 64 : 24}`),
      own: ['192.0.2.1/24', '2001:db8::1/64'],
    });
    // Interfaces of the host that lead out are those that pass packets on for jails.
    for (const [family, way] of [
      ['-4', '192.0.2.1'],
      ['-6', '2001:db8::1'],
    ] as const)
      instance.onHost('ip', family, 'route', 'add', 'default', 'via', way, 'dev', 'lan0');
    await neighbour.serve(PORT);
    const { code, stderr } = instance.ctl('start', 'web', 'other');
    if (code !== 0) throw new Error(stderr);
  });

  after(async () => {
    await neighbour.leave();
    await instance.close();
  });

  it('come from another host under its own address', () => {
    expect(through(neighbour.run)).to.deep.equal([
      ['192.0.2.1', 'back'],
      ['2001:db8::1', 'back'],
    ]);
  });

  it('come from the host itself, by its addresses and by those of its loopback', () => {
    const answers = through(host, [...HOST, '127.0.0.1']);
    expect(answers.map(([, datagram]) => datagram)).to.deep.equal(['back', 'back', 'back']);
    expect(answers.map(([seen]) => /^[\d.]+$|:/.test(seen ?? ''))).to.deep.equal([true, true, true]);
  });

  it('come from another jail, and from the jail itself', () => {
    for (const jail of ['other', 'web'])
      expect(through(from(jail)).map(([, datagram]) => datagram)).to.deep.equal(['back', 'back']);
  });

  it('go out under the address of the host', () => {
    expect(tcp(from('web'), '192.0.2.1')).to.equal('192.0.2.254');
    expect(tcp(from('web'), '2001:db8::1')).to.equal('2001:db8::fe');
  });

  it('all arrive while other jails start and stop', async () => {
    const load = neighbour.later('/bin/packets', 'many', '8007', String(PARALLEL), String(ROUNDS), ...HOST);
    let over = false;
    const said = load.finally(() => (over = true));
    const codes: (number | null)[] = [];
    while (!over) {
      const names = Array.from({ length: 8 }, (_, index) => `t${index}`);
      codes.push((await instance.ctlLater('start', ...names)).code);
      codes.push((await instance.ctlLater('stop', ...names)).code);
    }
    expect(await said).to.equal(`${PARALLEL * ROUNDS * HOST.length} answered, 0 failed`);
    expect(codes)
      .to.deep.equal(codes.map(() => 0))
      .and.to.have.length.of.at.least(2);
  });

  it('find nothing there when the jail has stopped', () => {
    instance.ctl('stop', 'web');
    expect(tcp(neighbour.run, HOST[0] ?? '', 100, 8007)).to.equal('ECONNREFUSED');
    expect(instance.onHost('nft', 'list', 'tables').stdout).to.equal('');
  });
});
