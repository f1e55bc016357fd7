import { rmSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

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
  /** Ends a jail as a crash does, and waits until it runs again. */
  const crash = async (name: string): Promise<void> => {
    const { pid, restarts } = instance.status(name);
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until(`${name} is up again`, () => isUpAgain(name, restarts));
  };
  const names = (): string => instance.onHost('ip', 'netns', 'list').stdout;
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
    instance.onHost('busybox', 'ping', '-c', '1', '-W', '1', address).code === 0;

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
    expect(instance.ctl('exec', 'web', '--', 'ping', '-c', '1', '-W', '1', '10.78.0.3').code).to.equal(0);
    expect(linkOf('web'))
      .to.equal(before)
      .and.to.match(/^\d+: eth0/);
  });

  it('is made anew for a jail that can change it, or whose commands on the host have', async () => {
    for (const name of ['own', 'made']) {
      const before = linkOf(name);
      await crash(name);
      expect([name, linkOf(name) === before]).to.deep.equal([name, false]);
    }
  });

  it('is made anew when its link is gone, or the name of its namespace', async () => {
    const { pid, restarts } = instance.status('slow');
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until('slow waits', () => instance.status('slow').state === 'backoff');
    expect(restarts).to.equal(0);
    expect(names()).to.contain('slow.');
    for (const link of links()) instance.onHost('ip', 'link', 'del', link);
    expect(instance.ctl('start', 'slow').code).to.equal(0);
    expect(answers('10.78.0.4')).to.equal(true);
    for (const name of ['web', 'root']) expect(instance.ctl('restart', name).code).to.equal(0);
    const file = `/run/netns/${/^web\.\S+/m.exec(names())?.[0]}`;
    instance.onHost('umount', file);
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
    const { pid } = instance.status('slow');
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until('slow waits', () => instance.status('slow').state === 'backoff');
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
});
