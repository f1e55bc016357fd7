import { expect } from 'chai';
import { jail, Stage } from '../support/stage.js';

async function running(values: Parameters<typeof jail>[1] = {}): Promise<Stage> {
  const stage = new Stage([jail('web', values)]);
  await stage.supervisor.start(['web']);
  return stage;
}

describe('output that was lost', () => {
  it('is an event of what was passed, a warning, and counted until the jail starts again', async () => {
    const stage = await running();
    const jailer = stage.host.jailers.get('web');
    jailer?.tellOfLog({ kind: 'log-limited', lines: 3, bytes: 40 });
    jailer?.tellOfLog({ kind: 'log-dropped', lines: 1, bytes: 2, target: 'file' });
    jailer?.tellOfLog({ kind: 'log-dropped', lines: 5, bytes: 60, target: 'journald' });
    const details = [
      '3 lines of output (40 bytes) were left out: log.rate',
      '1 lines of output (2 bytes) were lost: the log could not be written',
      '5 lines of output (60 bytes) were lost: journald did not take them',
    ];
    expect(stage.log.lines).to.deep.equal(details);
    const events = stage.supervisor.journal.since(0).filter(({ kind }) => kind === 'limit' || kind === 'log');
    expect(
      events.map(({ kind, jail: name, cause, detail, data }) => [kind, name, cause, detail, data]),
    ).to.deep.equal([
      ['limit', 'web', 'log.rate', details[0], { limit: 'log.rate', lines: 3, bytes: 40 }],
      ['log', 'web', 'lost', details[1], { target: 'file', lines: 1, bytes: 2 }],
      ['log', 'web', 'lost', details[2], { target: 'journald', lines: 5, bytes: 60 }],
    ]);
    const lost = (): unknown => stage.supervisor.status(['web'])[0]?.lostOutput;
    expect(lost()).to.deep.equal({ lines: 9, bytes: 102 });
    await stage.supervisor.stop(['web']);
    expect(lost()).to.equal(null);
    await stage.supervisor.start(['web']);
    expect(lost()).to.deep.equal({ lines: 0, bytes: 0 });
  });
});

describe('a log that was put aside', () => {
  it('is compressed, its jailer giving the names for as long as it writes', async () => {
    const stage = await running();
    const jailer = stage.host.jailers.get('web');
    jailer?.tellOfLog({ kind: 'log-rotated', inode: 5 });
    const [kept] = stage.host.tended;
    expect([stage.host.tended.length, kept?.jail.name, kept?.writer() === jailer]).to.deep.equal([
      1,
      'web',
      true,
    ]);
    await stage.supervisor.stop(['web']);
    expect(kept?.writer()).to.equal('nobody');
  });

  it('stays as it is where that is asked for', async () => {
    const stage = await running({ 'log.compress': false });
    stage.host.jailers.get('web')?.tellOfLog({ kind: 'log-rotated', inode: 5 });
    expect(stage.host.tended).to.deep.equal([]);
  });

  it('before jaild started is compressed then, running or not', async () => {
    const stage = new Stage([jail('web'), jail('db'), jail('sent', { 'log.target': ['syslog'] })]);
    await stage.supervisor.boot();
    expect(stage.host.tended.map(({ jail: { name }, writer }) => [name, writer()])).to.deep.equal([
      ['web', 'nobody'],
      ['db', 'nobody'],
    ]);
  });
});
