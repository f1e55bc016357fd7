import { expect } from 'chai';
import type { JailParams } from '../../../src/config/params.js';
import { compiled, jail, Stage, outline } from '../../support/stage.js';

const at = (...addresses: readonly string[]): JailParams => ({
  'ip4.addr': addresses.map((address) => ({ address, prefix: 32, words: [] })),
});
const nat: JailParams = { nat: [{}] };
const slow: JailParams = { 'net.egress.max': 5 };
const rate = { amount: 100, unit: 'bytes', seconds: 30 } as const;

/** A running jail, of whose network nothing has been asked since. */
async function running(values: JailParams): Promise<Stage> {
  const stage = new Stage([jail('web', values)]);
  await stage.supervisor.start(['web']);
  stage.host.steps.length = 0;
  return stage;
}

async function reload(stage: Stage, values: JailParams): Promise<readonly string[]> {
  stage.files = compiled([jail('web', values)]);
  await stage.supervisor.reload(false);
  return stage.host.steps.splice(0);
}

const addresses = (stage: Stage): readonly string[] => [...stage.host.addresses];

const failing = (stage: Stage, step: string): void =>
  void stage.host.failing.set(step, new Error(`${step}: it does not want to`));

describe('the network of a running jail', () => {
  it('changes to what its file says, and its end takes away what there is then', async () => {
    const stage = await running(at('10.0.0.1'));
    expect(await reload(stage, at('10.0.0.2'))).to.deep.equal(['change network.attach 10.0.0.1 to 10.0.0.2']);
    expect(stage.starts('web')).to.equal(1);
    expect(addresses(stage)).to.deep.equal(['10.0.0.2']);
    await stage.supervisor.stop(['web']);
    expect(addresses(stage)).to.deep.equal([]);
    expect(stage.host.steps).to.deep.equal([
      'undo network.attach',
      'undo netns.name',
      'undo jailer.spawn',
      'undo cgroup.create',
      'undo rundir.create',
    ]);
  });

  it('is filtered only while its addresses are there, and limited before it is filtered', async () => {
    const stage = await running(at('10.0.0.1'));
    expect(await reload(stage, { ...at('10.0.0.1', '10.0.0.2'), ...nat, ...slow })).to.deep.equal([
      'change network.attach 10.0.0.1 to 10.0.0.1,10.0.0.2',
      'run network.limit 5',
      'run firewall.set 10.0.0.1,10.0.0.2',
    ]);
    expect(await reload(stage, at('10.0.0.1'))).to.deep.equal([
      'undo firewall.set 10.0.0.1,10.0.0.2',
      'change network.attach 10.0.0.1,10.0.0.2 to 10.0.0.1',
      'undo network.limit 5',
    ]);
    await stage.supervisor.stop(['web']);
    expect(stage.host.steps.slice(0, 2)).to.deep.equal(['undo network.attach', 'undo netns.name']);
  });

  it('stays as it is when nothing of it is another', async () => {
    const stage = await running({ ...at('10.0.0.1'), ...nat, ...slow });
    expect(await reload(stage, { ...at('10.0.0.1'), ...nat, ...slow, 'pids.max': 7 })).to.deep.equal([
      'run cgroup.set pids.max=7',
    ]);
  });

  it('is taken into that of the host, or out of it, by a restart', async () => {
    const stage = await running({ ip4: 'inherit' });
    stage.files = compiled([jail('web', { ip4: 'inherit', ...at('10.0.0.1') })]);
    expect(outline((await stage.supervisor.reload(true)).changes)).to.deep.equal([
      { jail: 'web', change: 'restart', parameters: ['ip4.addr'] },
    ]);
    const own = await running({ ...at('10.0.0.1') });
    own.files = compiled([jail('web', at('10.0.0.2'))]);
    expect(outline((await own.supervisor.reload(true)).changes)).to.deep.equal([
      { jail: 'web', change: 'live', parameters: ['ip4.addr'] },
    ]);
  });
});

