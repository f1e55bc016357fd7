import { execFileSync } from 'node:child_process';
import type { Server } from 'node:net';
import { constants } from 'node:os';
import { expect } from 'chai';
import { removeEmptyBridge } from '../../src/host/bridge.js';
import { setLinkUp } from '../../src/host/netlink-link.js';
import { withNetlink } from '../../src/host/netlink.js';
import { attachWhenFree, changeNetwork, detachNetwork } from '../../src/host/network.js';
import { Gate } from '../../src/host/gate.js';
import { SysctlLedger } from '../../src/host/sysctl-ledger.js';
import type { Attachment, HostSubnet, NetworkArgs } from '../../src/plan/step.js';
import { askFromHere, startGuest, type Guest } from '../support/netns-client.js';
import { serveAddresses } from '../support/netns-server.js';
import { describeInNetns } from '../support/netns.js';
import { rejectionOf } from '../support/system-failure.js';
import { temporaryDirectory } from '../support/temporary.js';

const { errno } = constants;
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const inside = (guest: Guest, ...argv: string[]): string =>
  execFileSync('nsenter', ['-n', '-t', `${guest.pid}`, ...argv], { encoding: 'utf8' });

const subnets: readonly HostSubnet[] = [
  { address: '10.88.0.1', prefix: 24 },
  { address: 'fd00:88::1', prefix: 64 },
];
const made = (isolated = false): Attachment => ({ kind: 'bridge', bridge: 'cells', make: subnets, isolated });
const joined = (bridge = 'br9'): Attachment => ({ kind: 'bridge', bridge, make: null, isolated: false });

const jail = (number: number, attachment: Attachment): NetworkArgs => ({
  jail: `j${number}`,
  owner: 'jaild-test',
  attachment,
  gateways: [],
  link: `jl00000000000${number}`,
  peer: 'eth0',
  linkMac: `fe:00:00:00:0${number}:01`,
  peerMac: `02:00:00:00:0${number}:02`,
  mtu: null,
  ip4: [{ address: `10.88.0.1${number}`, prefix: 24 }],
  ip6: [{ address: `fd00:88::1${number}`, prefix: 64 }],
});

/** All there is to see of the links, addresses and routes here, and what files tell of one link. */
const everything = (link = 'lo'): readonly string[] => [
  ip('-d', 'link').replaceAll(/_timer +[\d.]+/g, ''),
  ip('-o', 'addr').replaceAll(/_lft \d+sec/g, ''),
  ip('route', 'show', 'table', 'all'),
  ip('-6', 'route', 'show', 'table', 'all').replaceAll(/expires \d+sec/g, ''),
  execFileSync('sh', ['-c', `grep -s . /proc/sys/net/ipv[46]/conf/${link}/*; true`], { encoding: 'utf8' }),
];

