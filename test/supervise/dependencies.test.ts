import { expect } from 'chai';
import { jail, Stage } from '../support/stage.js';

const CRASH = { how: 'exit', code: 3 } as const;
const chain = (): Stage =>
  new Stage([jail('web', { depend: ['app'] }), jail('app', { depend: ['db'] }), jail('db')]);
const states = (stage: Stage, ...names: readonly string[]): readonly string[] =>
  names.map((name) => stage.state(name));

describe('a jail whose dependency is not up', () => {
  it('says what it lacks, and when that is tried again', async () => {
    const stage = new Stage([jail('web', { depend: ['db'] }), jail('db', { 'restart.delay': 5 })]);
    stage.host.scripts.set('db', { start: CRASH });
    const outcomes = await stage.supervisor.start(['web']);
    expect(outcomes.map(({ jail: name, ok, waitsFor }) => [name, ok, waitsFor])).to.deep.equal([
      ['db', false, undefined],
      ['web', false, ['db']],
    ]);
    const { retryAt } = stage.status('db');
    expect(stage.status('web')).to.deep.include({
      state: 'waiting',
      waitingFor: ['db'],
      lacks: [{ jail: 'db', state: 'backoff', retryAt, startable: true }],
    });
    expect(retryAt).to.be.instanceOf(Date);
  });

  it('is not started again while that has ended for good, until somebody starts either', async () => {
    const stage = new Stage([jail('web', { depend: ['job'] }), jail('job', { restart: 'no' })]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('job').end({ how: 'exit', code: 0 });
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(10_000);
    expect([stage.state('web'), stage.status('web').lacks]).to.deep.equal([
      'waiting',
      [{ jail: 'job', state: 'ended', retryAt: null, startable: true }],
    ]);
    await stage.supervisor.start(['web']);
    expect(states(stage, 'job', 'web')).to.deep.equal(['running', 'running']);
  });

  it('is answered when that goes down while there is no place for it yet', async () => {
    const stage = new Stage([jail('web', { depend: ['db'] }), jail('db'), jail('slow', { priority: 5 })], {
      parallel: 1,
    });
    await stage.supervisor.start(['db']);
    stage.host.scripts.set('slow', { start: 'hang' });
    void stage.supervisor.start(['slow']);
    await stage.pass(0);
    const starting = stage.supervisor.start(['web']);
    await stage.pass(0);
    expect(states(stage, 'slow', 'web')).to.deep.equal(['starting', 'waiting']);
    stage.host.jailerOf('db').end({ how: 'exit', code: 0 });
    expect((await starting)[0]).to.deep.include({ ok: false, waitsFor: ['db'] });
  });

  it('runs on when that crashes, fails for good or is stopped by force, and says what it lacks', async () => {
    const stage = new Stage([
      jail('web', { depend: ['db'] }),
      jail('db', { 'restart.limit': 1, 'restart.delay': 1 }),
    ]);
    await stage.supervisor.start(['web']);
    stage.host.scripts.set('db', { start: CRASH });
    stage.host.jailerOf('db').end(CRASH);
    await stage.pass(100);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
    await stage.pass(10_000);
    expect(stage.status('web').lacks).to.deep.equal([
      { jail: 'db', state: 'failed', retryAt: null, startable: true },
    ]);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
  });

  it('waits on when somebody stops the dependency, and starts when that is started', async () => {
    const stage = new Stage([jail('web', { depend: ['db'] }), jail('db')]);
    stage.host.scripts.set('db', { start: CRASH });
    await stage.supervisor.start(['web']);
    expect(await stage.supervisor.stop(['db'])).to.have.lengthOf(1);
    expect([stage.state('web'), stage.status('web').want, stage.status('db').want]).to.deep.equal([
      'waiting',
      'up',
      'down',
    ]);
    stage.host.scripts.delete('db');
    await stage.supervisor.start(['db']);
    await stage.pass(0);
    expect(states(stage, 'db', 'web')).to.deep.equal(['running', 'running']);
  });
});

describe('a chain of jails', () => {
  it('is stopped from its end, or not at all, and its middle can go with what is above it', async () => {
    const stage = chain();
    await stage.supervisor.start(['web']);
    expect((await stage.supervisor.stop(['app']))[0]?.message).to.equal('not stopped: needed by web');
    const outcomes = await stage.supervisor.stop(['app'], { cascade: true });
    expect(outcomes.map((one) => one.jail)).to.deep.equal(['web', 'app']);
    expect(states(stage, 'web', 'app', 'db')).to.deep.equal(['stopped', 'stopped', 'running']);
  });

  it('waits when its first is never ready, is tried again when start.timeout is over, and never hangs', async () => {
    const stage = new Stage([
      jail('web', { depend: ['app'] }),
      jail('app', { depend: ['db'] }),
      jail('db', { 'start.timeout': 30 }),
    ]);
    stage.host.scripts.set('db', { start: 'hang' });
    const starting = stage.supervisor.start(['web']);
    await stage.pass(40_000);
    expect((await starting).map(({ waitsFor }) => waitsFor)).to.deep.equal([undefined, ['db'], ['app']]);
    stage.host.scripts.delete('db');
    await stage.pass(120_000);
    expect(states(stage, 'web', 'app', 'db')).to.deep.equal(['running', 'running', 'running']);
  });

  it('with depend.bind follows its first however that was restarted, each jail once', async () => {
    const stage = new Stage([
      jail('web', { depend: ['app'], 'depend.bind': ['app'] }),
      jail('app', { depend: ['db'], 'depend.bind': ['db'] }),
      jail('db'),
    ]);
    await stage.supervisor.start(['web']);
    const starts = (): readonly number[] => ['db', 'app', 'web'].map((name) => stage.starts(name));
    await stage.pass(1000);
    expect(starts()).to.deep.equal([1, 1, 1]);
    await stage.supervisor.restart(['db']);
    await stage.pass(1000);
    expect(starts()).to.deep.equal([2, 2, 2]);
    stage.host.jailerOf('db').end(CRASH);
    await stage.pass(1000);
    expect(starts()).to.deep.equal([3, 3, 3]);
  });
});

describe('a start or stop of which nobody hears the end', () => {
  it('is completed all the same, and who asks again joins it', async () => {
    const stage = new Stage([jail('web', { 'stop.timeout': 5 })]);
    stage.host.scripts.set('web', { ignoresTerm: true });
    await stage.supervisor.start(['web']);
    void stage.supervisor.stop(['web']);
    await stage.pass(1000);
    const second = stage.supervisor.stop(['web']);
    await stage.pass(1000);
    const forced = stage.supervisor.stop(['web'], { force: true });
    await stage.pass(100);
    expect((await Promise.all([second, forced])).map(([one]) => one?.ok)).to.deep.equal([true, true]);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['stopped', 1]);
    expect(stage.host.jailerOf('web').signals).to.deep.equal([15, 9]);
  });

  it('of a jail in any state ends it stopped, with no later start', async () => {
    for (const state of ['waiting', 'preparing', 'starting', 'running', 'stopping', 'backoff'] as const) {
      const values = { depend: state === 'waiting' ? ['db'] : [], 'exec.prestart': ['hook'] };
      const stage = new Stage([jail('web', values), jail('db')]);
      if (state === 'waiting') stage.host.scripts.set('db', { start: CRASH });
      if (state === 'starting') stage.host.scripts.set('web', { start: 'hang' });
      if (state === 'stopping') stage.host.scripts.set('web', { ignoresTerm: true });
      if (state === 'backoff') stage.host.scripts.set('web', { start: CRASH });
      let go: () => void = () => undefined;
      if (state === 'preparing')
        stage.host.slow.set('hook.run hook', new Promise((resolve) => (go = resolve)));
      void stage.supervisor.start(['web']);
      await stage.pass(0);
      if (state === 'stopping') void stage.supervisor.stop(['web']);
      await stage.pass(0);
      expect(stage.state('web')).to.equal(state);
      const stopping = Promise.all([stage.supervisor.stop(['web']), stage.supervisor.stop(['web'])]);
      await stage.pass(1000);
      go();
      await stage.pass(60_000);
      expect(
        (await stopping).flat().map(({ ok }) => ok),
        state,
      ).to.deep.equal([true, true]);
      const starts = stage.starts('web');
      stage.host.scripts.clear();
      await stage.supervisor.start(['db']);
      await stage.pass(600_000);
      expect([stage.state('web'), stage.starts('web')], state).to.deep.equal(['stopped', starts]);
    }
  });
});
