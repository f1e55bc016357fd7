import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { instanceBelow } from '../../src/plan/instance.js';

const kinds = ['net', 'user', 'pid', 'mnt', 'uts', 'ipc', 'cgroup'] as const;
type Namespaces = Readonly<Record<(typeof kinds)[number], number>>;

/** What is in the file of one jail, all of them with restart.delay = 0. */
const CONFIGURATION = `
  * { path = "$root"; allow.raw_sockets; restart.delay = 0; command = "/bin/sleep 1000"; }
  web { ip4.addr = 10.78.0.2; ip6.addr = "fd78::2"; }
  plain { }
  root { ip4.addr = 10.78.0.3; userns = off; }
  slow { ip4.addr = 10.78.0.4; restart.delay = 1000; restart.max_delay = 1000; }
  own { ip4.addr = 10.78.0.5; vnet = new; }
  made { ip4.addr = 10.78.0.6; exec.created = "true"; }
  once { ip4.addr = 10.78.0.7; restart = no; }
`;

describe('the network of a jail that comes back', () => {
  const instance = new TestInstance();
  const namespacesOf = (name: string): Namespaces => {
    const { pid } = instance.status(name);
    return Object.fromEntries(
      kinds.map((kind) => [kind, statSync(`/proc/${pid}/ns/${kind}`).ino]),
    ) as unknown as Namespaces;
  };
  const isUpAgain = (name: string, before: number): boolean => {
    const { state, restarts } = instance.status(name);
    return state === 'running' && restarts === before + 1;
  };
  const isAnother = (name: string, before: number | null): boolean => {
    const { state, pid } = instance.status(name);
    return state === 'running' && pid !== before;
  };
  /** Ends a jail as a crash does, and waits until it runs again. */
  const crash = async (name: string): Promise<void> => {
    const { pid, restarts } = instance.status(name);
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until(`${name} is up again`, () => isUpAgain(name, restarts));
  };
  /** Ends a jail that waits long before it comes back. */
  const waitOn = async (name: string): Promise<void> => {
    if (instance.status(name).state !== 'running') expect(instance.ctl('start', name).code).to.equal(0);
    process.kill(instance.status(name).pid ?? 0, 'SIGKILL');
    await instance.until(`${name} waits`, () => instance.status(name).state === 'backoff');
  };
  /** Those of this instance: others may run beside it. */
  const names = (): string => {
    const { key } = instanceBelow(instance.prefix);
    const all = instance.onHost('ip', 'netns', 'list').stdout.split('\n');
    return all.filter((line) => line.split(' ')[0]?.endsWith(`.${key}`)).join('\n');
  };
  const namespaceNamed = (jail: string): number => {
    const name = names()
      .split(/\s/)
      .find((word) => word.startsWith(`${jail}.`));
    return statSync(`/run/netns/${name}`).ino;
  };
  /** The host's ends of the jails' links. */
  const links = (): readonly string[] =>
    [...instance.onHost('ip', '-o', 'link').stdout.matchAll(/\b(jl[0-9a-f]+)@/g)].map(
      ([, name = '']) => name,
    );
  const linkOf = (name: string): string => {
    const { pid } = instance.status(name);
    const index = instance.run([
      'nsenter',
      '-t',
      String(pid),
      '-n',
      'ip',
      '-o',
      'link',
      'show',
      'eth0',
    ]).stdout;
    return index.split(' ').slice(0, 2).join(' ');
  };
  const answers = (address: string): boolean =>
    instance.onHost('busybox', 'ping', '-c', '1', '-W', '30', address).code === 0;
  const isSilent = (address: string): boolean =>
    instance.onHost('busybox', 'ping', '-c', '1', '-W', '1', address).code === 1;

  before(async () => {
    instance.configure(CONFIGURATION);
    await instance.start();
    const answer = instance.ctl('start', 'web', 'plain', 'root', 'slow', 'own', 'made', 'once');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
  });

  after(() => instance.close());

  for (const name of ['web', 'plain'])
    it(`is the one of before, in the user namespace of before, and nothing else is (${name})`, async () => {
      const before = namespacesOf(name);
      await crash(name);
      const { net, user } = namespacesOf(name);
      expect({ net, user }).to.deep.equal({ net: before.net, user: before.user });
      await crash(name);
      expect(namespacesOf(name).net).to.equal(before.net);
    });

  it('is the one of before without a user namespace', async () => {
    const before = namespacesOf('root');
    await crash('root');
    expect(namespacesOf('root').net).to.equal(before.net);
    expect(answers('10.78.0.3')).to.equal(true);
  });

  it('has the same link and answers at once', async () => {
    const before = linkOf('web');
    await crash('web');
    expect(answers('10.78.0.2')).to.equal(true);
    expect(answers('fd78::2')).to.equal(true);
    expect(instance.ctl('exec', 'web', '--', 'ping', '-c', '1', '-W', '30', '10.78.0.3').code).to.equal(0);
    expect(linkOf('web'))
      .to.equal(before)
      .and.to.match(/^\d+: eth0/);
  });

  it('leaves the jail with all of its walls', async () => {
    const audit = (): string =>
      instance.ctl('audit', '--json', 'web', 'plain').stdout.replaceAll(/\d{2,}/g, 'N');
    instance.ctl('restart', 'web', 'plain');
    const before = audit();
    for (const name of ['web', 'plain']) await crash(name);
    expect(audit()).to.equal(before).and.to.contain('"grade"');
  });

  it('outlives a jailer that is killed', async () => {
    const { pid, restarts } = instance.status('web');
    const before = linkOf('web');
    const jailer = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    process.kill(Number(jailer), 'SIGKILL');
    await instance.until('web is up again', () => isUpAgain('web', restarts));
    expect(linkOf('web')).to.equal(before);
    expect(answers('10.78.0.2')).to.equal(true);
  });

  it('is made anew for a jail that can change it, or whose commands on the host have', async () => {
    for (const name of ['own', 'made']) {
      const before = linkOf(name);
      await crash(name);
      expect([name, linkOf(name) === before]).to.deep.equal([name, false]);
    }
  });

  it('is made anew when its link is gone, or the name of its namespace', async () => {
    await waitOn('slow');
    expect(names()).to.contain('slow.');
    for (const link of links()) instance.onHost('ip', 'link', 'del', link);
    expect(instance.ctl('start', 'slow').code).to.equal(0);
    expect(answers('10.78.0.4')).to.equal(true);
    for (const name of ['web', 'root']) expect(instance.ctl('restart', name).code).to.equal(0);
    const file = `/run/netns/${/^web\.\S+/m.exec(names())?.[0]}`;
    spawnSync('umount', [file]);
    rmSync(file);
    await crash('web');
    expect(answers('10.78.0.2')).to.equal(true);
  });

  it('is made anew by a restart that somebody asks for', () => {
    const before = linkOf('root');
    instance.ctl('restart', 'root');
    expect(linkOf('root')).to.not.equal(before);
  });

  it('is gone when the jail is stopped while it waits', async () => {
    await waitOn('slow');
    const before = links().length;
    expect(names()).to.contain('slow.');
    expect(instance.ctl('stop', 'slow').code).to.equal(0);
    expect(names()).to.not.contain('slow.');
    expect(links()).to.have.length(before - 1);
  });

  it('is gone with a jail that does not come back', async () => {
    const { pid } = instance.status('once');
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until('once has failed', () => instance.status('once').state === 'failed');
    expect(names()).to.not.contain('once.');
  });

  it('is another one when the file has another address for a jail that waits', async () => {
    await waitOn('slow');
    instance.configure(CONFIGURATION.replace('10.78.0.4', '10.78.0.14'));
    expect(instance.ctl('reload').code).to.equal(0);
    await instance.until('the address is free', () => !names().includes('slow.'));
    expect(instance.ctl('start', 'slow').code).to.equal(0);
    expect([isSilent('10.78.0.4'), answers('10.78.0.14')]).to.deep.equal([true, true]);
  });

  it('is there for a jaild that was killed while the jail waited', async () => {
    await waitOn('slow');
    const before = namespaceNamed('slow');
    await instance.killDaemon();
    await instance.start();
    expect([instance.status('slow').state, namespaceNamed('slow')]).to.deep.equal(['backoff', before]);
    expect(instance.ctl('start', 'slow').code).to.equal(0);
    expect(namespacesOf('slow').net).to.equal(before);
    await waitOn('slow');
    await instance.killDaemon();
    await instance.start();
    expect(instance.ctl('stop', 'slow').code).to.equal(0);
    expect(names()).to.not.contain('slow.');
  });

  it('is there for a jaild that was away when the jail crashed', async () => {
    const before = namespacesOf('web').net;
    const { pid } = instance.status('web');
    await instance.killDaemon();
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.start();
    await instance.until('web is up again', () => isAnother('web', pid));
    expect(namespacesOf('web').net).to.equal(before);
    expect(answers('10.78.0.2')).to.equal(true);
  });

  it('answers again, whenever in the middle jaild is killed', async () => {
    for (const delay of [0, 3, 6, 10, 20, 40]) {
      const { pid } = instance.status('web');
      process.kill(pid ?? 0, 'SIGKILL');
      await sleep(delay);
      await instance.killDaemon();
      await instance.start();
      await instance.until(`web is up after ${delay} ms`, () => isAnother('web', pid));
      expect([delay, answers('10.78.0.2')]).to.deep.equal([delay, true]);
    }
    expect(names().match(/^web\./gm)).to.have.length(1);
  });
});

