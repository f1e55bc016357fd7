import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { expect } from 'chai';
import { SystemError } from '../../src/host/error.js';
import { setLinkUp } from '../../src/host/netlink-link.js';
import { withNetlink } from '../../src/host/netlink.js';
import { attachWhenFree, changeNetwork, detachNetwork } from '../../src/host/network.js';
import { Gate } from '../../src/host/gate.js';
import { SysctlLedger } from '../../src/host/sysctl-ledger.js';
import type { NetworkArgs } from '../../src/plan/step.js';
import { startGuest, type Guest } from '../support/netns-client.js';
import { describeInNetns } from '../support/netns.js';
import { temporaryDirectory } from '../support/temporary.js';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const inside = (guest: Guest, ...argv: string[]): string =>
  execFileSync('nsenter', ['-n', '-t', `${guest.pid}`, ...argv], { encoding: 'utf8' });

const web: NetworkArgs = {
  jail: 'web',
  owner: 'jaild-test',
  attachment: { kind: 'macvlan', on: 'lan0' },
  gateways: ['192.0.2.2'],
  link: 'jl000000000001',
  peer: 'eth0',
  linkMac: '02:00:00:00:01:01',
  peerMac: '02:00:00:00:01:02',
  mtu: null,
  ip4: [{ address: '192.0.2.10', prefix: 24 }],
  ip6: [{ address: '2001:db8::10', prefix: 64 }],
};

describeInNetns('a jail with a macvlan', import.meta.url, () => {
  const ledger = new SysctlLedger(temporaryDirectory(), 'this boot', new Gate(''));
  let guests: Guest[] = [];
  let neighbour: Guest;
  const guest = async (): Promise<Guest> => {
    const started = await startGuest();
    guests.push(started);
    return started;
  };
  const wire = (): void => {
    ip(...'link add lan0 mtu 1400 type veth peer name eth0 netns'.split(' '), `${neighbour.pid}`);
    ip('link', 'set', 'lan0', 'up');
    inside(neighbour, 'ip', 'link', 'set', 'eth0', 'mtu', '1400', 'up');
    inside(neighbour, 'ip', 'addr', 'add', '192.0.2.2/24', 'dev', 'eth0');
    inside(neighbour, 'ip', 'addr', 'add', '2001:db8::2/64', 'dev', 'eth0', 'nodad');
  };

  before(() => withNetlink((host) => host.request([setLinkUp(1, 'lo')])));
  beforeEach(async () => {
    neighbour = await guest();
    wire();
  });
  afterEach(async () => {
    await Promise.all(guests.map((one) => one.end()));
    guests = [];
    execFileSync('sh', ['-c', 'while ip link del lan0; do :; done 2>/dev/null; true']);
  });

  it('reaches its neighbours and is reached by them under a hardware address of its own', async () => {
    const jail = await guest();
    await attachWhenFree(web, jail, ledger);
    expect([await jail.ask('192.0.2.2'), await neighbour.ask('192.0.2.10')]).to.deep.equal([
      '::ffff:192.0.2.10',
      '::ffff:192.0.2.2',
    ]);
    expect([await jail.ask('2001:db8::2'), await neighbour.ask('2001:db8::10')]).to.deep.equal([
      '2001:db8::10',
      '2001:db8::2',
    ]);
    expect(inside(neighbour, 'ip', 'neigh', 'show', '192.0.2.10')).to.match(/lladdr 02:00:00:00:01:02 /);
    expect(inside(jail, 'ip', '-d', 'link', 'show', 'eth0')).to.match(/mtu 1400.*macvlan mode bridge/s);
    expect(inside(jail, 'ip', 'route', 'show', 'default')).to.match(/via 192\.0\.2\.2 dev eth0/);
  });

  it('leaves nothing on the interface, and has its hardware address again at once', async () => {
    const before = ip('-d', 'link', 'show', 'lan0').replaceAll(/promiscuity.*/g, '');
    for (let life = 0; life < 3; life++) {
      const jail = await guest();
      await attachWhenFree(web, jail, ledger);
      expect(await jail.ask('192.0.2.2')).to.equal('::ffff:192.0.2.10');
      await detachNetwork(web, ledger);
      guests = guests.filter((one) => one !== jail);
      await jail.end();
    }
    expect(ip('-d', 'link', 'show', 'lan0').replaceAll(/promiscuity.*/g, '')).to.equal(before);
  });

  it('waits until an earlier life of the jail has gone with the hardware address', async () => {
    const [earlier, jail] = [await guest(), await guest()];
    await attachWhenFree(web, earlier, ledger);
    const attaching = attachWhenFree(web, jail, ledger);
    guests = guests.filter((one) => one !== earlier);
    await earlier.end();
    await attaching;
    expect(await jail.ask('192.0.2.2')).to.equal('::ffff:192.0.2.10');
  });

  it('has other addresses while it runs', async () => {
    const jail = await guest();
    await attachWhenFree(web, jail, ledger);
    const moved = { ...web, ip4: [{ address: '192.0.2.11', prefix: 24 }], ip6: [] };
    await changeNetwork(web, moved, jail, ledger);
    expect(await neighbour.ask('192.0.2.11')).to.equal('::ffff:192.0.2.2');
    expect(inside(jail, 'ip', '-o', 'addr', 'show', 'dev', 'eth0').trim().split('\n')).to.have.lengthOf(1);
    expect(inside(jail, 'ip', 'route', 'show', 'default')).to.match(/src 192\.0\.2\.11/);
  });

  it('is refused on an interface that is not there, and loses its own with the one it is on', async () => {
    const jail = await guest();
    const attempt = { ...web, attachment: { kind: 'macvlan', on: 'lan9' } } as const;
    const failure = await attachWhenFree(attempt, jail, ledger).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(SystemError);
    const { errno, subject, hint } = failure as SystemError;
    expect([errno, subject, hint]).to.deep.equal([constants.errno.ENODEV, 'lan9', 'this host has lo, lan0']);
    await attachWhenFree(web, jail, ledger);
    ip('link', 'del', 'lan0');
    expect(inside(jail, 'ip', '-o', 'link').trim().split('\n')).to.have.lengthOf(1);
    await detachNetwork(web, ledger);
  });
});
