import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { systemClock } from '../../src/supervise/clock.js';
import { readNotice } from '../../src/supervise/notices.js';
import { Watchdog } from '../../src/supervise/watchdog.js';
import { jail, Stage } from '../support/stage.js';

const values = { watchdog: 10, 'stop.timeout': 3 } as const;
const lastReason = (stage: Stage): unknown => stage.status('web').exit?.reason;

async function running(more: object = {}): Promise<Stage> {
  const stage = new Stage([jail('web', { ...values, ...more })]);
  await stage.supervisor.start(['web']);
  return stage;
}

describe('the watchdog of a jail', () => {
  it('lets it run while it gives signs of life', async () => {
    const stage = await running();
    for (let i = 0; i < 10; i++) {
      await stage.pass(9000);
      stage.host.jailerOf('web').notify('WATCHDOG=1');
    }
    expect([stage.starts('web'), stage.status('web').exit]).to.deep.equal([1, null]);
  });

  it('waits as long as it is told to, and does not look all the time meanwhile', async () => {
    let armed = 0;
    const clock = {
      ...systemClock,
      setTimeout: (ms: number, call: () => void) => {
        armed++;
        return systemClock.setTimeout(ms, call);
      },
    };
    const watchdog = new Watchdog(clock, () => armed++);
    watchdog.begin(readNotice(['WATCHDOG_USEC=9999999999999999999']).watchdogMs ?? 0);
    await sleep(30);
    watchdog.end();
    expect(armed).to.equal(1);
  });

  it('restarts it when none came in time: SIGABRT, then SIGKILL, and that is a failure', async () => {
    const stage = await running();
    stage.host.scripts.set('web', {});
    const first = stage.host.jailerOf('web');
    await stage.pass(10_001);
    expect([first.signals, lastReason(stage)]).to.deep.equal([[6], 'watchdog']);
    await stage.pass(1000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 2]);
    const stubborn = new Stage([jail('web', values)]);
    stubborn.host.scripts.set('web', { ignoresTerm: true });
    await stubborn.supervisor.start(['web']);
    await stubborn.pass(13_001);
    expect(stubborn.host.jailerOf('web').signals.slice(0, 2)).to.deep.equal([6, 9]);
  });

  it('is pulled by the jail itself with WATCHDOG=trigger', async () => {
    const stage = await running({ watchdog: 0 });
    stage.host.jailerOf('web').notify('WATCHDOG=trigger');
    await stage.pass(0);
    expect(lastReason(stage)).to.equal('watchdog');
  });

  it('waits for as long as WATCHDOG_USEC says, and for nothing with 0', async () => {
    const stage = await running();
    stage.host.jailerOf('web').notify('WATCHDOG_USEC=20000000');
    await stage.pass(19_000);
    expect(stage.starts('web')).to.equal(1);
    stage.host.jailerOf('web').notify('WATCHDOG_USEC=0');
    await stage.pass(100_000);
    expect([stage.starts('web'), stage.host.clock.pending]).to.deep.equal([1, 0]);
  });

  it('is not asked for before the jail is ready, nor while it is paused', async () => {
    const stage = new Stage([jail('web', { ...values, ready: 'notify', 'start.timeout': 90 })]);
    void stage.supervisor.start(['web']);
    await stage.pass(30_000);
    stage.host.jailerOf('web').notify('READY=1');
    await stage.pass(9000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
    await stage.supervisor.pause('web');
    await stage.pass(60_000);
    await stage.supervisor.resume('web');
    await stage.pass(9000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
  });

  it('gives a whole period after a time in which jaild was stopped or not there', async () => {
    const stage = await running();
    await stage.stall(30_000);
    await stage.pass(9000);
    expect(stage.starts('web')).to.equal(1);
    await stage.restartDaemon(60_000);
    await stage.pass(9000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
    await stage.pass(1002);
    expect(lastReason(stage)).to.equal('watchdog');
  });
});
