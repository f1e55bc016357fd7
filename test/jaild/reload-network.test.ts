import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

/** A line that is sent to a jail over one connection comes back from it. */
class Talk {
  readonly #client: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  #isOver = false;

  constructor(instance: TestInstance, address: string) {
    const script = 'exec 3<>"/dev/tcp/$0/7"; cat <&3 & cat >&3; wait';
    const words = [`--net=/proc/${instance.daemonPid}/ns/net`, 'bash', '-c', script, address];
    this.#client = spawn('nsenter', words);
    this.#lines = createInterface(this.#client.stdout);
    this.#client.once('exit', () => (this.#isOver = true));
  }

  /** What comes back, or null when nothing does within half a minute. */
  say(words: string): Promise<string | null> {
    if (this.#isOver) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), 30_000);
      this.#lines.once('line', (line) => {
        clearTimeout(timer);
        resolve(line);
      });
      this.#client.stdin.write(`${words}\n`);
    });
  }

  end(): void {
    this.#client.stdin.end();
    this.#client.kill();
  }
}

describe('the network of a running jail', () => {
  const instance = new TestInstance();
  const files = (web: string): void =>
    instance.configure(`
      * { path = "$root"; }
      web { ${web} command = "/bin/nc", "-ll", "-p", "7", "-e", "/bin/cat"; }
      other { ip4.addr = 10.77.9.9; command = "/bin/sleep 1000"; }
    `);
  const reload = (web: string): string => {
    files(web);
    const answer = instance.ctl('reload');
    return answer.stdout + answer.stderr;
  };
  const answers = (address: string): boolean =>
    instance.onHost('timeout', '2', 'bash', '-c', 'exec 3<>"/dev/tcp/$0/7"', address).code === 0;
  const inside = (): readonly string[] =>
    [...instance.ctl('exec', 'web', '--', 'ip', '-o', 'addr').stdout.matchAll(/inet6? (\S+)/g)]
      .flatMap(([, address]) => address ?? [])
      .filter((address) => !/^(127|::1|fe80)/.test(address));
  /** The jail's PID 1 and what makes this life of it another than the one before. */
  const life = (): readonly unknown[] => {
    const { pid, started_at: startedAt, restarts } = instance.status('web');
    return [pid, startedAt, restarts];
  };
  let first: readonly unknown[] = [];

  before(async () => {
    files('ip4.addr = 10.77.0.1, 10.77.0.2;');
    await instance.start();
    const answer = instance.ctl('start', 'web', 'other');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    await instance.until('web answers', () => answers('10.77.0.1'));
    first = life();
  });

  after(() => instance.close());

  it('gets other addresses by a reload, while a connection over one that stays goes on', async () => {
    const talk = new Talk(instance, '10.77.0.1');
    expect(await talk.say('before')).to.equal('before');
    expect(reload('ip4.addr = 10.77.0.1, 10.77.0.3; ip6.addr = "fd77::1";')).to.equal(
      'web changed: ip4.addr, ip6.addr\n',
    );
    expect(await talk.say('after')).to.equal('after');
    expect(inside()).to.deep.equal(['10.77.0.1/32', '10.77.0.3/32', 'fd77::1/128']);
    expect(['10.77.0.2', '10.77.0.3'].map(answers)).to.deep.equal([false, true]);
    expect([life(), instance.status('web').ip4]).to.deep.equal([first, ['10.77.0.1', '10.77.0.3']]);
    talk.end();
  });

  it('changes by jailctl set and jail -m as well, until a restart', () => {
    expect(instance.ctl('set', 'web', 'ip4.addr=10.77.0.1,10.77.0.4').stderr).to.equal('');
    expect(inside()).to.include('10.77.0.4/32').and.not.include('10.77.0.3/32');
    expect(
      instance.run([instance.bin('jail'), '-m', 'name=web', 'ip4.addr=10.77.0.1,10.77.0.3']).stderr,
    ).to.equal('');
    expect(inside()).to.include('10.77.0.3/32').and.not.include('10.77.0.4/32');
    expect(life()).to.deep.equal(first);
  });

  it('stays as it is when the new address is somebody else’s, which is told', () => {
    files('ip4.addr = 10.77.0.1, 10.77.0.5; ip6.addr = "fd77::1";');
    instance.onHost('ip', 'addr', 'add', '10.77.0.5/32', 'dev', 'lo');
    const { code, stderr } = instance.ctl('reload');
    expect([code, stderr]).to.deep.equal([
      1,
      'error: web: not changed: attach 10.77.0.5: Address already in use\nhint: it is an address of this host, on lo\n',
    ]);
    expect([inside(), life()]).to.deep.equal([['10.77.0.1/32', '10.77.0.3/32', 'fd77::1/128'], first]);
    instance.onHost('ip', 'addr', 'delete', '10.77.0.5/32', 'dev', 'lo');
    expect(instance.ctl('reload').stdout).to.equal('web changed: ip4.addr\n');
    expect(inside()).to.deep.equal(['10.77.0.1/32', '10.77.0.5/32', 'fd77::1/128']);
  });

  it('loses its link with its last address, and gets it back with the next', () => {
    expect(reload('')).to.equal('web changed: ip4.addr, ip6.addr\n');
    expect(instance.ctl('exec', 'web', '--', 'ls', '/sys/class/net').stdout).to.equal('lo\n');
    expect(reload('ip4.addr = 10.77.0.1;')).to.equal('web changed: ip4.addr\n');
    expect([answers('10.77.0.1'), life()]).to.deep.equal([true, first]);
  });

  it('gets and loses forwards and a way out by a reload, and has them again when somebody flushed them', () => {
    const isLed = (): boolean =>
      instance.onHost('timeout', '2', 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/8077').code === 0;
    const tables = (): string => instance.onHost('nft', 'list', 'tables').stdout;
    const way = 'ip4.addr = 10.77.0.1;';
    expect(reload(`${way} rdr = "tcp 8077 7"; nat;`)).to.equal('web changed: nat, rdr\n');
    expect([isLed(), life()]).to.deep.equal([true, first]);
    instance.onHost('nft', 'flush', 'ruleset');
    expect([isLed(), tables()]).to.deep.equal([false, '']);
    expect(instance.ctl('reload').code).to.equal(0);
    expect(isLed()).to.equal(true);
    expect(reload('ip4.addr = 10.77.0.8; rdr = "tcp 8077 7";')).to.equal('web changed: ip4.addr, nat\n');
    expect(isLed()).to.equal(true);
    expect(reload(way)).to.equal('web changed: ip4.addr, rdr\n');
    expect([isLed(), tables(), life()]).to.deep.equal([false, '', first]);
  });

  it('is told truly by reload -n', () => {
    files('ip4.addr = 10.77.0.6;');
    expect(instance.ctl('reload', '-n').stdout).to.match(/^web would change: ip4\.addr\n  ip4\.addr/);
    files('ip4 = inherit;');
    expect(instance.ctl('reload', '-n').stdout).to.match(/^web would be restarted for ip4, ip4\.addr\n/);
    expect([inside(), life()]).to.deep.equal([['10.77.0.1/32'], first]);
  });

  it('is taken away as it is by then, also by the next jaild', async () => {
    expect(reload('ip4.addr = 10.77.0.7;')).to.equal('web changed: ip4.addr\n');
    await instance.killDaemon();
    await instance.start();
    expect([inside(), life()]).to.deep.equal([['10.77.0.7/32'], first]);
    expect(instance.ctl('reload').stdout).to.equal('nothing changed\n');
    expect(instance.ctl('stop', 'web').code).to.equal(0);
    expect(instance.onHost('ip', 'route', 'show', 'root', '10.77.0.0/24').stdout).to.equal('');
  });

  it('is put back when jaild ends in the middle of a change', async () => {
    files('ip4.addr = 10.77.0.1;');
    instance.ctl('reload');
    instance.ctl('start', 'web');
    for (let attempt = 0; attempt < 3; attempt++) {
      files(`ip4.addr = 10.77.1.${attempt}, 10.77.2.${attempt}, 10.77.0.1;`);
      const reloading = instance.ctlLater('reload');
      await new Promise((resolve) => setTimeout(resolve, 60 + 10 * attempt));
      await instance.killDaemon();
      await reloading;
      await instance.start();
      instance.ctl('reload');
      const addresses = [`10.77.0.1`, `10.77.1.${attempt}`, `10.77.2.${attempt}`];
      expect([...inside()].sort()).to.deep.equal(addresses.map((address) => `${address}/32`));
      expect(addresses.map(answers)).to.deep.equal([true, true, true]);
    }
  });
});
