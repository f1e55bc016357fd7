import { expect } from 'chai';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JailParams } from '../../src/config/params.js';
import type { CgroupFacts } from '../../src/plan/facts.js';
import { cgroupPaths, cgroupProcs, cgroupSettings } from '../../src/plan/cgroup.js';
import { SystemError } from '../../src/host/error.js';
import { createCgroup, prepareRoot, removeCgroup, removeRoot, setCgroup } from '../../src/host/cgroup.js';
import { readAccounting, readFigure } from '../../src/host/cgroup-accounting.js';
import { freeze, killCgroup, population } from '../../src/host/cgroup-processes.js';
import {
  control,
  entrances,
  exitOf,
  hostVariants,
  settled,
  startIn,
  temporaryInstance,
} from '../support/cgroup-life.js';

const MIB = 1024 ** 2;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const { instance, remove } = temporaryInstance();

for (const [title, detected] of hostVariants(instance))
  describe(`the cgroups of a jail on ${title}`, () => {
    let facts: CgroupFacts;
    let paths: readonly string[];

    before(() => {
      facts = prepareRoot(detected);
      paths = cgroupPaths(facts, 'web');
    });
    beforeEach(() => createCgroup(paths));
    afterEach(async () => {
      killCgroup(paths);
      await removeCgroup(paths);
    });
    after(() => {
      removeRoot(facts);
      const left = [...Object.values(facts.v1), facts.v2].filter(
        (path) => path !== null && existsSync(path ?? ''),
      );
      expect(left).to.deep.equal([]);
    });

    it('are made, and removed with whatever was made below them', async () => {
      expect(paths.filter((path) => !existsSync(path))).to.deep.equal([]);
      for (const path of paths) mkdirSync(`${path}/inner/innermost`, { recursive: true });
      await removeCgroup(paths);
      await removeCgroup(paths);
      expect(paths.filter((path) => existsSync(path))).to.deep.equal([]);
    });

    it('let a process in by the files that the plan names', async () => {
      const v2 = facts.v2 === null ? [] : [`${facts.v2}/web/cgroup.procs`];
      const child = await startIn([...v2, ...cgroupProcs(facts, 'web')], 'exec sleep 60');
      const inside = paths.map((path) => control(`${path}/cgroup.procs`));
      expect(inside).to.deep.equal(paths.map(() => String(child.pid)));
      expect(population(paths)).to.equal(1);
    });

    it('count what the jail uses', async () => {
      const fresh = readAccounting(paths, facts);
      expect(fresh).to.deep.include({ pids: 0, oomKills: 0, ioWritten: fresh.ioWritten === null ? null : 0 });
      await startIn(
        entrances(facts, 'web'),
        'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 60 & sleep 60',
      );
      expect(await settled(() => readAccounting(paths, facts).pids, 3)).to.equal(3);
      const used = readAccounting(paths, facts);
      expect(used.memory).to.be.greaterThan(0);
      if (fresh.memoryPeak !== null) expect(used.memoryPeak).to.be.at.least(used.memory ?? Infinity);
      expect(used.cpuUsec).to.be.greaterThan(fresh.cpuUsec ?? Infinity);
    });

    it('tell the limit of memory, requests to disks and, on v2, how long processes have waited', () => {
      expect(readAccounting(paths, facts).memoryMax).to.equal(null);
      const { settings } = cgroupSettings({ 'memory.max': 64 * MIB }, facts, 'web', new Map());
      for (const { file, value } of settings) setCgroup(file, value);
      const { memoryMax, ioReads, ioWrites, pressure } = readAccounting(paths, facts);
      expect([memoryMax, ioReads ?? 0, ioWrites ?? 0]).to.deep.equal([64 * MIB, 0, 0]);
      const quiet = { someAvg10: 0, someTotalUsec: 0, fullAvg10: 0, fullTotalUsec: 0 };
      const watched = facts.v2 !== null && existsSync(`${facts.v2}/web/memory.pressure`);
      expect(pressure?.memory ?? null).to.deep.equal(watched ? quiet : null);
    });

    it('have each figure alone as they have it among all', async () => {
      await startIn(entrances(facts, 'web'), 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; read x');
      await freeze(paths, true);
      const { cpuUsec, pids, ioRead, ioWritten } = readAccounting(paths, facts);
      const alone = (['cpu', 'pids', 'io'] as const).map((figure) => readFigure(paths, facts, figure));
      expect(alone).to.deep.equal([cpuUsec, pids, ioRead === null ? null : ioRead + (ioWritten ?? 0)]);
      expect(readFigure(paths, facts, 'memory')).to.be.greaterThan(0);
    });

    it('hold the limits that are written into them', () => {
      const values: JailParams = {
        'memory.max': 64 * MIB,
        'memory.high': 48 * MIB,
        'pids.max': 20,
        'cpu.max': { quota: 50_000, period: 100_000 },
        'cpu.weight': 200,
      };
      const { settings, unsupported } = cgroupSettings(values, facts, 'web', new Map());
      expect(unsupported).to.deep.equal([]);
      for (const { file, value } of settings) setCgroup(file, value);
      const kept = settings.map(({ file }) => control(file));
      expect(kept).to.deep.equal(settings.map(({ value }) => value));
    });

    it('take a lower and then a higher limit of memory and swap while the jail runs', () => {
      const set = (memory: number): readonly string[] => {
        const values: JailParams = { 'memory.max': memory, 'memory.swap.max': MIB };
        const { settings } = cgroupSettings(values, facts, 'web', new Map());
        for (const { file, value } of settings) setCgroup(file, value);
        return settings.slice(-1).map(({ file }) => control(file));
      };
      const expected = (memory: number): string =>
        facts.v2Controllers.includes('memory') && !facts.missing?.includes('memory.swap.max')
          ? String(MIB)
          : String(memory + (facts.v2Controllers.includes('memory') ? 0 : MIB));
      for (const memory of [64 * MIB, 32 * MIB, 128 * MIB])
        expect(set(memory)).to.deep.equal([expected(memory)]);
    });

    it('stop a jail that is out of memory, and count that', async () => {
      const { settings } = cgroupSettings({ 'memory.max': 8 * MIB }, facts, 'web', new Map());
      for (const { file, value } of settings) setCgroup(file, value);
      const child = await startIn(
        entrances(facts, 'web'),
        'x=$(head -c 64000000 /dev/zero | tr "\\0" x); echo "$x"',
      );
      await exitOf(child);
      expect(readAccounting(paths, facts).oomKills).to.be.greaterThan(0);
    });

    it('name the control in the error when a limit is refused', () => {
      const path = cgroupSettings({ 'pids.max': 1 }, facts, 'web', new Map()).settings[0]?.file ?? '';
      expect(() => setCgroup(path, 'many')).to.throw(SystemError, `write ${path}: Invalid argument`);
      expect(() => setCgroup(`${dirname(path)}/no.such`, '1')).to.throw(
        SystemError,
        'No such file or directory',
      );
    });

    it('freeze the jail, and let it go on', async () => {
      await startIn(entrances(facts, 'web'), 'while :; do :; done');
      const cpuIn = async (ms: number): Promise<number> => {
        const before = readAccounting(paths, facts).cpuUsec ?? NaN;
        await pause(ms);
        return (readAccounting(paths, facts).cpuUsec ?? NaN) - before;
      };
      await freeze(paths, true);
      expect(await cpuIn(100)).to.equal(0);
      await freeze(paths, false);
      const before = readAccounting(paths, facts).cpuUsec ?? NaN;
      const goesOn = (): boolean => (readAccounting(paths, facts).cpuUsec ?? NaN) > before + 1000;
      expect(await settled(goesOn, true)).to.equal(true);
    });

    it('are emptied by killing, though the jail forks, is frozen and ignores signals', async () => {
      const script =
        'trap "" TERM HUP; (trap "" TERM; while :; do sleep 60 & wait $!; done) & sleep 60 & wait';
      const child = await startIn(entrances(facts, 'web'), script);
      expect(await settled(() => population(paths), 4)).to.equal(4);
      await freeze(paths, true);
      killCgroup(paths);
      expect(await exitOf(child)).to.equal('SIGKILL');
      await removeCgroup(paths);
      expect(population(paths)).to.equal(0);
    });

    it('are made anew, without their limits, where an earlier start left them', () => {
      const [setting] = cgroupSettings({ 'pids.max': 5 }, facts, 'web', new Map()).settings;
      setCgroup(setting?.file ?? '', '5');
      createCgroup(paths);
      expect(control(setting?.file ?? '')).to.equal('max');
    });

    it('are not made where processes of an earlier start are left, and nothing else is then either', async () => {
      const child = await startIn([`${paths.at(-1)}/cgroup.procs`], 'exec sleep 60');
      expect(() => createCgroup(paths)).to.throw(
        SystemError,
        `rmdir ${paths.at(-1)}: Resource busy or locked`,
      );
      expect(paths.slice(0, -1).filter((path) => existsSync(path))).to.deep.equal([]);
      child.kill('SIGKILL');
    });
  });

after(remove);
