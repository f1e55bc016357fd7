import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';
import { Town } from '../support/town.js';

const INNER = '203.0.113.50';
const INNER6 = '2001:db8:1::50';

describe('on a network with thieves', () => {
  const instance = new TestInstance();
  const town = new Town(instance);

  before(async () => {
    installProgram(instance.root, 'forge');
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      web { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; interface = lan0; }
      two { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; interface = lan1; allow.raw_sockets; }
      app { bridge = jt0; bridge.subnet = 10.88.0.0/24, "fd88::/64"; isolate; vnet = new; ip4.addr = 10.88.0.2/24; ip6.addr = "fd88::2/64"; }
      db { bridge = jt0; bridge.subnet = 10.88.0.0/24, "fd88::/64"; isolate; ip4.addr = 10.88.0.3/24; ip6.addr = "fd88::3/64"; }
      open { bridge = jt0; bridge.subnet = 10.88.0.0/24, "fd88::/64"; ip4.addr = 10.88.0.4/24; ip6.addr = "fd88::4/64"; }
    `);
    await instance.start();
    town.connect('stranger', {
      link: 'lan0',
      host: ['192.0.2.1/24', '2001:db8::1/64'],
      outside: ['192.0.2.50/24', '2001:db8::50/64'],
      routes: ['203.0.113.0/24', '2001:db8:1::/64', '10.0.0.0/8', 'fd00::/8'],
    });
    town.connect('inner', {
      link: 'lan1',
      host: ['203.0.113.1/24', '2001:db8:1::1/64'],
      outside: [`${INNER}/24`, `${INNER6}/64`],
      routes: ['192.0.2.0/24', '2001:db8::/64', '10.0.0.0/8', 'fd00::/8'],
    });
    instance.onHost('ip', 'route', 'add', 'default', 'via', '192.0.2.50');
    const answer = instance.ctl('start', '-a');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    await Promise.all(['@inner', '@stranger', 'web', 'db', 'open'].map((place) => town.serve(place, 80)));
  });

  after(async () => {
    town.end();
    await instance.close();
  });

  /** What each of these answers when `place` asks it. */
  const askAll = (place: string, ...addresses: readonly string[]): Promise<readonly string[]> =>
    Promise.all(addresses.map((address) => town.ask(place, 'tcp', address, 80)));
  const askAllInVain = (place: string, ...addresses: readonly string[]): Promise<readonly string[]> =>
    Promise.all(addresses.map((address) => town.inVain(place, 'tcp', address, 80)));

  it('passes packets on for jails, and between others none', async () => {
    expect(await askAllInVain('@stranger', INNER, INNER6)).to.deep.equal(['timeout', 'timeout']);
    expect(await askAllInVain('@inner', '192.0.2.50', '2001:db8::50')).to.deep.equal(['timeout', 'timeout']);
    expect(await askAll('@stranger', '10.77.0.2', 'fd77::2', '10.88.0.4')).to.deep.equal([
      '192.0.2.50',
      '2001:db8::50',
      '192.0.2.50',
    ]);
    expect(await askAll('web', INNER, INNER6)).to.deep.equal(['10.77.0.2', 'fd77::2']);
  });

  it('passes nothing on for others under a later jaild either', async () => {
    await instance.killDaemon();
    await instance.start();
    expect(await askAllInVain('@stranger', INNER, INNER6)).to.deep.equal(['timeout', 'timeout']);
    expect(await askAll('web', INNER)).to.deep.equal(['10.77.0.2']);
  });

  it('gives no jail an address to send from that it does not have', async () => {
    const forge = async (jail: string, how: string, to: string, from: string, place: string, least = 0) => {
      const listener = await town.listen(place, 99);
      const { stdout } = instance.ctl('exec', jail, '--', '/bin/forge', how, to, '99', from);
      return [stdout.trim(), ...(await listener.heard(least))];
    };
    expect(await forge('web', 'free', '2001:db8::50', 'fd77::99', '@stranger')).to.deep.equal([
      'setsockopt EPERM',
    ]);
    expect(await forge('open', 'free', 'fd88::3', 'fd88::99', 'db')).to.deep.equal(['setsockopt EPERM']);
    expect(await forge('open', 'free-by-ip', 'fd88::3', 'fd88::99', 'db')).to.deep.equal([
      'setsockopt EPERM',
    ]);
    expect(await forge('two', 'raw', '192.0.2.50', '10.77.0.2', '@stranger')).to.deep.equal(['sent']);
    expect(await forge('two', 'raw', '192.0.2.50', '10.77.0.3', '@stranger', 1)).to.deep.equal([
      'sent',
      '10.77.0.3',
    ]);
  });

  it('keeps isolated jails apart, whatever addresses one forges', async () => {
    const script = (text: string): Promise<string> => town.run('app', 'sh', '-c', text);
    await script(
      'ip route add 10.88.0.3/32 via 10.88.0.1; ip -6 route add fd88::3/128 via fd88::1; ' +
        'ip addr add 10.88.0.99/24 dev eth0; ip addr add fd88::99/64 dev eth0 nodad',
    );
    const says = async (): Promise<readonly string[]> => {
      const listener = await town.listen('db', 99);
      for (const [to, from] of [
        ['10.88.0.3', '10.88.0.99'],
        ['fd88::3', 'fd88::99'],
        ['10.88.0.3', '10.88.0.2'],
      ] as const)
        await town.say('app', to, 99, from);
      return listener.heard(0);
    };
    expect(await says()).to.deep.equal([]);
    expect(await askAll('app', '10.88.0.4', 'fd88::4')).to.deep.equal(['10.88.0.2', 'fd88::99']);
    const macOf = async (jail: string): Promise<string> =>
      /ether (\S+)/.exec(await town.run(jail, 'ip', '-o', 'link', 'show', 'eth0'))?.[1] ?? '';
    const [mac, forged] = [await macOf('app'), await macOf('open')];
    await script(`ip link set eth0 down; ip link set eth0 address ${forged}; ip link set eth0 up`);
    await script('ip route add 10.88.0.3/32 via 10.88.0.1');
    expect(await says()).to.deep.equal([]);
    expect(await askAll('host', '10.88.0.4')).to.deep.equal(['10.88.0.1']);
    await script(`ip link set eth0 down; ip link set eth0 address ${mac}; ip link set eth0 up`);
    expect(await askAll('app', '10.88.0.4')).to.deep.equal(['10.88.0.2']);
  });

  it('has the host learn no routes from jails', () => {
    const links = instance.onHost('ip', '-o', 'link').stdout.match(/\b(jl[0-9a-f]+|jt0)(?=[@:])/g) ?? [];
    const read = (link: string, setting: string): string =>
      instance.onHost('sysctl', '-n', `net.${setting.replace('*', link)}`).stdout.trim();
    const routers = links.filter((link) => read(link, 'ipv4.conf.*.forwarding') === '1');
    expect(routers).to.include('jt0').and.to.have.length.above(2);
    for (const setting of ['ipv6.conf.*.accept_ra', 'ipv6.conf.*.accept_redirects'])
      expect(
        routers.filter((link) => read(link, setting) !== '0'),
        setting,
      ).to.deep.equal([]);
  });

  it('leaves no rule when nothing is passed on any more', () => {
    instance.ctl('stop', '-a');
    expect(instance.onHost('nft', 'list', 'tables').stdout).to.equal('');
  });
});
