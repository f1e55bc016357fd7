import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { instanceBelow } from '../../src/plan/instance.js';
import { TestInstance, type Answer, type StatusJson } from '../support/instance.js';
import { processExists } from '../support/processes.js';
import { randomFrom } from '../support/random.js';

/** Processes of one jail, by the words of its service: zombies and the jail's own PID 1 are not counted. */
function copies(instance: TestInstance, jail: string, service: string): readonly number[] {
  const cgroup = `/${instanceBelow(instance.prefix).cgroupName}/${jail}\n`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const words = readOf(pid, 'cmdline').replaceAll('\0', ' ').trim();
      return words === service && readOf(pid, 'cgroup').includes(cgroup);
    });
}

function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // It ended while we looked.
  }
}

const parentOf = (pid: number): number => Number(/^PPid:\s+(\d+)/m.exec(readOf(pid, 'status'))?.[1] ?? 0);

const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

describe(`a jaild that is killed at any moment (CHAOS_SEED=${seed})`, () => {
  const SECONDS = 20;
  const LEAST = 5;
  const jails = ['a', 'b', 'c'] as const;
  const service = (name: string): string => `/bin/sleep 10${jails.indexOf(name as 'a')}0`;
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const instance = new TestInstance();
  /** What was asked last of each jail, and answered; absent while the answer was never heard. */
  const asked = new Map<string, 'up' | 'down'>();
  let bystander: number | null = null;

  before(async () => {
    instance.configure(`
      * { path = "$root"; stop.timeout = 1; restart.delay = "50ms"; restart.max_delay = "200ms"; }
      a { command = "${service('a')}"; exec.prestart = "/bin/sleep 0.02"; exec.poststop = "/bin/sleep 0.02"; }
      b { command = "${service('b')}"; depend = a; exec.stop = "/bin/sleep 0.02"; }
      c { command = "${service('c')}"; exec.start = "/bin/sleep 0.05"; }
      bystander { command = "/bin/sleep 5000"; }
    `);
    await instance.start();
    expect(instance.ctl('start', 'bystander').code).to.equal(0);
    bystander = instance.status('bystander').pid;
  });

  after(() => instance.close());

  const neverTwo = (moment: string): void => {
    for (const name of jails)
      expect(copies(instance, name, service(name)).length, `seed ${seed}: ${moment}: ${name}`).to.be.at.most(
        1,
      );
  };

  async function act(): Promise<readonly (readonly [string, 'up' | 'down' | null, Answer])[]> {
    const name = pick(jails);
    const verb = pick(['start', 'stop', 'stop', 'restart', 'reload', 'kill'] as const);
    if (verb === 'reload') return [[name, null, await instance.ctlLater('reload')]];
    if (verb === 'kill') return [[name, null, await instance.ctlLater('kill', '-s', 'KILL', name)]];
    asked.delete(name);
    // A stop takes the jails with it that depend on this one, a start those that it depends on.
    const others = name === 'a' && verb === 'stop' ? ['b'] : name === 'b' && verb !== 'stop' ? ['a'] : [];
    for (const other of others) asked.delete(other);
    const words = verb === 'stop' ? ['stop', '--cascade', name] : [verb, name];
    const answer = await instance.ctlLater(...words);
    return [name, ...others].map((one) => [one, verb === 'stop' ? 'down' : 'up', answer] as const);
  }

  async function round(): Promise<void> {
    const acting = [act(), act()];
    const until = Date.now() + Math.floor(random() * 250);
    do {
      neverTwo('before the kill');
      await sleep(10);
    } while (Date.now() < until);
    await instance.killDaemon();
    // What met another call of the same round may have come before or after it.
    const done = (await Promise.all(acting)).flat();
    const names = done.map(([name]) => name);
    for (const [name, want, answer] of done)
      if (want !== null && answer.code === 0 && names.filter((one) => one === name).length === 1)
        asked.set(name, want);
    neverTwo('while jaild is away');
    if (random() < 0.3) for (const pid of copies(instance, 'c', service('c'))) process.kill(pid, 'SIGKILL');
    await instance.start();
    neverTwo('after its return');
    expect(instance.status('bystander').pid, `seed ${seed}: bystander`).to.equal(bystander);
  }

  const settled = ({ state }: StatusJson): boolean => ['stopped', 'running'].includes(state);

  it('never runs two copies, keeps what was asked, and leaves others alone', async function () {
    this.timeout(120_000);
    const end = Date.now() + SECONDS * 1000;
    for (let rounds = 0; Date.now() < end || rounds < LEAST; rounds++) await round();
    for (const name of jails) {
      await instance.until(`seed ${seed}: ${name} settles`, () => settled(instance.status(name)), 30);
      const { state, pid } = instance.status(name);
      const running = copies(instance, name, service(name));
      expect(running.length, `seed ${seed}: ${name} is ${state}`).to.equal(state === 'running' ? 1 : 0);
      if (state === 'running') expect(parentOf(running[0] ?? 0), `seed ${seed}: ${name}`).to.equal(pid);
      const want = asked.get(name);
      if (want !== undefined)
        expect(state, `seed ${seed}: ${name}`).to.equal(want === 'up' ? 'running' : 'stopped');
    }
  });

  it('leaves nothing of a jail that was stopped', () => {
    expect(instance.ctl('stop', '-a').code, `seed ${seed}`).to.equal(0);
    expect(
      readdirSync(join(instance.prefix, 'run/jaild')).filter((name) => /^[a-c]$/.test(name)),
    ).to.deep.equal([]);
    for (const name of jails) expect(copies(instance, name, service(name))).to.deep.equal([]);
  });
});

