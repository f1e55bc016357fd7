import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { constants } from 'node:os';
import { expect } from 'chai';
import { addressHolders, hostAddresses, hostInterfaces } from '../../src/host/interfaces.js';
import { withNetlink } from '../../src/host/netlink.js';
import { setLinkUp } from '../../src/host/netlink-link.js';
import * as network from '../../src/host/network.js';
import { Gate } from '../../src/host/gate.js';
import { SysctlLedger } from '../../src/host/sysctl-ledger.js';

import type { NetworkArgs } from '../../src/plan/step.js';
import { askFromHere, startGuest, type Guest } from '../support/netns-client.js';
import { serveAddresses } from '../support/netns-server.js';
import { describeInNetns } from '../support/netns.js';
import { failureOf } from '../support/system-failure.js';
import { temporaryDirectory } from '../support/temporary.js';

const { errno } = constants;

const web: NetworkArgs = {
  jail: 'web',
  owner: 'jaild-test',
  attachment: { kind: 'routed' },
  gateways: [],
  link: 'jl00000000web',
  peer: 'eth0',
  linkMac: '02:00:00:00:01:01',
  peerMac: '02:00:00:00:01:02',
  mtu: 1500,
  ip4: [
    { address: '192.0.2.10', prefix: 24 },
    { address: '198.51.100.7', prefix: 32 },
  ],
  ip6: [{ address: '2001:db8::10', prefix: 64 }],
};
const db: NetworkArgs = {
  ...web,
  jail: 'db',
  link: 'jl000000000db',
  linkMac: '02:00:00:00:02:01',
  peerMac: '02:00:00:00:02:02',
  ip4: [{ address: '192.0.2.11', prefix: 24 }],
  ip6: [{ address: '2001:db8::11', prefix: 64 }],
};

const ledger = new SysctlLedger(temporaryDirectory(), 'this boot', new Gate(''));
const attachNetwork = (args: NetworkArgs, jail: Guest) => network.attachNetwork(args, jail, ledger);
const detachNetwork = (args: NetworkArgs) => network.detachNetwork(args, ledger);

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const sysctl = (name: string): string => readFileSync(`/proc/sys/net/${name}`, 'utf8').trim();

/** Everything there is to see of the network here, to compare before and after. */
const everything = (): string =>
  [
    ip('-o', 'addr'),
    ip('route', 'show', 'table', 'all'),
    ip('-6', 'route', 'show', 'table', 'all'),
    ip('neigh', 'show', 'proxy'),
    ip('-6', 'neigh', 'show', 'proxy'),
  ].join('\n');

/** What an interface is told by files. */
const sysctlsOf = (name: string): string =>
  ['ipv4/conf', 'ipv6/conf', 'ipv4/neigh', 'ipv6/neigh']
    .map((kind) =>
      execFileSync('sh', ['-c', `cd /proc/sys/net/${kind}/${name} && grep -s . *; true`], {
        encoding: 'utf8',
      }),
    )
    .join('');

