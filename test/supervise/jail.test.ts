import { expect } from 'chai';
import type { Ended } from '../../src/host/host.js';
import { noSuchFile } from '../support/fake-host.js';
import { jail, Stage } from '../support/stage.js';

const CRASH = { how: 'signal', code: 9 } as const;
const exit = (code: number) => ({ how: 'exit', code }) as const;
const hooks = {
  'exec.prestart': ['prestart'],
  'exec.poststart': ['poststart'],
  'exec.prestop': ['prestop'],
  'exec.stop': ['stop'],
  'exec.poststop': ['poststop'],
  'exec.release': ['release'],
};

describe('a jail that is started and stopped', () => {
  it('goes through its steps in order, and back', async () => {
    const stage = new Stage([jail('web', hooks)]);
    const [up] = await stage.supervisor.start(['web']);
    expect(up).to.deep.equal({
      jail: 'web',
      ok: true,
      changed: true,
      message: 'started (pid 4011, 0.0 s)',
      code: 0,
    });
    const [down] = await stage.supervisor.stop(['web']);
    expect(down).to.deep.equal({ jail: 'web', ok: true, changed: true, message: 'stopped (0.0 s)', code: 0 });
    expect(stage.host.steps).to.deep.equal([
      'run rundir.create',
      'run cgroup.create',
      'run hook.run prestart',
      'run jailer.spawn',
      'run jailer.go',
      'run hook.run poststart',
      'run hook.run prestop',
      'run jail.exec stop',
      'run hook.run poststop',
      'undo jailer.spawn',
      'undo cgroup.create',
      'undo rundir.create',
      'run hook.run release',
    ]);
    expect(stage.host.jailerOf('web').signals).to.deep.equal([15]);
    expect(stage.host.clock.pending).to.equal(0);
  });

  it('says so when there is nothing to do', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    const again = await stage.supervisor.start(['web']);
    expect(again).to.deep.equal([
      { jail: 'web', ok: true, changed: false, message: 'already running', code: 0 },
    ]);
    await stage.supervisor.stop(['web']);
    const still = await stage.supervisor.stop(['web']);
    expect(still).to.deep.equal([
      { jail: 'web', ok: true, changed: false, message: 'already stopped', code: 0 },
    ]);
  });

  it('is killed when it does not hear SIGTERM, stop.timeout later', async () => {
    const stage = new Stage([jail('web', { 'stop.timeout': 3 })]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    const stopping = stage.supervisor.stop(['web']);
    await stage.pass(2999);
    expect([stage.state('web'), stage.host.jailerOf('web').signals]).to.deep.equal(['stopping', [15]]);
    await stage.pass(1);
    expect(await stopping).to.deep.equal([
      { jail: 'web', ok: true, changed: true, message: 'stopped (3.0 s)', code: 0 },
    ]);
    expect(stage.host.jailerOf('web').signals).to.deep.equal([15, 9]);
    expect(stage.causes('web')).to.include('timeout');
  });

  it('is killed at once with stop.timeout = 0 and with force, which runs no stop commands', async () => {
    const stage = new Stage([jail('a', { 'stop.timeout': 0 }), jail('b', hooks)]);
    stage.host.scripts.set('a', { ignoresTerm: true }).set('b', { ignoresTerm: true });
    await stage.supervisor.start(['a', 'b']);
    await stage.supervisor.stop(['a']);
    const [forced] = await stage.supervisor.stop(['b'], { force: true });
    expect(forced?.ok).to.equal(true);
    expect(stage.host.steps).to.not.include('run hook.run prestop');
  });

  it('is thawed before it is asked to end', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    expect((await stage.supervisor.pause('web')).message).to.equal('paused');
    expect(stage.state('web')).to.equal('paused');
    expect((await stage.supervisor.start(['web']))[0]?.message).to.equal('already running, but paused');
    const [down] = await stage.supervisor.stop(['web']);
    expect(down?.ok).to.equal(true);
    expect(stage.host.frozen.slice(0, 2)).to.deep.equal([
      ['web', true],
      ['web', false],
    ]);
  });

  it('runs on when it cannot be frozen', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.host.failing.set('freeze', noSuchFile('/cgroup/web/cgroup.freeze'));
    expect((await stage.supervisor.pause('web')).ok).to.equal(false);
    expect(stage.state('web')).to.equal('running');
  });

  it('is stuck when it cannot be killed: no second copy, and cleaned when it is gone at last', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { ignoresTerm: true, unkillable: true });
    await stage.supervisor.start(['web']);
    const stopping = stage.supervisor.stop(['web']);
    await stage.pass(15_000);
    expect((await stopping)[0]?.message).to.equal('not stopped: it was killed and is not gone');
    const [start] = await stage.supervisor.start(['web']);
    expect([start?.ok, stage.state('web'), stage.starts('web')]).to.deep.equal([false, 'stuck', 1]);
    stage.host.scripts.set('web', {});
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(0);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
  });

  it('is not taken for gone while nobody can tell whether it is', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.host.failing.set('population', new Error('too many open files'));
    const stopping = stage.supervisor.stop(['web']);
    await stage.pass(2000);
    expect((await stopping)[0]).to.include({ ok: false, code: 1 });
    expect(stage.state('web')).to.equal('stuck');
    stage.host.failing.clear();
    await stage.pass(1000);
    expect([stage.state('web'), stage.host.steps.at(-1)]).to.deep.equal(['stopped', 'undo rundir.create']);
  });

  it('stays up when a stop command fails, unless it is forced', async () => {
    const stage = new Stage([jail('web', hooks)]);
    await stage.supervisor.start(['web']);
    stage.host.failing.set('jail.exec stop', new Error('exec.stop stop: exited 1'));
    const [outcome] = await stage.supervisor.stop(['web']);
    expect([outcome?.ok, outcome?.hint, stage.state('web'), stage.status('web').want]).to.deep.equal([
      false,
      'stop it anyway with --force',
      'running',
      'up',
    ]);
    await stage.supervisor.stop(['web'], { force: true });
    expect(stage.state('web')).to.equal('stopped');
  });

  it('tells what could not be cleaned, and cleans the rest', async () => {
    const stage = new Stage([jail('web', hooks)]);
    await stage.supervisor.start(['web']);
    stage.host.failing.set('undo cgroup.create', noSuchFile('/cgroup/web'));
    const [outcome] = await stage.supervisor.stop(['web']);
    expect(outcome?.message).to.equal('stopped, but: mount /cgroup/web: No such file or directory');
    expect(stage.host.steps.slice(-2)).to.deep.equal(['undo rundir.create', 'run hook.run release']);
  });
});

