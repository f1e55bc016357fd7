import { expect } from 'chai';
import { constants } from 'node:os';
import { parseFaultPoints } from '../../src/supervise/fault-points.js';

/** The faults of the first times that a point is reached. */
const faults = (text: string, point: string, times: number, jail = 'web'): readonly unknown[] => {
  const reach = parseFaultPoints(text);
  return Array.from({ length: times }, () => reach(point, jail));
};
const off = { act: 'off' };

describe('JAILD_FAIL', () => {
  it('has nothing happen at a point that it does not name', () => {
    expect(faults('', 'run.x', 1)).to.deep.equal([off]);
    expect(faults('run.y=kill', 'run.x', 1)).to.deep.equal([off]);
  });

  it('has the terms take turns, each as often as its number says', () => {
    expect(faults('run.x=1*off->2*return(ENOSPC)->kill', 'run.x', 5)).to.deep.equal([
      off,
      { act: 'return', errno: constants.errno.ENOSPC },
      { act: 'return', errno: constants.errno.ENOSPC },
      { act: 'kill' },
      { act: 'kill' },
    ]);
  });

  it('is through when the last term has a number', () => {
    expect(faults('run.x=1*kill', 'run.x', 3)).to.deep.equal([{ act: 'kill' }, off, off]);
  });

  it('takes many points, and one jail’s before that of all', () => {
    const text = 'run.x=hang; run.x@db=delay(20);run.y=block(5)';
    expect(faults(text, 'run.x', 1)).to.deep.equal([{ act: 'hang' }]);
    expect(faults(text, 'run.x', 1, 'db')).to.deep.equal([{ act: 'delay', ms: 20 }]);
    expect(faults(text, 'run.y', 1)).to.deep.equal([{ act: 'block', ms: 5 }]);
  });

  for (const term of ['die', 'return', 'return(EWHAT)', 'delay', 'delay(soon)', 'kill(9)', '*kill', ''])
    it(`refuses the term "${term}"`, () => {
      expect(() => parseFaultPoints(`run.x=${term}`)).to.throw(`"${term}" is no term`);
    });
});
