import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import { memoryLimit } from '../../src/plan/cgroup-limits.js';
import { amountsOf, bytesOf } from '../../src/plan/limit-amounts.js';
import { hostLimits } from '../support/host-limits.js';

const GIBI = 1024 ** 3;

describe('a share of what the host has', () => {
  it('is whole mebibytes, rounded down', () => {
    expect(bytesOf({ percent: 75 }, 8 * GIBI)).to.equal(6 * GIBI);
    expect(bytesOf({ percent: 33.3 }, 10_000_000)).to.equal(3 * 1024 ** 2);
    expect(bytesOf({ percent: 50 }, 0)).to.equal(0);
    expect(bytesOf(12_345, 8 * GIBI)).to.equal(12_345);
  });

  it('is one of swap for swap, and of memory for the others', () => {
    const half = { percent: 50 };
    const values: JailParams = { 'memory.max': half, 'memory.swap.max': half, 'memory.high': Infinity };
    expect(amountsOf({ ...values, 'cpu.weight': 7 }, hostLimits.memory)).to.deep.equal({
      'memory.max': 4 * GIBI,
      'memory.swap.max': GIBI,
      'memory.high': Infinity,
      'cpu.weight': 7,
    });
  });
});

describe('the memory that a jail may have', () => {
  const of = (values: JailParams): number | null => memoryLimit(values, { limits: hostLimits });

  it('is what it says, else what its rules say, else three quarters of the host’s', () => {
    const rctl = [{ resource: 'memoryuse', action: 'deny', amount: 5000, per: 'jail' }] as const;
    expect(of({})).to.equal(6 * GIBI);
    expect(of({ rctl })).to.equal(5000);
    expect(of({ rctl, 'memory.max': 7000 })).to.equal(7000);
    expect(of({ 'memory.max': { percent: 25 } })).to.equal(2 * GIBI);
  });

  it('has no limit of its own when it says so', () => {
    expect(of({ 'memory.max': Infinity })).to.equal(null);
  });
});