describe('a change of the network that fails', () => {
  it('by a restart is told as well', async () => {
    const stage = await running(at('10.0.0.1'));
    failing(stage, 'network.attach');
    stage.files = compiled([jail('web', { ...at('10.0.0.1'), mtu: 1400, restart: 'no' })]);
    expect(outline((await stage.supervisor.reload(false)).changes)).to.deep.equal([
      {
        jail: 'web',
        change: 'restart',
        parameters: ['restart', 'mtu'],
        failure: { message: 'it is down: network.attach: it does not want to' },
      },
    ]);
  });

  it('leaves a jail as it was, which is told, and is tried again with the next reload', async () => {
    const stage = await running({ ...at('10.0.0.1'), 'memory.max': 512 });
    stage.host.failing.set('firewall.set', new Error('nft: not found'));
    stage.files = compiled([jail('web', { ...at('10.0.0.2'), ...nat, ...slow, 'memory.max': 1024 })]);
    const { changes } = await stage.supervisor.reload(false);
    expect(outline(changes)).to.deep.equal([
      {
        jail: 'web',
        change: 'live',
        parameters: ['memory.max', 'ip4.addr', 'nat', 'net.egress.max'],
        failure: { message: 'nft: not found' },
      },
    ]);
    expect(stage.host.steps.splice(0)).to.deep.equal([
      'run cgroup.set memory.max=1024',
      'change network.attach 10.0.0.1 to 10.0.0.2',
      'run network.limit 5',
      'run firewall.set 10.0.0.2',
      'change network.attach 10.0.0.2 to 10.0.0.1',
      'undo network.limit 5',
      'run cgroup.set memory.max=512',
    ]);
    expect([stage.state('web'), stage.starts('web'), stage.status('web').stale]).to.deep.equal([
      'running',
      1,
      true,
    ]);
    stage.host.failing.clear();
    await stage.supervisor.reload(false);
    expect(stage.host.steps.at(-1)).to.equal('run firewall.set 10.0.0.2');
    expect(stage.status('web').stale).to.equal(false);
  });

  it('of what had to be undone first does that again', async () => {
    const stage = await running({ ...at('10.0.0.1'), ...slow });
    stage.host.failing.set('network.limit 7', new Error('no such qdisc'));
    expect(await reload(stage, { ...at('10.0.0.1'), 'net.egress.max': 7 })).to.deep.equal([
      'undo network.limit 5',
      'run network.limit 7',
      'run network.limit 5',
    ]);
  });

  it('and cannot be put back either is taken away with the jail, whichever it was', async () => {
    const stage = await running(at('10.0.0.1'));
    failing(stage, 'change network.attach 10.0.0.2 to 10.0.0.1');
    stage.host.failing.set('firewall.set', new Error('nft: not found'));
    await reload(stage, { ...at('10.0.0.2'), ...nat });
    await stage.supervisor.stop(['web']);
    expect(stage.host.steps.slice(0, 3)).to.deep.equal([
      'undo firewall.set 10.0.0.2',
      'undo network.attach',
      'undo network.attach',
    ]);
    expect(addresses(stage)).to.deep.equal([]);
  });
});

describe('a jail that ends, or whose jaild ends, in the middle of a change', () => {
  async function held(): Promise<{ readonly stage: Stage; readonly letGo: () => void }> {
    const stage = await running(at('10.0.0.1'));
    let letGo: () => void = () => undefined;
    stage.host.slow.set(
      'change network.attach 10.0.0.1 to 10.0.0.2',
      new Promise((resolve) => (letGo = resolve)),
    );
    stage.files = compiled([jail('web', at('10.0.0.2'))]);
    void stage.supervisor.reload(false);
    await stage.pass(0);
    expect(stage.host.steps.splice(0)).to.deep.equal(['change network.attach 10.0.0.1 to 10.0.0.2']);
    return { stage, letGo };
  }

  it('is cleaned away when that is over, as what it is by then', async () => {
    const { stage, letGo } = await held();
    const stopped = stage.supervisor.stop(['web']);
    await stage.pass(100);
    expect(stage.host.steps).to.deep.equal([]);
    letGo();
    await stopped;
    expect([stage.host.steps[0], addresses(stage)]).to.deep.equal(['undo network.attach', []]);
  });

  it('is put back by the next jaild, and becomes what its file says with the next reload', async () => {
    const { stage } = await held();
    await stage.restartDaemon();
    expect(stage.host.steps.splice(0)).to.deep.equal(['change network.attach 10.0.0.2 to 10.0.0.1']);
    stage.host.slow.clear();
    await stage.supervisor.reload(false);
    expect(stage.host.steps).to.deep.equal(['change network.attach 10.0.0.1 to 10.0.0.2']);
  });

  it('and has ended when the next jaild comes is taken away in both of its forms', async () => {
    const { stage } = await held();
    await stage.restartDaemon(0, () => stage.host.jailerOf('web').end({ how: 'exit', code: 0 }));
    expect(stage.host.steps.slice(0, 2)).to.deep.equal(['undo network.attach', 'undo network.attach']);
    expect(addresses(stage)).to.deep.equal([]);
  });

  it('is changed when it is there, should it be starting', async () => {
    const stage = new Stage([jail('web', at('10.0.0.1'))]);
    let letGo: () => void = () => undefined;
    stage.host.slow.set('jailer.spawn', new Promise((resolve) => (letGo = resolve)));
    const starting = stage.supervisor.start(['web']);
    await stage.pass(0);
    stage.files = compiled([jail('web', at('10.0.0.2'))]);
    const reloading = stage.supervisor.reload(false);
    await stage.pass(0);
    letGo();
    await Promise.all([starting, reloading]);
    expect(stage.host.steps.slice(-3)).to.have.members([
      'run network.attach',
      'run jailer.go',
      'change network.attach 10.0.0.1 to 10.0.0.2',
    ]);
    expect(stage.status('web').stale).to.equal(false);
  });
});

describe('the bounds of the log of a running jail', () => {
  it('are told to its jailer when they are other ones, and not for what else changes', async () => {
    const stage = await running({ 'log.max_files': 5 });
    const told = () => stage.host.jailerOf('web').bounds.splice(0);
    await reload(stage, { 'log.max_files': 5, ...slow });
    expect(told()).to.deep.equal([]);
    await reload(stage, { 'log.max_size': 0, 'log.max_age': 60, 'log.rate': rate });
    await reload(stage, {});
    expect([told(), stage.starts('web')]).to.deep.equal([
      ['0 10 60 100 bytes 30', '10485760 10 0 0 lines 1'],
      1,
    ]);
  });

  it('are what they were when the change fails', async () => {
    const stage = await running(at('10.0.0.1'));
    failing(stage, 'network.limit');
    await reload(stage, { ...at('10.0.0.1'), ...slow, 'log.rate': rate });
    expect(stage.host.jailerOf('web').bounds).to.deep.equal([]);
  });
});
