import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import { cpuNumbers, figureFiles } from '../../src/plan/figures.js';
import { coverRecords, kernelMounts } from '../../src/plan/kernel-files.js';
import { FakeHost } from '../support/fake-host.js';
import { onlyJail } from '../support/compile-text.js';

const host = await new FakeHost().facts(onlyJail('web { path = /j; persist; }'));
const figures = {
  ...{ hugepage: 2048, cpus: [0, 1, 3] },
  ...{ realtime: 1_000_000_999, monotonic: 90.5, boottime: 100.5 },
};
const facts = { ...host, figures, launch: 'f'.repeat(32), uidBase: 100_000 };
const proc = [{ type: 'proc', target: 'proc' }] as const;

/** The text of each file by its name below /proc. */
function texts(values: JailParams, more: Partial<typeof facts> = {}): Readonly<Record<string, string>> {
  const records = figureFiles(proc, values, { ...facts, ...more });
  return Object.fromEntries(
    records.map(([, target = '', , , hex = '']) => [target.slice(5), Buffer.from(hex, 'hex').toString()]),
  );
}

describe('the figures of a jail', () => {
  it('have as much memory as it may use, and as the host has', () => {
    const total = (values: JailParams): string | undefined => texts(values)['meminfo']?.split('\n')[0];
    expect(total({})).to.equal('MemTotal:        6291456 kB');
    expect(total({ 'memory.max': 4096 * 1024 })).to.equal('MemTotal:           4096 kB');
    expect(total({ 'memory.max': { percent: 50 } })).to.equal('MemTotal:        4194304 kB');
    expect(total({ 'memory.max': Infinity })).to.equal('MemTotal:        8388608 kB');
    expect(texts({})['meminfo']).to.match(/\nHugepagesize: +2048 kB\n$/);
  });

  it('have the CPUs that it may run on, and begin with its clocks', () => {
    const lines = (values: JailParams): readonly string[] =>
      texts(values)['stat']?.match(/^(cpu\d+|btime \d+)/gm) ?? [];
    expect(lines({})).to.deep.equal(['cpu0', 'cpu1', 'cpu3', 'btime 1000000']);
    expect(lines({ 'cpuset.cpus': '1-2', 'time.offset': { monotonic: 0, boottime: 0 } })).to.deep.equal([
      'cpu1',
      'btime 999900',
    ]);
  });

  it('have a boot id that is another for each launch', () => {
    const id = (launch: string): string | undefined => texts({}, { launch })['sys/kernel/random/boot_id'];
    expect(id('a')).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/);
    expect([id('a') === id('a'), id('a') === id('b')]).to.deep.equal([true, false]);
  });
});

describe('a list of CPUs', () => {
  it('is the numbers in its ranges', () => {
    expect(['0-3,8', '5', '', '3-1', 'x'].map(cpuNumbers)).to.deep.equal([[0, 1, 2, 3, 8], [5], [], [], []]);
  });
});

describe('what is hidden of the kernel’s file systems', () => {
  it('is hidden wherever they are mounted', () => {
    const records = [
      ['mount', 'proc', 'proc', 'mnt/p', ''],
      ['mount', 'tmpfs', 'tmpfs', 'tmp', ''],
      ['mount', 'bind', '/sys', 'sys', ''],
    ] as const;
    expect(kernelMounts(records)).to.deep.equal([
      { type: 'proc', target: 'mnt/p' },
      { type: 'sysfs', target: 'sys' },
    ]);
    const covered = coverRecords(kernelMounts(records), {}, facts).map((record) => record.join(' '));
    expect(covered).to.include.members([
      ...['mask mnt/p/keys', 'readonly mnt/p/sys', 'readonly mnt/p/sysrq-trigger', 'mask sys/firmware'],
    ]);
  });

  it('is what only root may open as well, where root is the host’s', () => {
    const targets = (uidBase: number | null, values: JailParams): readonly string[] =>
      coverRecords(proc, values, { ...facts, uidBase }).flatMap(([, target = '']) =>
        /kcore|kmsg/.test(target) ? [target] : [],
      );
    expect(targets(100_000, {})).to.deep.equal([]);
    expect(targets(null, {})).to.deep.equal(['proc/kcore', 'proc/kmsg']);
    expect(targets(null, { 'allow.read_msgbuf': true })).to.deep.equal(['proc/kcore']);
  });

  it('leaves a jail with devices the lists of devices', () => {
    const sys = [{ type: 'sysfs', target: 'sys' }] as const;
    const hides = (values: JailParams): boolean =>
      coverRecords(sys, values, facts).some(([, target]) => target === 'sys/block');
    const devices = [{ path: '/dev/sda', read: true, write: false }];
    expect([hides({}), hides({ devices })]).to.deep.equal([true, false]);
  });
});
