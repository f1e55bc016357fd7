import { expect } from 'chai';
import type { CgroupFacts } from '../../src/plan/facts.js';
import { cgroupPaths, cgroupProcs, cgroupSettings, limitedDevices } from '../../src/plan/cgroup.js';
import type { JailParams } from '../../src/config/params.js';
import { hostLimits } from '../support/host-limits.js';

const pureV2: CgroupFacts = {
  v1: {},
  v2: '/sys/fs/cgroup/jaild',
  v2Controllers: ['cpu', 'cpuset', 'io', 'memory', 'pids'],
};
const v1 = (...controllers: string[]): CgroupFacts['v1'] =>
  Object.fromEntries(controllers.map((controller) => [controller, `/cg/${controller}/jaild`]));
const hybrid: CgroupFacts = {
  v1: v1('cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'),
  v2: '/cg/unified/jaild',
  v2Controllers: [],
};
const noDevices = new Map<string, string>();
const written = (values: JailParams, facts: CgroupFacts, devices = noDevices): readonly string[] =>
  cgroupSettings(values, facts, 'web', devices).settings.map(({ file, value }) => `${file}: ${value}`);

describe("a jail's cgroup directories", () => {
  it('are one on a pure v2 host', () => {
    expect(cgroupPaths(pureV2, 'web')).to.deep.equal(['/sys/fs/cgroup/jaild/web']);
    expect(cgroupProcs(pureV2, 'web')).to.deep.equal([]);
  });

  it('are the v2 one and those of limiting v1 controllers on a hybrid host', () => {
    const limiting = ['memory', 'pids', 'cpu', 'cpuset', 'blkio'].map((name) => `/cg/${name}/jaild/web`);
    expect(cgroupPaths(hybrid, 'web')).to.deep.equal(['/cg/unified/jaild/web', ...limiting]);
    expect(cgroupProcs(hybrid, 'web')).to.deep.equal(limiting.map((directory) => `${directory}/tasks`));
  });

  it('include cpuacct and freezer where there is no v2 tree, and one for controllers mounted together', () => {
    const together = { cpu: '/cg/cpu,cpuacct/jaild', cpuacct: '/cg/cpu,cpuacct/jaild' };
    const facts: CgroupFacts = {
      v1: { ...v1('memory', 'freezer'), ...together },
      v2: null,
      v2Controllers: [],
    };
    expect(cgroupPaths(facts, 'a.b')).to.deep.equal([
      '/cg/memory/jaild/a.b',
      '/cg/cpu,cpuacct/jaild/a.b',
      '/cg/freezer/jaild/a.b',
    ]);
  });
});