describe('a jail that comes back to what was taken from under its network', () => {
  const instance = new TestInstance();
  const jails = ['routed', 'bridged', 'joined', 'own'] as const;
  const sh = (lines: string): string => instance.onHost('sh', '-c', lines).stdout;
  const makeLan = (): string =>
    sh('ip link add lan0 type veth peer name lan1; ip link set lan0 up; ip link set lan1 up');
  const makeBridge = (): string =>
    sh('ip link add br9 type bridge; ip addr add 10.83.0.1/24 dev br9; ip link set br9 up');
  const answers = (address: string): boolean =>
    instance.onHost('busybox', 'ping', '-c', '1', '-W', '30', address).code === 0;
  const isSilent = (address: string): boolean =>
    instance.onHost('busybox', 'ping', '-c', '1', '-W', '1', address).code === 1;
  const crash = async (name: string): Promise<void> => {
    const { pid, restarts } = instance.status(name);
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until(`${name} is back`, () => {
      const now = instance.status(name);
      return now.state === 'running' && now.restarts > restarts;
    });
  };

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; restart.delay = 0; }
      routed { ip4.addr = "lan0|10.81.0.2/24"; net.egress.max = 4M; }
      bridged { bridge = cells; bridge.subnet = 10.82.0.0/24; ip4.addr = 10.82.0.2/24; }
      joined { bridge = br9; ip4.addr = 10.83.0.2/24; }
      own { macvlan = lan0; ip4.addr = 10.84.0.2/24; }
    `);
    await instance.start();
    makeLan();
    makeBridge();
    expect(instance.ctl('start', ...jails)).to.include({ code: 0, stderr: '' });
  });

  after(() => instance.close());

  it('is announced again on an interface that is there anew, which forwards for it', async () => {
    const seen = (): string =>
      sh('ip neigh show proxy dev lan0; cat /proc/sys/net/ipv4/conf/lan0/forwarding');
    const before = seen();
    expect(before).to.match(/^10.81.0.2 +proxy *\n1\n$/);
    sh('ip link del lan0');
    makeLan();
    await crash('routed');
    expect(seen()).to.equal(before);
  });

  it('has its macvlan again', async () => {
    const seen = (): string => instance.ctl('exec', 'own', 'ip', '-o', '-4', 'addr', 'show', 'eth0').stdout;
    await crash('own');
    expect(seen()).to.contain('inet 10.84.0.2/24');
    sh('ip link del lan0');
    makeLan();
    await crash('own');
    expect(seen()).to.contain('inet 10.84.0.2/24');
  });

  for (const [name, bridge, address] of [
    ['bridged', 'cells', '10.82.0.2'],
    ['joined', 'br9', '10.83.0.2'],
  ] as const)
    it(`is a port again of ${bridge}`, async () => {
      expect(answers(address)).to.equal(true);
      sh(`ip link del ${bridge}`);
      if (bridge === 'br9') makeBridge();
      await crash(name);
      expect(answers(address)).to.equal(true);
    });

  it('sends again when the device for its limit was deleted', async () => {
    sh('ip link del "$(ip -o link show type ifb | grep -o "jq[0-9a-f]*")"');
    expect(isSilent('10.81.0.2')).to.equal(true);
    await crash('routed');
    expect(answers('10.81.0.2')).to.equal(true);
  });
});
