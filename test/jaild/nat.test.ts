import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { Town } from '../support/town.js';

describe('nat', () => {
  const instance = new TestInstance();
  const town = new Town(instance);

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      all { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; nat; }
      part { ip4.addr = 10.77.0.3, 10.78.0.3; nat = "from 10.78.0.0/16 on wan0"; }
      as { ip4.addr = 10.77.0.4; ip6.addr = "fd77::4"; nat = "as 192.0.2.7", "as 2001:db8:7::7"; }
      none { ip4.addr = 10.77.0.5; ip6.addr = "fd77::5"; rdr = "tcp 9999 80"; }
    `);
    await instance.start();
    town.connect('server', {
      link: 'wan0',
      host: ['192.0.2.1/24', '2001:db8::1/64'],
      outside: ['192.0.2.50/24', '2001:db8::50/64', '198.51.100.50/32'],
      routes: ['2001:db8:7::/48'],
    });
    town.connect('second', {
      link: 'wan1',
      host: ['203.0.113.1/24'],
      outside: ['203.0.113.50/24'],
      routes: ['10.0.0.0/8'],
    });
    instance.onHost('ip', 'addr', 'add', '192.0.2.7/32', 'dev', 'wan0');
    instance.onHost('ip', 'addr', 'add', '2001:db8:7::7/128', 'dev', 'lo');
    instance.onHost('ip', 'route', 'add', 'default', 'via', '192.0.2.50');
    instance.onHost('ip', 'route', 'add', 'default', 'via', '2001:db8::50');
    const answer = instance.ctl('start', '-a');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    await Promise.all([town.serve('@server', 80), town.serve('@second', 80), town.serve('none', 80)]);
  });

  after(async () => {
    town.end();
    await instance.close();
  });

  it('lets a jail out under the address of the interface that it leaves by', async () => {
    expect(
      await Promise.all([
        town.ask('all', 'tcp', '192.0.2.50', 80),
        town.ask('all', 'udp', '192.0.2.50', 80),
        town.ask('all', 'tcp', '198.51.100.50', 80),
        town.ask('all', 'tcp', '2001:db8::50', 80),
        town.ask('all', 'udp', '2001:db8::50', 80),
      ]),
    ).to.deep.equal(['192.0.2.1', '192.0.2.1', '192.0.2.1', '2001:db8::1', '2001:db8::1']);
  });

  it('is only for the addresses, and by the interface, that are written', async () => {
    expect(
      await Promise.all([
        town.ask('part', 'tcp', '192.0.2.50', 80, '10.78.0.3'),
        town.inVain('part', 'tcp', '192.0.2.50', 80, '10.77.0.3'),
        town.ask('part', 'tcp', '203.0.113.50', 80, '10.78.0.3'),
      ]),
    ).to.deep.equal(['192.0.2.1', 'timeout', '10.78.0.3']);
  });

  it('lets a jail out under the address that is written, of each family', async () => {
    expect(
      await Promise.all([town.ask('as', 'tcp', '192.0.2.50', 80), town.ask('as', 'tcp', '2001:db8::50', 80)]),
    ).to.deep.equal(['192.0.2.7', '2001:db8:7::7']);
  });

  it('is nothing to other jails, which see the jail under its own address', async () => {
    expect(
      await Promise.all([
        town.ask('all', 'tcp', '10.77.0.5', 80),
        town.ask('as', 'tcp', 'fd77::5', 80),
        town.inVain('none', 'tcp', '192.0.2.50', 80),
      ]),
    ).to.deep.equal(['10.77.0.2', 'fd77::4', 'timeout']);
  });

  it('holds back packets of a jail under addresses that are not its own', async () => {
    // Nobody asks the kernel of the jail whether it has the address: it is what the jail makes itself believe.
    await town.run('none', 'ip', 'addr', 'add', 'fd77::4/128', 'dev', 'lo', 'nodad');
    await town.run('none', 'ip', 'addr', 'add', '10.77.0.4/32', 'dev', 'lo');
    const listener = await town.listen('all', 4000);
    await town.say('none', 'fd77::2', 4000, 'fd77::4');
    await town.say('none', 'fd77::2', 4000, 'fd77::5');
    await town.say('none', '10.77.0.2', 4000, '10.77.0.4');
    await town.say('none', '10.77.0.2', 4000, '10.77.0.5');
    expect([...(await listener.heard(2))].sort()).to.deep.equal(['10.77.0.5', 'fd77::5']);
  });
});
