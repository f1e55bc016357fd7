import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { Town } from '../support/town.js';

const LAN = { host: ['192.0.2.1/24', '2001:db8:1::1/64'], ip4: '192.0.2.50', ip6: '2001:db8:1::50' };
const FAR = { host: ['203.0.113.1/24', '2001:db8:2::1/64'], ip4: '203.0.113.50', ip6: '2001:db8:2::50' };

describe('a host with several interfaces and no default route', () => {
  const instance = new TestInstance();
  const town = new Town(instance);

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      web { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; rdr = "tcp 8080 80"; nat; }
      plain { ip4.addr = "lan0|192.0.2.9", "far0|203.0.113.9"; ip6.addr = "lan0|2001:db8:1::9", "far0|2001:db8:2::9"; }
      guest { bridge = jt0; ip4.addr = 10.88.0.2/24; ip6.addr = "fd88::2/64"; nat; rdr = "tcp 8081 80"; }
    `);
    await instance.start();
    for (const [name, { host, ip4, ip6 }] of [
      ['lan', LAN],
      ['far', FAR],
    ] as const)
      town.connect(name, {
        link: `${name}0`,
        host,
        outside: [`${ip4}/24`, `${ip6}/64`],
        routes: BEYOND[name],
      });
    for (const words of [
      ['link', 'add', 'jt0', 'type', 'bridge'],
      ['addr', 'add', '10.88.0.1/24', 'dev', 'jt0'],
      ['addr', 'add', 'fd88::1/64', 'dev', 'jt0', 'nodad'],
      ['link', 'set', 'jt0', 'up'],
    ])
      instance.onHost('ip', ...words);
    await Promise.all([town.serve('@lan', 80), town.serve('@far', 80)]);
  });

  after(async () => {
    town.end();
    await instance.close();
  });

  /** Whether the machines on both sides reach each other through the host. */
  const across = (how: 'ask' | 'inVain'): Promise<readonly string[]> =>
    Promise.all([
      town[how]('@lan', 'tcp', FAR.ip4, 80),
      town[how]('@lan', 'tcp', FAR.ip6, 80),
      town[how]('@far', 'tcp', LAN.ip4, 80),
      town[how]('@far', 'tcp', LAN.ip6, 80),
    ]);
  const rules = (): string =>
    ['-4', '-6'].map((family) => instance.onHost('ip', family, 'rule').stdout).join('');
  const forwards = (): string =>
    instance.onHost('sh', '-c', "grep . /proc/sys/net/ipv[46]/conf/*/*forwarding | grep -v '/j[lq]'").stdout;

  it('leads forwards in and jails out by each of them, and passes nothing on between them', async () => {
    const before = [rules(), forwards()];
    expect(await across('inVain')).to.deep.equal(CLOSED);
    expect(instance.ctl('start', 'web').stderr).to.equal('');
    await town.serve('web', 80);
    expect(
      await Promise.all([
        town.ask('@lan', 'tcp', '192.0.2.1', 8080),
        town.ask('@lan', 'tcp', '2001:db8:1::1', 8080),
        town.ask('@far', 'tcp', '203.0.113.1', 8080),
        town.ask('@far', 'tcp', '2001:db8:2::1', 8080),
        town.ask('web', 'tcp', LAN.ip4, 80),
        town.ask('web', 'tcp', FAR.ip4, 80),
        town.ask('web', 'tcp', FAR.ip6, 80),
        town.ask('host', 'tcp', FAR.ip6, 80),
      ]),
    ).to.deep.equal([
      ...[LAN.ip4, LAN.ip6, FAR.ip4, FAR.ip6],
      ...['192.0.2.1', '203.0.113.1', '2001:db8:2::1', '2001:db8:2::1'],
    ]);
    expect(await across('inVain')).to.deep.equal(CLOSED);
    instance.ctl('stop', 'web');
    expect([rules(), forwards()]).to.deep.equal(before);
  });

  it('passes nothing on between those that announce a jail, without a packet filter', async () => {
    const before = [rules(), forwards()];
    expect(instance.ctl('start', 'plain').stderr).to.equal('');
    await town.serve('plain', 80);
    expect(instance.onHost('nft', 'list', 'ruleset').stdout).to.equal('');
    expect(await town.ask('@lan', 'tcp', '192.0.2.9', 80)).to.equal(LAN.ip4);
    expect(await town.ask('@far', 'tcp', '2001:db8:2::9', 80)).to.equal(FAR.ip6);
    expect(await across('inVain')).to.deep.equal(CLOSED);
    instance.ctl('stop', 'plain');
    expect([rules(), forwards()]).to.deep.equal(before);
  });

  it('goes on as a router where it was one', async () => {
    for (const name of ['lan0', 'far0'])
      for (const key of [`ipv4.conf.${name}.forwarding`, `ipv6.conf.${name}.force_forwarding`])
        instance.onHost('sysctl', '-qw', `net.${key}=1`);
    expect(await across('ask')).to.deep.equal(OPEN);
    instance.ctl('start', 'web', 'plain');
    expect(await across('ask')).to.deep.equal(OPEN);
    instance.ctl('stop', '-a');
    expect(await across('ask')).to.deep.equal(OPEN);
    for (const name of ['lan0', 'far0'])
      for (const key of [`ipv4.conf.${name}.forwarding`, `ipv6.conf.${name}.force_forwarding`])
        instance.onHost('sysctl', '-qw', `net.${key}=0`);
  });

  it('serves a jail on a bridge of its own making, and nobody else there', async () => {
    const before = [rules(), forwards()];
    expect(instance.ctl('start', 'guest').stderr).to.equal('');
    await town.serve('guest', 80);
    expect(await town.ask('@far', 'tcp', '203.0.113.1', 8081)).to.equal(FAR.ip4);
    expect(await town.ask('guest', 'tcp', LAN.ip4, 80)).to.equal('192.0.2.1');
    expect(await town.ask('guest', 'tcp', LAN.ip6, 80)).to.equal('2001:db8:1::1');
    await town.run('guest', 'ip', 'addr', 'add', '10.88.0.9/24', 'dev', 'eth0');
    expect(await town.inVain('guest', 'tcp', LAN.ip4, 80, '10.88.0.9')).to.equal('timeout');
    expect(await across('inVain')).to.deep.equal(CLOSED);
    instance.ctl('stop', 'guest');
    expect([rules(), forwards()]).to.deep.equal(before);
  });

  it('finds interfaces that come later at reload, and guards them under a later jaild, too', async () => {
    instance.ctl('start', 'web');
    await town.serve('web', 80);
    town.connect('late', {
      link: 'late0',
      host: ['198.51.100.1/24'],
      outside: ['198.51.100.50/24'],
      routes: BEYOND.late,
    });
    await town.serve('@late', 80);
    expect(instance.ctl('reload').stderr).to.equal('');
    expect(await town.ask('@late', 'tcp', '198.51.100.1', 8080)).to.equal('198.51.100.50');
    expect(await town.inVain('@late', 'tcp', LAN.ip4, 80)).to.equal('timeout');
    await instance.killDaemon();
    expect(await town.inVain('@lan', 'tcp', '198.51.100.50', 80)).to.equal('timeout');
    await instance.start();
    instance.onHost('ip', 'rule', 'flush', 'protocol', '106');
    instance.ctl('reload');
    expect(await town.inVain('@lan', 'tcp', '198.51.100.50', 80)).to.equal('timeout');
    instance.ctl('stop', 'web');
    expect(forwards())
      .to.match(/late0.*:0$/m)
      .and.not.match(/:1$/m);
    expect(rules()).not.to.match(/iif/);
  });
});

const BEYOND = {
  lan: ['10.0.0.0/8', '203.0.113.0/24', '198.51.100.0/24', '2001:db8:2::/64'],
  far: ['10.0.0.0/8', '192.0.2.0/24', '198.51.100.0/24', '2001:db8:1::/64'],
  late: ['10.0.0.0/8', '192.0.2.0/24', '203.0.113.0/24'],
} as const;
const CLOSED = ['timeout', 'timeout', 'timeout', 'timeout'];
const OPEN = [LAN.ip4, LAN.ip6, FAR.ip4, FAR.ip6];
