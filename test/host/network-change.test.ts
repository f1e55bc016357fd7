import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { constants } from 'node:os';
import { expect } from 'chai';
import { SystemError } from '../../src/host/error.js';
import { setLinkUp } from '../../src/host/netlink-link.js';
import { withNetlink } from '../../src/host/netlink.js';
import { attachNetwork, changeNetwork, detachNetwork } from '../../src/host/network.js';
import { Gate } from '../../src/host/gate.js';
import { SysctlLedger } from '../../src/host/sysctl-ledger.js';
import type { NetworkArgs } from '../../src/plan/step.js';
import { askFromHere, startGuest, type Guest } from '../support/netns-client.js';
import { serveAddresses } from '../support/netns-server.js';
import { describeInNetns } from '../support/netns.js';
import { temporaryDirectory } from '../support/temporary.js';

const { errno } = constants;
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const inside = (guest: Guest, ...argv: string[]): string =>
  execFileSync('nsenter', ['-n', '-t', `${guest.pid}`, ...argv], { encoding: 'utf8' });

const ECHO = "require('net').createServer((s) => s.pipe(s)).listen(9, '::', () => console.log('up'))";

const web: NetworkArgs = {
  jail: 'web',
  owner: 'jaild-test',
  attachment: { kind: 'routed' },
  gateways: [],
  link: 'jl000000000001',
  peer: 'eth0',
  linkMac: '02:00:00:00:01:01',
  peerMac: '02:00:00:00:01:02',
  mtu: null,
  ip4: [
    { address: '192.0.2.10', prefix: 24 },
    { address: '192.0.2.11', prefix: 24 },
  ],
  ip6: [{ address: '2001:db8::10', prefix: 64 }],
};
const without: NetworkArgs = { ...web, ip4: [], ip6: [] };
const announced = (on: string): NetworkArgs => ({
  ...web,
  ip4: [{ address: '192.0.2.11', prefix: 24, announceOn: on }],
  ip6: [{ address: '2001:db8::11', prefix: 64, announceOn: on }],
});

const here = (): string =>
  [
    ip('-o', 'addr'),
    ip('route', 'show', 'table', 'all'),
    ip('-6', 'route', 'show', 'table', 'all'),
    ip('neigh', 'show', 'proxy'),
    ip('-6', 'neigh', 'show', 'proxy'),
    execFileSync('sh', [
      '-c',
      'grep -s . /proc/sys/net/ipv[46]/conf/*/*forwarding /proc/sys/net/ipv6/conf/*/proxy_ndp | grep -v /jl; true',
    ]),
  ].join('\n');
const there = (guest: Guest): string =>
  [inside(guest, 'ip', '-o', 'addr'), inside(guest, 'ip', 'route'), inside(guest, 'ip', '-6', 'route')]
    .join('\n')
    .replaceAll(' secondary', '') // which of a subnet came first
    .split('\n')
    .sort()
    .join('\n');

