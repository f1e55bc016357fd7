import { expect } from 'chai';
import type { CheckResult, Ended } from '../../../src/host/host.js';
import { findingOf, healthPolicy } from '../../../src/supervise/health/health.js';
import { jail, Stage } from '../../support/stage.js';

const result = (ended: Ended, output = ''): CheckResult => ({ ended, output });
const well = result({ how: 'exit', code: 0 });
const ill = result({ how: 'exit', code: 1 }, 'Connection refused');
const ENOENT = 2;
const ENOMEM = 12;
const values = {
  'health.command': '/bin/check',
  'health.interval': 10,
  'health.start_period': 0,
  'health.retries': 3,
} as const;

/** A running jail whose checks come to these, one after the other, the last for ever. */
async function watched(answers: readonly CheckResult[], more: object = {}): Promise<Stage> {
  const stage = new Stage([jail('web', { ...values, ...more })]);
  const left = [...answers];
  const next = (): CheckResult => (left.length > 1 ? left.shift() : left[0]) ?? well;
  stage.host.scripts.set('web', { check: next, obeys: { how: 'exit', code: 0 } });
  await stage.supervisor.start(['web']);
  return stage;
}
const verdicts = (stage: Stage): string[] =>
  stage.supervisor.journal.since(0).flatMap(({ kind, cause }) => (kind === 'health' ? [cause] : []));
const reasons = (stage: Stage): unknown[] =>
  stage.supervisor.journal.since(0).flatMap(({ kind, data }) => (kind === 'exit' ? [data?.['cause']] : []));

describe('a check', () => {
  it('has failed when its command is not there, and tells nothing when the host lacks the means', () => {
    const error = (code: number): CheckResult => result({ how: 'error', code });
    const late = result({ how: 'timeout', code: 0 });
    expect([well, ill, late, error(ENOENT), error(ENOMEM)].map(findingOf)).to.deep.equal([
      'passed',
      'failed',
      'failed',
      'failed',
      'unknown',
    ]);
  });
});

