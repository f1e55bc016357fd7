import { expect } from 'chai';
import { assignUidRange, defaultPool, parseSubordinate } from '../../src/plan/uidrange.js';

const small = { base: 1_000_000, count: 4 * 65_536 };

describe('the range of ids of a jail', () => {
  it('is chosen by the name and the instance, and lies on the grid of the pool', () => {
    const base = assignUidRange({}, 'web', '', defaultPool, []);
    expect(base).to.equal(assignUidRange({}, 'web', '', defaultPool, []));
    expect(base).not.to.equal(assignUidRange({}, 'web', '/srv/other', defaultPool, []));
    expect(((base ?? 1) - defaultPool.base) % 65_536).to.equal(0);
    expect(base).to.be.within(defaultPool.base, 2 ** 31 - 65_536);
  });

  it('stays what it was, whatever the pool is now', () => {
    expect(assignUidRange({ web: 42 }, 'web', '', small, [])).to.equal(42);
    expect(assignUidRange({}, 'constructor', '', small, [])).to.be.a('number');
  });

  it('is never that of another jail, until the pool is used up', () => {
    const ranges: Record<string, number> = {};
    for (const jail of ['a', 'b', 'c', 'd']) ranges[jail] = assignUidRange(ranges, jail, '', small, []) ?? 0;
    expect(Object.values(ranges).sort()).to.deep.equal([1_000_000, 1_065_536, 1_131_072, 1_196_608]);
    expect(assignUidRange(ranges, 'e', '', small, [])).to.equal(null);
  });

  it('keeps away from ranges that others give out, and from those of an earlier pool', () => {
    const subuid = parseSubordinate('root:1000000:65536\nbroken\nme:1065600:1\n');
    expect(subuid).to.deep.equal([
      { first: 1_000_000, count: 65_536 },
      { first: 1_065_600, count: 1 },
    ]);
    const earlier = { old: 1_131_072 + 1 };
    expect(assignUidRange(earlier, 'web', '', small, subuid)).to.equal(null);
    expect(assignUidRange({}, 'web', '', { ...small, count: 3 * 65_536 }, subuid)).to.equal(1_131_072);
  });
});
