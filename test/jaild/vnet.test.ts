import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe('vnet.interface', () => {
  const instance = new TestInstance();
  const linksOf = (...command: readonly string[]): readonly string[] =>
    instance
      .onHost('ip', ...command, '-o', 'link')
      .stdout.split('\n')
      .flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? [])
      .filter((name) => name !== 'lo' && !name.endsWith('-peer'));
  const inside = (): string => instance.ctl('exec', 'a', '--', 'ls', '/sys/class/net').stdout;

  before(async () => {
    instance.configure(`
      * { path = "$root"; vnet; persist; }
      a { vnet.interface = one, two; exec.created = "ip link add two type veth peer name two-peer"; }
      b { vnet.interface = one, epair7b; }
      c { vnet.interface = one; exec.start = "/bin/ip link set one up", "/bin/ip addr add 10.78.0.1/24 dev one"; }
      d { vnet.interface = one; command = "/bin/false"; nopersist; restart = no; }
      d2 { vnet.interface = one; restart = no; }
      e { vnet.interface = one; }
    `);
    await instance.start();
    instance.onHost('ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'one-peer');
  });

  after(() => {
    instance.onHost('ip', 'link', 'delete', 'one');
    instance.onHost('ip', 'link', 'delete', 'two');
    return instance.close();
  });

  it('moves interfaces of the host into the jail, those too that exec.created has made', () => {
    expect(instance.ctl('start', 'a').stderr).to.equal('');
    expect([inside(), linksOf()]).to.deep.equal(['lo\none\ntwo\n', []]);
  });

  it('gives them back when the jail stops', () => {
    expect(instance.ctl('stop', 'a').code).to.equal(0);
    expect([...linksOf()].sort()).to.deep.equal(['one', 'two']);
    instance.onHost('ip', 'link', 'delete', 'two');
  });

  it('lets the jail bring them up and give them addresses', () => {
    expect(instance.ctl('start', 'c').stderr).to.equal('');
    expect(instance.ctl('exec', 'c', '--', 'ip', 'addr', 'show', 'one').stdout).to.match(
      /,UP.* 10\.78\.0\.1\/24/s,
    );
    instance.ctl('stop', 'c');
    expect(linksOf()).to.deep.equal(['one']);
  });

  it('gives them back when the jail or its jailer is killed', async () => {
    for (const victim of ['jail', 'jailer']) {
      instance.ctl('start', 'c');
      const { pid } = instance.status('c');
      if (pid === null) throw new Error(instance.log);
      process.kill(victim === 'jail' ? pid : parentOf(pid), 'SIGKILL');
      await instance.until('c runs again', () => ![null, pid].includes(instance.status('c').pid));
      instance.ctl('stop', 'c');
      expect(linksOf(), victim).to.deep.equal(['one']);
    }
  });

  it('gives them back when jail, jailer and jaild are killed together', async () => {
    instance.ctl('start', 'd2');
    const { pid } = instance.status('d2');
    if (pid === null) throw new Error(instance.log);
    const jailer = parentOf(pid);
    await instance.killDaemon();
    process.kill(jailer, 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await instance.start();
    await instance.until('one is back', () => linksOf().includes('one'));
    expect(linksOf()).to.deep.equal(['one']);
  });

  it('gives them back when the jail ends by itself', async () => {
    instance.ctl('start', 'd');
    await instance.until('one is back', () => linksOf().includes('one'));
    expect(linksOf()).to.deep.equal(['one']);
  });

  it('gives them back as they were when the jail has renamed and changed them, and nothing that it made itself', () => {
    const link = (): string => instance.onHost('ip', '-o', 'link', 'show', 'one').stdout;
    const seen = /^\d+: (one)@.* mtu (\d+) .*link\/ether (\S+) /;
    const before = seen.exec(link())?.slice(1);
    instance.ctl('start', 'e');
    const netns = /^e\.[0-9a-f]{8}/m.exec(instance.onHost('ip', 'netns', 'list').stdout)?.[0] ?? '';
    const changes = ['set one down', 'set one address 02:00:00:00:99:99 mtu 1300', 'set one name wan up'];
    for (const change of [...changes, 'add one type dummy'])
      expect(instance.onHost('ip', '-n', netns, 'link', ...change.split(' ')).stderr).to.equal('');
    instance.ctl('stop', 'e');
    expect([seen.exec(link())?.slice(1), linksOf()]).to.deep.equal([before, ['one']]);
  });

  it('gives one back under another name when the host has made one of its name meanwhile', () => {
    instance.ctl('start', 'e');
    instance.onHost('ip', 'link', 'add', 'one', 'type', 'bridge');
    instance.ctl('stop', 'e');
    expect([...linksOf()].sort()).to.deep.equal(['lent0', 'one']);
    instance.onHost('ip', 'link', 'delete', 'one');
    instance.onHost('ip', 'link', 'set', 'lent0', 'name', 'one');
  });

  it('moves none when one of them is not there, and says what there is', () => {
    const { code, stderr } = instance.ctl('start', 'b');
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^error: b: not started: vnet\.interface epair7b: No such device\nhint: this host has lo, .*one.*; an epair/i,
    );
    expect(linksOf()).to.deep.equal(['one']);
  });
});

describe('ip_hostname', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; persist; ip_hostname; }
      here { host.hostname = "localhost"; }
      nowhere { host.hostname = "no.such.invalid"; }
    `);
    await instance.start();
  });
  after(() => instance.close());

  it('asks the host for the addresses, which are then seen to be taken', () => {
    const { code, stderr } = instance.ctl('start', 'here');
    expect([code, stderr]).to.satisfy(
      ([c, e]: [number, string]) => c === 1 && /(127\.0\.0\.1|::1).*in use/.test(e),
    );
  });

  it('does not start a jail whose name does not resolve', () => {
    const { code, stderr } = instance.ctl('start', 'nowhere');
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^error: nowhere: not started: ip_hostname no\.such\.invalid: it does not resolve/,
    );
  });
});
