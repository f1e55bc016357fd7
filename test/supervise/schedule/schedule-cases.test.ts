import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { JailParams } from '../../../src/config/params.js';
import { compiled, jail, Stage } from '../../support/stage.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const UTC = { 'schedule.timezone': 'UTC' };
const nightly: JailParams = { 'schedule.restart': ['0 3 * * *'], ...UTC };

async function midnight(values: JailParams, ...others: readonly string[]): Promise<Stage> {
  const stage = new Stage([jail('web', values), ...others.map((name) => jail(name, values))]);
  await stage.supervisor.boot();
  await stage.supervisor.start(['web', ...others]);
  return stage;
}

/** Waits until a time that was dealt with is on the disk. */
async function onDisk(stage: Stage, since: number): Promise<void> {
  const slot = String(Date.parse('2026-05-01T00:00:00Z') + since);
  const file = join(stage.host.instance.stateDirectory, 'wants.json');
  const isThere = (): boolean => existsSync(file) && readFileSync(file, 'utf8').includes(slot);
  for (let i = 0; i < 12000 && !isThere(); i++) await sleep(5);
  await stage.pass(0);
}

/** What the clock has done or left: "restart 03:00", "restart 03:00: it is stopped". */
const told = (stage: Stage, name = 'web'): readonly string[] =>
  stage.supervisor.journal.since(0).flatMap(({ kind, jail: subject, data }) => {
    if (kind !== 'schedule' || subject !== name) return [];
    const time = String(data?.['slot']).slice(11, 16);
    return [`${data?.['what']} ${time}${data?.['why'] === null ? '' : `: ${data?.['why']}`}`];
  });

