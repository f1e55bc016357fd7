import { expect } from 'chai';
import type { CheckResult } from '../../src/host/host.js';
import { readNotice } from '../../src/supervise/notices.js';
import { jail, Stage } from '../support/stage.js';

const notify = { ready: 'notify', 'start.timeout': 10 } as const;
const well: CheckResult = { ended: { how: 'exit', code: 0 }, output: '' };
const ill: CheckResult = { ended: { how: 'exit', code: 1 }, output: 'refused' };
const kinds = (stage: Stage, name: string): string[] =>
  stage.supervisor.journal.since(0).flatMap(({ kind, jail: of }) => (of === name ? [kind] : []));

describe('what a process says of itself', () => {
  it('is read as sd_notify(3) has it, and what is not known is left out', () => {
    expect(readNotice(['READY=1', 'STATUS=a=b', 'EXTEND_TIMEOUT_USEC=1500', 'MAINPID=7', 'X'])).to.deep.equal(
      {
        ready: true,
        status: 'a=b',
        extendMs: 2,
      },
    );
    expect(readNotice(['READY=0', 'WATCHDOG=trigger', 'WATCHDOG_USEC=5000000'])).to.deep.equal({
      ready: false,
      watchdog: 'trigger',
      watchdogMs: 5000,
    });
    expect(readNotice(['EXTEND_TIMEOUT_USEC=-1', 'WATCHDOG=2', 'WATCHDOG_USEC=1e9'])).to.deep.equal({
      ready: false,
    });
  });
});