describe('limits of a jail', () => {
  const all: JailParams = {
    'memory.max': 512 * 1024 ** 2,
    'memory.swap.max': 1024 ** 2,
    'memory.high': Infinity,
    'memory.oom.group': true,
    'cpu.max': { quota: 150_000, period: 100_000 },
    'cpu.weight': 50,
    'cpuset.cpus': '0-1',
    'pids.max': Infinity,
    'io.max': [{ device: '/dev/sda', rbps: 1024, wiops: 100 }],
    'io.weight': 200,
  };
  const devices = new Map([['/dev/sda', '8:0']]);

  it('are written in the words of v2', () => {
    const at = '/sys/fs/cgroup/jaild/web';
    expect(written(all, pureV2, devices)).to.deep.equal([
      `${at}/memory.max: 536870912`,
      `${at}/memory.swap.max: 1048576`,
      `${at}/memory.high: max`,
      `${at}/memory.oom.group: 1`,
      `${at}/cpu.max: 150000 100000`,
      `${at}/cpu.weight: 50`,
      `${at}/cpuset.cpus: 0-1`,
      `${at}/pids.max: max`,
      `${at}/io.max: 8:0 rbps=1024 wbps=max riops=max wiops=100`,
      `${at}/io.weight: default 200`,
    ]);
  });

  it('are translated for v1, what cannot be is refused with a reason, and what loses meaning says so', () => {
    const { settings, unsupported, close } = cgroupSettings(all, hybrid, 'web', devices);
    expect(settings.map(({ file, value }) => `${file.replace('/jaild/web/', ' ')}: ${value}`)).to.deep.equal([
      '/cg/memory memory.memsw.limit_in_bytes: -1',
      '/cg/memory memory.limit_in_bytes: 536870912',
      '/cg/memory memory.memsw.limit_in_bytes: 537919488',
      '/cg/memory memory.soft_limit_in_bytes: -1',
      '/cg/cpu cpu.cfs_period_us: 100000',
      '/cg/cpu cpu.cfs_quota_us: 150000',
      '/cg/cpu cpu.shares: 512',
      '/cg/cpuset cpuset.cpus: 0-1',
      '/cg/pids pids.max: max',
      '/cg/blkio blkio.throttle.read_bps_device: 8:0 1024',
      '/cg/blkio blkio.throttle.write_bps_device: 8:0 0',
      '/cg/blkio blkio.throttle.read_iops_device: 8:0 0',
      '/cg/blkio blkio.throttle.write_iops_device: 8:0 100',
      '/cg/blkio blkio.bfq.weight: 109',
    ]);
    expect(unsupported).to.deep.equal([
      { parameter: 'memory.oom.group', reason: 'cgroup v1 has nothing like it' },
    ]);
    expect(close).to.deep.equal([
      {
        parameter: 'memory.high',
        reason: 'cgroup v1 has a soft limit, which counts only when the whole host is short of memory',
      },
    ]);
  });

  it('name the controller that the host lacks', () => {
    expect(cgroupSettings({ 'hugetlb.2MB.max': 0 }, hybrid, 'web', noDevices)).to.deep.equal({
      settings: [],
      unsupported: [
        { parameter: 'hugetlb.2MB.max', reason: 'this host has no hugetlb controller for cgroups' },
      ],
      close: [],
    });
  });

  it('of swap need one of memory on v1, and a kernel that counts swap', () => {
    const refusals = (values: JailParams, missing: readonly string[] = []): readonly string[] =>
      cgroupSettings(values, { ...hybrid, missing }, 'web', noDevices).unsupported.map((r) => r.reason);
    expect(refusals({ 'memory.swap.max': 0 })).to.deep.equal([
      'cgroup v1 limits memory and swap together: set memory.max too',
    ]);
    expect(
      refusals({ 'memory.max': 4096, 'memory.swap.max': 0 }, ['memory.memsw.limit_in_bytes']),
    ).to.deep.equal(['this kernel does not count swap (boot it with swapaccount=1)']);
  });

  it('of I/O weight go to the BFQ scheduler where there is no other', () => {
    const missing = ['io.weight'];
    expect(written({ 'io.weight': 10_000 }, { ...pureV2, missing })).to.deep.equal([
      '/sys/fs/cgroup/jaild/web/io.bfq.weight: 1000',
    ]);
    expect(
      cgroupSettings(
        { 'io.weight': 1 },
        { ...pureV2, missing: [...missing, 'io.bfq.weight'] },
        'web',
        noDevices,
      ).unsupported,
    ).to.deep.equal([
      { parameter: 'io.weight', reason: 'no I/O scheduler of this kernel has weights (bfq has)' },
    ]);
  });

  it('refuse a device that is none', () => {
    const values: JailParams = { 'io.max': [{ device: '/dev/nosuch', rbps: 1 }] };
    expect(limitedDevices(values)).to.deep.equal(['/dev/nosuch']);
    expect(cgroupSettings(values, pureV2, 'web', noDevices).unsupported).to.deep.equal([
      { parameter: 'io.max', reason: '/dev/nosuch is not a block device of this host' },
    ]);
  });

  it('come from the defaults where nothing else is said, and those that the host cannot keep are let go', () => {
    const defaults: JailParams = { 'pids.max': 4096, 'hugetlb.1GB.max': 0 };
    const settings = (values: JailParams) =>
      cgroupSettings(values, hybrid, 'web', noDevices, hostLimits.memory, defaults);
    const pids = (value: string) => ({ parameter: 'pids.max', file: '/cg/pids/jaild/web/pids.max', value });
    expect(settings({})).to.deep.equal({ settings: [pids('4096')], unsupported: [], close: [] });
    const rctl = [{ resource: 'maxproc', action: 'deny', amount: 100, per: 'jail' }] as const;
    expect(settings({ rctl }).settings).to.deep.equal([pids('100')]);
    expect(settings({ rctl, 'pids.max': 7 }).settings).to.deep.equal([pids('7')]);
  });
});
