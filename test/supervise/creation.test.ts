import { expect } from 'chai';
import { compiled, jail, mistake, Stage, outline } from '../support/stage.js';

const CRASH = { how: 'signal', code: 9 } as const;

describe('a jail that is in no file', () => {
  it('runs like any other, is told apart, and is forgotten when it is down', async () => {
    const stage = new Stage([jail('web')]);
    const outcomes = await stage.supervisor.create([jail('extra')], ['extra']);
    expect(outcomes.map((one) => [one.jail, one.message])).to.deep.equal([
      ['extra', 'started (pid 4011, 0.0 s)'],
    ]);
    expect([stage.state('extra'), stage.status('extra').unlisted]).to.deep.equal(['running', true]);
    expect((await stage.supervisor.stop(['extra']))[0]?.ok).to.equal(true);
    expect(stage.supervisor.has('extra')).to.equal(false);
  });

  it('pulls in what it depends on, from its own file or from those of jaild, and nothing else', async () => {
    const stage = new Stage([jail('db'), jail('web')]);
    const given = [jail('extra', { depend: ['db', 'near'] }), jail('near'), jail('far')];
    const outcomes = await stage.supervisor.create(given, ['extra']);
    expect(outcomes.map((one) => [one.jail, one.ok])).to.deep.equal([
      ['db', true],
      ['near', true],
      ['extra', true],
    ]);
    expect(stage.supervisor.status().map(({ name }) => name)).to.have.members(['db', 'web', 'extra', 'near']);
    await stage.supervisor.stop(['db'], { cascade: true });
    expect([stage.supervisor.has('extra'), stage.state('db')]).to.deep.equal([false, 'stopped']);
  });

  it('is taken back after a kill of jaild, with what it depends on, and follows its restart', async () => {
    const stage = new Stage([jail('db')]);
    await stage.supervisor.create([jail('extra', { depend: ['db'], restart: 'always' })], ['extra']);
    await stage.restartDaemon();
    expect([stage.state('extra'), stage.status('extra').unlisted]).to.deep.equal(['running', true]);
    expect((await stage.supervisor.stop(['db']))[0]?.message).to.equal('not stopped: needed by extra');
    stage.host.jailerOf('extra').end(CRASH);
    await stage.pass(200);
    expect([stage.starts('extra'), stage.state('extra')]).to.deep.equal([2, 'running']);
  });

  it('has no address that another one runs with', async () => {
    const at = (address: string) => ({ 'ip4.addr': [{ address, prefix: 32, words: [] }] });
    const stage = new Stage([jail('web', at('10.0.0.1'))]);
    await stage.supervisor.start(['web']);
    const [outcome] = await stage.supervisor.create([jail('extra', at('10.0.0.1'))], ['extra']);
    expect(outcome?.message).to.equal('not started: 10.0.0.1 is an address of jail "web"');
    expect(stage.supervisor.has('extra')).to.equal(false);
    await stage.supervisor.stop(['web']);
    expect((await stage.supervisor.create([jail('extra', at('10.0.0.1'))], ['extra']))[0]?.ok).to.equal(true);
  });

  it('leaves nothing behind when it is refused', async () => {
    const stage = new Stage([]);
    const loop = [jail('a', { depend: ['b'] }), jail('b', { depend: ['a'] })];
    const wrong = jail('wrong', {}, [mistake('"x" is not a duration')]);
    const outcomes = await stage.supervisor.create([...loop, wrong], ['a', 'wrong']);
    expect(outcomes.map((one) => [one.jail, one.code])).to.deep.equal([
      ['wrong', 2],
      ['a', 2],
      ['b', 2],
    ]);
    expect(stage.supervisor.status()).to.deep.equal([]);
  });

  it('becomes one of the files when they have it, and is left alone when it is the same there', async () => {
    const stage = new Stage([]);
    await stage.supervisor.create([jail('same'), jail('other')], ['same', 'other']);
    stage.files = compiled([jail('same'), jail('other', { readonly: true })]);
    const { changes } = await stage.supervisor.reload(false);
    expect(outline(changes)).to.deep.equal([{ jail: 'other', change: 'restart', parameters: ['readonly'] }]);
    expect([stage.starts('same'), stage.status('same').unlisted]).to.deep.equal([1, false]);
  });
});

