import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import type { ResourceName } from '../../src/config/rctl/resources.js';
import { createCgroup, prepareRoot, removeCgroup, removeRoot } from '../../src/host/cgroup.js';
import { killCgroup } from '../../src/host/cgroup-processes.js';
import { readUsage } from '../../src/host/usage.js';
import { cgroupPaths } from '../../src/plan/cgroup.js';
import type { CgroupFacts } from '../../src/plan/facts.js';
import { entrances, hostVariants, settled, startIn, temporaryInstance } from '../support/cgroup-life.js';

const MIB = 1024 ** 2;
const { instance, remove } = temporaryInstance();

for (const [title, detected] of hostVariants(instance))
  describe(`what a jail uses, on ${title}`, () => {
    let facts: CgroupFacts;
    let paths: readonly string[];
    const use = (resource: ResourceName): number => readUsage(paths, facts, resource) ?? -1;

    beforeEach(() => {
      facts = prepareRoot(detected);
      paths = cgroupPaths(facts, 'web');
      createCgroup(paths);
    });
    afterEach(async () => {
      killCgroup(paths);
      await removeCgroup(paths);
      removeRoot(facts);
    });

    it('is counted by its processes', async () => {
      const { pid } = await startIn(
        entrances(facts, 'web'),
        'exec 5</dev/null 6</dev/null; sleep 60 & exec sleep 60',
      );
      const ofEach = (): number => readdirSync(`/proc/${pid}/fd`).length;
      const isAsleep = (): boolean => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n';
      await settled(() => isAsleep() && use('openfiles') === 2 * ofEach(), true);
      expect([use('maxproc'), use('nthr'), use('memorylocked')]).to.deep.equal([2, 2, 0]);
      expect(ofEach()).to.be.at.least(5);
      expect(use('openfiles')).to.equal(2 * ofEach());
      expect(use('vmemoryuse')).to.be.within(2 ** 20, 2 ** 30);
    });

    it('is memory that cannot be given back, without cached files', async () => {
      const script = 'head -c 20m /dev/zero > "$0"; head -c 30m /dev/zero | tail -c 30m | sleep 60';
      const file = `${instance.prefix}/cached`;
      await startIn(entrances(facts, 'web'), script.replace('"$0"', `'${file}'`));
      await settled(() => use('memoryuse') >= 30 * MIB, true);
      expect(use('memoryuse')).to.be.within(30 * MIB, 36 * MIB);
    });

    it('is CPU time in seconds, and for the disks what was read and written', async () => {
      await startIn(entrances(facts, 'web'), 'while :; do :; done');
      expect(await settled(() => use('cputime') > 0.2, true)).to.equal(true);
      expect(use('pcpu')).to.be.within(0.2, 6);
      const rates = (['readbps', 'writebps', 'readiops', 'writeiops'] as const).map(use);
      expect(rates.filter((count) => count < 0)).to.deep.equal([]);
    });

    it('is unknown for what nobody counts', () => {
      expect(readUsage(paths, facts, 'nshm')).to.equal(null);
    });
  });

after(remove);
