import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { Neighbour } from '../support/neighbour.js';
import {
  inside,
  installPackets,
  onHost,
  ping,
  PORT,
  SERVE,
  serveOnHost,
  tcp,
  udp,
  untilServing,
} from '../support/packets.js';

const A = ['10.77.0.2', '10.77.0.12', 'fd77::2'];

describe('packets of routed jails', () => {
  const instance = new TestInstance();
  const host = onHost(instance);
  const from = (jail: string) => inside(instance, jail);

  before(async () => {
    installPackets(instance);
    instance.configure(`
      * { path = "$root"; command = "${SERVE}"; allow.raw_sockets; }
      a { ip4.addr = 10.77.0.2, 10.77.0.12; ip6.addr = "fd77::2"; }
      b { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; }
      wide { ip4.addr = 10.77.0.4; ip6.addr = "fd77::4"; mtu = 9000; }
      wider { ip4.addr = 10.77.0.5; ip6.addr = "fd77::5"; mtu = 9000; }
    `);
    await instance.start();
    for (const address of ['10.77.0.254/32', 'fd77::fe/128'])
      instance.onHost('ip', 'addr', 'add', address, 'dev', 'lo');
    const { code, stderr } = instance.ctl('start', '-a');
    if (code !== 0) throw new Error(stderr);
    await untilServing(instance, ['a', 'b', 'wide', 'wider']);
  });

  after(() => instance.close());

  it('go to every address of another jail by TCP, under the first address of the sender', () => {
    const seen = A.map((address) => tcp(from('b'), address, 300_000));
    expect(seen).to.deep.equal(['10.77.0.3', '10.77.0.3', 'fd77::3']);
    expect(['10.77.0.3', 'fd77::3'].map((address) => tcp(from('a'), address))).to.deep.equal([
      '10.77.0.2',
      'fd77::2',
    ]);
  });

  it('go there by UDP and ICMP', () => {
    expect(A.map((address) => udp(from('b'), address))).to.deep.equal(['back', 'back', 'back']);
    expect(A.map((address) => ping(from('b'), address))).to.deep.equal([2, 2, 2]);
  });

  it('go between host and jail, both ways', async () => {
    expect(A.map((address) => [udp(host, address), ping(host, address)])).to.deep.equal([
      ['back', 2],
      ['back', 2],
      ['back', 2],
    ]);
    expect(tcp(host, '10.77.0.2', 300_000)).to.equal('169.254.1.1');
    const end = await serveOnHost(instance);
    expect(['10.77.0.254', 'fd77::fe'].map((address) => tcp(from('a'), address))).to.deep.equal([
      '10.77.0.2',
      'fd77::2',
    ]);
    end();
  });

  it('of 8972 bytes go whole from jail to jail where both have an MTU of 9000', () => {
    expect(udp(from('wide'), '10.77.0.5', 9000 - 28)).to.equal('back');
    expect(udp(from('wide'), 'fd77::5', 9000 - 48)).to.equal('back');
    expect(ping(from('wide'), '10.77.0.5', 8900)).to.equal(2);
  });

  it('do not leave a jail when they are longer than its MTU', () => {
    expect(udp(from('wide'), '10.77.0.5', 9000 - 27)).to.equal('EMSGSIZE 9000');
    expect(udp(from('a'), '10.77.0.5', 8972)).to.equal('EMSGSIZE 1500');
    expect(udp(from('a'), 'fd77::5', 8952)).to.equal('EMSGSIZE 1500');
  });

  it('that are too long for the next jail are answered with its MTU, which TCP heeds', () => {
    expect(udp(from('wide'), '10.77.0.2', 8972)).to.equal('EMSGSIZE 1500');
    expect(udp(from('wide'), 'fd77::2', 8952)).to.equal('EMSGSIZE 1500');
    expect(tcp(from('wide'), '10.77.0.2', 300_000)).to.equal('10.77.0.4');
    expect(tcp(from('wide'), 'fd77::2', 300_000)).to.equal('fd77::4');
  });
});

describe('a host on the network of an interface', () => {
  const instance = new TestInstance();
  const from = (jail: string) => inside(instance, jail);
  const neighbour = new Neighbour(instance);

  before(async () => {
    installPackets(instance);
    instance.configure(`
      * { path = "$root"; command = "${SERVE}"; allow.raw_sockets; interface = lan0; mtu = 9000; }
      near { ip4.addr = 10.79.0.50; ip6.addr = "fd79::50"; }
      other { ip4.addr = 10.79.0.51; ip6.addr = "fd79::51"; }
      remote { ip4.addr = 10.80.0.52; }
    `);
    await instance.start();
    await neighbour.join({
      name: 'lan0',
      host: ['10.79.0.254/24', 'fd79::fe/64'],
      own: ['10.79.0.1/24', 'fd79::1/64'],
      mtu: 9000,
    });
    await neighbour.serve(PORT);
    const { code, stderr } = instance.ctl('start', '-a');
    if (code !== 0) throw new Error(stderr);
    await untilServing(instance, ['near', 'other', 'remote']);
  });

  after(async () => {
    await neighbour.leave();
    await instance.close();
  });

  it('reaches the jails there as if they were hosts of it, by TCP, UDP and ICMP', () => {
    for (const address of ['10.79.0.50', 'fd79::50', '10.79.0.51', 'fd79::51'])
      expect([
        tcp(neighbour.run, address, 300_000),
        udp(neighbour.run, address),
        ping(neighbour.run, address),
      ]).to.deep.equal([address.includes(':') ? 'fd79::1' : '10.79.0.1', 'back', 2]);
  });

  it('is reached from the jails under their own addresses', () => {
    expect(tcp(from('near'), '10.79.0.1')).to.equal('10.79.0.50');
    expect(tcp(from('other'), 'fd79::1')).to.equal('fd79::51');
  });

  it('takes 8972 bytes at once from a jail, and gives them back', () => {
    expect(udp(from('near'), '10.79.0.1', 8972)).to.equal('back');
    expect(udp(neighbour.run, 'fd79::50', 8952)).to.equal('back');
  });

  it('gets no answer for an address whose jail is stopped', () => {
    expect(instance.ctl('stop', 'other').code).to.equal(0);
    neighbour.run('ip', 'neigh', 'flush', 'all');
    expect(tcp(neighbour.run, '10.79.0.51')).to.equal('EHOSTUNREACH');
    expect(tcp(neighbour.run, '10.79.0.50')).to.equal('10.79.0.1');
  });
});
