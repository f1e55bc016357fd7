import { expect } from 'chai';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { copiesOf, parentOf, readOf } from '../support/copies.js';
import { TestInstance } from '../support/instance.js';
import { processExists } from '../support/processes.js';
import { randomFrom } from '../support/random.js';
import { millisecondsOf, soonFor } from '../support/soon.js';

const SERVICE = '/bin/sleep 8888';
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

const childrenOf = (pid: number): readonly number[] =>
  readOf(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
const end = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
};
const isService = (words: string): boolean => words === SERVICE;

describe(`jailers and first processes that are killed while they build a jail (CHAOS_SEED=${seed})`, () => {
  const ROUNDS = Number(process.env['CHAOS_KILLS'] ?? 40) / 5;
  const names = ['a', 'b', 'c', 'd', 'e'] as const;
  const random = randomFrom(seed);
  const instance = new TestInstance();

  before(async () => {
    const jails = names.map((name, index) => `${name} { ip4.addr = 10.88.${index}.2; }`).join('\n');
    instance.configure(
      `* { path = "$root"; command = "${SERVICE}"; restart.delay = "10ms"; restart.max_delay = "50ms"; stop.timeout = 1; ephemeral; }\n${jails}`,
    );
    await instance.start();
  });

  after(() => instance.close());

  /** Each first jailer that comes, or its child, is killed within the milliseconds that it takes to build a jail. */
  async function killAsTheyCome(known: ReadonlySet<number>, isOver: () => boolean): Promise<number> {
    const due = new Map<number, number>();
    let killed = 0;
    while (!isOver()) {
      for (const pid of childrenOf(instance.daemonPid))
        if (!known.has(pid) && !due.has(pid) && due.size < names.length)
          due.set(pid, performance.now() + random() * 8);
      for (const [pid, time] of due) {
        if (time > performance.now()) continue;
        const [init = pid] = childrenOf(pid);
        end(random() < 0.5 ? pid : init);
        due.set(pid, Infinity);
        killed++;
      }
      await turn();
    }
    return killed;
  }

  it('leave nothing behind, and every jail comes up, once', async function () {
    let killed = 0;
    // A busy host may look away while they come.
    for (let round = 0; round < ROUNDS || (round < 100 && killed <= ROUNDS); round++) {
      let isOver = false;
      const starting = instance.ctlLater('start', ...names).finally(() => (isOver = true));
      killed += await killAsTheyCome(new Set(childrenOf(instance.daemonPid)), () => isOver);
      await starting;
      await instance.until(`seed ${seed}: all run`, () =>
        names.every((name) => instance.status(name).state === 'running'),
      );
      const found = copiesOf(instance.prefix, isService);
      expect(names.map((name) => found.get(name)?.length)).to.deep.equal(names.map(() => 1));
      expect(instance.ctl('stop', ...names)).to.include({ code: 0, stderr: '' });
      expect(
        readdirSync(join(instance.prefix, 'run/jaild')).filter((file) => file.length === 1),
      ).to.deep.equal([]);
    }
    expect(killed).to.be.above(ROUNDS);
  });
});

