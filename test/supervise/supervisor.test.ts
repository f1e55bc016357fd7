import { expect } from 'chai';
import { StepFailure } from '../../src/host/error.js';
import { noSuchFile } from '../support/fake-host.js';
import { jail, mistake, Stage } from '../support/stage.js';

const chain = () => [jail('web', { depend: ['app'] }), jail('app', { depend: ['db'] }), jail('db')];
const CRASH = { how: 'signal', code: 9 } as const;

/** The jails in the order in which a step was run for them. */
const orderOf = (stage: Stage, to: string): string[] =>
  stage.supervisor.journal
    .since(0)
    .flatMap(({ kind, jail, to: now }) => (kind === 'state' && now === to && jail !== null ? [jail] : []));

describe('jails that depend on others', () => {
  it('pull them in, and start after they run', async () => {
    const stage = new Stage(chain());
    const outcomes = await stage.supervisor.start(['web']);
    expect(outcomes.map((one) => [one.jail, one.ok])).to.deep.equal([
      ['db', true],
      ['app', true],
      ['web', true],
    ]);
    expect(orderOf(stage, 'running')).to.deep.equal(['db', 'app', 'web']);
  });

  it('hold what they depend on, unless the stop cascades, in reverse order', async () => {
    const stage = new Stage(chain());
    await stage.supervisor.start(['web']);
    expect(await stage.supervisor.stop(['db'])).to.deep.equal([
      {
        jail: 'db',
        ok: false,
        changed: false,
        message: 'not stopped: needed by app, web',
        hint: 'stop those too with --cascade',
        code: 1,
      },
    ]);
    expect(stage.state('db')).to.equal('running');
    await stage.supervisor.stop(['db'], { cascade: true });
    expect(orderOf(stage, 'stopped')).to.deep.equal(['web', 'app', 'db']);
  });

  it('bring back what they depend on when they are restarted, and say what they wait for', async () => {
    const stage = new Stage(chain());
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('db').end({ how: 'exit', code: 0 });
    await stage.pass(0);
    expect((await stage.supervisor.restart(['app']))[0]?.ok).to.equal(true);
    expect(stage.state('db')).to.equal('running');
    stage.host.jailerOf('db').end({ how: 'exit', code: 0 });
    stage.host.failing.set('rundir.create', new Error('no room'));
    const [outcome] = await stage.supervisor.restart(['app']);
    expect(outcome).to.include({ ok: false, message: 'not started: waiting for db' });
  });

  it('are untouched when a dependency crashes and comes back, but for those that asked with depend.bind', async () => {
    const bound = jail('bound', { depend: ['db'], 'depend.bind': ['db'] });
    const stage = new Stage([...chain(), bound]);
    await stage.supervisor.start(['web', 'bound']);
    stage.host.jailerOf('db').end(CRASH);
    await stage.pass(200);
    expect(['db', 'app', 'web', 'bound'].map((name) => stage.starts(name))).to.deep.equal([2, 1, 1, 2]);
  });

  it('wait with the reason while one does not come up, and go on by themselves', async () => {
    const stage = new Stage(chain());
    stage.host.failing.set('jailer.spawn', noSuchFile('/jails/db'));
    const outcomes = await stage.supervisor.start(['web']);
    expect(outcomes.map((one) => one.message)).to.deep.equal([
      'not started: mount /jails/db: No such file or directory',
      'not started: waiting for db',
      'not started: waiting for app',
    ]);
    expect([stage.state('web'), stage.status('web').waitingFor]).to.deep.equal(['waiting', ['app']]);
    stage.host.failing.clear();
    await stage.pass(100);
    expect(['db', 'app', 'web'].map((name) => stage.state(name))).to.deep.equal([
      'running',
      'running',
      'running',
    ]);
  });

  it('are refused when they are in a cycle, which is named; others are not', async () => {
    const stage = new Stage([jail('a', { depend: ['b'] }), jail('b', { depend: ['a'] }), jail('c')]);
    const outcomes = await stage.supervisor.start(['a', 'c']);
    expect(outcomes.map((one) => [one.jail, one.code, one.message])).to.deep.equal([
      ['c', 0, 'started (pid 4011, 0.0 s)'],
      ['a', 2, 'not started: dependency loop: a -> b -> a'],
      ['b', 2, 'not started: dependency loop: b -> a -> b'],
    ]);
  });
});

