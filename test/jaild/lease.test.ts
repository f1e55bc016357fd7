import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

describe('jails on a bridge that jaild makes', () => {
  const instance = new TestInstance();
  const files = (...jails: readonly string[]): void =>
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; stop.timeout = 1; allow.raw_sockets; }
      ${jails.join('\n')}
    `);
  const on = (name: string, more = ''): string =>
    `${name} { bridge = jl7; bridge.subnet = 10.88.0.0/24, "fd00:88::/64"; ${more} }`;
  const auto = (name: string): string => `${name} { bridge = jl8; bridge.subnet = auto; }`;
  const addressesOf = (name: string): readonly string[] =>
    [...instance.ctl('exec', name, '--', 'ip', '-o', 'addr').stdout.matchAll(/inet6? (\S+)/g)]
      .flatMap(([, address]) => address ?? [])
      .filter((address) => !/^(127|::1|fe80)/.test(address));
  const given = (number: number): readonly string[] => [`10.88.0.${number}/24`, `fd00:88::${number}/64`];
  const start = (...names: readonly string[]): void => {
    const { code, stderr } = instance.ctl('start', ...names);
    if (code !== 0) throw new Error(stderr + instance.log);
  };
  const reaches = (from: string, address: string): boolean =>
    instance.ctl('exec', from, '--', 'ping', '-c', '1', '-W', '5', address).code === 0;

  before(async () => {
    files(on('a'), on('b'), on('own', 'ip4.addr = 10.88.0.3/24; ip6 = disable;'));
    await instance.start();
    start('a', 'b', 'own');
  });

  after(() => instance.close());

  it('are given the addresses that nobody has, and reach each other and the host', () => {
    const [a, b] = [addressesOf('a'), addressesOf('b')];
    expect([...a, ...b].sort()).to.deep.equal([...given(2), '10.88.0.4/24', 'fd00:88::3/64'].sort());
    expect(addressesOf('own')).to.deep.equal(['10.88.0.3/24']);
    const other = (b[0] ?? '').replace(/\/.*/, '');
    expect(
      [other, '10.88.0.3', '10.88.0.1', 'fd00:88::1'].map((address) => reaches('a', address)),
    ).to.deep.equal([true, true, true, true]);
  });

  it('keep them over restarts, a new jaild, and jails that come and go', async () => {
    const [a, b] = [addressesOf('a'), addressesOf('b')];
    expect(instance.ctl('restart', 'a').code).to.equal(0);
    expect(addressesOf('a')).to.deep.equal(a);
    instance.ctl('stop', 'a', 'b');
    await instance.killDaemon();
    await instance.start();
    files(on('new'), on('b'), on('a'));
    expect(instance.ctl('reload').code).to.equal(0);
    start('new');
    start('b', 'a');
    expect([addressesOf('a'), addressesOf('b')]).to.deep.equal([a, b]);
    expect([...a, ...b]).not.to.include.members(addressesOf('new').slice(0, 1));
    files(on('a'), on('b'));
    instance.ctl('reload');
    instance.ctl('stop', 'new', 'b');
    start('b');
    expect(addressesOf('b')).to.deep.equal(b);
  });

  it('lose them live for an address of their own, and get them back with its end', () => {
    const [ip4, ip6] = addressesOf('b');
    const { pid } = instance.status('b');
    files(on('a'), on('b', 'ip4.addr = 10.88.0.77/24;'));
    expect(instance.ctl('reload').stdout).to.equal('b changed: ip4.addr\n');
    expect([...addressesOf('b')].sort()).to.deep.equal(['10.88.0.77/24', ip6]);
    files(on('a'), on('b'));
    expect(instance.ctl('reload').stdout).to.equal('b changed: ip4.addr\n');
    expect([...addressesOf('b')].sort()).to.deep.equal([ip4, ip6]);
    expect(instance.status('b').pid).to.equal(pid);
  });

  it('are all given different ones, however many start at once', () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    files(...names.map((name) => on(name)), on('a'), on('b'));
    instance.ctl('reload');
    start(...names);
    const all = [...names, 'a', 'b'].flatMap((name) => addressesOf(name));
    expect([all.length, new Set(all).size]).to.deep.equal([28, 28]);
    files(on('a'), on('b'));
    instance.ctl('stop', ...names);
    instance.ctl('reload');
  });

  it('give them back when they were of the moment', async () => {
    const leases = (): string => readFileSync(`${instance.prefix}/var/lib/jaild/leases.json`, 'utf8');
    const words = [
      `path=${instance.root}`,
      'bridge=jl7',
      'bridge.subnet=10.88.0.0/24',
      '--',
      '/bin/ip',
      '-o',
      '-4',
      'addr',
      'show',
      'eth0',
    ];
    const [first, second] = [1, 2].map(() => instance.ctl('run', 'name=guest', ...words));
    expect(first?.stdout).to.match(/inet 10\.88\.0\.\d+\/24/);
    expect(second?.stdout).to.equal(first?.stdout);
    await instance.until('the guest is forgotten', () => !leases().includes('guest'));
  });

  it('are on a subnet that jaild chooses and keeps, where that is asked for', async () => {
    files(on('a'), auto('c'), auto('d'));
    instance.ctl('reload');
    start('c', 'd');
    const [c, d] = [addressesOf('c'), addressesOf('d')];
    expect(c.join(' ')).to.match(/^10\.209\.\d+\.\d+\/24 fd[0-9a-f:]+\/64$/);
    expect(reaches('c', (d[0] ?? '').replace(/\/.*/, ''))).to.equal(true);
    instance.ctl('stop', 'c', 'd');
    await instance.endDaemon();
    await instance.start();
    start('d', 'c');
    expect([addressesOf('c'), addressesOf('d')]).to.deep.equal([c, d]);
    instance.ctl('stop', 'c', 'd');
  });

  it('keep what they run with when jaild has lost what it knew, and that is told', async () => {
    files(on('a'), on('b'), on('late'));
    instance.ctl('reload');
    start('a', 'b');
    const [a, b] = [addressesOf('a'), addressesOf('b')];
    await instance.killDaemon();
    writeFileSync(`${instance.prefix}/var/lib/jaild/leases.json`, '{"version":1,"lea');
    await instance.start();
    expect(instance.log).to.match(/leases\.json.*moved to .*leases\.json\.broken-/);
    start('late');
    expect([...a, ...b]).not.to.include.members(addressesOf('late').slice(0, 1));
    instance.ctl('restart', 'b');
    expect(addressesOf('b')).to.deep.equal(b);
  });
});