describe('a jail that says when it is ready', () => {
  it('is starting until then; its commands and dependants come after', async () => {
    const stage = new Stage([
      jail('db', { ...notify, 'exec.poststart': ['poststart'] }),
      jail('web', { depend: ['db'] }),
    ]);
    const starting = stage.supervisor.start(['web']);
    await stage.pass(5000);
    expect([stage.state('db'), stage.state('web'), stage.status('db').awaits]).to.deep.equal([
      'starting',
      'waiting',
      'waiting for READY=1',
    ]);
    expect(stage.host.steps).to.not.include('run hook.run poststart');
    stage.host.jailerOf('db').notify('STATUS=loaded', 'READY=1');
    await stage.pass(0);
    expect((await starting).map(({ jail: name, message }) => `${name} ${message}`)).to.deep.equal([
      'db started (pid 4011, 5.0 s)',
      'web started (pid 4021, 5.0 s)',
    ]);
    expect([
      stage.state('db'),
      stage.status('db').says,
      stage.host.steps.includes('run hook.run poststart'),
    ]).to.deep.equal(['running', 'loaded', true]);
    const [ready] = stage.supervisor.journal.since(0).filter(({ kind }) => kind === 'start');
    expect(ready?.data).to.deep.equal({ latency_ms: 5000, restarts: 0 });
  });

  it('may say so before exec.start has ended', async () => {
    const stage = new Stage([jail('web', notify)]);
    stage.host.scripts.set('web', { start: 'hang' });
    void stage.supervisor.start(['web']);
    await stage.pass(1000);
    stage.host.jailerOf('web').notify('READY=1');
    await stage.pass(0);
    expect(stage.state('web')).to.equal('starting');
    stage.host.jailerOf('web').comeUp();
    await stage.pass(0);
    expect(stage.state('web')).to.equal('running');
  });

  it('has failed to start when it does not say so in time, counted from the start, and is tried again', async () => {
    const stage = new Stage([jail('web', { ...notify, 'restart.delay': 1 })]);
    const starting = stage.supervisor.start(['web']);
    await stage.pass(9_999);
    expect(stage.state('web')).to.equal('starting');
    await stage.pass(1);
    expect((await starting)[0]).to.deep.include({
      ok: false,
      message: 'not started: timed out waiting for READY=1',
      hint: 'start.timeout says how long a start may take',
    });
    expect([stage.state('web'), stage.status('web').exit?.reason]).to.deep.equal(['backoff', 'timeout']);
    await stage.pass(1000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['starting', 2]);
  });

  it('gets the time that it asks for, and no less than it had', async () => {
    const stage = new Stage([jail('web', notify)]);
    void stage.supervisor.start(['web']);
    await stage.pass(1000);
    stage.host.jailerOf('web').notify('EXTEND_TIMEOUT_USEC=1000000');
    await stage.pass(8000);
    stage.host.jailerOf('web').notify('EXTEND_TIMEOUT_USEC=20000000');
    await stage.pass(19_000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['starting', 1]);
    await stage.pass(1001);
    expect(stage.status('web').exit?.reason).to.equal('timeout');
  });

  it('has failed to start when it ends before, whatever the code', async () => {
    const stage = new Stage([jail('web', { ...notify, restart: 'no' })]);
    const starting = stage.supervisor.start(['web']);
    await stage.pass(1000);
    stage.host.jailerOf('web').end({ how: 'exit', code: 0 });
    await stage.pass(0);
    const [outcome] = await starting;
    expect([outcome?.message, stage.state('web'), stage.status('web').exit?.reason]).to.deep.equal([
      'not started: exit 0 before READY=1 was sent',
      'failed',
      'start',
    ]);
    expect([stage.status('web').gaveUp, kinds(stage, 'web').includes('start')]).to.deep.equal([
      'restart = no',
      false,
    ]);
  });

  it('is stopped while it is awaited, and nothing comes after', async () => {
    const stage = new Stage([jail('web', notify)]);
    const starting = stage.supervisor.start(['web']);
    await stage.pass(1000);
    const [down] = await stage.supervisor.stop(['web']);
    await stage.pass(60_000);
    expect([
      down?.message,
      (await starting)[0]?.message,
      stage.state('web'),
      stage.starts('web'),
    ]).to.deep.equal(['stopped (0.0 s)', 'not started: stopped meanwhile', 'stopped', 1]);
    expect(stage.host.clock.pending).to.equal(0);
  });

  it('keeps nobody else from starting, however long it takes', async () => {
    const stage = new Stage([jail('a', notify), jail('b', notify), jail('c')], { parallel: 2 });
    void stage.supervisor.start(['a', 'b', 'c']);
    await stage.pass(0);
    expect(stage.state('c')).to.equal('running');
  });

  it('keeps nobody else from starting either while its commands go on for as long as it asks for', async () => {
    const stage = new Stage([jail('a', notify), jail('b')], { parallel: 1 });
    stage.host.scripts.set('a', { start: 'hang' });
    void stage.supervisor.start(['a', 'b']);
    await stage.pass(0);
    expect(stage.state('b')).to.equal('waiting');
    stage.host.jailerOf('a').notify('EXTEND_TIMEOUT_USEC=18446744073709551');
    await stage.pass(0);
    expect([stage.state('a'), stage.state('b')]).to.deep.equal(['starting', 'running']);
  });

  it('is still awaited by a jaild that comes back, and ready for one that comes back later', async () => {
    const stage = new Stage([jail('web', notify)]);
    void stage.supervisor.start(['web']);
    await stage.pass(1000);
    await stage.restartDaemon(1000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['starting', 1]);
    stage.host.jailerOf('web').notify('READY=1');
    await stage.pass(0);
    await stage.restartDaemon(1000);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
  });

  it('is ready for a jaild that comes back while exec.poststart is under way', async () => {
    const stage = new Stage([jail('web', { ...notify, 'exec.poststart': ['poststart'] })]);
    stage.host.slow.set('hook.run poststart', new Promise(() => undefined));
    void stage.supervisor.start(['web']);
    await stage.pass(0);
    stage.host.jailerOf('web').notify('READY=1');
    await stage.pass(0);
    stage.host.slow.clear();
    await stage.restartDaemon(0);
    expect(stage.state('web')).to.equal('running');
  });
});