describe('a bad night', () => {
  const instance = new TestInstance();
  const definition = (more = ''): string => `
    * { path = "$root"; stop.timeout = 1; restart.delay = "50ms"; }
    web { command = "/bin/sleep 1000"; }
    hanging { command = "/bin/sleep 1000"; exec.prestart = "/bin/sleep 1000"; exec.timeout = 0; }
    ${more}
  `;

  before(async () => {
    instance.configure(definition('lost { command = "/bin/sleep 2000"; }'));
    await instance.start();
  });

  after(() => instance.close());

  it('a jail whose jailer is stopped is stopped all the same', async () => {
    expect(instance.ctl('start', 'web').code).to.equal(0);
    const pid = instance.status('web').pid ?? 0;
    const jailer = parentOf(pid);
    process.kill(jailer, 'SIGSTOP');
    expect(instance.ctl('stop', 'web')).to.include({ code: 0, stderr: '' });
    expect(processExists(pid)).to.equal(false);
    process.kill(jailer, 'SIGCONT');
    await instance.until('the jailer ends', () => !processExists(jailer));
  });

  it('a stop does not wait for a command on the host that hangs', async () => {
    for (const words of [
      ['stop', 'hanging'],
      ['stop', '-f', 'hanging'],
    ]) {
      const starting = instance.ctlLater('start', 'hanging');
      await instance.until('it is being prepared', () => instance.status('hanging').state === 'preparing');
      expect(instance.ctl(...words)).to.include({ code: 0, stderr: '' });
      expect((await starting).stderr).to.include('stopped meanwhile');
    }
  });

  it('a jail whose record is broken and that is in no file can still be stopped', async () => {
    expect(instance.ctl('start', 'lost').code).to.equal(0);
    const { pid } = instance.status('lost');
    await instance.killDaemon();
    writeFileSync(join(instance.prefix, 'run/jaild/lost/state.json'), '{ not');
    instance.configure(definition());
    await instance.start();
    expect(instance.status('lost')).to.include({ state: 'running', pid });
    expect(instance.ctl('stop', 'lost')).to.include({ code: 0, stderr: '' });
    expect(processExists(pid ?? 0)).to.equal(false);
  });

  it('a jail whose run directory was removed is never there twice', async () => {
    expect(instance.ctl('start', 'web').code).to.equal(0);
    rmSync(join(instance.prefix, 'run/jaild/web'), { recursive: true });
    await instance.killDaemon();
    await instance.start();
    await instance.until('it runs', () => instance.status('web').state === 'running');
    expect(copies(instance, 'web', '/bin/sleep 1000').length).to.equal(1);
    expect(instance.ctl('stop', 'web').code).to.equal(0);
    expect(copies(instance, 'web', '/bin/sleep 1000')).to.deep.equal([]);
  });

  it('a jail whose start fails at once, and is tried again at once, keeps nobody from being answered', () => {
    const file = join(instance.prefix, `var/lib/jaild/uids.json.new-${instance.daemonPid}`);
    mkdirSync(file);
    instance.configure(definition('eager { command = "/bin/sleep 1"; restart.delay = 0; }'));
    expect(instance.ctl('reload').code).to.equal(0);
    expect(instance.ctl('start', 'eager').stderr).to.include('uids.json');
    expect(instance.ctl('list').code).to.equal(0);
    expect(instance.ctl('stop', 'eager').code).to.equal(0);
    rmSync(file, { recursive: true });
    instance.configure(definition());
  });

  it('a control socket that was removed comes back', async () => {
    rmSync(join(instance.prefix, 'run/jaild/jaild.sock'));
    await instance.until('jailctl is answered', () => instance.ctl('list').code === 0);
  });

  it('jails start again when the directories of state and logs were removed', () => {
    for (const directory of ['var/lib/jaild', 'var/log/jaild'])
      rmSync(join(instance.prefix, directory), { recursive: true });
    expect(instance.ctl('start', 'web')).to.include({ code: 0, stderr: '' });
    expect(instance.ctl('stop', 'web').code).to.equal(0);
  });

  it('a jail named like a file of jaild is refused before anything is made', () => {
    instance.configure(definition('jaild.sock { command = "/bin/sleep 1"; }'));
    expect(instance.ctl('reload').code).to.equal(2);
    expect(instance.ctl('list').code).to.equal(0);
    instance.configure(definition());
  });
});

describe('a jaild with few descriptors', () => {
  const instance = new TestInstance(['prlimit', '--nofile=192:192']);

  before(async () => {
    const names = Array.from({ length: 180 }, (_, index) => `j${index} { }`);
    instance.configure(
      `* { path = "$root"; command = "/bin/sleep 1000"; restart = no; }\n${names.join('\n')}`,
    );
    await instance.start();
  });

  after(() => instance.close());

  it('starts as many jails as it can look after, says what to raise, and stops them all', () => {
    const { code, stdout, stderr } = instance.ctl('start', '-a');
    expect(code).to.equal(1);
    expect(stdout).to.match(/^j\d+ started/m);
    expect(stderr)
      .to.match(/^error: j\d+: not started: .*Too many open files/m)
      .and.to.match(/^hint: .*LimitNOFILE/m);
    expect(instance.ctl('list').code).to.equal(0);
    expect(instance.ctl('stop', '-a')).to.include({ code: 0, stderr: '' });
  });
});