describeInNetns('a change of the network of a running jail', import.meta.url, () => {
  const ledger = new SysctlLedger(temporaryDirectory(), 'this boot', new Gate(''));
  let jail: Guest;
  let server: Server;
  let echo: ChildProcess | null = null;
  const change = (before: NetworkArgs, after: NetworkArgs) => changeNetwork(before, after, jail, ledger);

  before((done) => {
    withNetlink((host) => host.request([setLinkUp(1, 'lo')]));
    server = serveAddresses(done);
  });
  after(() => server.close());
  beforeEach(async () => {
    jail = await startGuest();
  });
  afterEach(async () => {
    execFileSync('sh', ['-c', 'ip link del lan0 2>/dev/null; true']);
    echo?.kill('SIGKILL');
    echo = null;
    await detachNetwork(web, ledger);
    await jail.end();
  });

  /** A connection to the jail that answers what is said on it. */
  async function open(address: string): Promise<{ say: (text: string) => Promise<string>; socket: Socket }> {
    if (echo === null) {
      const started = spawn('nsenter', ['-n', '-t', `${jail.pid}`, process.execPath, '-e', ECHO], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      echo = started;
      await once(started.stdout, 'data');
    }
    const socket = connect({ host: address, port: 9 });
    await once(socket, 'connect');
    const say = async (text: string): Promise<string> => {
      socket.write(text);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString();
    };
    return { say, socket };
  }

  it('leaves connections open on addresses that stay, also when the first of their subnet goes', async () => {
    attachNetwork(web, jail, ledger);
    const [four, six] = [await open('192.0.2.11'), await open('2001:db8::10')];
    expect([await four.say('one'), await six.say('one')]).to.deep.equal(['one', 'one']);
    const after = {
      ...web,
      ip4: [web.ip4[1], { address: '198.51.100.1', prefix: 32 }] as NetworkArgs['ip4'],
    };
    await change(web, after);
    expect([await four.say('two'), await six.say('two')]).to.deep.equal(['two', 'two']);
    expect([await askFromHere('198.51.100.1'), await askFromHere('192.0.2.11')]).to.deep.equal([
      '::ffff:169.254.1.1',
      '::ffff:169.254.1.1',
    ]);
    expect(await jail.ask('169.254.1.1')).to.equal('::ffff:192.0.2.11');
    expect(ip('route')).to.not.match(/192\.0\.2\.10/);
    expect(inside(jail, 'ip', 'addr')).to.not.match(/192\.0\.2\.10/);
    four.socket.destroy();
    six.socket.destroy();
  });

  it('and back again makes what was there before', async () => {
    ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1');
    ip('link', 'set', 'lan0', 'addrgenmode', 'none', 'up');
    const untouched = here();
    attachNetwork(web, jail, ledger);
    const before = [here(), there(jail)];
    await change(web, announced('lan0'));
    expect(ip('neigh', 'show', 'proxy')).to.match(/^192\.0\.2\.11 dev lan0 .*\n2001:db8::11 dev lan0 .*\n$/);
    expect(here()).to.match(/lan0\/forwarding:1/);
    await change(announced('lan0'), web);
    expect([here(), there(jail)]).to.deep.equal(before);
    await detachNetwork(web, ledger);
    expect(here()).to.equal(untouched);
    ip('link', 'del', 'lan0');
  });

  it('gives a jail without an address some, and takes all of them', async () => {
    const untouched = here();
    attachNetwork(without, jail, ledger);
    await change(without, web);
    expect(await askFromHere('192.0.2.11')).to.equal('::ffff:169.254.1.1');
    expect(await jail.ask('127.0.0.1')).to.equal('::ffff:127.0.0.1');
    await change(web, without);
    expect(here()).to.equal(untouched);
    expect(await jail.ask('127.0.0.1')).to.equal('::ffff:127.0.0.1');
  });

  it('gives and takes a whole family', async () => {
    const four = { ...web, ip6: [] };
    attachNetwork(four, jail, ledger);
    const before = [here(), there(jail)];
    await change(four, web);
    expect([await askFromHere('2001:db8::10'), await jail.ask('fe80::1%eth0')]).to.satisfy(
      (answers: string[]) => answers.every((answer) => /^(fe80::1|2001:db8::10|fe80::2)/.test(answer)),
    );
    await change(web, four);
    expect([here(), there(jail)]).to.deep.equal(before);
    const six = { ...web, ip4: [] };
    await change(four, six);
    expect(await askFromHere('2001:db8::10')).to.match(/^fe80::1/);
    expect(ip('route')).to.not.match(/192\.0\.2/);
  });

  it('changes the prefix of an address that stays', async () => {
    attachNetwork(web, jail, ledger);
    const wide = {
      ...web,
      ip4: web.ip4.map(({ address }) => ({ address, prefix: 16 })),
      ip6: web.ip6.map(({ address }) => ({ address, prefix: 48 })),
    };
    await change(web, wide);
    expect(inside(jail, 'ip', '-o', 'addr', 'show', 'eth0')).to.match(
      /^.*192\.0\.2\.10\/16.*\n.*192\.0\.2\.11\/16.*\n(.*2001:db8::10\/48.*\n.*fe80::2\/64|.*fe80::2\/64.*\n.*2001:db8::10\/48)/,
    );
    expect([await askFromHere('192.0.2.10'), await askFromHere('2001:db8::10')]).to.satisfy(
      ([four, six]: [string, string]) => four === '::ffff:169.254.1.1' && six.startsWith('fe80::1'),
    );
  });

  it('is refused for an address that the host has, and for an interface that it has not; nothing changes', async () => {
    attachNetwork(web, jail, ledger);
    ip('addr', 'add', '192.0.2.12/32', 'dev', 'lo');
    const before = [here(), there(jail)];
    const failed = async (after: NetworkArgs): Promise<readonly unknown[]> => {
      const error = await change(web, after).catch((thrown: unknown) => thrown);
      return error instanceof SystemError ? [error.errno, error.subject] : [error];
    };
    const taken = { ...web, ip4: [...web.ip4, { address: '192.0.2.12', prefix: 24 }] };
    expect([await failed(taken), await failed(announced('lan9'))]).to.deep.equal([
      [errno.EADDRINUSE, '192.0.2.12'],
      [errno.ENODEV, 'lan9'],
    ]);
    expect([here(), there(jail)]).to.deep.equal(before);
    ip('addr', 'del', '192.0.2.12/32', 'dev', 'lo');
  });

  it('puts back what was when it fails half-way', async () => {
    attachNetwork(web, jail, ledger);
    ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1');
    ip('link', 'set', 'lan0', 'addrgenmode', 'none', 'up');
    const before = [here(), there(jail)];
    // A prefix that no address can have: the kernel refuses it in the jail, after all has been done on the host.
    const good = announced('lan0');
    const bad = { ...good, ip4: [...good.ip4, { address: '198.51.100.9', prefix: 33 }] };
    const error = await change(web, bad).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(SystemError);
    expect((error as SystemError).errno).to.equal(errno.EINVAL);
    expect([here(), there(jail)]).to.deep.equal(before);
    ip('link', 'del', 'lan0');
  });
});