describe('a time of the schedule', () => {
  it('is told when it is acted upon, and with the reason when it is not', async () => {
    const stage = await midnight(nightly);
    await stage.pass(4 * HOUR);
    await stage.supervisor.stop(['web']);
    await stage.pass(DAY);
    expect(told(stage)).to.deep.equal(['restart 03:00', 'restart 03:00: it is stopped']);
    const [event] = stage.supervisor.journal.since(0).filter(({ kind }) => kind === 'schedule');
    expect(event).to.deep.include({
      cause: 'scheduled restart',
      detail: '2026-05-01T03:00:00.000Z',
      data: { what: 'restart', slot: '2026-05-01T03:00:00.000Z', why: null },
    });
  });

  it('passes a jail by that is starting, in backoff, paused, or being restarted', async () => {
    for (const [how, why] of [
      ['hang', 'it is starting'],
      ['crash', 'it is backoff'],
      ['pause', 'it is paused'],
      ['stop', 'it is stopping'],
    ] as const) {
      const times = { 'start.timeout': 600, 'stop.timeout': 600, 'restart.delay': 60 };
      const stage = new Stage([jail('web', { ...nightly, ...times })]);
      if (how === 'stop') stage.host.scripts.set('web', { ignoresTerm: true });
      await stage.supervisor.boot();
      await stage.supervisor.start(['web']);
      await stage.pass(3 * HOUR - 10_000);
      if (how === 'hang') stage.host.scripts.set('web', { start: 'hang' });
      if (how === 'hang' || how === 'stop') void stage.supervisor.restart(['web']);
      if (how === 'crash') stage.host.jailerOf('web').end({ how: 'exit', code: 3 });
      if (how === 'pause') await stage.supervisor.pause('web');
      await stage.pass(20_000);
      expect(told(stage), how).to.deep.equal([`restart 03:00: ${why}`]);
    }
  });

  it('comes once when the clock is set back by an hour, and again when by a day', async () => {
    const stage = await midnight(nightly);
    await stage.pass(3 * HOUR + 1000);
    stage.host.clock.setWall(stage.host.clock.now() - HOUR);
    await stage.pass(2 * HOUR);
    expect(stage.starts('web')).to.equal(2);
    stage.host.clock.setWall(stage.host.clock.now() - 3 * DAY);
    await stage.pass(DAY);
    expect(stage.starts('web')).to.equal(3);
  });

  it('comes every day after the clock was set back by a year, and after it was set from 1970', async () => {
    for (const jump of [-365 * DAY, 'from 1970'] as const) {
      const stage = new Stage([jail('web', nightly)]);
      const { clock } = stage.host;
      if (jump === 'from 1970') clock.setWall(10_000);
      await stage.supervisor.boot();
      await stage.supervisor.start(['web']);
      if (jump === 'from 1970') clock.setWall(Date.parse('2026-05-01T00:00:00Z'));
      else clock.setWall(clock.now() + jump);
      await stage.pass(60_000);
      expect(stage.starts('web'), `${jump}, at once`).to.equal(1);
      await stage.pass(3 * DAY);
      expect(stage.starts('web'), String(jump)).to.equal(4);
      const [next] = stage.status('web').nextTimes.restart;
      expect(((next?.getTime() ?? 0) - clock.now()) / HOUR, String(jump)).to.be.within(2.9, 3);
    }
  });

  it('after which the machine has slept for long is past, and is noticed within half a minute', async () => {
    for (const [missed, sleep, expected] of [
      ['skip', 8 * HOUR, 1],
      ['run', 8 * HOUR, 2],
      ['skip', 3 * HOUR + 60_000, 2],
    ] as const) {
      const stage = await midnight({ ...nightly, 'schedule.missed': missed });
      stage.host.clock.suspend(sleep);
      await stage.pass(30_000);
      expect(stage.starts('web'), `${missed} ${sleep}`).to.equal(expected);
      expect(told(stage)).to.deep.equal([expected === 1 ? 'restart 03:00: too long past' : 'restart 03:00']);
    }
  });

  it('that passed while the machine was off is made up once with schedule.missed = run', async () => {
    for (const [missed, expected] of [
      ['skip', 'stopped'],
      ['run', 'running'],
    ] as const) {
      const values = { 'schedule.start': ['0 8 * * *'], 'schedule.missed': missed, ...UTC };
      const stage = await midnight(values);
      await stage.supervisor.stop(['web']);
      stage.host.boot = 'boot-2';
      await stage.restartDaemon(50 * HOUR);
      await stage.pass(60_000);
      expect(stage.state('web'), missed).to.equal(expected);
    }
  });

  it('is not done again by the next jaild when what it started has ended by itself', async () => {
    const stage = new Stage([jail('web', { 'schedule.start': ['0 8 * * *'], ...UTC })]);
    await stage.supervisor.boot();
    stage.host.scripts.set('web', { ends: { how: 'exit', code: 0 } });
    for (let day = 0; day < 2; day++) {
      await stage.pass((day === 0 ? 8 : 24) * HOUR + (day === 0 ? 1000 : 0));
      expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['ended', day + 1]);
      await onDisk(stage, 8 * HOUR + day * DAY);
      await stage.restartDaemon(1000);
      await stage.pass(10_000);
      expect(stage.starts('web')).to.equal(day + 1);
      stage.host.clock.setWall(stage.host.clock.now() - 11_000);
    }
  });

  it('that passed a jail by is not taken up by the next jaild either', async () => {
    const stage = await midnight(nightly);
    await stage.supervisor.pause('web');
    await stage.pass(3 * HOUR + 1000);
    await stage.supervisor.resume('web');
    await onDisk(stage, 3 * HOUR);
    await stage.restartDaemon(1000);
    await stage.pass(60_000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
  });

  it('is void when somebody has asked for something since, and edits bring none back', async () => {
    const stage = await midnight({ 'schedule.stop': ['0 20 * * *'], ...UTC, 'schedule.window': 7200 });
    await stage.pass(20 * HOUR + 1000);
    await stage.supervisor.start(['web']);
    await stage.restartDaemon(60_000);
    await stage.pass(60_000);
    expect(stage.state('web')).to.equal('running');
    const evening = { 'schedule.stop': ['1 20 * * *'], ...UTC };
    for (const values of [evening, {}, evening, { ...evening, 'schedule.missed': 'run' as const }]) {
      stage.files = compiled([jail('web', values)]);
      await stage.supervisor.reload(false);
      await stage.pass(30_000);
      expect(stage.state('web')).to.equal('running');
    }
  });

  it('is not kept from others by a jail that hangs for ever', async () => {
    const stage = new Stage([
      jail('web', { ...nightly, 'exec.prestop': ['slow'] }),
      jail('db', nightly),
      jail('app', nightly),
    ]);
    await stage.supervisor.boot();
    await stage.supervisor.start(['web', 'db', 'app']);
    stage.host.slow.set('hook.run slow', new Promise(() => undefined));
    await stage.pass(3 * HOUR + 60_000);
    expect([stage.state('web'), stage.starts('db')]).to.deep.equal(['stopping', 1]);
    await stage.pass(61_000);
    expect(['db', 'app'].map((name) => stage.starts(name))).to.deep.equal([2, 2]);
  });

  it('that a stop command stands against is told, and the jail runs on', async () => {
    const stage = await midnight({ ...nightly, 'exec.stop': ['stop'] });
    stage.host.failing.set('jail.exec stop', new Error('exec.stop stop: exited 1'));
    await stage.pass(3 * HOUR + 1000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
    expect(told(stage)).to.deep.equal(['restart 03:00', 'restart 03:00: exec.stop stop: exited 1']);
  });
});

describe('jails of the same time', () => {
  it('are restarted one at a time, each after what it depends on, a hundred as well', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `j${i}`);
    const values = (i: number): JailParams => ({ ...nightly, depend: i === 99 ? [] : [`j${i + 1}`] });
    const stage = new Stage(names.map((name, i) => jail(name, values(i))));
    await stage.supervisor.boot();
    await stage.supervisor.start(names);
    let most = 0;
    const restarted: string[] = [];
    stage.supervisor.journal.listen(({ to, from, jail: subject }) => {
      if (to === 'running' && from !== to && subject !== null) restarted.push(subject);
      const down = names.filter((name) =>
        stage.supervisor.glance().some((one) => one.name === name && one.state !== 'running'),
      );
      most = Math.max(most, down.length);
    });
    await stage.pass(3 * HOUR + 1000);
    for (let i = 0; i < 300 && restarted.length < 100; i++) await stage.pass(1000);
    expect([most, restarted]).to.deep.equal([1, [...names].reverse()]);
  });

  it('are stopped in reverse order, and one that another needs goes on and says why', async () => {
    const evening = { 'schedule.stop': ['0 20 * * *'], ...UTC };
    for (const [web, expected, why] of [
      [evening, ['stopped', 'stopped'], 'stop 20:00'],
      [{}, ['running', 'running'], 'stop 20:00: needed by web'],
    ] as const) {
      const stage = new Stage([jail('db', evening), jail('web', { ...web, depend: ['db'] })]);
      await stage.supervisor.boot();
      await stage.supervisor.start(['web']);
      await stage.pass(20 * HOUR + 1000);
      // Each of them waits for the disk, whose time is not the test's.
      for (let i = 0; i < 12000 && stage.state('db') !== expected[0]; i++) {
        await sleep(5);
        await stage.pass(0);
      }
      expect(['db', 'web'].map((name) => stage.state(name))).to.deep.equal(expected);
      expect(told(stage, 'db')).to.deep.equal([why]);
    }
  });

  it('are not restarted any more once jaild is told to end', async () => {
    const stage = await midnight({ ...nightly, 'stop.timeout': 20 }, 'db');
    for (const name of ['web', 'db']) stage.host.scripts.set(name, { ignoresTerm: true });
    await stage.supervisor.restart(['web', 'db']);
    await stage.pass(3 * HOUR + 1000);
    void stage.supervisor.shutdown();
    await stage.pass(60_000);
    expect(['web', 'db'].map((name) => stage.state(name))).to.deep.equal(['stopped', 'stopped']);
  });
});

