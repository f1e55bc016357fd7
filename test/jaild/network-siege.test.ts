import { installProgram } from '../support/probe.js';
import { TestInstance } from '../support/instance.js';
import { Town } from '../support/town.js';

describe('a hostile network', function () {
  this.timeout(60_000);
  const instance = new TestInstance();
  const town = new Town(instance);

  before(async () => {
    installProgram(instance.root, 'forge');
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      web { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; interface = lan0; }
      two { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; interface = lan1; }
      app { bridge = jt0; bridge.subnet = 10.88.0.0/24, "fd88::/64"; isolate; vnet = new; ip4.addr = 10.88.0.2/24; ip6.addr = "fd88::2/64"; }
      db { bridge = jt0; bridge.subnet = 10.88.0.0/24, "fd88::/64"; isolate; ip4.addr = 10.88.0.3/24; ip6.addr = "fd88::3/64"; }
      raw { ip4.addr = 10.77.0.4; ip6.addr = "fd77::4"; allow.raw_sockets; }
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
      outside: ['203.0.113.50/24', '2001:db8:1::50/64'],
      routes: ['192.0.2.0/24', '2001:db8::/64', '10.0.0.0/8', 'fd00::/8'],
    });
    instance.onHost('ip', 'route', 'add', 'default', 'via', '192.0.2.50');
    await Promise.all([town.serve('@inner', 80), town.serve('@stranger', 80)]);
  });

  after(async () => {
    town.end();
    await instance.close();
  });

  it('strangers', async () => {
    const cross = (): Promise<readonly string[]> =>
      Promise.all([
        town.ask('@stranger', 'tcp', '203.0.113.50', 80),
        town.ask('@stranger', 'tcp', '2001:db8:1::50', 80),
        town.ask('@inner', 'tcp', '192.0.2.50', 80),
      ]);
    console.log(await cross());
    console.log(instance.ctl('start', '-a'));
    console.log(await cross());
    console.log(instance.onHost('nft', 'list', 'ruleset').stdout);
  });
  it('isolate', async () => {
    await town.serve('db', 80);
    await town.serve('open', 80);
    console.log(await town.ask('app', 'tcp', '10.88.0.3', 80));
    await town.run('app', 'sh', '-c', 'ip a; ip addr add 10.88.0.99/24 dev eth0; ip -6 addr add fd88::99/64 dev eth0 nodad; ip route add 10.88.0.3/32 via 10.88.0.1; ip -6 route add fd88::3/128 via fd88::1');
    const { heard } = await town.listen('db', 99, 3000);
    console.log(await town.say('app', '10.88.0.3', 99, '10.88.0.99'));
    console.log(await town.say('app', 'fd88::3', 99, 'fd88::99'));
    console.log('heard', await heard);
    console.log(await town.ask('app', 'tcp', '10.88.0.3', 80, '10.88.0.99'));
  });
  it('poison', async () => {
    await town.run('app', 'sh', '-c', 'ip addr add 10.88.0.4/24 dev eth0; sysctl -w net.ipv4.conf.eth0.arp_notify=1; busybox arping -U -c 2 -I eth0 10.88.0.4; busybox arping -c 2 -s 10.88.0.4 -I eth0 10.88.0.1');
    console.log(instance.onHost('ip', 'neigh', 'show', 'dev', 'jt0').stdout);
    console.log(instance.onHost('bridge', 'fdb', 'show', 'br', 'jt0').stdout);
    console.log(await town.ask('host', 'tcp', '10.88.0.4', 80));
    console.log(await town.run('app', 'ip', '-o', 'link', 'show', 'eth0'));
  });
  it('forge', async () => {
    for (const [jail, how, to, from] of [['web', 'free', '2001:db8::50', 'fd77::99'], ['web', 'free-by-ip', '2001:db8::50', 'fd77::98'],['two', 'free', 'fd77::2', 'fd77::97'],
     ['open', 'free', 'fd88::3', 'fd88::96'], ['raw', 'raw', '192.0.2.50', '10.77.0.95'], ['raw', 'raw', '10.77.0.2', '10.77.0.3']] as const) {
      const place = to === 'fd77::2' || to === '10.77.0.2' ? 'web' : to === 'fd88::3' ? 'db' : '@stranger';
      const { heard } = await town.listen(place, 99, 1000);
      console.log(jail, how, to, from, instance.ctl('exec', jail, '--', '/bin/forge', how, to, '99', from));
      console.log(await heard);
    }
  });
});
