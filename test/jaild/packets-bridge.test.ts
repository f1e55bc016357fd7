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

const C = ['10.88.0.3', 'fd88::3'];

describe('packets of jails on a bridge that jaild makes', () => {
  const instance = new TestInstance();
  const host = onHost(instance);
  const from = (jail: string) => inside(instance, jail);

  before(async () => {
    installPackets(instance);
    instance.configure(`
      * { path = "$root"; command = "${SERVE}"; allow.raw_sockets; }
      "br.*" { bridge = br77; bridge.subnet = "10.88.0.0/24", "fd88::/64"; }
      br.b { ip4.addr = 10.88.0.2/24; ip6.addr = "fd88::2/64"; }
      br.c { ip4.addr = 10.88.0.3/24; ip6.addr = "fd88::3/64"; }
      routed { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', '-a');
    if (code !== 0) throw new Error(stderr);
    await untilServing(instance, ['br.b', 'br.c', 'routed']);
  });

  after(() => instance.close());

  it('go from jail to jail by TCP, UDP and ICMP', () => {
    expect(C.map((address) => tcp(from('br.b'), address, 300_000))).to.deep.equal(['10.88.0.2', 'fd88::2']);
    expect(C.map((address) => udp(from('br.b'), address))).to.deep.equal(['back', 'back']);
    expect(C.map((address) => ping(from('br.b'), address))).to.deep.equal([2, 2]);
  });

  it('go between host and jail, under the first address of the subnet', async () => {
    expect(C.map((address) => tcp(host, address))).to.deep.equal(['10.88.0.1', 'fd88::1']);
    const end = await serveOnHost(instance);
    expect(['10.88.0.1', 'fd88::1'].map((address) => tcp(from('br.c'), address))).to.deep.equal(C);
    end();
  });

  it('go to a routed jail and come from there', () => {
    const seen = ['10.77.0.2', 'fd77::2'].map((address) => tcp(from('br.c'), address, 300_000));
    expect(seen).to.deep.equal(C);
    expect(C.map((address) => tcp(from('routed'), address))).to.deep.equal(['10.77.0.2', 'fd77::2']);
  });
});

describe('packets of jails on a bridge of the host', () => {
  const instance = new TestInstance();
  const neighbour = new Neighbour(instance);
  const from = (jail: string) => inside(instance, jail);

  before(async () => {
    installPackets(instance);
    instance.configure(`
      * { path = "$root"; command = "${SERVE}"; allow.raw_sockets; bridge = br-lan; }
      x { ip4.addr = 10.81.0.2/24; ip6.addr = "fd81::2/64"; }
      y { ip4.addr = 10.81.0.3/24; ip6.addr = "fd81::3/64"; gateway = 10.81.0.9; }
      narrow { ip4.addr = 10.81.0.4/24; mtu = 1500; }
    `);
    await instance.start();
    for (const words of ['add br-lan type bridge', 'set br-lan mtu 9000', 'set br-lan up'])
      instance.onHost('ip', 'link', ...words.split(' '));
    await neighbour.join({
      name: 'lan0',
      host: [],
      own: ['10.81.0.9/24', 'fd81::9/64', '10.82.0.1/32'],
      mtu: 9000,
    });
    instance.onHost('ip', 'link', 'set', 'lan0', 'master', 'br-lan');
    await neighbour.serve(PORT);
    const { code, stderr } = instance.ctl('start', '-a');
    if (code !== 0) throw new Error(stderr);
    await untilServing(instance, ['x', 'y', 'narrow']);
  });

  after(async () => {
    await neighbour.leave();
    instance.onHost('ip', 'link', 'delete', 'br-lan');
    await instance.close();
  });

  it('go to other hosts there and come from them, by TCP, UDP and ICMP', () => {
    expect(tcp(from('x'), '10.81.0.9', 300_000)).to.equal('10.81.0.2');
    expect(tcp(from('x'), 'fd81::9', 300_000)).to.equal('fd81::2');
    for (const address of ['10.81.0.3', 'fd81::3'])
      expect([udp(neighbour.run, address), ping(neighbour.run, address)]).to.deep.equal(['back', 2]);
  });

  it('go through a gateway there to what lies behind it', () => {
    expect(tcp(from('y'), '10.82.0.1')).to.equal('10.81.0.3');
  });

  it('are as long as the bridge takes them, where nothing else is said', () => {
    expect(udp(from('x'), '10.81.0.3', 9000 - 28)).to.equal('back');
    expect(udp(neighbour.run, 'fd81::2', 9000 - 48)).to.equal('back');
    expect(udp(from('x'), '10.81.0.9', 9000 - 27)).to.equal('EMSGSIZE 9000');
    expect(udp(from('narrow'), '10.81.0.3', 8972)).to.equal('EMSGSIZE 1500');
  });

  it('leave the bridge as it was when the jails stop', () => {
    expect(instance.ctl('stop', '-a').code).to.equal(0);
    expect(instance.onHost('ip', '-o', 'link', 'show', 'master', 'br-lan').stdout).to.match(
      /^\d+: lan0@[^\n]*\n$/,
    );
  });
});