describe('a forecast of the schedules', () => {
  it('tells each time in order, and what it would come to as things are', async () => {
    const stage = new Stage([
      jail('web', { 'schedule.restart': ['0 3,12 * * *'], ...UTC }),
      jail('job', {
        ...{ 'schedule.start': ['0 8 * * *'], 'schedule.stop': ['0 20 * * *'] },
        ...{ 'schedule.restart': ['0 6,10 * * *'], ...UTC },
      }),
      jail('db'),
    ]);
    await stage.supervisor.boot();
    await stage.supervisor.start(['web']);
    const day = [new Date('2026-05-01T00:00:00Z'), new Date('2026-05-02T00:00:00Z')] as const;
    const { times, more } = stage.supervisor.forecast(undefined, ...day, 10);
    expect(more).to.deep.equal([]);
    expect(
      times.map(({ at, jail: name, what, skipped }) => [new Date(at).getUTCHours(), name, what, skipped]),
    ).to.deep.equal([
      [3, 'web', 'restart', null],
      [6, 'job', 'restart', 'it is stopped'],
      [8, 'job', 'start', null],
      [10, 'job', 'restart', null],
      [12, 'web', 'restart', null],
      [20, 'job', 'stop', null],
    ]);
    expect(stage.supervisor.forecast(['web'], ...day, 10).times).to.have.lengthOf(2);
  });

  it('is bounded, and counts what it leaves out', async () => {
    const every = { 'schedule.restart': ['* * * * * *'], ...UTC };
    const stage = new Stage([jail('a', every), jail('b', every)]);
    await stage.supervisor.boot();
    const [from, to] = [new Date('2026-05-01T00:00:00Z'), new Date('2026-05-02T00:00:00Z')];
    const { times, more } = stage.supervisor.forecast(undefined, from, to, 48);
    expect(times).to.have.lengthOf(96);
    expect(more).to.deep.equal([
      { jail: 'a', what: 'restart', count: 86_352, exact: true },
      { jail: 'b', what: 'restart', count: 13_552, exact: false },
    ]);
  });
});
