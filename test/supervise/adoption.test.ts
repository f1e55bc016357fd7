import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { compiled, jail, mistake, Stage } from '../support/stage.js';

const CRASH = { how: 'signal', code: 9 } as const;
const hooks = {
  'exec.prestart': ['prestart'],
  'exec.poststart': ['poststart'],
  'exec.poststop': ['poststop'],
};

describe('a jaild that comes back', () => {
  it('finds its jails running: same pids, uptime and counts kept, nothing run again', async () => {
    const stage = new Stage([jail('web', hooks)]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(1000);
    const before = stage.status('web');
    const steps = stage.host.steps.length;
    await stage.restartDaemon(30_000);
    const { pid, startedAt, restarts, jid, state, exit } = stage.status('web');
    expect({ pid, startedAt, restarts, jid, state, exit }).to.deep.equal({
      pid: before.pid,
      startedAt: before.startedAt,
      restarts: 1,
      jid: 1,
      state: 'running',
      exit: before.exit,
    });
    expect(stage.host.steps.length).to.equal(steps);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(1000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 3]);
  });

  it('starts a jail again by what it ran with while its file has a mistake, until that is mended', async () => {
    const stage = new Stage([jail('web', { 'pids.max': 9 })]);
    await stage.supervisor.start(['web']);
    const wrong = [mistake('pids.max: "nine" is not a number')];
    const limits = (): unknown => stage.host.steps.filter((step) => step.startsWith('run cgroup.set')).length;
    stage.files = compiled([jail('web', {}, wrong)], wrong);
    await stage.restartDaemon();
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(1000);
    expect([stage.state('web'), stage.starts('web'), limits()]).to.deep.equal(['running', 2, 2]);
    expect([stage.status('web').mistakes, stage.status('web').startable]).to.deep.equal([wrong, false]);
    const [refused] = await stage.supervisor.restart(['web']);
    expect([refused?.code, stage.state('web'), stage.starts('web')]).to.deep.equal([2, 'running', 2]);
    stage.files = compiled([jail('web')]);
    await stage.supervisor.reload(false);
    expect([stage.status('web').mistakes, stage.status('web').limits]).to.deep.equal([[], {}]);
  });

  it('counts on from the checks that failed before, and from the output that was lost', async () => {
    const checked = { 'health.command': '/bin/check', 'health.interval': 10, 'health.start_period': 0 };
    const stage = new Stage([jail('web', { ...checked, 'health.retries': 3 })]);
    const failed = { ended: { how: 'exit', code: 1 }, output: '' } as const;
    stage.host.scripts.set('web', { check: () => failed });
    await stage.supervisor.start(['web']);
    await stage.pass(20_500);
    stage.host.jailerOf('web').tellOfLog({ kind: 'log-limited', lines: 7, bytes: 70 });
    await stage.restartDaemon();
    stage.host.jailerOf('web').tellOfLog({ kind: 'log-limited', lines: 1, bytes: 10 });
    expect([stage.state('web'), stage.status('web').lostOutput]).to.deep.equal([
      'running',
      { lines: 8, bytes: 80 },
    ]);
    await stage.pass(10_500);
    expect(stage.status('web').exit?.reason).to.equal('health');
  });

  it('writes no more of a jail that is never well than a record anew from time to time', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    const file = join(stage.host.instance.runDirectory, 'web/state.json');
    const sizes = new Set<number>();
    for (let i = 0; i < 2000; i++) {
      stage.host.jailerOf('web').tellOfLog({ kind: 'log-limited', lines: 1, bytes: 10 });
      sizes.add(readFileSync(file).length);
    }
    expect(Math.max(...sizes)).to.be.lessThan(300 * 1024);
    await stage.restartDaemon();
    expect(stage.status('web').lostOutput).to.deep.equal({ lines: 2000, bytes: 20_000 });
  });

  it('counts on from the failures before', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { ends: { how: 'exit', code: 1 } });
    await stage.supervisor.start(['web']);
    await stage.pass(100 + 200 + 400 + 800 + 1);
    expect(stage.status('web').flapping).to.equal(true);
    await stage.restartDaemon(0);
    expect([stage.state('web'), stage.status('web').flapping, stage.status('web').restarts]).to.deep.equal([
      'backoff',
      true,
      5,
    ]);
    await stage.pass(1600);
    expect(stage.starts('web')).to.equal(6);
  });

  it('starts a jail that had failed when its file was changed meanwhile, and no other', async () => {
    const stage = new Stage([jail('mended', { restart: 'no' }), jail('same', { restart: 'no' })]);
    await stage.supervisor.start(['mended', 'same']);
    for (const name of ['mended', 'same']) stage.host.jailerOf(name).end(CRASH);
    await stage.restartDaemon();
    expect([stage.state('mended'), stage.state('same')]).to.deep.equal(['failed', 'failed']);
    await stage.restartDaemon(0, () => {
      stage.files = compiled([
        jail('mended', { restart: 'no', command: ['/bin/b'] }),
        jail('same', { restart: 'no' }),
      ]);
    });
    expect([stage.state('mended'), stage.state('same')]).to.deep.equal(['running', 'failed']);
  });

  it('takes an exit that it missed as that exit', async () => {
    const stage = new Stage([jail('good'), jail('bad')]);
    await stage.supervisor.start(['good', 'bad']);
    await stage.restartDaemon(100, () => {
      stage.host.jailerOf('good').end({ how: 'exit', code: 0 });
      stage.host.jailerOf('bad').end(CRASH);
    });
    await stage.pass(1000);
    expect([stage.state('good'), stage.starts('good')]).to.deep.equal(['ended', 1]);
    expect([stage.state('bad'), stage.starts('bad')]).to.deep.equal(['running', 2]);
    expect(stage.status('bad').exit?.cause).to.equal('signal 9 (SIGKILL)');
    await stage.restartDaemon(100);
    expect([stage.state('good'), stage.starts('good')]).to.deep.equal(['ended', 1]);
  });

  it('goes by what was asked last, also of a jail that was on its way', async () => {
    const stubborn = { ignoresTerm: true };
    const stage = new Stage(['called-off', 'stays-down', 'comes-back'].map((name) => jail(name, hooks)));
    const { supervisor, host } = stage;
    host.scripts.set('stays-down', stubborn).set('comes-back', stubborn);
    await supervisor.start(['stays-down', 'comes-back']);
    host.slow.set('hook.run prestart', new Promise(() => undefined));
    void supervisor.start(['called-off']);
    await stage.pass(0);
    void supervisor.stop(['called-off']);
    void supervisor.restart(['stays-down']);
    void supervisor.stop(['comes-back']);
    await stage.pass(0);
    void supervisor.stop(['stays-down']);
    void supervisor.start(['comes-back']);
    await stage.pass(0);
    host.slow.clear();
    await stage.restartDaemon(100);
    await stage.pass(60_000);
    const states = ['called-off', 'stays-down', 'comes-back'].map((name) => stage.state(name));
    expect(states).to.deep.equal(['stopped', 'stopped', 'running']);
  });

  it('starts a jail again that crashes after a stop that was abandoned', async () => {
    const stage = new Stage([jail('web', { 'exec.stop': ['say goodbye'] })]);
    await stage.supervisor.start(['web']);
    stage.host.failing.set('jail.exec', new Error('no'));
    await stage.supervisor.stop(['web']);
    await stage.restartDaemon(100);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(1000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
  });

  it('kills what a lost jailer left, and starts the jail again', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    await stage.restartDaemon(0, () => {
      stage.host.jailerOf('web').vanish();
      stage.host.strays.set('web', 3);
    });
    await stage.pass(1000);
    expect([stage.state('web'), stage.starts('web'), stage.status('web').exit?.cause]).to.deep.equal([
      'running',
      2,
      'jailer lost',
    ]);
    expect(stage.host.killedCgroups).to.deep.equal(['web']);
  });

  it('does not take another jailer of that name for its own', async () => {
    const stage = new Stage([jail('web', { restart: 'no' })]);
    await stage.supervisor.start(['web']);
    const stranger = stage.host.jailerOf('web');
    Object.assign(stranger, { launch: 'somebody-else' });
    await stage.restartDaemon(0);
    expect(stranger.signals).to.deep.equal([]);
  });

  it('takes down what was half built and builds it again, which is no failure', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.slow.set('jailer.go', new Promise(() => undefined));
    void stage.supervisor.start(['web']);
    await stage.pass(0);
    stage.host.slow.clear();
    await stage.restartDaemon(0);
    await stage.pass(100);
    expect([stage.state('web'), stage.starts('web'), stage.status('web').restarts]).to.deep.equal([
      'running',
      2,
      0,
    ]);
  });

  it('goes on with a stop that was under way', async () => {
    const stage = new Stage([jail('web', hooks)]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    void stage.supervisor.stop(['web']);
    await stage.pass(5000);
    await stage.restartDaemon(0);
    expect(stage.state('web')).to.equal('stopping');
    await stage.pass(10_000);
    expect([stage.state('web'), stage.host.steps.includes('run hook.run poststop')]).to.deep.equal([
      'stopped',
      true,
    ]);
  });

  it('gives a start under way no more time than it had', async () => {
    const stage = new Stage([jail('web', { 'start.timeout': 60, restart: 'no' })]);
    stage.host.scripts.set('web', { start: 'hang' });
    void stage.supervisor.start(['web']);
    await stage.pass(40_000);
    await stage.restartDaemon(0);
    await stage.pass(10_000);
    const before = stage.state('web');
    await stage.pass(20_000);
    expect([before, stage.state('web')]).to.deep.equal(['starting', 'failed']);
  });

  it('keeps down what was stopped when there was no time to note that it is wanted down', async () => {
    const stage = new Stage([jail('web', hooks)]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    const wants = join(stage.host.instance.stateDirectory, 'wants.json');
    const before = readFileSync(wants);
    void stage.supervisor.stop(['web']);
    await stage.restartDaemon(0, () => writeFileSync(wants, before));
    await stage.pass(60_000);
    await stage.supervisor.saved();
    await stage.restartDaemon(0);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['stopped', 1]);
  });

  it('starts again what was only stopped because jaild was to end, when that was cut short', async () => {
    const stage = new Stage([jail('web', hooks)]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    void stage.supervisor.shutdown();
    await stage.pass(5000);
    await stage.restartDaemon(0);
    await stage.pass(60_000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
  });

  it('touches nothing of another boot, and starts what is wanted', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    const old = stage.host.jailerOf('web');
    stage.host.jailers.clear();
    stage.host.boot = 'boot-2';
    await stage.restartDaemon(0);
    expect([old.signals, stage.host.killedCgroups, stage.state('web'), stage.starts('web')]).to.deep.equal([
      [],
      [],
      'running',
      2,
    ]);
  });

  it('moves aside a record that makes no sense, and finds the jail by its jailer', async () => {
    for (const garbage of ['', '{"schema":1', '\u0000\u0001', '{"schema":99,"name":"web"}', '[]']) {
      const stage = new Stage([jail('web'), jail('db')]);
      await stage.supervisor.start(['web', 'db']);
      const file = join(stage.host.instance.runDirectory, 'web', 'state.json');
      await stage.restartDaemon(0, () => writeFileSync(file, garbage));
      expect([stage.state('web'), stage.state('db'), stage.starts('web')], garbage).to.deep.equal([
        'running',
        'running',
        1,
      ]);
      expect(existsSync(`${file}.broken`), garbage).to.equal(true);
    }
  });

  it('believes a record up to where jaild was cut off while it added to it', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    const file = join(stage.host.instance.runDirectory, 'web', 'state.json');
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    expect(lines.map((line) => (JSON.parse(line) as { doing: string; plan?: unknown }).doing)).to.deep.equal([
      'preparing',
      'running',
    ]);
    for (const large of ['"plan"', '"params"'])
      expect(lines.map((line) => line.includes(large))).to.deep.equal([true, false]);
    await stage.restartDaemon(0, () => appendFileSync(file, '{"schema":1,"name":"web","doing":"stopp'));
    expect([stage.state('web'), stage.starts('web'), existsSync(`${file}.broken`)]).to.deep.equal([
      'running',
      1,
      false,
    ]);
  });

  it('judges anew of a jail that was to begin again at once, by the end that is on record', async () => {
    const stage = new Stage([jail('db'), jail('web', { depend: ['db'], 'restart.delay': 0 })]);
    const { host } = stage;
    await stage.supervisor.start(['web']);
    host.scripts.set('db', { start: { how: 'exit', code: 1 } });
    host.jailerOf('db').end(CRASH);
    await stage.pass(1);
    host.oomKills.set('web', 1);
    host.jailerOf('web').end(CRASH);
    await stage.pass(1);
    host.oomKills.clear();
    const known = () => {
      const { state, restarts, exits } = stage.status('web');
      return [state, restarts, exits.map(({ cause }) => cause), stage.starts('web')];
    };
    expect(known()).to.deep.equal(['waiting', 1, ['out of memory'], 1]);
    await stage.restartDaemon(0);
    await stage.pass(1);
    expect(known()).to.deep.equal(['waiting', 1, ['out of memory'], 1]);
    host.scripts.clear();
    await stage.supervisor.start(['db']);
    await stage.pass(1);
    expect(known()).to.deep.equal(['running', 1, ['out of memory'], 2]);
  });

  it('leaves no record of a jail that is stopped while it waits to begin again at once', async () => {
    const stage = new Stage([jail('db'), jail('web', { depend: ['db'], 'restart.delay': 0 })]);
    const directory = join(stage.host.instance.runDirectory, 'web');
    await stage.supervisor.start(['web']);
    stage.host.scripts.set('db', { start: { how: 'exit', code: 1 } });
    stage.host.jailerOf('db').end(CRASH);
    await stage.pass(1);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(1);
    expect([stage.state('web'), existsSync(directory)]).to.deep.equal(['waiting', true]);
    await stage.supervisor.stop(['web']);
    expect([stage.state('web'), existsSync(directory)]).to.deep.equal(['stopped', false]);
  });

  it('keeps records short, however often a jail begins again', async () => {
    const stage = new Stage([jail('web', { 'restart.delay': 0, 'restart.limit': 0 })]);
    const file = join(stage.host.instance.runDirectory, 'web', 'state.json');
    await stage.supervisor.start(['web']);
    const sizes: number[] = [];
    for (let life = 1; life < 300; life++) {
      stage.host.jailerOf('web').end(CRASH);
      await stage.pass(1);
      sizes.push(readFileSync(file).length);
    }
    expect(Math.max(...sizes)).to.be.below(300_000);
    expect(sizes.filter((size, life) => size < (sizes[life - 1] ?? 0)).length).to.be.above(0);
    await stage.restartDaemon(0);
    expect([stage.state('web'), stage.starts('web'), stage.status('web').restarts]).to.deep.equal([
      'running',
      300,
      299,
    ]);
  });

  it('starts with an empty memory when the file of wants makes no sense', async () => {
    const stage = new Stage([jail('web')]);
    mkdirSync(stage.host.instance.stateDirectory, { recursive: true });
    await stage.restartDaemon(0, () =>
      writeFileSync(join(stage.host.instance.stateDirectory, 'wants.json'), '{'),
    );
    expect(readdirSync(stage.host.instance.stateDirectory)).to.include('wants.json.broken');
    expect((await stage.supervisor.start(['web']))[0]?.ok).to.equal(true);
  });

  it('leaves no record of a jail that is stopped', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    await stage.supervisor.stop(['web']);
    expect(existsSync(join(stage.host.instance.runDirectory, 'web'))).to.equal(false);
  });
});
