import { expect } from 'chai';
import type { HostFacts } from '../../src/plan/facts.js';
import { clockRecords } from '../../src/plan/clocks.js';
import type { LaunchRecord } from '../../src/plan/step.js';
import { onlyJail } from '../support/compile-text.js';
import { FakeHost } from '../support/fake-host.js';

const host = await new FakeHost().facts(onlyJail('web { path = /j; persist; }'));
const figures = { ...host.figures, monotonic: 90.9, boottime: 100.1 };

const shifts = (text: string, more: Partial<HostFacts> = {}): readonly LaunchRecord[] =>
  clockRecords(onlyJail(`web { path = /j; persist; ${text} }`), { ...host, figures, ...more });

describe('the clocks of a jail', () => {
  it('begin with it and never below zero', () => {
    const own = [
      ['time.offset', 'monotonic', '-90'],
      ['time.offset', 'boottime', '-100'],
    ];
    expect(shifts('')).to.deep.equal(own);
    expect(shifts('time.offset = own;')).to.deep.equal(own);
  });

  it('are the host’s with time.offset = 0, and shifted from those by anything else', () => {
    expect(shifts('time.offset = 0;')).to.deep.equal([]);
    expect(shifts('time.offset = "+1h";')).to.deep.equal([
      ['time.offset', 'monotonic', '3600'],
      ['time.offset', 'boottime', '3600'],
    ]);
    expect(shifts('time.offset = "boottime=own";')).to.deep.equal([['time.offset', 'boottime', '-100']]);
  });

  it('are the host’s on a kernel without time namespaces, unless others are asked for', () => {
    expect(shifts('', { timeNamespaces: false })).to.deep.equal([]);
    expect(() => shifts('time.offset = 1;', { timeNamespaces: false })).to.throw(/no time namespaces/);
  });
});
