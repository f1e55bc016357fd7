import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

const names = ['routed', 'ported', 'joined', 'own'] as const;

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe('what the network of jails leaves', () => {
  const instance = new TestInstance();
  const ip = (...words: readonly string[]): string => instance.onHost('ip', ...words).stdout;
  const run = (lines: string): void => {
    const { stderr } = instance.onHost('sh', '-ec', lines);
    if (stderr !== '') throw new Error(stderr);
  };

  /** All that there is to see of the host's links, addresses, routes, neighbours and sysctls. A macvlan goes a moment after its namespace. */
  const everything = (): readonly string[] => [
    ip('-d', 'link').replaceAll(/(_timer|promiscuity|allmulti) +[\d.]+/g, ''),
    ip('-o', 'addr'),
    ip('route', 'show', 'table', 'all'),
    ip('-6', 'route', 'show', 'table', 'all'),
    ip('neigh', 'show', 'proxy'),
    instance.onHost('sh', '-c', 'cd /proc/sys/net; grep -s . ipv[46]/conf/*/* ipv[46]/neigh/*/*').stdout,
  ];
  /** What of it is not as it was before there were jails. */
  const changes = (): readonly string[] => {
    const lines = (texts: readonly string[]): readonly string[] => texts.flatMap((text) => text.split('\n'));
    const [old, now] = [lines(untouched), lines(everything())];
    return [
      ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
    ];
  };
  const own = (): readonly string[] => ip('-o', 'link').match(/jl[0-9a-f]{12}(?=@)|cells(?=:)/g) ?? [];
  const pidsOf = (name: string): readonly [jail: number, jailer: number] => {
    const { pid } = instance.status(name);
    if (pid === null) throw new Error(`${name} does not run:\n${instance.log}`);
    return [pid, parentOf(pid)];
  };
  const start = (): void => {
    const { code, stderr } = instance.ctl('start', ...names);
    if (code !== 0) throw new Error(stderr + instance.log);
    expect(own()).to.have.lengthOf(4);
  };
  const allDown = (): Promise<void> =>
    instance.until('all are down', () =>
      names.every((name) => ['stopped', 'failed', 'ended'].includes(instance.status(name).state)),
    );
  let untouched: readonly string[];

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; restart = no; }
      routed { ip4.addr = "lan0|10.81.0.2/24"; ip6.addr = "lan0|fd81::2/64"; }
      ported { bridge = cells; bridge.subnet = 10.82.0.0/24; ip4.addr = 10.82.0.2/24; }
      joined { bridge = br9; ip4.addr = 10.83.0.2/24; ip6.addr = "fd83::2/64"; }
      own { macvlan = lan0; ip4.addr = 10.81.0.3/24; }
    `);
    await instance.start();
    run(`
      ip link add lan0 type veth peer name lan1
      ip link add br9 type bridge
      ip link add port0 master br9 type veth peer name port1
      for link in lan0 lan1 br9 port0 port1; do ip link set $link addrgenmode none up; done
      ip addr add 10.81.0.1/24 dev lan0
      ip addr add 10.83.0.1/24 dev br9
      ip neigh add proxy 10.81.0.99 dev lan0
    `);
    untouched = everything();
  });

  after(() => instance.close());

  it('is nothing after a stop', () => {
    start();
    const { code, stderr } = instance.ctl('stop', ...names);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(changes()).to.deep.equal([]);
  });

  for (const [who, index] of [
    ['the jails', 0],
    ['their jailers', 1],
  ] as const)
    it(`is nothing after ${who} are killed`, async () => {
      start();
      for (const name of names) process.kill(pidsOf(name)[index], 'SIGKILL');
      await allDown();
      expect(changes()).to.deep.equal([]);
    });

  it('stays while jaild is killed, and is nothing after a stop by the next', async () => {
    start();
    const up = changes();
    await instance.killDaemon();
    await instance.start();
    expect(changes()).to.deep.equal(up);
    instance.ctl('stop', ...names);
    expect(changes()).to.deep.equal([]);
  });

  it('is nothing after jaild, jailers and jails are killed and a jaild starts', async () => {
    start();
    const pids = names.flatMap(pidsOf);
    await instance.killDaemon();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await instance.start();
    await allDown();
    expect(changes()).to.deep.equal([]);
  });

  it('is taken away by a jaild that starts which does not even know of the jails any more', async () => {
    start();
    const pids = names.flatMap(pidsOf);
    await instance.killDaemon();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    for (const name of names) rmSync(join(instance.prefix, 'run/jaild', name), { recursive: true });
    await instance.start();
    const taken = /its jail is gone: link jl[0-9a-f]{12} \(\S+ (\w+)\)/g;
    expect([...instance.log.matchAll(taken)].map(([, name]) => name).sort()).to.deep.equal(
      ['joined', 'ported', 'routed'], // the fourth has nothing on the host
    );
    instance.ctl('stop', ...names);
    expect(changes()).to.deep.equal([]);
  });

  it('is nothing after interface, bridge and links have been deleted under running jails', () => {
    start();
    const foreign = /\bjl[0-9a-f]{12}(?=@.*master br9)/.exec(ip('-o', 'link'))?.[0] ?? '';
    run(`ip link del ${foreign}; ip link del lan0; ip link del cells`);
    const { code, stderr } = instance.ctl('stop', ...names);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect([own(), ip('-o', 'link').trim().split('\n').length]).to.deep.equal([[], 4]);
  });
});
