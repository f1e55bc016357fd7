import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import { SystemError } from '../../src/host/error.js';
import { noSuchFile } from '../support/fake-host.js';
import { jail, Stage } from '../support/stage.js';

const CRASH = { how: 'signal', code: 9 } as const;
const at = (address: string): JailParams => ({ 'ip4.addr': [{ address, prefix: 32, words: [] }] });
const addressed = at('10.0.0.2');
const NETNS = '/run/netns/web';

/** What a preparation does, with the network that was kept or without. */
const KEPT = ['run rundir.create', 'run cgroup.create', `run jailer.spawn netns ${NETNS}`, 'run jailer.go'];
const NEW = [
  ...['run rundir.create', 'run cgroup.create', 'run jailer.spawn', 'run netns.name', 'run network.attach'],
  'run jailer.go',
];
const LEFT = ['undo jailer.spawn', 'undo cgroup.create'];
const TAKEN_DOWN = ['undo network.attach', 'undo netns.name'];
const CLEANED = [...TAKEN_DOWN, ...LEFT, 'undo rundir.create'];

/** A stage on which `web` runs, and what its host has done since it was last asked. */
async function running(values: JailParams = {}): Promise<readonly [Stage, () => readonly string[]]> {
  const stage = new Stage([jail('web', { ...addressed, ...values })]);
  const { steps } = stage.host;
  await stage.supervisor.start(['web']);
  steps.splice(0);
  return [stage, () => steps.splice(0)];
}

async function crash(stage: Stage): Promise<void> {
  stage.host.jailerOf('web').end(CRASH);
  await stage.pass(0);
}

describe('the network between two lives of a jail', () => {
  it('stays while it waits, and is entered by the next life', async () => {
    const [stage, done] = await running();
    await crash(stage);
    expect([stage.state('web'), ...done()]).to.deep.equal(['backoff', ...LEFT]);
    await stage.pass(1000);
    expect([stage.state('web'), ...done()]).to.deep.equal(['running', ...KEPT]);
    await stage.supervisor.stop(['web']);
    expect(done()).to.deep.equal(CLEANED);
  });

  it('is taken down by a stop before that is answered', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    const [outcome] = await stage.supervisor.stop(['web']);
    expect(outcome?.message).to.equal('stopped (0.0 s)');
    expect([stage.state('web'), ...done()]).to.deep.equal(['stopped', ...TAKEN_DOWN]);
  });

  it('is taken down by a stop that comes while it waits for what it depends on', async () => {
    const stage = new Stage([jail('db'), jail('web', { ...addressed, depend: ['db'] })]);
    await stage.supervisor.start(['web']);
    stage.host.scripts.set('db', { start: { how: 'exit', code: 1 } });
    stage.host.jailerOf('db').end(CRASH);
    await stage.pass(1);
    await crash(stage);
    await stage.pass(150);
    expect(stage.state('web')).to.equal('waiting');
    stage.host.steps.splice(0);
    await stage.supervisor.stop(['web']);
    expect([stage.state('web'), ...stage.host.steps]).to.deep.equal(['stopped', ...TAKEN_DOWN]);
  });

  it('goes with a jail that ends for good, also when it is wanted again meanwhile', async () => {
    const [stage, done] = await running({ restart: 'no' });
    let finish = (): void => undefined;
    await crash(stage);
    expect([stage.state('web'), ...done()]).to.deep.equal(['failed', ...LEFT, ...TAKEN_DOWN]);
    await stage.supervisor.start(['web']);
    const slow = new Promise<void>((resolve) => (finish = resolve));
    Object.assign(stage.host.executors['network.attach'], { undo: () => slow });
    await crash(stage);
    void stage.supervisor.start(['web']);
    finish();
    await stage.pass(0);
    expect(stage.state('web')).to.equal('running');
  });

  it('is not kept by a jail that somebody has ended', async () => {
    const [stage, done] = await running();
    await stage.supervisor.restart(['web']);
    expect(done()).to.deep.equal([...CLEANED, ...NEW]);
  });

  for (const [what, values] of [
    ['can change it', { vnet: 'new' }],
    ['can mount what it is set by', { 'caps.add': ['sys_admin'] }],
    ['has commands on the host run for it', { 'exec.poststart': ['ip netns exec'] }],
    ['has keys', { seccomp: 'off' }],
  ] as const)
    it(`is not kept by a jail that ${what}`, async () => {
      const [stage, done] = await running(values);
      await crash(stage);
      expect(done().filter((step) => !step.includes('hook'))).to.deep.equal(CLEANED);
    });

  it('is made anew when its name is gone', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    Object.assign(stage.host.executors['netns.name'], { stands: () => false });
    await stage.pass(1000);
    expect(done()).to.deep.equal([...TAKEN_DOWN, ...NEW]);
  });

  it('is made anew when the kernel refuses it, in the same start', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    stage.host.failing.set(`jailer.spawn netns ${NETNS}`, new SystemError('netns', 22, NETNS));
    await stage.pass(1000);
    expect(done()).to.deep.equal([...KEPT.slice(0, 3), ...TAKEN_DOWN, ...CLEANED.slice(3), ...NEW]);
    expect([stage.state('web'), stage.status('web').restarts]).to.deep.equal(['running', 1]);
  });

  it('is taken down when the next start fails, before or after there is a plan', async () => {
    const [stage, done] = await running();
    for (const what of ['facts', 'cgroup.create']) {
      await crash(stage);
      done();
      stage.host.failing.set(what, noSuchFile('/x'));
      await stage.pass(60_000);
      stage.host.failing.clear();
      expect(done().filter((step) => step.startsWith('undo n'))).to.deep.equal(TAKEN_DOWN);
      await stage.pass(60_000);
      expect(stage.state('web')).to.equal('running');
    }
  });

  it('is taken down at once when the jail is made something else', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    stage.files = { ...stage.files, jails: [jail('web', at('10.0.0.3'))] };
    await stage.supervisor.reload(false);
    await stage.pass(0);
    expect([stage.state('web'), ...done()]).to.deep.equal(['backoff', ...TAKEN_DOWN]);
    await stage.pass(1000);
    expect(done()).to.deep.equal(NEW);
  });
});

