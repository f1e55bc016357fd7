import { expect } from 'chai';
import { cpuTime } from '../../support/cpu-time.js';
import { compiled, jail, Stage } from '../../support/stage.js';
import type { JailParams } from '../../../src/config/params.js';

const HOUR = 3_600_000;
const UTC = { 'schedule.timezone': 'UTC' };
const nightly: JailParams = { 'schedule.restart': ['0 3 * * *'], ...UTC };

/** A supervisor with a jail that runs since midnight. */
async function midnight(values: JailParams, ...others: string[]): Promise<Stage> {
  const stage = new Stage([jail('web', values), ...others.map((name) => jail(name, values))]);
  await stage.supervisor.boot();
  await stage.supervisor.start(['web', ...others]);
  return stage;
}

describe('the clock', () => {
  it('restarts a running jail at its time, once', async () => {
    const stage = await midnight(nightly);
    expect(stage.status('web').next.restart).to.deep.equal(new Date('2026-05-01T03:00:00Z'));
    await stage.pass(3 * HOUR - 1);
    expect(stage.starts('web')).to.equal(1);
    await stage.pass(1000);
    expect([stage.starts('web'), stage.status('web').restarts]).to.deep.equal([2, 0]);
    await stage.pass(20 * HOUR);
    expect(stage.starts('web')).to.equal(2);
    await stage.pass(2 * 24 * HOUR);
    expect(stage.starts('web')).to.equal(4);
  });

  it('makes at most one restart of any jump, and none of a jump past the window', async () => {
    for (const [jump, expected] of [
      [HOUR, 1],
      [3 * HOUR + 60_000, 2],
      [24 * HOUR, 1],
      [-HOUR, 1],
      [-365 * 24 * HOUR, 1],
    ] as const) {
      const stage = await midnight(nightly);
      stage.host.clock.setWall(stage.host.clock.now() + jump);
      const began = cpuTime();
      await stage.pass(60_000);
      expect(stage.starts('web'), String(jump)).to.equal(expected);
      expect(cpuTime() - began).to.be.below(1000);
    }
  });

  it('does not keep others from their restart when one waits for a dependency', async () => {
    const stage = new Stage([
      jail('db'),
      jail('app', { ...nightly, depend: ['db'] }),
      jail('web', { ...nightly, priority: -1 }),
    ]);
    await stage.supervisor.boot();
    await stage.supervisor.start(['app', 'web']);
    stage.host.jailerOf('db').end({ how: 'exit', code: 0 });
    await stage.pass(3 * HOUR + 1000);
    expect([stage.state('app'), stage.starts('web')]).to.deep.equal(['waiting', 2]);
  });

  it('starts no jail for a restart that is down, in backoff or starting, and says so', async () => {
    const stage = await midnight(nightly);
    await stage.supervisor.stop(['web']);
    await stage.pass(4 * HOUR);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['stopped', 1]);
    expect(stage.causes('web')).to.include('scheduled restart skipped');
  });

  it('skips a time that passed while jaild was away for long, or makes it up once', async () => {
    for (const [missed, expected] of [
      ['skip', 1],
      ['once', 2],
    ] as const) {
      const stage = await midnight({ ...nightly, 'schedule.missed': missed });
      await stage.restartDaemon(30 * HOUR);
      await stage.pass(60_000);
      expect(stage.starts('web'), missed).to.equal(expected);
    }
  });

  it('does not act for a time before the schedule was set', async () => {
    const stage = await midnight({});
    await stage.pass(3 * HOUR + 60_000);
    stage.files = compiled([jail('web', nightly)]);
    await stage.supervisor.reload(false);
    await stage.pass(120_000);
    expect(stage.starts('web')).to.equal(1);
  });

  it('does not restart a jail that came up after its time', async () => {
    const stage = await midnight(nightly);
    await stage.supervisor.stop(['web']);
    await stage.pass(3 * HOUR - 10_000);
    stage.host.slow.set(
      'jailer.spawn',
      new Promise((resolve) => void stage.host.clock.setTimeout(40_000, resolve)),
    );
    void stage.supervisor.start(['web']);
    await stage.pass(200_000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
  });

  it('restarts jails of the same time one after the other', async () => {
    const stage = await midnight({ ...nightly, 'stop.timeout': 5 }, 'app', 'db');
    for (const name of ['web', 'app', 'db']) stage.host.scripts.set(name, { ignoresTerm: true });
    await stage.supervisor.restart(['web', 'app', 'db']);
    await stage.pass(3 * HOUR + 2000);
    expect(['web', 'app', 'db'].map((name) => stage.state(name))).to.deep.equal([
      'stopping',
      'running',
      'running',
    ]);
    await stage.pass(20_000);
    expect(['web', 'app', 'db'].map((name) => stage.starts(name))).to.deep.equal([3, 3, 3]);
  });

  it('starts and stops a jail by schedule.start and schedule.stop', async () => {
    const stage = await midnight({
      'schedule.start': ['0 8 * * *'],
      'schedule.stop': ['0 20 * * *'],
      ...UTC,
    });
    await stage.supervisor.stop(['web']);
    await stage.pass(8 * HOUR + 1000);
    expect(stage.state('web')).to.equal('running');
    await stage.pass(12 * HOUR);
    expect([stage.state('web'), stage.status('web').want]).to.deep.equal(['stopped', 'down']);
    await stage.pass(12 * HOUR);
    expect(stage.state('web')).to.equal('running');
  });

  it('is not looked at while no jail has a schedule', async () => {
    const stage = await midnight({});
    await stage.pass(0);
    expect(stage.host.clock.pending).to.equal(0);
  });
});