describe('a jail of the files that is started by another definition', () => {
  it('keeps it until it is down', async () => {
    const stage = new Stage([jail('web', { 'memory.max': 512 })]);
    await stage.supervisor.create([jail('web', { 'memory.max': 1024 })], ['web']);
    expect([
      stage.status('web').stale,
      stage.supervisor.definition('web')?.values['memory.max'],
    ]).to.deep.equal([true, 1024]);
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(200);
    expect(stage.supervisor.definition('web')?.values['memory.max']).to.equal(1024);
    await stage.supervisor.stop(['web']);
    await stage.supervisor.start(['web']);
    expect([
      stage.status('web').stale,
      stage.supervisor.definition('web')?.values['memory.max'],
    ]).to.deep.equal([false, 512]);
  });

  it('is left alone while it is up', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    const [outcome] = await stage.supervisor.create([jail('web', { readonly: true })], ['web']);
    expect([outcome?.message, stage.status('web').stale]).to.deep.equal(['already running', false]);
  });
});

describe('a removal without commands', () => {
  const hooked = jail('web', { 'exec.prestop': ['a'], 'exec.stop': ['b'], 'exec.poststop': ['c'] });
  const commands = (stage: Stage): readonly string[] =>
    stage.host.steps.filter((step) => /hook.run|jail.exec/.test(step));

  it('kills at once, runs none of them, and takes away what there is', async () => {
    const stage = new Stage([hooked]);
    await stage.supervisor.start(['web']);
    await stage.supervisor.stop(['web'], { force: true, hooks: false });
    expect(commands(stage)).to.deep.equal([]);
    expect([stage.state('web'), stage.host.steps.at(-1)]).to.deep.equal(['stopped', 'undo rundir.create']);
    await stage.supervisor.start(['web']);
    await stage.supervisor.stop(['web']);
    expect(commands(stage)).to.have.lengthOf(3);
  });

  it('is gone on with by the next jaild', async () => {
    const stage = new Stage([hooked]);
    stage.host.scripts.set('web', { unkillable: true });
    await stage.supervisor.start(['web']);
    void stage.supervisor.stop(['web'], { force: true, hooks: false });
    await stage.restartDaemon();
    stage.host.jailerOf('web').end(CRASH);
    await stage.pass(10_000);
    expect([stage.state('web'), commands(stage)]).to.deep.equal(['stopped', []]);
  });
});

describe('what comes after the end of a jail', () => {
  it('is done for one that does not run: exec.poststop, what its start had made, exec.release', async () => {
    const web = jail('web', { 'exec.prestop': ['a'], 'exec.poststop': ['b'], 'exec.release': ['c'] });
    const stage = new Stage([web]);
    const told: string[] = [];
    stage.supervisor.watch((name, deed) => {
      if (deed.kind === 'step') told.push(`${name} ${deed.verb} ${deed.step.name}`);
    });
    expect(await stage.supervisor.cleanUp(web)).to.deep.equal({
      jail: 'web',
      changed: true,
      ok: true,
      code: 0,
      message: 'cleaned up',
    });
    expect(told).to.deep.equal([
      'web run hook.run',
      'web undo jailer.spawn',
      'web undo cgroup.create',
      'web undo rundir.create',
      'web run hook.run',
    ]);
    stage.host.failing.set('hook.run b', new Error('exec.poststop b: exited 1'));
    expect(await stage.supervisor.cleanUp(web)).to.include({ ok: false, code: 1 });
  });
});