describe('the network of a jail that waits, for a jaild that comes back', () => {
  it('is entered by the next life', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    await stage.restartDaemon(0);
    await stage.pass(1000);
    expect([stage.state('web'), ...done()]).to.deep.equal(['running', ...KEPT]);
  });

  it('is taken down by a stop', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    await stage.restartDaemon(0);
    await stage.supervisor.stop(['web']);
    expect(done()).to.deep.equal(TAKEN_DOWN);
  });

  it('stays where the jail crashed meanwhile', async () => {
    const [stage, done] = await running();
    await stage.restartDaemon(0, () => stage.host.jailerOf('web').end(CRASH));
    await stage.pass(1000);
    expect(done()).to.deep.equal([...LEFT, ...KEPT]);
  });

  it('is made anew with a jail that was half built', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    stage.host.slow.set(`jailer.spawn netns ${NETNS}`, new Promise(() => undefined));
    await stage.pass(1000);
    stage.host.slow.clear();
    await stage.restartDaemon(0);
    await stage.pass(1000);
    expect(done().slice(3)).to.deep.equal([...CLEANED, ...NEW]);
  });

  it('is made anew when the files have another address by then', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    await stage.restartDaemon(0, () => {
      stage.files = { ...stage.files, jails: [jail('web', at('10.0.0.3'))] };
    });
    await stage.pass(1000);
    expect(done()).to.deep.equal([...TAKEN_DOWN, ...NEW]);
  });

  it('is that of the cleaning that was under way, should its rest have been written down before', async () => {
    const [stage, done] = await running();
    const rest = join(stage.host.instance.runDirectory, '.rest/web.json');
    await crash(stage);
    const written = readFileSync(rest);
    await stage.pass(1000);
    const { undo } = stage.host.executors['cgroup.create'];
    Object.assign(stage.host.executors['cgroup.create'], { undo: () => new Promise(() => undefined) });
    await crash(stage);
    Object.assign(stage.host.executors['cgroup.create'], { undo });
    done();
    writeFileSync(rest, written);
    await stage.restartDaemon(0);
    await stage.pass(1000);
    expect([stage.state('web'), ...done()]).to.deep.equal(['running', ...LEFT, ...KEPT]);
  });

  it('is not there after another boot', async () => {
    const [stage, done] = await running();
    await crash(stage);
    done();
    stage.host.boot = 'another';
    await stage.restartDaemon(0);
    await stage.pass(1000);
    expect(done().filter((step) => step.startsWith('undo'))).to.deep.equal([]);
  });
});