describe('the supervisor', () => {
  it('starts no more at the same time than it was told', async () => {
    const jails = Array.from({ length: 6 }, (_, i) => jail(`j${i}`));
    const stage = new Stage(jails, { parallel: 2 });
    let go: () => void = () => undefined;
    stage.host.slow.set('jailer.spawn', new Promise((resolve) => (go = resolve)));
    const starting = stage.supervisor.start(jails.map(({ name }) => name));
    await stage.pass(0);
    expect(jails.map(({ name }) => stage.state(name))).to.deep.equal([
      'preparing',
      'preparing',
      'waiting',
      'waiting',
      'waiting',
      'waiting',
    ]);
    go();
    expect((await starting).every((outcome) => outcome.ok)).to.equal(true);
    expect(jails.map(({ name }) => stage.status(name).jid)).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it('knows no such jail, and the nearest name', async () => {
    const stage = new Stage([jail('web')]);
    const unknown = {
      jail: 'wbe',
      ok: false,
      changed: false,
      message: 'no such jail',
      code: 4,
      hint: 'did you mean "web"?',
    };
    expect(await stage.supervisor.start(['wbe'])).to.deep.equal([unknown]);
    expect(await stage.supervisor.stop(['wbe'])).to.deep.equal([unknown]);
    expect(await stage.supervisor.restart(['wbe'])).to.deep.equal([unknown]);
    expect(stage.supervisor.signal('wbe', 15)).to.deep.equal(unknown);
  });

  it('does not start a jail whose configuration is wrong, and says where', async () => {
    const stage = new Stage([jail('web', {}, [mistake('"x" is not a duration')]), jail('db')]);
    const outcomes = await stage.supervisor.start(['web', 'db']);
    expect(outcomes.map((one) => [one.jail, one.code, one.message])).to.deep.equal([
      ['web', 2, 'not started: /etc/jail.conf:7:5: "x" is not a duration'],
      ['db', 0, 'started (pid 4011, 0.0 s)'],
    ]);
  });

  it('restarts a jail with the newest configuration, and does not count that as a failure', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    const [outcome] = await stage.supervisor.restart(['web']);
    expect(outcome?.message).to.equal('restarted (pid 4021, 0.0 s)');
    expect([stage.starts('web'), stage.status('web').restarts, stage.status('web').flapping]).to.deep.equal([
      2,
      0,
      false,
    ]);
  });

  it('stops everything in reverse order at shutdown, whatever stop commands say, and leaves what is wanted', async () => {
    const stage = new Stage(chain().map((one) => jail(one.name, { ...one.values, 'exec.stop': ['stop'] })));
    await stage.supervisor.start(['web']);
    stage.host.failing.set('jail.exec stop', new Error('exec.stop stop: exited 1'));
    await stage.supervisor.shutdown();
    expect(orderOf(stage, 'stopped')).to.deep.equal(['web', 'app', 'db']);
    expect(stage.status('web').want).to.equal('up');
  });

  it('starts with jaild what was wanted, by the setting autostart', async () => {
    const jails = [
      jail('asked'),
      jail('auto', { auto: true }),
      jail('manual', { auto: false }),
      jail('plain'),
      jail('stopped'),
    ];
    for (const [autostart, expected] of [
      ['wanted', ['asked', 'auto']],
      ['all', ['asked', 'auto', 'plain']],
      ['none', []],
    ] as const) {
      const stage = new Stage(jails, { autostart });
      await stage.supervisor.start(['asked', 'stopped']);
      await stage.supervisor.stop(['stopped']);
      await stage.supervisor.shutdown();
      await stage.restartDaemon();
      const up = jails.map(({ name }) => name).filter((name) => stage.state(name) === 'running');
      expect(up, autostart).to.deep.equal(expected);
    }
  });
});

describe('a foreground jail', () => {
  it('waits for its client, and is gone when its command ends', async () => {
    const stage = new Stage([]);
    stage.host.scripts.set('try', { start: 'hang' });
    const run = await stage.supervisor.run(jail('try', { 'start.timeout': 0 }), true);
    expect(run).to.deep.equal({ name: 'try', socket: `${stage.host.instance.runDirectory}/try/jailer.sock` });
    stage.host.jailerOf('try').comeUp();
    await stage.pass(0);
    expect(stage.state('try')).to.equal('running');
    stage.host.jailerOf('try').end({ how: 'exit', code: 3 });
    await stage.pass(100_000);
    expect([stage.supervisor.has('try'), stage.starts('try')]).to.deep.equal([false, 1]);
    expect(stage.host.steps.at(-1)).to.equal('undo rundir.create');
  });

  it('is refused under a name that is taken, and fails with what its preparation fails with', async () => {
    const stage = new Stage([jail('web')]);
    const refused: unknown = await stage.supervisor.run(jail('web'), false).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(StepFailure);
    const error = noSuchFile('/jails/try');
    stage.host.failing.set('jailer.spawn', error);
    const failed: unknown = await stage.supervisor.run(jail('try'), false).catch((thrown: unknown) => thrown);
    expect(failed).to.include({ message: `try: not started: ${error.message}` });
    await stage.pass(0);
    expect(stage.supervisor.has('try')).to.equal(false);
  });
});
