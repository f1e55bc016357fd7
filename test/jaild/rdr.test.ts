import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { Town } from '../support/town.js';

const HOST = '192.0.2.1';
const HOST6 = '2001:db8::1';
const CLIENT = '192.0.2.50';
const CLIENT6 = '2001:db8::50';

describe('rdr', function () {
  this.timeout(60_000);
  const instance = new TestInstance();
  const town = new Town(instance);
  const { ask } = { ask: town.ask.bind(town) };

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      web {
        ip4.addr = 10.77.0.2, 10.77.0.12; ip6.addr = "fd77::2";
        rdr = "tcp 8080 80", "udp 8080 80", "tcp 9000-9002", "tcp 9100-9102 9000-9002";
        rdr += "tcp ${HOST}:81 80", "tcp [${HOST6}]:81 80", "tcp 82 10.77.0.12:80", "tcp 127.0.0.1:83 80";
        rdr += "tcp 84 80 from 192.0.2.48/28,2001:db8::40/122", "tcp 85 80 on lan0", "tcp 86 80 on lan1";
        rdr += "tcp 9200-9202 9000-9002 on lan0";
      }
      other { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; }
      late { ip4.addr = 10.77.0.4; rdr = "tcp 8088 80"; }
      twin { ip4.addr = 10.77.0.5; }
    `);
    await instance.start();
    town.connect('client', {
      link: 'lan0',
      host: [`${HOST}/24`, `${HOST6}/64`],
      outside: [`${CLIENT}/24`, `${CLIENT6}/64`, '192.0.2.9/24', '2001:db8::9/64'],
      routes: ['10.77.0.0/24'],
    });
    const answer = instance.ctl('start', 'web', 'other');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    await town.serve('web', 80, 9000, 9001, 9002);
  });

  after(async () => {
    town.end();
    await instance.close();
  });

  it('leads outside clients into the jail under their own addresses, TCP and UDP, IPv4 and IPv6', async () => {
    const answers = [
      ask('@client', 'tcp', HOST, 8080, CLIENT),
      ask('@client', 'udp', HOST, 8080, CLIENT),
      ask('@client', 'tcp', HOST6, 8080, CLIENT6),
      ask('@client', 'udp', HOST6, 8080, CLIENT6),
    ];
    expect(await Promise.all(answers)).to.deep.equal([CLIENT, CLIENT, CLIENT6, CLIENT6]);
  });

  it('leads each port of a range to its own, also where they have other numbers inside', async () => {
    const ports = [9000, 9002, 9100, 9102, 9200, 9202];
    expect(await Promise.all(ports.map((port) => ask('@client', 'tcp', HOST, port, CLIENT)))).to.deep.equal(
      ports.map(() => CLIENT),
    );
    expect(await ask('@client', 'tcp', HOST, 9003)).to.equal('ECONNREFUSED');
    expect(await ask('@client', 'tcp', HOST, 9103)).to.equal('ECONNREFUSED');
  });

  it('takes nothing that goes to somebody else', async () => {
    expect(await ask('other', 'tcp', CLIENT, 8080)).to.equal('ECONNREFUSED');
    expect(await ask('other', 'tcp', HOST, 8080)).to.equal('10.77.0.3');
  });

  it('keeps to the address of the host that is named', async () => {
    instance.onHost('ip', 'addr', 'add', '192.0.2.2/24', 'dev', 'lan0');
    expect(await ask('@client', 'tcp', HOST, 81, CLIENT)).to.equal(CLIENT);
    expect(await ask('@client', 'tcp', HOST6, 81, CLIENT6)).to.equal(CLIENT6);
    expect(await ask('@client', 'tcp', '192.0.2.2', 81)).to.equal('ECONNREFUSED');
    expect(await ask('@client', 'tcp', '192.0.2.2', 8080, CLIENT)).to.equal(CLIENT);
  });

  it('goes to the address of the jail that is named', async () => {
    expect(await ask('@client', 'tcp', HOST, 82, CLIENT)).to.equal(CLIENT);
    expect(await ask('@client', 'tcp', HOST6, 82)).to.equal('ECONNREFUSED');
  });

  it('is only for those whose address is written, and who come by the interface that is', async () => {
    const answers = [
      ask('@client', 'tcp', HOST, 84, CLIENT),
      ask('@client', 'tcp', HOST, 84, '192.0.2.9'),
      ask('@client', 'tcp', HOST6, 84, CLIENT6),
      ask('@client', 'tcp', HOST6, 84, '2001:db8::9'),
      ask('@client', 'tcp', HOST, 85, CLIENT),
      ask('@client', 'tcp', HOST, 86, CLIENT),
      ask('host', 'tcp', HOST, 85),
    ];
    const no = 'ECONNREFUSED';
    expect(await Promise.all(answers)).to.deep.equal([CLIENT, no, CLIENT6, no, CLIENT, no, no]);
  });

  it('works from the host by each of its addresses, also by the one that it has for itself', async () => {
    expect(await ask('host', 'tcp', HOST, 8080)).to.equal(HOST);
    expect(await ask('host', 'udp', HOST, 8080)).to.equal(HOST);
    expect(await ask('host', 'tcp', HOST6, 8080)).to.equal(HOST6);
    expect(await ask('host', 'tcp', '127.0.0.1', 8080)).to.equal('169.254.1.1');
    expect(await ask('host', 'udp', '127.0.0.1', 8080)).to.equal('169.254.1.1');
    expect(await ask('host', 'tcp', '127.0.0.1', 83)).to.equal('169.254.1.1');
    expect(await ask('host', 'tcp', '::1', 8080)).to.equal('fe80::1');
    expect(await ask('host', 'udp', '::1', 8080)).to.equal('fe80::1');
  });

  it('works from another jail, which is seen under its own address', async () => {
    expect(await ask('other', 'tcp', HOST, 8080)).to.equal('10.77.0.3');
    expect(await ask('other', 'udp', HOST, 8080)).to.equal('10.77.0.3');
    expect(await ask('other', 'tcp', HOST6, 8080)).to.equal('fd77::3');
  });

  it('works from the jail itself, again and again', async () => {
    for (const round of [1, 2, 3])
      expect(await ask('web', 'tcp', HOST, 8080), `round ${round}`).to.equal('169.254.1.1');
    expect(await ask('web', 'udp', HOST, 8080)).to.equal('169.254.1.1');
    expect(await ask('web', 'tcp', HOST6, 8080)).to.equal('fe80::1');
  });

  it('opens 127.0.0.1 of the host neither to the jail nor to neighbours', async () => {
    await town.serve('host', 7777);
    const route = (place: string, ...words: readonly string[]) => town.run(place, 'ip', ...words);
    await route('web', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
    await route(
      'web',
      'route',
      'add',
      '127.0.0.1',
      'via',
      '169.254.1.1',
      'dev',
      'eth0',
      'onlink',
      'table',
      '9',
    );
    await route('web', 'rule', 'add', 'pref', '0', 'to', '127.0.0.1', 'table', '9');
    await town.run('web', 'sysctl', '-w', 'net.ipv4.conf.eth0.route_localnet=1');
    expect(await town.inVain('web', 'tcp', '127.0.0.1', 7777, '10.77.0.2')).to.equal('timeout');
    await route('@client', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
    await route('@client', 'route', 'add', '127.0.0.1', 'via', HOST, 'dev', 'eth0', 'table', '9');
    await route('@client', 'rule', 'add', 'pref', '0', 'to', '127.0.0.1', 'table', '9');
    await town.run('@client', 'sysctl', '-w', 'net.ipv4.conf.eth0.route_localnet=1');
    expect(await town.inVain('@client', 'tcp', '127.0.0.1', 83, CLIENT)).to.equal('timeout');
  });

  it('refuses a port that another jail has, names that jail, and leaves the port to it', async () => {
    instance.ctl('start', 'twin');
    const { code, stderr } = instance.ctl('set', 'twin', 'rdr=tcp 8080 80');
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^error: twin: not changed: rdr tcp 8080: Address already in use\nhint: web has it/,
    );
    expect(await ask('@client', 'tcp', HOST, 8080, CLIENT)).to.equal(CLIENT);
  });

  it('loses no connection while other forwards come and go', async () => {
    const load = town.run('@client', process.execPath, ...town.load(HOST, 8080, 3000));
    for (let round = 0; round < 8; round++) {
      await instance.ctlLater('start', 'late');
      await instance.ctlLater('stop', 'late');
    }
    const [good = 0, bad] = (await load).split(' ').map(Number);
    expect(bad).to.equal(0);
    expect(good).to.be.greaterThan(200);
  });

  it('is in force under a later jaild, also after a crash, and gone with the last jail', async () => {
    instance.ctl('start', 'late');
    await instance.killDaemon();
    expect(await ask('@client', 'tcp', HOST, 8080, CLIENT)).to.equal(CLIENT);
    await instance.start();
    expect(await ask('@client', 'tcp', HOST, 8080, CLIENT)).to.equal(CLIENT);
    instance.onHost('nft', 'flush', 'ruleset');
    expect(await ask('@client', 'tcp', HOST, 8080)).to.equal('ECONNREFUSED');
    instance.ctl('reload');
    expect(await ask('@client', 'tcp', HOST, 8080, CLIENT)).to.equal(CLIENT);
    instance.onHost('nft', 'add', 'table', 'inet', 'mine');
    instance.ctl('stop', '-a');
    expect(instance.onHost('nft', 'list', 'tables').stdout).to.equal('table inet mine\n');
  });
});
