import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { compile } from '../../src/config/compile.js';
import { withholdBroken } from '../../src/config/jail.js';
import { params, type JailParams } from '../../src/config/params.js';
import { compiled, jail, outline, Stage } from '../support/stage.js';

const compileText = (text: string) => compile(['jail.conf'], { readFile: () => text, glob: () => [] });

/** Fails when two copies of a jail would run, as the host does. */
async function running(values: Readonly<Record<string, JailParams>>): Promise<Stage> {
  const stage = new Stage(Object.entries(values).map(([name, own]) => jail(name, own)));
  await stage.supervisor.start(Object.keys(values));
  return stage;
}

/** The jail of a text, running. */
async function written(text: string): Promise<Stage> {
  const stage = new Stage([]);
  stage.files = compileText(text);
  await stage.supervisor.reload(false);
  await stage.supervisor.start(['web']);
  return stage;
}

describe('a reload of files with a mistake', () => {
  const good = `web { path = /a; persist; } db { path = /b; persist; ip4.addr = 10.0.0.1; }`;
  const mistakes = {
    'unexpected-end': 'web { path = /a; persist; pids.max = 7 ',
    'dependency-cycle': 'web { path = /a; persist; depend = db; } db { path = /b; persist; depend = web; }',
    'duplicate-jail':
      'web { path = /a; persist; pids.max = 7; } web { path = /c; persist; } db { path = /b; persist; }',
    'duplicate-address': `web { path = /a; persist; ip4.addr = 10.0.0.1; } ${good.slice(good.indexOf('db'))}`,
    'unknown-parameter': 'web { path = /a; persist; pids.maximum = 7; }',
  };
  for (const [code, text] of Object.entries(mistakes))
    it(`leaves everything as it is: ${code}`, async () => {
      const stage = new Stage([]);
      const files = compileText(good);
      stage.files = files;
      await stage.supervisor.reload(false);
      await stage.supervisor.start(['web', 'db']);
      stage.files = compileText(text);
      const result = await stage.supervisor.reload(false);
      expect([result.ok, result.changes]).to.deep.equal([false, []]);
      expect(result.diagnostics.map((one): string => one.code)).to.include(code);
      expect(stage.supervisor.configuration).to.equal(files);
      expect(
        ['web', 'db'].map((name) => [stage.state(name), stage.starts(name), stage.status(name).stale]),
      ).to.deep.equal([
        ['running', 1, false],
        ['running', 1, false],
      ]);
      await stage.supervisor.restart(['db']);
      expect(stage.supervisor.definition('db')?.values.path).to.equal('/b');
    });
});

describe('a reload of a file that somebody holds open to write to it', () => {
  it('is refused after a while, and changes nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'jaild-reload-'));
    const file = join(directory, 'jail.conf');
    const fd = openSync(file, 'w');
    const stage = new Stage([jail('web'), jail('db')]);
    await stage.supervisor.start(['db']);
    stage.host.jailerOf('db').end({ how: 'exit', code: 1 });
    stage.files = { ...compiled([jail('web')]), files: [file] };
    const reload = stage.supervisor.reload(false);
    for (let n = 0; n < 4; n++) await stage.pass(1000);
    const { ok, diagnostics } = await reload;
    expect([ok, diagnostics.map(({ message }) => message)]).to.deep.equal([
      false,
      [`${file} keeps changing: it may be half written`],
    ]);
    closeSync(fd);
    expect([stage.state('db'), stage.supervisor.has('db')]).to.deep.equal(['running', true]);
    rmSync(directory, { recursive: true });
  });
});

describe('the status of a jail whose files are wrong', () => {
  const good = 'web { path = /a; persist; } db { path = /b; persist; }';

  it('has the mistake since a reload was refused, until one is not', async () => {
    const stage = new Stage([]);
    stage.files = compileText(good);
    await stage.supervisor.reload(false);
    const told = () => ['web', 'db'].map((name) => stage.status(name).mistakes.map(({ code }) => code));
    stage.files = compileText(good.replace('persist', 'persist; pids.maximum = 7'));
    await stage.supervisor.reload(true);
    expect(told()).to.deep.equal([[], []]);
    await stage.supervisor.reload(false);
    expect(told()).to.deep.equal([['unknown-parameter'], []]);
    expect(stage.supervisor.mistakes.map(({ code }) => code)).to.deep.equal(['unknown-parameter']);
    expect(stage.status('web').startable).to.equal(true);
    stage.files = compileText(good);
    await stage.supervisor.reload(false);
    expect([...told(), stage.supervisor.mistakes]).to.deep.equal([[], [], []]);
  });

  it('has a mistake of syntax for every jail', async () => {
    const stage = new Stage([]);
    stage.files = compileText(good);
    await stage.supervisor.reload(false);
    stage.files = withholdBroken(compileText(good.slice(0, -2)));
    await stage.supervisor.reload(false);
    expect(['web', 'db'].map((name) => stage.status(name).mistakes.length > 0)).to.deep.equal([true, true]);
  });
});