describe('a start and a stop that meet', () => {
  it('end stopped when the stop comes during the preparation, with all undone and no hooks run', async () => {
    const stage = new Stage([jail('web', hooks)]);
    let go: () => void = () => undefined;
    stage.host.slow.set('hook.run prestart', new Promise((resolve) => (go = resolve)));
    const starting = stage.supervisor.start(['web']);
    await stage.pass(0);
    const stopping = stage.supervisor.stop(['web']);
    await stage.pass(0);
    expect(stage.state('web')).to.equal('stopping');
    go();
    expect([(await stopping)[0]?.ok, (await starting)[0]?.message]).to.deep.equal([
      true,
      'not started: stopped meanwhile',
    ]);
    expect([stage.state('web'), stage.starts('web'), stage.status('web').exit]).to.deep.equal([
      'stopped',
      0,
      null,
    ]);
    expect(stage.host.steps.slice(-2)).to.deep.equal(['undo cgroup.create', 'undo rundir.create']);
  });

  it('do not wait for a command on the host that hangs: it is killed after stop.timeout, and at once with force', async () => {
    const stage = new Stage([jail('web', { ...hooks, 'stop.timeout': 5 })]);
    stage.host.slow.set('hook.run prestart', new Promise(() => undefined));
    for (const [force, ms] of [
      [false, 5000],
      [true, 0],
    ] as const) {
      void stage.supervisor.start(['web']);
      await stage.pass(0);
      const stopping = stage.supervisor.stop(['web'], { force });
      await stage.pass(Math.max(0, ms - 1));
      expect(stage.state('web')).to.equal(force ? 'stopped' : 'stopping');
      await stage.pass(1);
      expect((await stopping)[0]).to.include({ ok: true, jail: 'web' });
    }
  });

  it('are over at once when forced, whichever command on the host is under way', async () => {
    for (const command of ['poststart', 'prestop', 'poststop']) {
      const stage = new Stage([jail('web', hooks)]);
      stage.host.slow.set(`hook.run ${command}`, new Promise(() => undefined));
      void stage.supervisor.start(['web']);
      await stage.pass(0);
      if (command !== 'poststart') void stage.supervisor.stop(['web']);
      await stage.pass(0);
      void stage.supervisor.stop(['web'], { force: true });
      await stage.pass(0);
      if (command !== 'poststop') expect(stage.state('web'), command).to.equal('stopped');
      await stage.pass(20);
      expect(stage.state('web'), command).to.equal('stopped');
    }
  });

  it('end stopped when the stop comes while exec.start runs', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { start: 'hang' });
    const starting = stage.supervisor.start(['web']);
    await stage.pass(1000);
    expect((await stage.supervisor.stop(['web']))[0]?.ok).to.equal(true);
    expect([(await starting)[0]?.ok, stage.state('web')]).to.deep.equal([false, 'stopped']);
    await stage.pass(200_000);
    expect(stage.starts('web')).to.equal(1);
  });

  it('end running when the start comes during the stop, which is finished first', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    const stopping = stage.supervisor.stop(['web']);
    await stage.pass(5000);
    const starting = stage.supervisor.start(['web']);
    await stage.pass(5000);
    expect([(await stopping)[0]?.ok, (await starting)[0]?.ok]).to.deep.equal([true, true]);
    expect([stage.state('web'), stage.starts('web'), stage.status('web').want]).to.deep.equal([
      'running',
      2,
      'up',
    ]);
  });

  it('end stopped when a second stop follows a start during the stop, and the second joins the first', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    const first = stage.supervisor.stop(['web']);
    await stage.pass(1000);
    const start = stage.supervisor.start(['web']);
    const second = stage.supervisor.stop(['web']);
    await stage.pass(10_000);
    expect([await first, await second].map(([outcome]) => outcome?.ok)).to.deep.equal([true, true]);
    expect([(await start)[0]?.ok, stage.state('web'), stage.starts('web')]).to.deep.equal([
      false,
      'stopped',
      1,
    ]);
  });

  it('never make two copies, at whatever moment they come', async () => {
    for (let offset = 0; offset < 60; offset += 3) {
      const stage = new Stage([jail('web', hooks)]);
      stage.host.scripts.set('web', offset % 2 === 0 ? { ignoresTerm: true } : {});
      stage.host.slow.set(
        'hook.run',
        new Promise((resolve) => void stage.host.clock.setTimeout(20, resolve)),
      );
      const all = [stage.supervisor.start(['web'])];
      await stage.pass(offset);
      all.push(stage.supervisor.stop(['web']));
      await stage.pass(offset);
      all.push(stage.supervisor.start(['web']));
      await stage.pass(30_000);
      await Promise.all(all);
      expect(stage.state('web'), `offset ${offset}`).to.equal('running');
    }
  });
});

