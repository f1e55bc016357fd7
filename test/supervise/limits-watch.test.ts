import { expect } from 'chai';
import type { RctlRule } from '../../src/config/rctl/rule.js';
import { compiled, jail, Stage } from '../support/stage.js';

const rule = (resource: RctlRule['resource'], action: string, amount: number): RctlRule => ({
  ...{ resource, action, amount, per: 'jail' },
});

/** A running jail "web" with these rules. */
async function runningWith(...rctl: readonly RctlRule[]): Promise<Stage> {
  const stage = new Stage([jail('web', { rctl })]);
  await stage.supervisor.start(['web']);
  return stage;
}

/** Lets the watch look once while the jail uses so much. */
async function look(stage: Stage, usage: Readonly<Record<string, number>> = {}): Promise<void> {
  for (const [resource, amount] of Object.entries(usage)) stage.host.usages.set(`web ${resource}`, amount);
  await stage.host.clock.advance(2000);
}

describe('a watched limit', () => {
  it('acts when its amount is exceeded, once, and again after it was not', async () => {
    const stage = await runningWith(rule('memoryuse', 'log', 100));
    for (const memoryuse of [100, 101, 150, 80, 120]) await look(stage, { memoryuse });
    expect(stage.log.lines).to.deep.equal([
      'rctl: memoryuse:log=100 is exceeded: memoryuse is 101 (bytes)',
      'rctl: memoryuse:log=100 is exceeded: memoryuse is 120 (bytes)',
    ]);
  });

  it('sends its signal to the whole jail, and makes an event', async () => {
    const stage = await runningWith(rule('maxproc', 'sigusr1', 5), rule('maxproc', 'devctl', 6));
    await look(stage, { maxproc: 7 });
    expect(stage.host.jailers.get('web')?.signals).to.deep.equal([10]);
    const pid = stage.host.jailers.get('web')?.initPid;
    const events = stage.supervisor.journal.since(0).filter(({ cause }) => cause.startsWith('rctl'));
    expect(events.map(({ from, to, cause, detail }) => [from, to, cause, detail])).to.deep.equal([
      [
        'running',
        'running',
        'rctl maxproc:sigusr1=5',
        'rctl: maxproc:sigusr1=5 is exceeded: maxproc is 7 (number)',
      ],
      [
        ...['running', 'running', 'rctl maxproc:devctl=6'],
        `system=RCTL subsystem=rule type=matched rule=jail:web:maxproc:devctl=6 pid=${pid} ruid=0 jail=web`,
      ],
    ]);
  });

  it('of a rate is about the time between two looks', async () => {
    const stage = await runningWith(rule('pcpu', 'log', 50), rule('readbps', 'log', 1000));
    await look(stage, { pcpu: 1000, readbps: 1e9 });
    await look(stage, { pcpu: 1001, readbps: 1e9 + 2000 });
    expect(stage.log.lines).to.deep.equal([]);
    await look(stage, { pcpu: 1002.5, readbps: 1e9 + 6000 });
    expect(stage.log.lines).to.deep.equal(
      [
        'rctl: pcpu:log=50 is exceeded: pcpu is 75 (percent of one CPU)',
        'rctl: readbps:log=1k is exceeded: readbps is 2000 (bytes/s)',
      ].map((line) => line.replace('1k', '1000')),
    );
  });

  it('of wallclock counts from the start of the jail', async () => {
    const stage = await runningWith(rule('wallclock', 'log', 5));
    for (let looks = 0; looks < 5; looks++) await look(stage);
    expect(stage.log.lines).to.deep.equal(['rctl: wallclock:log=5 is exceeded: wallclock is 6 (s)']);
  });

  it('that this host does not count is told once', async () => {
    const stage = await runningWith(rule('swapuse', 'sigterm', 5));
    await look(stage);
    await look(stage);
    expect(stage.log.lines).to.deep.equal(['rctl: this host does not count swapuse']);
  });

  it('takes no timer while no jail runs that has one', async () => {
    const stage = new Stage([jail('web', { rctl: [rule('memoryuse', 'deny', 5)] })]);
    await stage.supervisor.start(['web']);
    expect(stage.host.clock.pending).to.equal(0);
    stage.files = compiled([jail('web', { rctl: [rule('memoryuse', 'log', 5)] })]);
    await stage.supervisor.reload(false);
    expect(stage.host.clock.pending).to.equal(1);
    await stage.supervisor.stop(['web']);
    await stage.host.clock.advance(60_000);
    expect(stage.host.clock.pending).to.equal(0);
  });
});