describe('a death in the family', () => {
  const instance = new TestInstance();
  const crashing = Array.from({ length: 50 }, (_, index) => `crash${index}`);

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "${SERVICE}"; restart.delay = "50ms"; stop.timeout = 1; }
      web { ip4.addr = 10.89.0.2; exec.start = "/bin/sh -c 'setsid sleep 9999 & setsid sleep 9999 &'"; }
      given { restart = no; ip4.addr = 10.89.0.3; }
      held { exec.stop = "/bin/true"; exec.timeout = 1; }
      empty { } garbage { } cut { } future { }
      ${crashing.map((name) => `${name} { restart.delay = "100ms"; }`).join('\n')}
    `);
    await instance.start();
    expect(instance.ctl('start', 'web', 'given', 'held').code).to.equal(0);
  });

  after(() => instance.close());

  const pidOf = (name: string): number => instance.status(name).pid ?? -1;
  const jailerOf = (name: string): number => parentOf(pidOf(name));
  const untilBack = (name: string, old: number): Promise<void> =>
    instance.until(`${name} runs again`, () => {
      const { state, pid } = instance.status(name);
      return state === 'running' && pid !== old;
    });
  const strays = (): readonly number[] =>
    [...copiesOf(instance.prefix, (words) => words === 'sleep 9999').values()].flat();

  it('of the jailer takes all of the jail with it, and is told by that name', async () => {
    await instance.until('both run', () => strays().length === 2);
    const [old, before] = [pidOf('web'), strays()];
    end(jailerOf('web'));
    await untilBack('web', old);
    expect(before.filter(processExists)).to.deep.equal([]);
    expect(instance.ctl('status', 'web').stdout).to.match(/jailer lost/);
    expect(instance.status('web').restarts).to.equal(1);
    end(jailerOf('given'));
    await instance.until('it is down', () => instance.status('given').state === 'failed');
    expect(existsSync(join(instance.prefix, 'run/jaild/given'))).to.equal(false);
    expect(instance.onHost('ip', '-o', 'link').stdout.match(/\bjl?[0-9a-f]{12}/g)?.length).to.equal(1);
  });

  it('of jaild, the jailer and the jail at once is made up for by the next jaild', async () => {
    const [old, jailer, other] = [pidOf('web'), jailerOf('web'), pidOf('held')];
    await instance.killDaemon();
    end(jailer);
    end(old);
    await instance.start();
    await untilBack('web', old);
    expect(instance.ctl('status', 'web').stdout).to.match(/jailer lost/);
    expect([pidOf('held'), copiesOf(instance.prefix, isService).get('web')?.length]).to.deep.equal([
      other,
      1,
    ]);
  });

  it('is noticed by a jaild that was stopped itself meanwhile', async () => {
    const old = pidOf('web');
    process.kill(instance.daemonPid, 'SIGSTOP');
    end(old);
    await instance.until('it has ended', () => !processExists(old));
    process.kill(instance.daemonPid, 'SIGCONT');
    await untilBack('web', old);
    expect(instance.status('web').exit).to.include({ signal: 9 });
  });

  it('of the record leaves the jail as it is, whatever became of it', async () => {
    const names = ['empty', 'garbage', 'cut', 'future'];
    expect(instance.ctl('start', ...names).code).to.equal(0);
    const before = names.map(pidOf);
    await instance.killDaemon();
    const fileOf = (name: string): string => join(instance.prefix, 'run/jaild', name, 'state.json');
    const text = instance.run(['cat', fileOf('cut')]).stdout;
    const texts = ['', '\0\x01{"]', text.slice(0, text.length / 3), text.replace('"schema":1', '"schema":9')];
    for (const [index, name] of names.entries()) writeFileSync(fileOf(name), texts[index] ?? '');
    await instance.start();
    expect(names.map(pidOf)).to.deep.equal(before);
    expect(instance.ctl('stop', ...names)).to.include({ code: 0, stderr: '' });
  });

  it('is not what a jailer that was stopped is taken for, and nobody waits for it for ever', async function () {
    const [old, jailer] = [pidOf('held'), jailerOf('held')];
    process.kill(jailer, 'SIGSTOP');
    expect(instance.ctl('status', 'held').code).to.equal(0);
    const refused = instance.ctl('exec', 'held', '--', 'true');
    expect(refused.stderr).to.equal(
      `error: held: its jailer (pid ${jailer}) is stopped\nhint: kill -CONT ${jailer}\n`,
    );
    expect(instance.ctl('stop', 'held')).to.include({ code: 0, stderr: '' });
    expect(processExists(old)).to.equal(false);
    process.kill(jailer, 'SIGCONT');
    await instance.until('the jailer ends', () => !processExists(jailer));
  });

  it('of fifty jails at once brings fifty back, and jaild answers meanwhile', async function () {
    expect(instance.ctl('start', ...crashing).code).to.equal(0);
    const old = [...copiesOf(instance.prefix, isService)].flatMap(([name, pids]) =>
      name.startsWith('crash') ? pids : [],
    );
    expect(old.length).to.equal(crashing.length);
    const soon = soonFor(() => instance.ctl('list'));
    for (const pid of old) end(pid);
    expect(millisecondsOf(() => expect(instance.ctl('list').code).to.equal(0))).to.be.below(5 * soon);
    const back = (): number =>
      [...copiesOf(instance.prefix, isService)].filter(
        ([name, pids]) => name.startsWith('crash') && pids.length === 1 && !old.includes(pids[0] ?? 0),
      ).length;
    await instance.until('all are back', () => back() === crashing.length);
    expect(instance.ctl('stop', ...crashing)).to.include({ code: 0, stderr: '' });
  });
});

describe('a jaild in a cgroup that lets it have no more processes', () => {
  const limited = `/sys/fs/cgroup/pids/jaild-test-few-${process.pid}`;
  const instance = new TestInstance(['sh', '-c', `echo 0 > ${limited}/cgroup.procs && exec "$@"`, 'sh']);
  let hasController = false;

  before(async function () {
    hasController = existsSync('/sys/fs/cgroup/pids');
    if (!hasController) return this.skip();
    mkdirSync(limited);
    instance.configure(
      '* { path = "$root"; command = "/bin/sleep 1000"; restart.delay = "100ms"; } one { } two { exec.prestart = "/bin/true"; }',
    );
    await instance.start();
    expect(instance.ctl('start', 'one').code).to.equal(0);
  });

  after(async () => {
    await instance.close();
    if (hasController) rmdirSync(limited);
  });

  it('says so, keeps what it has, and starts the jail when it may', async () => {
    const { pid } = instance.status('one');
    writeFileSync(`${limited}/pids.max`, '1');
    const { code, stderr } = instance.ctl('start', 'two');
    expect(stderr).to.match(/^error: two: not started: .*(temporarily unavailable|EAGAIN)/im);
    expect(code).to.equal(1);
    expect(instance.status('one')).to.include({ state: 'running', pid });
    writeFileSync(`${limited}/pids.max`, 'max');
    await instance.until('two runs', () => instance.status('two').state === 'running');
  });
});
