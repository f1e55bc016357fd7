import { expect } from 'chai';
import { createCgroup, prepareRoot, removeCgroup, removeRoot } from '../../src/host/cgroup.js';
import { readFigure } from '../../src/host/cgroup-accounting.js';
import { killCgroup } from '../../src/host/cgroup-processes.js';
import { busyUsec, readHostUsage } from '../../src/host/host-usage.js';
import { cgroupPaths } from '../../src/plan/cgroup.js';
import { entrances, hostVariants, startIn, temporaryInstance } from '../support/cgroup-life.js';

describe('the time that processors were busy', () => {
  it('leaves out what they waited, and counts guests once', () => {
    expect(busyUsec('cpu  10 20 30 4000 5000 6 7 8 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n')).to.equal(810_000);
  });

  it('is unknown where the kernel does not tell', () => {
    expect(busyUsec(null)).to.equal(null);
  });
});

const { instance, remove } = temporaryInstance();

for (const [title, detected] of hostVariants(instance))
  describe(`what the host and all jails together use on ${title}`, () => {
    it('is the sum of what each jail uses', async () => {
      const facts = prepareRoot(detected);
      const paths = ['a', 'b'].map((name) => cgroupPaths(facts, name));
      try {
        for (const each of paths) createCgroup(each);
        for (const name of ['a', 'b'])
          await startIn(entrances(facts, name), 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done');
        const used = (): readonly number[] => paths.map((each) => readFigure(each, facts, 'cpu') ?? NaN);
        const before = used();
        const { jails, memory, load } = readHostUsage(facts);
        const after = used();
        const sum = (figures: readonly number[]): number => figures.reduce((all, one) => all + one, 0);
        expect(jails.cpuUsec).to.be.within(sum(before) - 1000, sum(after) + 1000);
        expect(memory.available).to.be.within(1, memory.total);
        expect(load.length).to.equal(3);
      } finally {
        for (const each of paths) {
          killCgroup(each);
          await removeCgroup(each);
        }
        removeRoot(facts);
      }
    });
  });

after(remove);
