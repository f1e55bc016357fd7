import { expect } from 'chai';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copiesOf, parentOf, readOf } from '../support/copies.js';
import { TestInstance, type Answer, type StatusJson } from '../support/instance.js';
import { patience } from '../support/patience.js';
import { processExists } from '../support/processes.js';
import { randomFrom } from '../support/random.js';

const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const KILLS = Number(process.env['CHAOS_KILLS'] ?? 15);

/** Those jails are asked for things; the others do what they do by themselves. */
const jails = ['a', 'b', 'c'] as const;
const service = (name: string): string => `/bin/sleep 10${jails.indexOf(name as 'a')}0`;
const services: ReadonlyMap<string, string> = new Map([
  ...jails.map((name) => [name, service(name)] as const),
  ['clock', '/bin/sleep 4000'],
  ['crash', '/bin/sleep 0.07'],
  ['bystander', '/bin/sleep 5000'],
]);
const words = new Set(services.values());

/** Processes of one jail, whatever jaild says of it. */
const copies = (instance: TestInstance, jail: string): readonly number[] =>
  copiesOf(instance.prefix, (line) => line === services.get(jail)).get(jail) ?? [];

const median = (times: readonly number[]): number =>
  Math.round([...times].sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0);

describe(`a jaild that is killed at any moment, ${KILLS} times (CHAOS_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const instance = new TestInstance();
  /** What was asked last of each jail, and answered; absent while the answer was never heard. */
  const asked = new Map<string, 'up' | 'down'>();
  /** Milliseconds from the start of a jaild until it has taken all back and answers. */
  const returns: number[] = [];
  let bystander: Partial<StatusJson>;
  let descriptors = 0;

  before(async () => {
    instance.configure(`
      * { path = "$root"; stop.timeout = 1; restart.delay = "50ms"; restart.max_delay = "200ms"; }
      a { command = "${service('a')}"; exec.prestart = "/bin/sleep 0.02"; exec.poststop = "/bin/sleep 0.02"; }
      b { command = "${service('b')}"; depend = a; exec.stop = "/bin/sleep 0.02"; }
      c { command = "${service('c')}"; exec.start = "/bin/sleep 0.05"; ip4.addr = 10.77.0.2; }
      clock { command = "${services.get('clock')}"; schedule.restart = "* * * * * *"; }
      crash { command = "${services.get('crash')}"; restart = always; restart.delay = "10ms"; }
      bystander { command = "${services.get('bystander')}"; }
    `);
    await instance.start();
    expect(instance.ctl('start', 'bystander').code).to.equal(0);
    bystander = kept('bystander');
    expect(instance.ctl('start', ...jails).code).to.equal(0);
    expect(instance.ctl('stop', ...jails).code).to.equal(0);
    descriptors = openDescriptors();
    expect(instance.ctl('start', 'clock', 'crash').code).to.equal(0);
  });

  after(() => instance.close());

  /** What no end of jaild may change of a jail that runs on. */
  const kept = (name: string): Partial<StatusJson> => {
    const { state, pid, command_pid, jid, started_at, restarts, exit } = instance.status(name);
    return { state, pid, command_pid, jid, started_at, restarts, exit };
  };
  const openDescriptors = (): number => readdirSync(`/proc/${instance.daemonPid}/fd`).length;

  const neverTwo = (moment: string): void => {
    const found = copiesOf(instance.prefix, (line) => words.has(line));
    for (const name of services.keys())
      expect(found.get(name)?.length ?? 0, `seed ${seed}: ${moment}: ${name}`).to.be.at.most(1);
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
    const argv = verb === 'stop' ? ['stop', '--cascade', name] : [verb, name];
    const answer = await instance.ctlLater(...argv);
    return [name, ...others].map((one) => [one, verb === 'stop' ? 'down' : 'up', answer] as const);
  }

  async function round(): Promise<void> {
    const acting = [act(), act()];
    const until = Date.now() + Math.floor(random() * 150);
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
    if (random() < 0.3) for (const pid of copies(instance, 'c')) process.kill(pid, 'SIGKILL');
    const began = performance.now();
    await instance.start();
    returns.push(performance.now() - began);
    neverTwo('after its return');
    expect(kept('bystander'), `seed ${seed}`).to.deep.equal(bystander);
  }

  const settled = ({ state }: StatusJson): boolean => ['stopped', 'running'].includes(state);

  it('never runs two copies, keeps what was asked, and leaves others alone', async function () {
    this.timeout((60_000 + KILLS * 5000) * patience);
    for (let kill = 0; kill < KILLS; kill++) await round();
    if (process.env['JAILD_TEST_TELL'] !== undefined)
      console.log(`      back after ${median(returns)} ms, at most ${Math.round(Math.max(...returns))} ms`);
    // Of the boot, over all that jaild was killed: what was told once is never told again, nor left out.
    const events = instance
      .ctl('events', '--json')
      .stdout.split('\n')
      .filter(Boolean)
      .map(
        (line) => JSON.parse(line) as { readonly seq: number; readonly kind: string; readonly jail: string },
      );
    const seqs = events.map(({ seq }) => seq);
    const [first = 0] = seqs;
    expect(seqs.length, `seed ${seed}`).to.be.above(KILLS);
    expect(seqs, `seed ${seed}`).to.deep.equal(seqs.map((_, index) => first + index));
    for (const name of services.keys()) {
      const lives = events.filter(({ jail, kind }) => jail === name && (kind === 'start' || kind === 'exit'));
      const again = lives.find(({ kind }, index) => kind === 'start' && lives[index - 1]?.kind === 'start');
      expect(again, `seed ${seed}: ${name} started without an end before it`).to.equal(undefined);
    }
    for (const name of jails) {
      await instance.until(`seed ${seed}: ${name} settles`, () => settled(instance.status(name)));
      const { state, pid } = instance.status(name);
      const running = copies(instance, name);
      expect(running.length, `seed ${seed}: ${name} is ${state}`).to.equal(state === 'running' ? 1 : 0);
      if (state === 'running') expect(parentOf(running[0] ?? 0), `seed ${seed}: ${name}`).to.equal(pid);
      const want = asked.get(name);
      if (want !== undefined)
        expect(state, `seed ${seed}: ${name}`).to.equal(want === 'up' ? 'running' : 'stopped');
    }
  });

  it('leaves nothing of a jail that was stopped, and has no more open than at the beginning', async () => {
    const others = [...services.keys()].filter((name) => name !== 'bystander');
    expect(instance.ctl('stop', ...others).code, `seed ${seed}`).to.equal(0);
    const run = readdirSync(join(instance.prefix, 'run/jaild'));
    expect(run.filter((name) => others.includes(name))).to.deep.equal([]);
    for (const name of others) expect(copies(instance, name)).to.deep.equal([]);
    await instance.until('descriptors are closed', () => openDescriptors() <= descriptors);
    const zombies = (): readonly number[] =>
      readdirSync('/proc')
        .map(Number)
        .filter((pid) => /^State:\s+Z/m.test(readOf(pid, 'status')) && parentOf(pid) === instance.daemonPid);
    await instance.until('no child of jaild is a zombie', () => zombies().length === 0);
  });
});

describe('a bad night', () => {
  const instance = new TestInstance();
  const copiesOfWeb = (): readonly number[] =>
    copiesOf(instance.prefix, (line) => line === '/bin/sleep 1000').get('web') ?? [];
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
    expect(copiesOfWeb().length).to.equal(1);
    expect(instance.ctl('stop', 'web').code).to.equal(0);
    expect(copiesOfWeb()).to.deep.equal([]);
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
