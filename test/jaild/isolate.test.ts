import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { Town } from '../support/town.js';

describe('isolate', () => {
  const instance = new TestInstance();
  const town = new Town(instance);

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      one { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; isolate; }
      two { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; isolate; rdr = "tcp 8080 80", "udp 8080 80"; }
      open { ip4.addr = 10.77.0.4; ip6.addr = "fd77::4"; }
      port1 { bridge = jt0; ip4.addr = 10.88.0.2/24; ip6.addr = "fd88::2/64"; isolate; rdr = "tcp 8081 80"; }
      port2 { bridge = jt0; ip4.addr = 10.88.0.3/24; ip6.addr = "fd88::3/64"; isolate; }
      port3 { bridge = jt0; ip4.addr = 10.88.0.4/24; ip6.addr = "fd88::4/64"; }
      far { bridge = jt1; ip4.addr = 10.89.0.2/24; ip6.addr = "fd89::2/64"; isolate; }
    `);
    await instance.start();
    instance.onHost('ip', 'addr', 'add', '192.0.2.1/32', 'dev', 'lo');
    for (const [bridge, net] of [
      ['jt0', '88'],
      ['jt1', '89'],
    ] as const) {
      instance.onHost('ip', 'link', 'add', bridge, 'type', 'bridge');
      instance.onHost('ip', 'addr', 'add', `10.${net}.0.1/24`, 'dev', bridge);
      instance.onHost('ip', 'addr', 'add', `fd${net}::1/64`, 'dev', bridge, 'nodad');
      instance.onHost('ip', 'link', 'set', bridge, 'up');
      for (const name of [`ipv4.conf.${bridge}.forwarding`, `ipv6.conf.${bridge}.force_forwarding`])
        instance.onHost('sysctl', '-qw', `net.${name}=1`);
    }
    bridgedPacketsAreFiltered(false);
    const answer = instance.ctl('start', '-a');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    await Promise.all(JAILS.map((name) => town.serve(name, 80)));
  });

  after(async () => {
    town.end();
    await instance.close();
  });

  /** What br_netfilter does where it is loaded: bridged packets pass the rules for routed ones. */
  function bridgedPacketsAreFiltered(on: boolean): void {
    for (const family of ['ip', 'ip6'])
      instance.onHost('sysctl', '-qw', `net.bridge.bridge-nf-call-${family}tables=${on ? 1 : 0}`);
  }

  /** What each of these answers when `place` asks it. */
  const askAll = (place: string, ...addresses: readonly string[]): Promise<readonly string[]> =>
    Promise.all(addresses.map((address) => town.ask(place, 'tcp', address, 80)));
  const askAllInVain = (place: string, ...addresses: readonly string[]): Promise<readonly string[]> =>
    Promise.all(addresses.map((address) => town.inVain(place, 'tcp', address, 80)));

  it('keeps two routed jails from each other, over IPv4 and IPv6', async () => {
    const asked = [askAllInVain('one', '10.77.0.3', 'fd77::3'), askAllInVain('two', '10.77.0.2', 'fd77::2')];
    expect((await Promise.all(asked)).flat()).to.deep.equal(Array(4).fill('timeout'));
  });

  it('keeps no jail from one that is not isolated, nor from the host', async () => {
    expect(await askAll('one', '10.77.0.4', 'fd77::4')).to.deep.equal(['10.77.0.2', 'fd77::2']);
    expect(await askAll('open', '10.77.0.2', 'fd77::2')).to.deep.equal(['10.77.0.4', 'fd77::4']);
    expect(await askAll('host', '10.77.0.2', '10.88.0.2')).to.deep.equal(['169.254.1.1', '10.88.0.1']);
  });

  it('keeps ports of one bridge from each other, also by way of the host', async () => {
    expect(await askAllInVain('port2', '10.88.0.2', 'fd88::2')).to.deep.equal(['timeout', 'timeout']);
    await town.run('port2', 'ip', 'route', 'add', '10.88.0.2/32', 'via', '10.88.0.1');
    await town.run('port2', 'ip', 'route', 'add', 'fd88::2/128', 'via', 'fd88::1');
    await town.run('port1', 'ip', 'route', 'add', '10.88.0.3/32', 'via', '10.88.0.1');
    await town.run('port1', 'ip', 'route', 'add', 'fd88::3/128', 'via', 'fd88::1');
    expect(await askAllInVain('port2', '10.88.0.2', 'fd88::2')).to.deep.equal(['timeout', 'timeout']);
    expect(await askAll('port3', '10.88.0.2', 'fd88::2')).to.deep.equal(['10.88.0.4', 'fd88::4']);
  });

  it('keeps routed jails and those of several bridges from each other', async () => {
    const asked = [
      askAllInVain('one', '10.88.0.2', 'fd88::2', '10.89.0.2'),
      askAllInVain('port1', '10.77.0.2', 'fd77::2', '10.89.0.2', 'fd89::2'),
    ];
    expect((await Promise.all(asked)).flat()).to.deep.equal(Array(7).fill('timeout'));
    expect(await askAll('open', '10.88.0.2', 'fd89::2')).to.deep.equal(['10.77.0.4', 'fd77::4']);
    expect(await askAll('port1', '10.77.0.4', 'fd77::4')).to.deep.equal(['10.88.0.2', 'fd88::2']);
  });

  it('leaves forwarded ports to everybody', async () => {
    expect(await town.ask('one', 'tcp', '192.0.2.1', 8080)).to.equal('10.77.0.2');
    expect(await town.ask('one', 'udp', '192.0.2.1', 8080)).to.equal('10.77.0.2');
    expect(await town.ask('one', 'tcp', '192.0.2.1', 8081)).to.equal('10.77.0.2');
    expect(await town.ask('port2', 'tcp', '192.0.2.1', 8081)).to.equal('10.88.0.1');
    expect(await town.ask('port2', 'tcp', '192.0.2.1', 8080)).to.equal('10.88.0.3');
    expect(await town.ask('host', 'tcp', '127.0.0.1', 8081)).to.equal('10.88.0.1');
    expect(await town.ask('host', 'tcp', '::1', 8081)).to.equal('fd88::1');
  });

  it('is the same where bridged packets are filtered, but for forwarded ports on the own bridge', async () => {
    bridgedPacketsAreFiltered(true);
    expect(await askAll('port3', '10.88.0.2', 'fd88::2')).to.deep.equal(['10.88.0.4', 'fd88::4']);
    expect(await askAllInVain('port2', '10.88.0.2', 'fd88::2')).to.deep.equal(['timeout', 'timeout']);
    expect(await town.ask('port3', 'tcp', '192.0.2.1', 8081)).to.equal('10.88.0.4');
    expect(await town.ask('one', 'tcp', '192.0.2.1', 8081)).to.equal('10.77.0.2');
  });
});

const JAILS = ['one', 'two', 'open', 'port1', 'port2', 'port3', 'far'] as const;
