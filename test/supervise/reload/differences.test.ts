import { expect } from 'chai';
import { compareJails, type Present } from '../../../src/supervise/reload/reload-plan.js';
import { compiled, jail, mistake, Stage, outline } from '../../support/stage.js';
import type { JailParams } from '../../../src/config/params.js';

const running = (values: JailParams): Map<string, Present> =>
  new Map([['web', { jail: jail('web', values), runs: true }]]);

describe('a comparison of old and new files', () => {
  it('tells new, removed, changed live and changed for a restart, and is silent about the rest', () => {
    const present = new Map<string, Present>(
      ['same', 'live', 'hard', 'gone'].map((name) => [name, { jail: jail(name), runs: true }]),
    );
    const next = [
      jail('same'),
      jail('live', { 'memory.max': 1024 }),
      jail('hard', { readonly: true }),
      jail('fresh'),
    ];
    expect(outline(compareJails(present, next))).to.deep.equal([
      { jail: 'live', change: 'live', parameters: ['memory.max'] },
      { jail: 'hard', change: 'restart', parameters: ['readonly'] },
      { jail: 'fresh', change: 'new', parameters: [] },
      { jail: 'gone', change: 'removed', parameters: [] },
    ]);
  });

  it('takes one parameter that is not live for a restart, and unlimited for another value than nothing', () => {
    expect(
      outline(compareJails(running({}), [jail('web', { readonly: true, 'memory.max': Infinity })])),
    ).to.deep.equal([{ jail: 'web', change: 'restart', parameters: ['readonly', 'memory.max'] }]);
  });
});

describe('a new gateway', () => {
  const kind = (before: JailParams, after: JailParams): string | undefined =>
    compareJails(running(before), [jail('web', after)])[0]?.change;
  const on = (address: string): JailParams => ({ 'bridge.subnet': [{ address, prefix: 24 }] });

  it('is taken while the jail runs, but where it is the host’s address on a bridge that jaild makes', () => {
    expect(kind({}, { gateway: ['10.88.0.9'] })).to.equal('live');
    expect(kind(on('10.88.0.0'), { ...on('10.88.0.0'), gateway: ['10.99.0.9'] })).to.equal('live');
    expect(kind(on('10.88.0.1'), { ...on('10.88.0.1'), gateway: ['10.88.0.9'] })).to.equal('live');
    expect(kind(on('10.88.0.0'), { ...on('10.88.0.0'), gateway: ['10.88.0.9'] })).to.equal('restart');
    const auto: JailParams = { 'bridge.subnet': ['auto'] };
    expect(kind(auto, { ...auto, gateway: ['10.88.0.9'] })).to.equal('restart');
  });
});

describe('a reload', () => {
  it('leaves unchanged jails alone, changes limits on running ones, restarts only what must be', async () => {
    const stage = new Stage([
      jail('same'),
      jail('live', { 'pids.max': 10, 'memory.max': 512 }),
      jail('hard'),
    ]);
    await stage.supervisor.start(['same', 'live', 'hard']);
    stage.host.steps.length = 0;
    stage.files = compiled([
      jail('same'),
      jail('live', { 'memory.max': 1024 }),
      jail('hard', { readonly: true }),
      jail('new'),
    ]);
    const result = await stage.supervisor.reload(false);
    expect(result.changes.map((change) => [change.jail, change.change])).to.deep.equal([
      ['live', 'live'],
      ['hard', 'restart'],
      ['new', 'new'],
    ]);
    expect(['same', 'live', 'hard', 'new'].map((name) => stage.starts(name))).to.deep.equal([1, 1, 2, 0]);
    expect(stage.host.steps.filter((step) => step.includes('cgroup.set'))).to.deep.equal([
      'run cgroup.set pids.max=max',
      'run cgroup.set memory.max=1024',
    ]);
    expect((await stage.supervisor.reload(false)).changes).to.deep.equal([]);
  });

  it('only tells, when asked to', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.files = compiled([jail('web', { readonly: true })]);
    const told = await stage.supervisor.reload(true);
    expect(outline(told.changes)).to.deep.equal([
      { jail: 'web', change: 'restart', parameters: ['readonly'] },
    ]);
    expect([stage.starts('web'), stage.supervisor.configuration === stage.files]).to.deep.equal([1, false]);
  });

  it('changes nothing when anything in the new files is wrong', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    const wrong = mistake('unknown parameter');
    stage.files = compiled([jail('other')], [wrong]);
    expect(await stage.supervisor.reload(false)).to.deep.equal({
      ok: false,
      changes: [],
      diagnostics: [wrong],
    });
    expect([stage.supervisor.has('other'), stage.state('web')]).to.deep.equal([false, 'running']);
  });

  it('keeps a jail running that is gone from the files, and forgets it when it is stopped', async () => {
    const stage = new Stage([jail('web'), jail('idle')]);
    await stage.supervisor.start(['web']);
    stage.files = compiled([]);
    await stage.supervisor.reload(false);
    expect([stage.status('web').unlisted, stage.state('web'), stage.supervisor.has('idle')]).to.deep.equal([
      true,
      'running',
      false,
    ]);
    expect((await stage.supervisor.stop(['web']))[0]?.ok).to.equal(true);
    expect(stage.supervisor.has('web')).to.equal(false);
    stage.files = compiled([jail('web')]);
    await stage.restartDaemon();
    expect([stage.state('web'), stage.status('web').want]).to.deep.equal(['stopped', 'down']);
  });

  it('does not wait for ever for a jail whose dependency is down', async () => {
    const stage = new Stage([jail('db'), jail('web', { depend: ['db'] })]);
    await stage.supervisor.start(['web']);
    stage.host.jailerOf('db').end({ how: 'exit', code: 0 });
    stage.files = compiled([jail('db'), jail('web', { depend: ['db'], readonly: true })]);
    let isOver = false;
    void stage.supervisor.reload(false).then(() => (isOver = true));
    await stage.pass(1000);
    expect([isOver, stage.state('web')]).to.deep.equal([true, 'waiting']);
  });

  it('tries a failed jail again when its definition has changed', async () => {
    const stage = new Stage([jail('web')]);
    stage.host.scripts.set('web', { ends: { how: 'exit', code: 78 } });
    await stage.supervisor.start(['web']);
    await stage.pass(0);
    expect(stage.state('web')).to.equal('failed');
    stage.host.scripts.clear();
    stage.files = compiled([jail('web', { 'exec.start': ['/bin/true'] })]);
    await stage.supervisor.reload(false);
    await stage.pass(0);
    expect(stage.state('web')).to.equal('running');
  });
});