describe('a jail that is ready when it is well', () => {
  const values = { ready: 'health', 'health.command': '/bin/check', 'start.timeout': 10 } as const;

  it('runs with the first check that passes; those that fail before count for nothing', async () => {
    const stage = new Stage([jail('web', { ...values, 'health.start_period': 0, 'health.retries': 1 })]);
    const answers = [ill, ill, ill, well];
    stage.host.scripts.set('web', { check: () => answers.shift() ?? well });
    const starting = stage.supervisor.start(['web']);
    await stage.pass(2999);
    expect([stage.state('web'), stage.status('web').awaits]).to.deep.equal([
      'starting',
      'waiting for a check to pass (exit 1: refused)',
    ]);
    await stage.pass(1);
    expect((await starting)[0]?.message).to.equal('started (pid 4011, 3.0 s)');
    expect([stage.state('web'), stage.status('web').health, stage.starts('web')]).to.deep.equal([
      'running',
      'healthy',
      1,
    ]);
  });

  it('has been ready for a jaild that comes back, whatever its checks come to by then', async () => {
    const stage = new Stage([jail('web', { ...values, 'exec.poststart': ['poststart'] })]);
    const answers = [well];
    stage.host.scripts.set('web', { check: () => answers.shift() ?? ill });
    stage.host.slow.set('hook.run poststart', new Promise(() => undefined));
    void stage.supervisor.start(['web']);
    await stage.pass(10);
    stage.host.slow.clear();
    await stage.restartDaemon(0);
    expect([stage.state('web'), stage.starts('web')]).to.deep.equal(['running', 1]);
  });

  it('has failed to start when none passes in time', async () => {
    const stage = new Stage([jail('web', values)]);
    stage.host.scripts.set('web', { check: () => ill });
    const starting = stage.supervisor.start(['web']);
    await stage.pass(10_000);
    expect((await starting)[0]?.message).to.equal(
      'not started: timed out waiting for a check to pass (exit 1: refused)',
    );
  });
});

describe('a start that is waited for', () => {
  it('tells each second what it waits for', async () => {
    const stage = new Stage([jail('db', notify), jail('web', { depend: ['db'] })]);
    const told: string[] = [];
    const starting = stage.supervisor.start(['web'], (line, seconds) =>
      told.push(`${line} ${seconds ?? ''}`.trim()),
    );
    await stage.pass(1000);
    stage.host.jailerOf('db').notify('STATUS=loading');
    await stage.pass(1000);
    stage.host.jailerOf('db').notify('READY=1');
    await starting;
    expect(told).to.deep.equal([
      'db: starting, waiting for READY=1 1',
      'web: waiting, waiting for db 1',
      'db: starting, waiting for READY=1 (loading) 2',
      'web: waiting, waiting for db 2',
      'db: started (pid 4011, 2.0 s)',
      'web: started (pid 4021, 2.0 s)',
    ]);
    await stage.supervisor.stop(['web', 'db']);
    expect(stage.host.clock.pending).to.equal(0);
  });

  it('is waited for no longer than somebody wants to, and goes on', async () => {
    const stage = new Stage([jail('web', notify)]);
    const starting = stage.supervisor.start(['web'], undefined, { timeoutMs: 3000 });
    await stage.pass(3000);
    expect(await starting).to.deep.equal([
      {
        jail: 'web',
        ok: false,
        changed: true,
        message: 'not ready after 3 s: starting, waiting for READY=1',
        hint: 'it goes on starting: jailctl status web shows how it does',
        code: 1,
      },
    ]);
    stage.host.jailerOf('web').notify('READY=1');
    await stage.pass(0);
    expect(stage.state('web')).to.equal('running');
  });

  it('is not waited for at all where nobody wants to', async () => {
    const stage = new Stage([jail('web', notify)]);
    const [outcome] = await stage.supervisor.start(['web'], undefined, { wait: false });
    expect([outcome?.ok, outcome?.message]).to.deep.equal([true, 'is starting']);
  });
});