describeInNetns('jails on a bridge', import.meta.url, () => {
  const ledger = new SysctlLedger(temporaryDirectory(), 'this boot', new Gate(''));
  let up: { readonly args: NetworkArgs; readonly guest: Guest }[] = [];
  let server: Server;

  const start = async (args: NetworkArgs): Promise<Guest> => {
    const guest = await startGuest();
    up.push({ args, guest });
    await attachWhenFree(args, guest, ledger);
    return guest;
  };
  const stopAll = async (): Promise<void> => {
    await Promise.all(up.map(({ args }) => detachNetwork(args, ledger)));
    await Promise.all(up.map(({ guest }) => guest.end()));
    up = [];
  };

  before((done) => {
    withNetlink((host) => host.request([setLinkUp(1, 'lo')]));
    server = serveAddresses(done);
  });
  after(() => server.close());
  afterEach(stopAll);

  it('reach each other and the host at once, over IPv4 and IPv6', async () => {
    const [one, two] = [await start(jail(1, made())), await start(jail(2, made()))];
    expect([await one.ask('10.88.0.12'), await two.ask('fd00:88::11')]).to.deep.equal([
      '::ffff:10.88.0.11',
      'fd00:88::12',
    ]);
    expect([await one.ask('10.88.0.1'), await one.ask('fd00:88::1')]).to.deep.equal([
      '::ffff:10.88.0.11',
      'fd00:88::11',
    ]);
    expect([await askFromHere('10.88.0.12'), await askFromHere('fd00:88::12')]).to.deep.equal([
      '::ffff:10.88.0.1',
      'fd00:88::1',
    ]);
  });

  it('send what is not on the bridge to the host, or to the gateway that is written', async () => {
    ip('addr', 'add', '203.0.113.1/32', 'dev', 'lo');
    const one = await start(jail(1, made()));
    const two = await start({ ...jail(2, made()), gateways: ['10.88.0.11'] });
    expect(await one.ask('203.0.113.1')).to.equal('::ffff:10.88.0.11');
    expect(inside(two, 'ip', '-o', 'route', 'show', 'default')).to.match(
      /^default via 10\.88\.0\.11 dev eth0 .*src 10\.88\.0\.12 onlink *\n$/,
    );
    expect(inside(two, 'ip', '-6', 'route', 'show', 'default')).to.match(/^default via fd00:88::1 /);
    ip('addr', 'del', '203.0.113.1/32', 'dev', 'lo');
  });

  it('have a bridge made for the first of them, which is gone with the last', async () => {
    const before = everything();
    await start({ ...jail(1, made()), mtu: 9000 });
    await start(jail(2, made()));
    const details = ip('-d', 'link', 'show', 'cells');
    expect(details).to.match(/mtu 9000.*state UP/);
    expect(details)
      .to.match(/forward_delay 0 .*stp_state 0 /)
      .and.to.match(/alias jaild-test\s/);
    expect(ip('-o', 'link', 'show', 'jl000000000002')).to.match(
      /mtu 9000 .*master cells.*alias jaild-test j2\s/,
    );
    await detachNetwork(jail(1, made()), ledger);
    expect(ip('-o', 'addr', 'show', 'cells')).to.match(/10\.88\.0\.1\/24.*fd00:88::1\/64/s);
    await stopAll();
    expect(everything()).to.deep.equal(before);
  });

  it('have the same hardware address of the bridge at every start', async () => {
    const mac = async (): Promise<string> => {
      await start(jail(1, made()));
      const text = ip('-o', 'link', 'show', 'cells');
      await stopAll();
      return /ether (\S+)/.exec(text)?.[1] ?? '';
    };
    expect(await mac())
      .to.equal(await mac())
      .and.to.match(/^.[26ae]:/);
  });

  it('start on a bridge that is just being taken away', async () => {
    await start(jail(1, made()));
    ip('link', 'del', 'jl000000000001');
    const [guest, args] = [await startGuest(), jail(2, made())];
    up.push({ args, guest });
    const leaving = removeEmptyBridge('cells', 'jaild-test');
    await attachWhenFree(args, guest, ledger);
    await leaving;
    expect(await guest.ask('10.88.0.1')).to.equal('::ffff:10.88.0.12');
  });

  it('leave the bridge to a port that somebody else has added', async () => {
    await start(jail(1, made()));
    ip('link', 'add', 'foreign', 'master', 'cells', 'type', 'veth', 'peer', 'name', 'foreign2');
    await stopAll();
    expect(ip('-o', 'link', 'show', 'master', 'cells')).to.match(/^\d+: foreign@foreign2/);
    ip('link', 'del', 'foreign');
    await start(jail(1, made()));
    await stopAll();
    expect(ip('-o', 'link')).to.not.match(/cells/);
  });

  it('become ports of a bridge of the host, of which nothing else is changed', async () => {
    ip('link', 'add', 'br9', 'mtu', '1400', 'type', 'bridge');
    ip('link', 'add', 'lan0', 'mtu', '1400', 'master', 'br9', 'type', 'veth', 'peer', 'name', 'lan1');
    for (const link of ['br9', 'lan0', 'lan1']) ip('link', 'set', link, 'addrgenmode', 'none', 'up');
    ip('addr', 'add', '10.88.0.1/24', 'dev', 'br9');
    const before = everything('br9');
    const one = await start(jail(1, joined()));
    await start(jail(2, joined()));
    expect([await one.ask('10.88.0.12'), await one.ask('10.88.0.1')]).to.deep.equal([
      '::ffff:10.88.0.11',
      '::ffff:10.88.0.11',
    ]);
    expect(inside(one, 'ip', 'link', 'show', 'eth0')).to.match(/mtu 1400/);
    expect(inside(one, 'ip', 'route', 'show', 'default')).to.match(/^default via 10\.88\.0\.1 /);
    await stopAll();
    expect(everything('br9')).to.deep.equal(before);
    expect(
      await rejectionOf(attachWhenFree(jail(1, { ...made(), bridge: 'br9' } as Attachment), one, ledger)),
    ).to.deep.equal({
      call: 'bridge',
      errno: errno.EEXIST,
      subject: 'br9',
      hint: 'it is not jaild’s: without "bridge.subnet" the jail becomes a port of it as it is',
    });
    ip('link', 'del', 'lan0');
    ip('link', 'del', 'br9');
  });

  it('are refused on what is not there or no bridge, with those that there are', async () => {
    const guest = await startGuest();
    up.push({ args: jail(1, joined()), guest });
    const refused = () => rejectionOf(attachWhenFree(jail(1, joined()), guest, ledger));
    const hint = '; bridge.subnet = auto has it made';
    const missing = { call: 'bridge', errno: errno.ENODEV, subject: 'br9' };
    expect(await refused()).to.deep.equal({ ...missing, hint: `this host has no bridge${hint}` });
    ip('link', 'add', 'br8', 'type', 'bridge');
    expect(await refused()).to.deep.equal({ ...missing, hint: `this host has br8${hint}` });
    ip('link', 'add', 'br9', 'type', 'veth');
    expect(await refused()).to.deep.include({
      errno: errno.EINVAL,
      hint: 'it is no bridge but of kind veth',
    });
    ip('link', 'del', 'br8');
    ip('link', 'del', 'br9');
  });

  it('are refused an address that the host has, and leave no bridge', async () => {
    const guest = await startGuest();
    up.push({ args: jail(1, made()), guest });
    ip('addr', 'add', '10.88.0.11/32', 'dev', 'lo');
    const before = everything();
    expect(await rejectionOf(attachWhenFree(jail(1, made()), guest, ledger))).to.deep.equal({
      call: 'attach',
      errno: errno.EADDRINUSE,
      subject: '10.88.0.11',
      hint: 'it is an address of this host, on lo',
    });
    const twice = { ...jail(1, made()), ip4: [1, 2].map(() => ({ address: '10.88.0.19', prefix: 24 })) };
    expect(await rejectionOf(attachWhenFree(twice, guest, ledger))).to.deep.include({ errno: errno.EEXIST });
    expect(everything()).to.deep.equal(before);
    ip('addr', 'del', '10.88.0.11/32', 'dev', 'lo');
  });

  it('exchange nothing when both are isolated, and everything with others and the host', async () => {
    const [one, two] = [await start(jail(1, made(true))), await start(jail(2, made(true)))];
    const open = await start(jail(3, made()));
    expect(await Promise.all([one.ask('10.88.0.12'), two.ask('fd00:88::11')])).to.satisfy(
      (answers: string[]) => answers.every((answer) => ['timeout', 'EHOSTUNREACH'].includes(answer)),
    );
    expect(
      await Promise.all([one.ask('10.88.0.13'), open.ask('10.88.0.12'), two.ask('10.88.0.1')]),
    ).to.deep.equal(['::ffff:10.88.0.11', '::ffff:10.88.0.13', '::ffff:10.88.0.12']);
    await changeNetwork(jail(2, made(true)), jail(2, made()), (up[1] as { guest: Guest }).guest, ledger);
    inside(one, 'ip', 'neigh', 'flush', 'dev', 'eth0'); // it remembers for a while that nobody answered
    expect(await one.ask('10.88.0.12')).to.equal('::ffff:10.88.0.11');
  });

  it('have no address on the host’s end, and none of a family that they do not have', async () => {
    const one = await start({ ...jail(1, made()), ip6: [] });
    expect(ip('-o', 'addr', 'show', 'jl000000000001')).to.equal('');
    expect(inside(one, 'ip', '-o', '-6', 'addr', 'show', 'eth0')).to.equal('');
    expect(inside(one, 'ip', '-6', 'route', 'show', 'dev', 'eth0')).to.equal('');
  });
});