describe('a jail that ends by itself', () => {
  it('is started again 0.1 s after its main process was killed', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(99);
    expect(stage.state('web')).to.equal('backoff');
    await stage.pass(1);
    const { state, restarts, exit: last } = stage.status('web');
    expect([state, restarts, last?.cause, stage.starts('web')]).to.deep.equal([
      'running',
      1,
      'signal 9 (SIGKILL)',
      2,
    ]);
  });

  it('has ended with exit 0, is started again with exit 3, has failed with exit 78', async () => {
    const stage = new Stage([jail('a'), jail('b'), jail('c')]);
    await stage.supervisor.start(['a', 'b', 'c']);
    stage.host.jailerOf('a').end(exit(0));
    stage.host.jailerOf('b').end(exit(3));
    stage.host.jailerOf('c').end(exit(78));
    await stage.pass(1000);
    expect(['a', 'b', 'c'].map((name) => stage.state(name))).to.deep.equal(['ended', 'running', 'failed']);
  });

  it('comes back at once with restart.delay = 0', async () => {
    const stage = new Stage([jail('web', { 'restart.delay': 0 })]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(0);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
  });

  it('is tried for ever on the curve, and called flapping at the fifth failure', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { ends: exit(1) });
    await stage.supervisor.start(['web']);
    const at: number[] = [];
    const flapping: boolean[] = [];
    const began = stage.host.clock.monotonic();
    for (let i = 0; i < 12; i++) {
      await stage.pass(0);
      flapping.push(stage.status('web').flapping);
      const retry = stage.status('web').retryAt?.getTime() ?? NaN;
      at.push(retry - stage.host.clock.now());
      await stage.pass(retry - stage.host.clock.now());
    }
    expect(at).to.deep.equal([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
    expect(flapping.indexOf(true)).to.equal(4);
    expect(stage.host.clock.monotonic() - began).to.equal(at.reduce((a, b) => a + b));
    stage.host.scripts.set('web', {});
    await stage.pass(60_000);
    expect([stage.state('web'), stage.status('web').flapping]).to.deep.equal(['running', true]);
    await stage.pass(7 * 60_000);
    expect(stage.status('web').flapping).to.equal(false);
  });

  it('starts at once when asked during the backoff, and keeps its count', async () => {
    const stage = new Stage([jail('web', { 'restart.delay': 50 })]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(10);
    const [outcome] = await stage.supervisor.start(['web']);
    expect([outcome?.ok, stage.state('web')]).to.deep.equal([true, 'running']);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(0);
    expect(stage.status('web').retryAt?.getTime()).to.equal(stage.host.clock.now() + 60_000);
  });

  it('stays stopped when stopped during the backoff', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(50);
    expect((await stage.supervisor.stop(['web']))[0]?.ok).to.equal(true);
    await stage.pass(100_000);
    expect([stage.state('web'), stage.starts('web'), stage.host.clock.pending]).to.deep.equal([
      'stopped',
      1,
      0,
    ]);
  });

  it('stays while something of it is left, and has ended with the last of it', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('web').commandEnds(exit(0));
    await stage.pass(60_000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
    stage.host.jailerOf('web').end(exit(0));
    await stage.pass(60_000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['ended', 1]);
  });

  it('keeps its last ten ends, each once, also for a jaild that comes back', async () => {
    const stage = new Stage([jail('web', { 'restart.delay': 1, 'restart.max_delay': 1 })]);
    stage.host.scripts.set('web', { ends: exit(3) });
    await stage.supervisor.start(['web']);
    await stage.pass(20_000);
    await stage.restartDaemon(0);
    const { exits, exit: last } = stage.status('web');
    expect(exits.map(({ cause, reason }) => `${cause} ${reason}`)).to.deep.equal(
      Array<string>(10).fill('exit 3 exit'),
    );
    expect(exits.at(-1)).to.deep.equal(last);
    expect(new Set(exits.map(({ at }) => at.getTime())).size).to.equal(10);
  });

  it('tells of each end in an event of its own', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    await stage.pass(2000);
    stage.host.oomKills.set('web', 1);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(1000);
    await stage.supervisor.stop(['web']);
    const told = stage.supervisor.journal.since(0).filter(({ kind }) => kind === 'exit' || kind === 'oom');
    expect(told.map(({ kind, data }) => [kind, data ?? null])).to.deep.equal([
      ['exit', { code: null, signal: 9, oom: true, cause: 'oom', up_ms: 2000 }],
      ['oom', null],
      ['exit', { code: null, signal: 15, oom: false, cause: 'stop', up_ms: 900 }],
    ]);
  });

  it('ran out of memory when the killer has been at it', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.host.oomKills.set('web', 1);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(200);
    const { state, exit: last } = stage.status('web');
    expect([state, last?.oom, last?.cause, last?.hint]).to.deep.equal([
      ...['running', true, 'out of memory'],
      'it has no memory.max: other limits, or the host, left it no memory',
    ]);
  });

  it('tells with its end which limit of its own may have been the cause', async () => {
    const stage = new Stage([jail('web', { 'pids.max': 4, 'memory.max': 7 }), jail('db')]);
    const hintOf = async (name: string, ended: Ended): Promise<string | undefined> => {
      await stage.supervisor.start([name]);
      stage.host.jailerOf(name).end(ended);
      await stage.pass(0);
      return stage.status(name).exit?.hint;
    };
    const failed = { how: 'exit', code: 1 } as const;
    expect(await hintOf('web', failed)).to.equal(undefined);
    stage.host.refusedForks.set('web', 1);
    expect(await hintOf('web', failed)).to.equal(
      'once it could not start a process: it may have 4 (pids.max)',
    );
    expect(await hintOf('web', { how: 'exit', code: 0 })).to.equal(undefined);
  });

  it('tells why it could not start once, where it comes to rest, and not again with the next try', async () => {
    const stage = new Stage([jail('web', { 'exec.start': ['prepare'] })]);
    stage.host.scripts.set('web', { start: { how: 'exit', code: 3 } });
    await stage.supervisor.start(['web']);
    await stage.pass(100);
    const moves = stage.supervisor.journal.since(0).filter(({ kind }) => kind === 'state');
    const why = 'exec.start "prepare": exited 3';
    expect(moves.filter(({ cause }) => cause.includes(why)).length).to.be.greaterThan(0);
    expect(moves.filter(({ detail }) => detail !== '')).to.deep.equal([]);
  });

  it('is not out of memory by a kill of an earlier run', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.oomKills.set('web', 3);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(0);
    expect(stage.status('web').exit?.oom).to.equal(false);
  });

  it('is killed to the last process before it starts again when its jailer is lost', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.host.strays.set('web', 2);
    stage.host.jailerOf('web').vanish();
    await stage.pass(200);
    const { state, exit: last } = stage.status('web');
    expect([state, last?.cause, stage.starts('web')]).to.deep.equal(['running', 'jailer lost', 2]);
    expect(stage.host.killedCgroups).to.deep.equal(['web']);
  });
});

