import { expect } from 'chai';
import { changedSettings } from '../../src/plan/cgroup-change.js';

type Write = readonly [file: string, value: string];

const settings = (writes: readonly Write[]) =>
  writes.map(([file, value]) => ({ parameter: 'some', file: `/cgroup/web/${file}`, value }));

const change = (before: readonly Write[], after: readonly Write[]): readonly Write[] =>
  changedSettings(settings(before), settings(after)).map(({ file, value }) => [
    file.replace('/cgroup/web/', ''),
    value,
  ]);

describe('other limits for a running jail', () => {
  it('are written where they are new or different, and not where they are the same', () => {
    expect(
      change(
        [
          ['memory.max', '10'],
          ['pids.max', '5'],
        ],
        [
          ['memory.max', '20'],
          ['pids.max', '5'],
          ['cpu.weight', '50'],
        ],
      ),
    ).to.deep.equal([
      ['memory.max', '20'],
      ['cpu.weight', '50'],
    ]);
  });

  it('are none where the file has none any more, in the words of each control', () => {
    const gone: readonly Write[] = [
      ['memory.max', '10'],
      ['memory.low', '10'],
      ['memory.limit_in_bytes', '10'],
      ['cpu.max', '5 10'],
      ['cpu.cfs_period_us', '5'],
      ['cpu.cfs_quota_us', '5'],
      ['cpu.shares', '5'],
      ['cpu.weight', '5'],
      ['io.weight', 'default 5'],
      ['blkio.bfq.weight', '5'],
      ['cpuset.cpus', '0'],
      ['io.max', '8:0 rbps=1'],
      ['blkio.throttle.read_bps_device', '8:0 1'],
    ];
    expect(change(gone, [])).to.deep.equal([
      ['memory.max', 'max'],
      ['memory.low', '0'],
      ['memory.limit_in_bytes', '-1'],
      ['cpu.max', 'max'],
      ['cpu.cfs_period_us', '100000'],
      ['cpu.cfs_quota_us', '-1'],
      ['cpu.shares', '1024'],
      ['cpu.weight', '100'],
      ['io.weight', 'default 100'],
      ['blkio.bfq.weight', '100'],
      ['cpuset.cpus', '\n'],
      ['io.max', '8:0 rbps=max wbps=max riops=max wiops=max'],
      ['blkio.throttle.read_bps_device', '8:0 0'],
    ]);
  });

  it('are those of each device by itself', () => {
    expect(
      change(
        [
          ['io.max', '8:0 rbps=1'],
          ['io.max', '8:16 rbps=1'],
        ],
        [['io.max', '8:16 rbps=1']],
      ),
    ).to.deep.equal([['io.max', '8:0 rbps=max wbps=max riops=max wiops=max']]);
  });

  it('of memory and swap in v1 lift the sum before memory changes, and set it afterwards', () => {
    const memory = (limit: string, sum: string): readonly Write[] => [
      ['memory.memsw.limit_in_bytes', '-1'],
      ['memory.limit_in_bytes', limit],
      ['memory.memsw.limit_in_bytes', sum],
    ];
    expect(change(memory('10', '20'), memory('30', '40'))).to.deep.equal(memory('30', '40'));
  });

  it('of memory in v1 lift the sum as well where nothing limits it any more', () => {
    const sum = 'memory.memsw.limit_in_bytes';
    const lifted: readonly Write[] = [
      [sum, '-1'],
      ['memory.limit_in_bytes', '-1'],
    ];
    const before: readonly Write[] = [
      [sum, '-1'],
      ['memory.limit_in_bytes', '10'],
      [sum, '20'],
    ];
    expect(change(before, lifted)).to.deep.equal(lifted);
  });
});
