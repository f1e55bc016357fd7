import { expect } from 'chai';
import type { JailEvent } from '../../../src/supervise/events/journal.js';
import { compiled, jail, mistake, Stage } from '../../support/stage.js';

const of = (stage: Stage, kind: JailEvent['kind']) =>
  stage.supervisor.journal
    .since(0)
    .filter((event) => event.kind === kind)
    .map(({ jail, cause, detail }) => [jail, cause, detail]);

describe('the events of jaild itself', () => {
  it('tell its beginning, what it has taken back, and how the one before ended', async () => {
    const stage = new Stage([jail('a'), jail('b')], { version: '1.0' });
    await stage.supervisor.boot();
    await stage.supervisor.start(['a', 'b']);
    stage.supervisor.end();
    await stage.restartDaemon();
    await stage.restartDaemon();
    expect(of(stage, 'jaild')).to.deep.equal([
      [null, 'started', '1.0'],
      [null, 'adopted', '0 jails in 0 ms'],
      [null, 'ended', 'the jails run on'],
      [null, 'started', '1.0'],
      [null, 'adopted', '2 jails in 0 ms'],
      [null, 'started', '1.0, the one before did not end as asked'],
      [null, 'adopted', '2 jails in 0 ms'],
    ]);
  });

  it('tell of another version', async () => {
    const before = new Stage([jail('a')], { version: '1.0' });
    await before.supervisor.boot();
    before.supervisor.end();
    const stage = new Stage([jail('a')], { version: '1.1' }, before.host);
    await stage.supervisor.boot();
    expect(of(stage, 'jaild').at(-2)).to.deep.equal([null, 'upgraded', 'from 1.0 to 1.1']);
  });

  it('have numbers without gaps, whatever jaild went through', async () => {
    const stage = new Stage([jail('a'), jail('b')]);
    for (let life = 0; life < 5; life++) {
      await stage.restartDaemon();
      await stage.supervisor.start(['a']);
      stage.host.jailers.get('a')?.end({ how: 'exit', code: 1 });
      await stage.pass(100);
    }
    const seqs = stage.supervisor.journal.since(0).map(({ seq }) => seq);
    expect(seqs).to.deep.equal(seqs.map((_, index) => index + 1));
    expect(seqs.length).to.be.above(25);
  });
});

describe('the events of a reload', () => {
  const reloaded = async (uid: number | null, next: Stage['files']): Promise<Stage> => {
    const stage = new Stage([jail('a'), jail('b'), jail('gone')]);
    await stage.supervisor.start(['a']);
    stage.files = next;
    const result = stage.supervisor.reload(false, uid);
    await stage.pass(1000);
    await result;
    return stage;
  };

  it('tell who asked for it, and each jail that is another now', async () => {
    const next = compiled([jail('a', { 'pids.max': 5 }), jail('b'), jail('new')]);
    const stage = await reloaded(1000, next);
    expect(of(stage, 'reload').slice(0, 1)).to.deep.equal([[null, 'reloaded', 'by uid 1000, 3 changed']]);
    expect(of(stage, 'reload').slice(1)).to.have.deep.members([
      ['a', 'changed', 'pids.max'],
      ['new', 'added', ''],
      ['gone', 'in no file any more', ''],
    ]);
    const [whole] = stage.supervisor.journal.since(0).filter(({ kind }) => kind === 'reload');
    expect(whole?.data).to.deep.equal({ uid: 1000, changes: 3, mistakes: 0 });
  });

  it('tell that it was refused', async () => {
    const stage = await reloaded(null, { ...compiled([], [mistake('no'), mistake('never')]), ok: false });
    expect(of(stage, 'reload')).to.deep.equal([[null, 'refused', 'by SIGHUP, 2 mistakes']]);
  });

  it('are not there when it was only asked what it would do', async () => {
    const stage = new Stage([jail('a')]);
    stage.files = compiled([jail('a'), jail('new')]);
    await stage.supervisor.reload(true, 0);
    expect(of(stage, 'reload')).to.deep.equal([]);
  });
});
