import { expect } from 'chai';
import type { JailEvent } from '../../src/supervise/events/journal.js';
import { jail, Stage } from '../support/stage.js';

/** The jails a, b, c, which run; `kill` is what the kernel does, and counts. */
async function threeJails(): Promise<Stage> {
  const stage = new Stage(['a', 'b', 'c'].map((name) => jail(name, { restart: 'no' })));
  await stage.supervisor.start(['a', 'b', 'c']);
  stage.supervisor.lookForOomKills();
  return stage;
}

function kill({ host }: Stage, name: string, times = 1): void {
  host.oomKills.set(name, (host.oomKills.get(name) ?? 0) + times);
  host.hostOomKills = (host.hostOomKills ?? 0) + times;
}

const look = async (stage: Stage): Promise<void> => {
  stage.supervisor.lookForOomKills();
  await stage.pass(300);
};

const ooms = (stage: Stage): readonly JailEvent[] =>
  stage.supervisor.journal.since(0).filter(({ kind }) => kind === 'oom');

describe('a process killed for want of memory, whose jail goes on', () => {
  it('is told of once, and counted', async () => {
    const stage = await threeJails();
    kill(stage, 'b', 2);
    await look(stage);
    await look(stage);
    kill(stage, 'b');
    await look(stage);
    expect(ooms(stage).map(({ jail, from, to, detail }) => [jail, from, to, detail])).to.deep.equal([
      ['b', 'running', 'running', '2 processes were killed, the jail goes on'],
      ['b', 'running', 'running', 'a process was killed, the jail goes on'],
    ]);
    expect(ooms(stage).map(({ data }) => [data?.['kills'], data?.['kills_total']])).to.deep.equal([
      [2, 2],
      [1, 3],
    ]);
    expect(stage.log.lines).to.deep.equal(ooms(stage).map(({ detail }) => `out of memory: ${detail}`));
    expect(stage.state('b')).to.equal('running');
  });

  it('is left to the exit of the jail that ends of it', async () => {
    const stage = await threeJails();
    kill(stage, 'a');
    stage.supervisor.lookForOomKills();
    stage.host.jailers.get('a')?.end({ how: 'signal', code: 9 });
    await stage.pass(1000);
    expect(ooms(stage).filter(({ data }) => data?.['kills'] !== undefined)).to.deep.equal([]);
    expect(stage.status('a').exit?.oom).to.equal(true);
  });

  it('costs no look at any jail while the host has counted none', async () => {
    const stage = await threeJails();
    let asked = 0;
    const count = stage.host.countOomKills.bind(stage.host);
    stage.host.countOomKills = (cgroups) => (asked++, count(cgroups));
    for (let i = 0; i < 50; i++) await look(stage);
    expect(asked).to.equal(0);
    stage.host.hostOomKills = 1; // of somebody who is no jail
    await look(stage);
    expect([asked, ooms(stage)]).to.deep.equal([3, []]);
  });

  it('is seen now and then where the host counts none', async () => {
    const stage = await threeJails();
    kill(stage, 'c');
    stage.host.hostOomKills = null;
    for (let i = 0; i < 16; i++) await look(stage);
    expect(ooms(stage).map(({ jail }) => jail)).to.deep.equal(['c']);
  });

  it('is not told of again by the next jaild, and one that it missed is', async () => {
    const stage = await threeJails();
    kill(stage, 'a');
    await look(stage);
    await stage.restartDaemon(0, () => kill(stage, 'b'));
    await look(stage);
    await look(stage);
    expect(ooms(stage).map(({ jail, data }) => [jail, data?.['kills_total']])).to.deep.equal([
      ['a', 1],
      ['b', 1],
    ]);
  });
});