describe('a jail that is gone from the files before it is up', () => {
  it('is forgotten, whether it waits for another one or for its next try', async () => {
    const stage = new Stage([]);
    stage.files = compileText(
      'db { path = /b; persist; exec.prestart = no; } web { path = /a; persist; depend = db; }',
    );
    stage.host.failing.set('hook.run no', new Error('exec.prestart no: exited 1'));
    await stage.supervisor.reload(false);
    await stage.supervisor.start(['web']);
    expect([stage.state('db'), stage.state('web')]).to.deep.equal(['backoff', 'waiting']);
    stage.host.failing.clear();
    stage.files = compileText('other { path = /o; persist; }');
    const { changes } = await stage.supervisor.reload(false);
    expect(changes.filter(({ runs }) => runs)).to.deep.equal([]);
    await stage.pass(120_000);
    expect(stage.supervisor.status().map(({ name, state }) => [name, state])).to.deep.equal([
      ['other', 'stopped'],
    ]);
    expect([stage.starts('db'), stage.starts('web')]).to.deep.equal([0, 0]);
  });
});

describe('a key of env that has changed', () => {
  it('is told of with its place', async () => {
    const stage = await written('web { path = /a; persist; env.KEY = 1; }');
    stage.files = compileText('web { path = /a; persist; env.KEY = 2; }');
    const { changes } = await stage.supervisor.reload(true);
    const causes = changes.flatMap((one) => one.causes);
    expect(causes.map(({ parameter, at }) => [parameter, at?.line, at?.column])).to.deep.equal([
      ['env.KEY', 1, 27],
    ]);
  });
});

describe('what a running jail is stopped by', () => {
  const before = { 'exec.stop': ['old'], 'exec.prestop': ['old-pre'], 'exec.poststop': ['old-post'] };
  const after = { 'exec.stop': ['new'], 'exec.prestop': ['new-pre'], 'exec.poststop': ['new-post'] };
  const commands = (stage: Stage): readonly string[] =>
    stage.host.steps
      .filter((step) => /(jail\.exec|hook\.run)/.test(step))
      .map((step) => step.split(' ').at(-1) ?? '');

  async function stopped(change: (stage: Stage) => Promise<unknown>): Promise<readonly string[]> {
    const stage = await running({ web: before });
    await change(stage);
    stage.host.steps.length = 0;
    await stage.supervisor.stop(['web']);
    return commands(stage);
  }
  const old = ['old-pre', 'old', 'old-post'];

  it('is what it was started with while its file says something else that nobody has read', async () => {
    expect(
      await stopped((stage) => {
        stage.files = compiled([jail('web', after)]);
        return Promise.resolve();
      }),
    ).to.deep.equal(old);
  });

  it('is that also when it is gone from the files, or a later jaild has read others', async () => {
    const remove = (stage: Stage): Promise<unknown> => {
      stage.files = compiled([]);
      return stage.supervisor.reload(false);
    };
    expect(await stopped(remove)).to.deep.equal(old);
    expect(await stopped((stage) => remove(stage).then(() => stage.restartDaemon()))).to.deep.equal(old);
    const others = (stage: Stage): Promise<unknown> => {
      stage.files = compiled([jail('web', { ...after, readonly: true })]);
      return stage.restartDaemon();
    };
    expect(await stopped(others)).to.deep.equal(old);
  });

  it('is that also for the stop of the restart that other files ask for', async () => {
    const stage = await running({ web: before });
    stage.host.steps.length = 0;
    stage.files = compiled([jail('web', { ...after, readonly: true })]);
    await stage.supervisor.reload(false);
    expect(commands(stage)).to.deep.equal(old);
    stage.host.steps.length = 0;
    await stage.supervisor.stop(['web']);
    expect(commands(stage)).to.deep.equal(['new-pre', 'new', 'new-post']);
  });

  it('is what a reload has changed on it since, also for a later jaild', async () => {
    const take = (stage: Stage): Promise<unknown> => {
      stage.files = compiled([jail('web', after)]);
      return stage.supervisor.reload(false);
    };
    expect(await stopped(take)).to.deep.equal(['new-pre', 'new', 'new-post']);
    expect(await stopped((stage) => take(stage).then(() => stage.restartDaemon()))).to.deep.equal([
      'new-pre',
      'new',
      'new-post',
    ]);
  });
});