describeInNetns('network', import.meta.url, () => {
  let guests: Guest[] = [];
  let server: Server;
  const guest = async (): Promise<Guest> => {
    const started = await startGuest();
    guests.push(started);
    return started;
  };
  const interfacesOnly = {
    ...web,
    ip4: [{ address: '192.0.2.10', prefix: 24, announceOn: 'lan0' }],
    ip6: [],
  };

  before((done) => {
    withNetlink((host) => host.request([setLinkUp(1, 'lo')]));
    server = serveAddresses(done);
  });
  after(() => server.close());
  afterEach(async () => {
    for (const args of [web, db]) await detachNetwork(args);
    await Promise.all(guests.map((one) => one.end()));
    guests = [];
  });

  it('lets host and jail reach each other when the host has nothing but a loopback', async () => {
    const jail = await guest();
    expect(attachNetwork(web, jail)).to.deep.equal([]);
    expect([await askFromHere('192.0.2.10'), await askFromHere('198.51.100.7')]).to.deep.equal([
      '::ffff:169.254.1.1',
      '::ffff:169.254.1.1',
    ]);
    expect(await askFromHere('2001:db8::10')).to.match(/^fe80::1(%.*)?$/);
    expect(await jail.ask('169.254.1.1')).to.equal('::ffff:192.0.2.10');
  });

  it('sends to the host’s own addresses from the first address of the jail, over IPv4 and IPv6', async () => {
    const jail = await guest();
    ip('addr', 'add', '203.0.113.1/32', 'dev', 'lo');
    ip('addr', 'add', '2001:db8:ffff::1/128', 'dev', 'lo');
    attachNetwork({ ...web, ip6: [...web.ip6, { address: '2001:db8::99', prefix: 128 }] }, jail);
    expect([await jail.ask('203.0.113.1'), await jail.ask('2001:db8:ffff::1')]).to.deep.equal([
      '::ffff:192.0.2.10',
      '2001:db8::10',
    ]);
    expect([await askFromHere('192.0.2.10'), await askFromHere('2001:db8::10')]).to.deep.equal([
      '::ffff:169.254.1.1',
      '2001:db8:ffff::1',
    ]);
    ip('addr', 'del', '203.0.113.1/32', 'dev', 'lo');
    ip('addr', 'del', '2001:db8:ffff::1/128', 'dev', 'lo');
  });

  it('lets jails of one subnet reach each other through the host, over IPv4 and IPv6', async () => {
    const [first, second] = [await guest(), await guest()];
    attachNetwork(web, first);
    attachNetwork(db, second);
    expect([await first.ask('192.0.2.11'), await second.ask('192.0.2.10')]).to.deep.equal([
      '::ffff:192.0.2.10',
      '::ffff:192.0.2.11',
    ]);
    expect([await first.ask('2001:db8::11'), await second.ask('2001:db8::10')]).to.deep.equal([
      '2001:db8::10',
      '2001:db8::11',
    ]);
  });

  it('gives a jail its loopback, with a network and without', async () => {
    const [with_, without] = [await guest(), await guest()];
    attachNetwork(web, with_);
    network.bringLoopbackUp(without);
    expect(await Promise.all([with_.ask('127.0.0.1'), without.ask('127.0.0.1')])).to.deep.equal([
      '::ffff:127.0.0.1',
      '::ffff:127.0.0.1',
    ]);
    expect([await with_.ask('::1'), await without.ask('::1')]).to.deep.equal(['::1', '::1']);
  });

  it('is invisible after it is taken away, and taking it away again is fine', async () => {
    const before = everything();
    attachNetwork(web, await guest());
    expect(everything()).not.to.equal(before);
    await detachNetwork(web);
    expect(everything()).to.equal(before);
    await detachNetwork(web);
  });

  it('replaces the link that an earlier start has left', async () => {
    attachNetwork(web, await guest());
    const jail = await guest();
    attachNetwork(web, jail);
    expect(await askFromHere('192.0.2.10')).to.equal('::ffff:169.254.1.1');
    expect(await jail.ask('169.254.1.1')).to.equal('::ffff:192.0.2.10');
  });

  it('refuses an address of the host, and makes nothing', async () => {
    const jail = await guest();
    ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1');
    ip('addr', 'add', '192.0.2.10/24', 'dev', 'lan0');
    ip('link', 'set', 'lan0', 'up');
    const before = everything();
    expect(failureOf(() => attachNetwork(web, jail))).to.deep.equal({
      call: 'attach',
      errno: errno.EADDRINUSE,
      subject: '192.0.2.10',
      hint: 'it is an address of this host, on lan0',
    });
    expect(everything()).to.equal(before);
    const holders = withNetlink((host) => addressHolders(host, ['192.0.2.255', '192.0.2.11'], web.link));
    expect([...holders]).to.deep.equal([['192.0.2.255', 'it is a broadcast address of lan0']]);
    expect(hostAddresses().some((one) => one.address === '192.0.2.10' && one.prefix === 24)).to.equal(true);
    ip('link', 'del', 'lan0');
  });

  it('refuses an address that another jail has, of either family, and leaves that jail alone', async () => {
    const [first, second] = [await guest(), await guest()];
    attachNetwork(web, first);
    const clash = (over: Partial<NetworkArgs>) => failureOf(() => attachNetwork({ ...db, ...over }, second));
    const refused = {
      call: 'attach',
      errno: errno.EADDRINUSE,
      hint: 'a route of this host leads to it over jl00000000web',
    };
    expect([clash({ ip4: web.ip4 }), clash({ ip6: web.ip6 })]).to.deep.equal([
      { ...refused, subject: '192.0.2.10' },
      { ...refused, subject: '2001:db8::10' },
    ]);
    expect(hostInterfaces().map((link) => link.name))
      .to.include(web.link)
      .and.not.include(db.link);
    expect(await first.ask('169.254.1.1')).to.equal('::ffff:192.0.2.10');
  });

  it('names the interface that is missing, and those that there are', async () => {
    const jail = await guest();
    expect(failureOf(() => attachNetwork(interfacesOnly, jail))).to.deep.equal({
      call: 'interface',
      errno: errno.ENODEV,
      subject: 'lan0',
      hint: 'this host has lo',
    });
    await detachNetwork(interfacesOnly);
  });

  it('leaves nothing behind when it fails half-way, and says what the kernel says', async () => {
    const jail = await guest();
    const before = everything();
    const twice = { ...web, ip4: [web.ip4[0], web.ip4[0]] as NetworkArgs['ip4'] };
    expect(failureOf(() => attachNetwork(twice, jail))).to.include({
      call: 'netlink add route',
      errno: errno.EEXIST,
    });
    expect(everything()).to.equal(before);
  });

  it('answers for the jail’s addresses on the interface that announces them', async () => {
    const [jail, neighbour] = [await guest(), await guest()];
    const cable = [
      'link',
      'add',
      'lan0',
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      `${neighbour.pid}`,
    ];
    ip(...cable);
    ip('addr', 'add', '192.0.2.1/24', 'dev', 'lan0');
    ip('addr', 'add', '2001:db8::1/64', 'dev', 'lan0', 'nodad');
    ip('link', 'set', 'lan0', 'addrgenmode', 'none');
    ip('link', 'set', 'lan0', 'up');
    const there = (...args: string[]) =>
      execFileSync('nsenter', ['-n', '-t', `${neighbour.pid}`, 'ip', ...args]);
    there('addr', 'add', '192.0.2.2/24', 'dev', 'eth0');
    there('addr', 'add', '2001:db8::2/64', 'dev', 'eth0', 'nodad');
    there('link', 'set', 'eth0', 'up');
    const announced = {
      ...web,
      ip4: [{ address: '192.0.2.10', prefix: 24, announceOn: 'lan0' }],
      ip6: [{ address: '2001:db8::10', prefix: 64, announceOn: 'lan0' }],
    };
    const before = [everything(), sysctlsOf('lan0')];
    attachNetwork(announced, jail);
    for (const family of ['ipv4', 'ipv6'])
      expect(readFileSync(`/proc/sys/net/${family}/neigh/lan0/proxy_delay`, 'utf8')).to.equal('0\n');
    expect(await neighbour.ask('192.0.2.10')).to.equal('::ffff:192.0.2.2');
    expect(await jail.ask('192.0.2.2')).to.equal('::ffff:192.0.2.10');
    expect(await neighbour.ask('2001:db8::10')).to.equal('2001:db8::2');
    expect(await jail.ask('2001:db8::2')).to.equal('2001:db8::10');
    await detachNetwork(announced);
    expect([everything(), sysctlsOf('lan0')]).to.deep.equal(before);
    ip('link', 'del', 'lan0');
  });

  it('forwards for the jail’s link alone, which can neither advertise routes nor send with others’ addresses', async () => {
    attachNetwork(web, await guest());
    const settings = ['ipv4/ip_forward', 'ipv4/conf/LINK/forwarding', 'ipv4/conf/LINK/rp_filter'];
    const more = [
      'ipv4/conf/LINK/accept_redirects',
      'ipv6/conf/LINK/accept_ra',
      'ipv6/conf/LINK/accept_redirects',
    ];
    expect([...settings, ...more].map((name) => sysctl(name.replace('LINK', web.link)))).to.deep.equal([
      '0',
      '1',
      '1',
      '0',
      '0',
      '0',
    ]);
  });

  it('passes on what comes in on every interface that is up, and where it is told, until the end', async () => {
    for (const link of ['lan0', 'lan2']) {
      ip('link', 'add', link, 'type', 'veth', 'peer', 'name', `${link}-peer`);
      ip('link', 'set', link, 'addrgenmode', 'none', 'up');
      ip('link', 'set', `${link}-peer`, 'addrgenmode', 'none', 'down');
    }
    const wan = { ...web, forwarding: { interfaces: ['nowhere', 'lo'], everywhere: true } };
    const names = ['lan0', 'lan2', 'lan2-peer', 'lo'].map((link) => `ipv4/conf/${link}/forwarding`);
    const six = ['ipv6/conf/lan0/force_forwarding', 'ipv6/conf/lan2/force_forwarding'];
    const values = () => [...names, ...six].map(sysctl);
    const before = [everything(), sysctlsOf('lan0'), sysctlsOf('lan2'), sysctlsOf('lo')];
    attachNetwork(wan, await guest());
    expect(values()).to.deep.equal(['1', '1', '0', '1', '1', '1']);
    await detachNetwork(wan);
    expect([everything(), sysctlsOf('lan0'), sysctlsOf('lan2'), sysctlsOf('lo')]).to.deep.equal(before);
    for (const link of ['lan0', 'lan2']) ip('link', 'del', link);
  });

  it('keeps IPv6 off the link of a jail without IPv6 addresses', async () => {
    attachNetwork({ ...web, ip6: [] }, await guest());
    expect(sysctl(`ipv6/conf/${web.link}/disable_ipv6`)).to.equal('1');
    expect(ip('-6', 'addr', 'show', 'dev', web.link)).to.equal('');
  });

  it('gives both ends the names, hardware addresses and MTU asked for', async () => {
    const jail = await guest();
    attachNetwork({ ...web, mtu: 1400 }, jail);
    const inside = execFileSync('nsenter', ['-n', '-t', `${jail.pid}`, 'ip', '-o', 'link'], {
      encoding: 'utf8',
    });
    expect(inside).to.match(/eth0@.*mtu 1400.*UP.*02:00:00:00:01:02/);
    expect(ip('-o', 'link', 'show', web.link)).to.match(/mtu 1400.*UP.*02:00:00:00:01:01/);
  });
});
