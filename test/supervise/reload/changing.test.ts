import { expect } from 'chai';
import type { Amount } from '../../../src/config/values/quantity.js';
import type { Jail } from '../../../src/config/jail.js';
import type { JailParams } from '../../../src/config/params.js';
import { compiled, jail, Stage, outline } from '../../support/stage.js';

const web = (values: JailParams = {}): Jail => jail('web', { 'memory.max': 512, ...values });
const to =
  (values: JailParams) =>
  (running: Jail): Jail => ({ ...running, values: { ...running.values, ...values } });
const live = { restart: false };

async function running(values: JailParams = {}): Promise<Stage> {
  const stage = new Stage([web(values)]);
  await stage.supervisor.start(['web']);
  stage.host.steps.length = 0;
  return stage;
}
const limitOf = (stage: Stage): Amount | undefined =>
  stage.supervisor.definition('web')?.values['memory.max'];

describe('a change of a running jail', () => {
  it('is made at once, without a restart, and the file says something else from then on', async () => {
    const stage = await running();
    expect(
      await stage.supervisor.change('web', to({ 'memory.max': 1024, 'pids.max': 7 }), live),
    ).to.deep.equal({
      jail: 'web',
      ok: true,
      changed: true,
      code: 0,
      message: 'changed: memory.max, pids.max',
    });
    expect(stage.host.steps).to.deep.equal(['run cgroup.set memory.max=1024', 'run cgroup.set pids.max=7']);
    expect([stage.starts('web'), stage.status('web').stale]).to.deep.equal([1, true]);
    expect(await stage.supervisor.change('web', to({ 'memory.max': 1024 }), live)).to.include({
      ok: true,
      changed: false,
      message: 'is so already',
    });
  });

  it('is refused as a whole when one parameter cannot change while it runs', async () => {
    const stage = await running();
    const outcome = await stage.supervisor.change('web', to({ 'memory.max': 1024, readonly: true }), live);
    expect([outcome.code, outcome.message]).to.deep.equal([
      2,
      'not changed: readonly cannot be changed after creation',
    ]);
    expect([stage.host.steps, limitOf(stage), stage.starts('web')]).to.deep.equal([[], 512, 1]);
  });

  it('gives it no address that another one runs with', async () => {
    const at = (address: string): JailParams => ({ 'ip4.addr': [{ address, prefix: 24, words: [] }] });
    const stage = new Stage([web(at('10.0.0.1')), jail('db', at('10.0.0.2'))]);
    await stage.supervisor.start(['web', 'db']);
    const outcomes = [
      await stage.supervisor.change('web', to(at('10.0.0.2')), live),
      await stage.supervisor.change('web', to(at('10.0.0.3')), live),
    ];
    expect(outcomes.map(({ ok, message }) => [ok, message])).to.deep.equal([
      [false, 'not changed: 10.0.0.2 is an address of jail "db"'],
      [true, 'changed: ip4.addr'],
    ]);
    expect([...stage.host.addresses].sort()).to.deep.equal(['10.0.0.2', '10.0.0.3']);
  });

  it('is made by a restart where that is allowed, and taken back when the jail could not be stopped', async () => {
    const stage = await running({ 'exec.stop': ['stop'] });
    stage.host.failing.set('jail.exec stop', new Error('exec.stop stop: exited 1'));
    const refused = await stage.supervisor.change('web', to({ readonly: true }), { restart: true });
    expect([refused.ok, stage.supervisor.definition('web')?.values.readonly]).to.deep.equal([
      false,
      undefined,
    ]);
    expect(stage.status('web').stale).to.equal(false);
    stage.host.failing.clear();
    const outcome = await stage.supervisor.change('web', to({ readonly: true }), { restart: true });
    expect(outcome.message).to.match(/^restarted /);
    expect([stage.starts('web'), stage.supervisor.definition('web')?.values.readonly]).to.deep.equal([
      2,
      true,
    ]);
  });

  it('is taken back when one of its limits is refused', async () => {
    const stage = await running();
    stage.host.failing.set('cgroup.set pids.max=7', new Error('write pids.max: Invalid argument'));
    const outcome = await stage.supervisor.change('web', to({ 'memory.max': 1024, 'pids.max': 7 }), live);
    expect([outcome.code, outcome.message]).to.deep.equal([
      1,
      'not changed: write pids.max: Invalid argument',
    ]);
    expect([...stage.host.steps.slice(-2), limitOf(stage)]).to.deep.equal([
      'run cgroup.set pids.max=max',
      'run cgroup.set memory.max=512',
      512,
    ]);
  });

  it('builds upon the one before it, however quickly they come', async () => {
    const stage = await running();
    await Promise.all([
      stage.supervisor.change('web', to({ 'memory.max': 1024 }), live),
      stage.supervisor.change('web', to({ 'pids.max': 7 }), live),
    ]);
    const values = stage.supervisor.definition('web')?.values;
    expect([values?.['memory.max'], values?.['pids.max']]).to.deep.equal([1024, 7]);
  });

  it('is refused for a jail that does not run, or that there is not, and changes nothing when its maker throws', async () => {
    const stage = await running();
    await stage.supervisor.stop(['web']);
    const change = to({ 'memory.max': 1024 });
    expect(await stage.supervisor.change('web', change, live)).to.include({ code: 1, ok: false });
    expect(await stage.supervisor.change('wbe', change, live)).to.include({
      code: 4,
      hint: 'did you mean "web"?',
    });
    await stage.supervisor.start(['web']);
    const thrown: unknown = await stage.supervisor
      .change(
        'web',
        () => {
          throw new Error('no');
        },
        live,
      )
      .catch((error: unknown) => error);
    expect([String(thrown), limitOf(stage)]).to.deep.equal(['Error: no', 512]);
  });
});

describe('a changed jail', () => {
  const changed = async (): Promise<Stage> => {
    const stage = await running();
    await stage.supervisor.change('web', to({ 'memory.max': 1024 }), live);
    return stage;
  };

  it('stays so over a reload, a crash and a new jaild, as long as its file says what it did', async () => {
    const stage = await changed();
    expect((await stage.supervisor.reload(false)).changes).to.deep.equal([]);
    await stage.restartDaemon();
    expect((await stage.supervisor.reload(false)).changes).to.deep.equal([]);
    stage.host.jailerOf('web').end({ how: 'signal', code: 9 });
    await stage.pass(200);
    expect([stage.starts('web'), limitOf(stage), stage.status('web').stale]).to.deep.equal([2, 1024, true]);
  });

  it('is what its file says when that has changed', async () => {
    const stage = await changed();
    stage.files = compiled([web({ 'memory.max': 2048 })]);
    expect(outline((await stage.supervisor.reload(false)).changes)).to.deep.equal([
      { jail: 'web', change: 'live', parameters: ['memory.max'] },
    ]);
    expect([limitOf(stage), stage.status('web').stale]).to.deep.equal([2048, false]);
  });

  it('is what its file says when that changed while jaild was away', async () => {
    const stage = await changed();
    await stage.restartDaemon(0, () => (stage.files = compiled([web({ 'memory.max': 2048 })])));
    expect(stage.status('web').stale).to.equal(true);
    expect((await stage.supervisor.reload(false)).changes).to.have.lengthOf(1);
    expect(limitOf(stage)).to.equal(2048);
  });

  it('is what its file says after a restart or a stop by hand', async () => {
    for (const end of ['restart', 'stop'] as const) {
      const stage = await changed();
      await stage.supervisor[end](['web']);
      await stage.supervisor.start(['web']);
      expect([limitOf(stage), stage.status('web').stale], end).to.deep.equal([512, false]);
    }
  });
});
