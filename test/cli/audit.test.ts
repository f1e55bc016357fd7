import { expect } from 'chai';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { code, say } from '../support/command-line.js';

const running = (name: string) => stoppedJail(name, { state: 'running', pid: 41 });
const closed = { wall: 'users', seen: '65536 ids', doors: [], weaker: [] };
const door = { by: 'seccomp = off', severity: 'high', cost: 'every call is open' } as const;
const opened = { wall: 'system calls', seen: 'no filter', doors: [door], weaker: [] };
const weak = { wall: 'mounts', seen: '3', doors: [], weaker: ['a \u001b[2J is mounted'] };

describe('jailctl audit', () => {
  const operations = new FakeOperations([
    running('good'),
    running('open'),
    running('bad'),
    stoppedJail('down'),
  ]);
  operations.audits.set('good', { grade: 'A', findings: [closed] });
  operations.audits.set('open', { grade: 'D', findings: [closed, opened] });
  operations.audits.set('bad', { grade: 'F', findings: [opened, weak] });

  it('shows a line for each running jail', async () => {
    const { out, result } = await say(operations, ['audit']);
    expect(out).to.equal(
      'NAME  GRADE  OPENED BY\ngood  A      -\nopen  D      seccomp = off\nbad   F      WEAK mounts, seccomp = off\n',
    );
    expect(result).to.deep.equal({ exit: 1 });
  });

  it('shows each wall of a jail that is named, with costs, and nothing that a terminal obeys', async () => {
    const { out } = await say(operations, ['audit', 'bad']);
    expect(out).to.equal(
      [
        'bad: F, weaker than its plan (pid 41)',
        'opened  system calls  no filter',
        '                      by seccomp = off (high): every call is open',
        'weak    mounts        3',
        '                      weaker than planned: a ?[2J is mounted',
        '',
      ].join('\n'),
    );
  });

  it('gives all of it to programs', async () => {
    const { out } = await say(operations, ['audit', '--json', 'open']);
    expect(JSON.parse(out)).to.deep.equal({
      version: 1,
      audits: [
        {
          ...{ name: 'open', pid: 41, grade: 'D', weaker: false },
          walls: [
            { grade: 'closed', ...closed },
            { grade: 'opened', ...opened },
          ],
        },
      ],
    });
  });

  it('exits with 0 for open doors, 1 for a weak or stopped jail, 4 for one that is not there', async () => {
    const codes = await Promise.all(
      ['good', 'open', 'bad', 'down', 'nobody'].map((name) => code(operations, ['audit', name])),
    );
    expect(codes).to.deep.equal([0, 0, 1, 1, 4]);
  });
});