describe('the health of a jail', () => {
  it('is none without a check, and not known before the first', async () => {
    const stage = new Stage([jail('plain')]);
    await stage.supervisor.start(['plain']);
    expect(stage.status('plain').health).to.equal('none');
    const other = await watched([well]);
    expect(other.status('web').health).to.equal('starting');
    await other.pass(10_000);
    expect([other.status('web').health, other.status('web').checks.length]).to.deep.equal(['healthy', 1]);
  });

  it('is lost with so many failures in a row, and the jail is restarted once for it', async () => {
    const stage = await watched([ill, ill, ill, well]);
    await stage.pass(30_000);
    expect(stage.starts('web')).to.equal(1);
    await stage.pass(1000);
    const { state, health, checks, exits } = stage.status('web');
    expect([state, health, checks, stage.starts('web')]).to.deep.equal(['running', 'starting', [], 2]);
    // The program ended with 0 when it was asked to: it was jaild that ended it, and that is a failure.
    expect(exits.map(({ cause, reason }) => [cause, reason])).to.deep.equal([
      ['unhealthy (Connection refused), then exit 0', 'health'],
    ]);
    expect([verdicts(stage), reasons(stage)]).to.deep.equal([['unhealthy'], ['health']]);
    expect(stage.supervisor.status()[0]?.restarts).to.equal(1);
  });

  it('is not lost by fewer failures than that', async () => {
    const stage = await watched([ill, ill, well, ill, ill, well]);
    await stage.pass(61_000);
    expect([stage.starts('web'), verdicts(stage)]).to.deep.equal([1, ['healthy']]);
  });

  it('begins anew with each life: one failure after a restart is not the last straw', async () => {
    const stage = await watched([ill, ill, ill, ill, ill, well]);
    await stage.pass(31_000);
    await stage.pass(21_000);
    expect([stage.starts('web'), stage.state('web')]).to.deep.equal([2, 'running']);
  });

  it('leaves a slow starter its time, also after a restart for its health', async () => {
    const stage = await watched([well, ill, ill, ill, ...Array<CheckResult>(20).fill(ill), well], {
      'health.start_period': 60,
      'health.start_interval': 2,
    });
    await stage.pass(2_000 + 3 * 10_000 + 1000);
    expect(stage.starts('web')).to.equal(2);
    await stage.pass(50_000);
    expect([stage.starts('web'), stage.status('web').health]).to.deep.equal([2, 'healthy']);
  });

  it('is only told of with health.action = none', async () => {
    const stage = await watched([ill, ill, ill, ill, well], { 'health.action': 'none' });
    await stage.pass(41_000);
    expect([stage.state('web'), stage.starts('web'), stage.status('web').health]).to.deep.equal([
      'running',
      1,
      'unhealthy',
    ]);
    await stage.pass(10_000);
    expect([stage.status('web').health, verdicts(stage)]).to.deep.equal([
      'healthy',
      ['unhealthy', 'healthy'],
    ]);
  });

  it('counts nothing that could not be tried', async () => {
    const stage = await watched([result({ how: 'error', code: ENOMEM })]);
    await stage.pass(100_000);
    expect([stage.starts('web'), stage.status('web').health]).to.deep.equal([1, 'starting']);
    expect(stage.status('web').checks.map(({ finding }) => finding)).to.deep.equal(
      Array<string>(5).fill('unknown'),
    );
  });

  it('is looked at by all checks that there are, until one fails', async () => {
    const stage = await watched([well, ill], {
      'health.tcp': { host: null, port: 80 },
      'health.http': ':8080/x?y',
    });
    await stage.pass(10_000);
    const timeout = 5;
    const place = { host: '127.0.0.1', timeout };
    const { checks } = stage.host.jailerOf('web');
    expect(checks.map(({ kind }) => kind)).to.deep.equal(['command', 'tcp']);
    expect(checks[1]).to.deep.equal({ kind: 'tcp', port: 80, ...place });
    expect(stage.supervisor.status()[0]?.checks.map(({ finding }) => finding)).to.deep.equal(['failed']);
  });

  it('is looked at by one check at a time, from the end of one to the next', async () => {
    const stage = new Stage([jail('web', { ...values, 'health.timeout': 30 })]);
    const { clock, scripts } = stage.host;
    const slow = (): Promise<CheckResult> =>
      new Promise((resolve) => void clock.setTimeout(25_000, () => resolve(well)));
    scripts.set('web', { check: slow });
    await stage.supervisor.start(['web']);
    const { checks } = stage.host.jailerOf('web');
    await stage.pass(34_000);
    expect(checks.length).to.equal(1);
    await stage.pass(10_000);
    expect(checks.length).to.equal(1);
    await stage.pass(2000);
    expect(checks.length).to.equal(2);
    // Paused and resumed in the middle of one: the next still waits for its end, and it counts for nothing.
    await stage.supervisor.pause('web');
    await stage.supervisor.resume('web');
    await stage.pass(20_000);
    expect([checks.length, stage.status('web').checks.length]).to.deep.equal([2, 1]);
    await stage.pass(15_000);
    expect(checks.length).to.equal(3);
  });

  it('is not judged while the jail is paused', async () => {
    const stage = await watched([ill]);
    await stage.pass(25_000);
    await stage.supervisor.pause('web');
    await stage.pass(100_000);
    expect([stage.starts('web'), stage.host.jailerOf('web').checks.length]).to.deep.equal([1, 2]);
  });

  it('is not judged by a time in which jaild itself was stopped', async () => {
    const late: CheckResult = result({ how: 'timeout', code: 0 });
    const stage = new Stage([jail('web', { ...values, 'health.retries': 1 })]);
    let answer: (result: CheckResult) => void = () => undefined;
    stage.host.scripts.set('web', { check: () => new Promise((resolve) => (answer = resolve)) });
    await stage.supervisor.start(['web']);
    await stage.pass(10_000);
    stage.host.clock.stall(30_000);
    answer(late);
    await stage.pass(1000);
    expect([stage.starts('web'), stage.status('web').checks]).to.deep.equal([1, []]);
  });

  it('follows a reload at the next check', async () => {
    const stage = await watched([ill, ill, ill, ill, well]);
    await stage.pass(25_000);
    stage.files = { ...stage.files, jails: [jail('web', { ...values, 'health.retries': 5 })] };
    await stage.supervisor.reload(false);
    await stage.pass(20_000);
    expect([stage.starts('web'), stage.status('web').checks.length]).to.deep.equal([1, 4]);
  });

  it('is looked at from the reload on that asks for it first', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    stage.files = { ...stage.files, jails: [jail('web', values)] };
    await stage.supervisor.reload(false);
    await stage.pass(10_000);
    expect(stage.status('web').health).to.equal('healthy');
  });

  it('is looked at again by a jaild that comes back, which keeps the jail', async () => {
    const stage = await watched([well]);
    await stage.pass(10_000);
    const { pid } = stage.status('web');
    await stage.restartDaemon(5000);
    await stage.pass(10_000);
    const { health, pid: now } = stage.status('web');
    expect([health, now, stage.starts('web')]).to.deep.equal(['healthy', pid, 1]);
  });

  it('leaves nothing behind with the jail', async () => {
    const stage = await watched([well]);
    await stage.pass(15_000);
    await stage.supervisor.stop(['web']);
    expect(stage.host.clock.pending).to.equal(0);
  });

  it('has the policy of the table where nothing is written', () => {
    expect(healthPolicy({})).to.deep.equal({
      interval: 30_000,
      timeout: 5000,
      retries: 3,
      startPeriod: 30_000,
      startInterval: 1000,
      action: 'restart',
    });
  });
});
