import { expect } from 'chai';
import type { Expectation } from '../../../src/plan/audit/expectation.js';
import { labels } from '../../../src/plan/audit/labels.js';
import type { Observation, ObservedProcess } from '../../../src/plan/audit/observation.js';

/** What the judge says of a command with a label, beside a process 1 that has none. */
function judge(label: string | null, planned: string | null) {
  const init = { role: 'init', pid: 1, label: null } as ObservedProcess;
  const command = { role: 'command', pid: 2, label } as ObservedProcess;
  const { seen, doors, weaker } = labels(
    { processes: [init, command] } as unknown as Observation,
    { label: planned } as Expectation,
  );
  return { seen, doors: doors.map(({ by, severity }) => `${severity} ${by}`), weaker };
}

describe('labels in an audit', () => {
  it('are those of the plan, of commands: process 1 executes nothing', () => {
    expect(judge('web (enforce)', 'web')).to.deep.equal({ seen: 'web (enforce)', doors: [], weaker: [] });
    expect(judge('a:b:c:s0', 'a:b:c:s0')).to.deep.equal({ seen: 'a:b:c:s0', doors: [], weaker: [] });
  });

  it('are weaker than planned when a command has another', () => {
    expect(judge('unconfined', 'web').weaker).to.deep.equal([
      'the command (pid 2) has the label unconfined instead of web',
    ]);
    expect(judge(null, 'web').weaker).to.deep.equal([
      'the command (pid 2) has the label none instead of web',
    ]);
  });

  it('that only tell are a door', () => {
    expect(judge('web (complain)', 'web')).to.deep.include({ doors: ['low apparmor = web'], weaker: [] });
  });

  it('that nobody asks for are noted', () => {
    expect(judge(null, null).doors).to.deep.equal(['note no AppArmor or SELinux label']);
    expect(judge('unconfined', null).doors).to.deep.equal(['note the label is that of jaild']);
  });
});