describe('a reload of many jails', () => {
  const names = Array.from({ length: 20 }, (_, n) => `j${n}`);

  it('leaves alone all but the one that is another, whichever way it changed', async () => {
    for (const [values, starts] of [
      [{ readonly: true }, 2],
      [{ 'pids.max': 7 }, 1],
    ] as const) {
      const stage = await running(Object.fromEntries(names.map((name) => [name, {}])));
      const pids = new Map(names.map((name) => [name, stage.status(name).pid]));
      stage.files = compiled(names.map((name) => jail(name, name === 'j7' ? values : {})));
      const { changes } = await stage.supervisor.reload(false);
      expect(changes.map((one) => one.jail)).to.deep.equal(['j7']);
      expect(stage.starts('j7')).to.equal(starts);
      const others = names.filter((name) => name !== 'j7');
      expect(others.filter((name) => stage.status(name).pid !== pids.get(name))).to.deep.equal([]);
    }
  });

  it('changes everything that the table has as live without a restart', async () => {
    const live = Object.entries(params).filter(([, one]) => one.live);
    expect(live.length).to.be.greaterThan(50);
    const stage = await written('web { path = /jails/web; persist; }');
    stage.files = compileText(
      'web { path = /jails/web; persist; restart = always; restart.delay = 5s; stop.timeout = 3s; auto; priority = 3; }',
    );
    expect(outline((await stage.supervisor.reload(false)).changes)[0]?.change).to.equal('live');
    stage.host.jailerOf('web').end({ how: 'exit', code: 0 });
    await stage.pass(4000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['backoff', 1]);
    await stage.pass(2000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
  });

  it('takes a new schedule from now on: a time that has passed today does not count', async () => {
    const stage = await written('web { path = /jails/web; persist; }');
    await stage.pass(3 * 3_600_000);
    stage.files = compileText(
      'web { path = /jails/web; persist; schedule.restart = "0 2 * * *"; schedule.timezone = UTC; }',
    );
    await stage.supervisor.reload(false);
    await stage.pass(60_000);
    expect(stage.starts('web')).to.equal(1);
    await stage.pass(23 * 3_600_000);
    expect(stage.starts('web')).to.equal(2);
  });
});

describe('a reload beside others', () => {
  it('waits for the one under way and is answered', async () => {
    const stage = await running({ web: {} });
    let release = (): void => undefined;
    stage.host.slow.set('jailer.spawn', new Promise((resolve) => (release = resolve)));
    stage.files = compiled([jail('web', { readonly: true })]);
    const first = stage.supervisor.reload(false);
    await stage.pass(0);
    const second = stage.supervisor.reload(false);
    const third = stage.supervisor.reload(true);
    await stage.pass(0);
    release();
    const answers = await Promise.all([first, second, third]);
    expect(answers.map(({ changes }) => changes.length)).to.deep.equal([1, 0, 0]);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
  });

  it('starts no jail that is being stopped', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    const stop = stage.supervisor.stop(['web']);
    await stage.pass(100);
    expect(stage.state('web')).to.equal('stopping');
    stage.files = compiled([jail('web', { readonly: true })]);
    expect(outline((await stage.supervisor.reload(false)).changes)).to.deep.equal([
      { jail: 'web', change: 'live', parameters: ['readonly'] },
    ]);
    await stage.pass(20_000);
    expect((await stop)[0]?.ok).to.equal(true);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['stopped', 1]);
  });

  it('counts more than a change by hand that was under way', async () => {
    const stage = await running({ web: { 'pids.max': 5 } });
    const byHand = stage.supervisor.change('web', (now) => jail('web', { ...now.values, 'memory.max': 99 }), {
      restart: false,
    });
    stage.files = compiled([jail('web', { 'pids.max': 6 })]);
    await stage.supervisor.reload(false);
    await byHand;
    expect(stage.supervisor.definition('web')?.values).to.deep.equal({ path: '/jails/web', 'pids.max': 6 });
    expect(stage.status('web').stale).to.equal(false);
  });

  it('says that a jail runs on as it was when its stop command has kept it up', async () => {
    const stage = await running({ web: { 'exec.prestop': ['/bin/false'] } });
    stage.host.failing.set('hook.run /bin/false', new Error('exited 1'));
    stage.files = compiled([jail('web', { 'exec.prestop': ['/bin/false'], readonly: true })]);
    const [change] = (await stage.supervisor.reload(false)).changes;
    expect(change?.failure?.message).to.match(/^it runs on as it was: .*exited 1/);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
  });

  it('a hundred times while jails crash leaves each as the last files say, with one copy of it', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const at = (n: number) =>
      names.map((name, index) =>
        jail(name, {
          restart: 'always',
          'pids.max': n,
          ...(n % (index + 2) === 0 && { readonly: true }),
        }),
      );
    const stage = new Stage(at(1));
    await stage.supervisor.start(names);
    const reloads: Promise<unknown>[] = [];
    for (let n = 2; n <= 101; n++) {
      stage.files = compiled(at(n));
      reloads.push(stage.supervisor.reload(n % 7 === 0));
      const jailer = stage.host.jailers.get(names[n % names.length] ?? '');
      if (n % 3 === 0) jailer?.end({ how: 'signal', code: 9 });
      if (n % 4 === 0) await stage.pass(n % 300);
    }
    await stage.pass(200_000);
    const answers = await Promise.all(reloads);
    expect(answers).to.have.lengthOf(100);
    const last = at(101);
    expect(last.map(({ name }) => [stage.state(name), stage.status(name).stale])).to.deep.equal(
      names.map(() => ['running', false]),
    );
    expect(last.map(({ name }) => stage.supervisor.definition(name)?.values)).to.deep.equal(
      last.map(({ values }) => values),
    );
    const { changes } = await stage.supervisor.reload(false);
    expect(changes).to.deep.equal([]);
  });
});