describe('a start that fails', () => {
  it('undoes what was done, runs no hooks, names the step and tries again', async () => {
    const stage = new Stage([jail('web', hooks)]);
    stage.host.failing.set('jailer.spawn', noSuchFile('/jails/web'));
    const outcome = await stage.supervisor.start(['web']);
    expect(outcome).to.deep.equal([
      {
        jail: 'web',
        ok: false,
        changed: true,
        code: 1,
        message: 'not started: mount /jails/web: No such file or directory',
      },
    ]);
    expect(stage.host.steps).to.deep.equal([
      'run rundir.create',
      'run cgroup.create',
      'run hook.run prestart',
      'run jailer.spawn',
      'undo cgroup.create',
      'undo rundir.create',
    ]);
    expect([stage.state('web'), stage.status('web').exit?.code]).to.deep.equal(['backoff', 2]);
    stage.host.failing.clear();
    await stage.pass(100);
    expect(stage.state('web')).to.equal('running');
  });

  it('says which command of exec.start failed, and how', async () => {
    const stage = new Stage([jail('web', { 'exec.start': ['/bin/sh /etc/rc'], restart: 'no' })]);
    stage.host.scripts.set('web', { start: exit(3) });
    const [outcome] = await stage.supervisor.start(['web']);
    expect(outcome?.message).to.equal('not started: exec.start "/bin/sh /etc/rc": exited 3');
    expect([stage.state('web'), stage.status('web').exit?.cause]).to.deep.equal([
      'failed',
      'not started: exec.start "/bin/sh /etc/rc": exited 3',
    ]);
  });

  it('says which step inside failed, on what, and where the file asks for it', async () => {
    const stage = new Stage([jail('web', { restart: 'no' })]);
    stage.host.scripts.set('web', {
      ends: exit(0),
      breaks: { how: 'error', code: 2, step: 'root', subject: '/jails/web' },
    });
    const [outcome] = await stage.supervisor.start(['web']);
    expect([outcome?.message, outcome?.hint]).to.deep.equal([
      'not started: root /jails/web: No such file or directory',
      '"path" must name a directory; "path" is set at /etc/jail.conf:3:3',
    ]);
  });

  it('is given up after start.timeout and tried again', async () => {
    const stage = new Stage([jail('web', { 'start.timeout': 5 })]);
    stage.host.scripts.set('web', { start: 'hang' });
    const starting = stage.supervisor.start(['web']);
    await stage.pass(5000);
    const [outcome] = await starting;
    expect([outcome?.message, stage.state('web')]).to.deep.equal(['not started: timed out', 'backoff']);
  });

  it('is a start with exec.poststart failing, too: what runs is taken down', async () => {
    const stage = new Stage([jail('web', hooks)]);
    stage.host.failing.set('hook.run poststart', new Error('exec.poststart poststart: exited 1'));
    const [outcome] = await stage.supervisor.start(['web']);
    expect([outcome?.ok, stage.state('web'), stage.host.jailerOf('web').alive]).to.deep.equal([
      false,
      'backoff',
      false,
    ]);
  });

  it('fails for what the host cannot tell, and lets jaild live', async () => {
    const stage = new Stage([jail('web', { restart: 'no' })]);
    stage.host.failing.set('facts', noSuchFile('/proc/cgroups'));
    const [outcome] = await stage.supervisor.start(['web']);
    expect(outcome?.message).to.equal('not started: mount /proc/cgroups: No such file or directory');
    stage.host.failing.clear();
    expect((await stage.supervisor.start(['web']))[0]?.ok).to.equal(true);
  });

  it('is a success when the jail did its work and ended well', async () => {
    const stage = new Stage([jail('job')]);
    stage.host.scripts.set('job', { ends: exit(0) });
    const [outcome] = await stage.supervisor.start(['job']);
    expect([outcome?.ok, stage.state('job')]).to.deep.equal([true, 'ended']);
  });
});