describe('a jail with another name in the files', () => {
  it('is a new one that does not run, and the old one runs on until it is stopped', async () => {
    const stage = await running({ web: { 'exec.stop': ['bye'] } });
    stage.files = compiled([jail('front', { 'exec.stop': ['bye'] })]);
    const { changes } = await stage.supervisor.reload(false);
    expect(changes.map(({ jail: name, change, renamed }) => [name, change, renamed])).to.deep.equal([
      ['front', 'new', 'web'],
      ['web', 'removed', 'front'],
    ]);
    expect([stage.state('web'), stage.status('web').unlisted, stage.state('front')]).to.deep.equal([
      'running',
      true,
      'stopped',
    ]);
    await stage.restartDaemon();
    expect([stage.state('web'), stage.starts('web'), stage.state('front')]).to.deep.equal([
      'running',
      1,
      'stopped',
    ]);
    expect((await stage.supervisor.stop(['web']))[0]?.ok).to.equal(true);
    expect((await stage.supervisor.start(['front']))[0]?.ok).to.equal(true);
    expect([stage.supervisor.has('web'), stage.state('front')]).to.deep.equal([false, 'running']);
  });
});

describe('a jail with another name in new files', () => {
  it('is told that the one of its old name has its address still', async () => {
    const stage = await written('web { path = /a; persist; ip4.addr = 10.0.0.1; }');
    stage.files = compileText('shop { path = /a; persist; ip4.addr = 10.0.0.1; }');
    await stage.supervisor.reload(false);
    expect(await stage.supervisor.start(['shop'])).to.deep.equal([
      {
        ...{ jail: 'shop', ok: false, changed: true, code: 1 },
        message: 'not started: attach: 10.0.0.1 is an address of jail "web"',
        hint: 'it is free when that jail is stopped',
      },
    ]);
    await stage.supervisor.stop(['web']);
    expect((await stage.supervisor.start(['shop']))[0]).to.deep.include({ jail: 'shop', ok: true });
  });
});
