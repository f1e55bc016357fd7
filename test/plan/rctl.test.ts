import { expect } from 'chai';
import { readRule, type RctlRule } from '../../src/config/rctl/rule.js';
import { limitsDisk, rctlLaunch, rctlLimits, rctlNeedsRestart } from '../../src/plan/rctl.js';

/** Rules as the language has read them. */
function rulesOf(...texts: readonly string[]): readonly RctlRule[] {
  return texts.map((text) => {
    const reading = readRule(text);
    if (!reading.ok) throw new Error(reading.message);
    return reading.value.rule;
  });
}

describe('rctl rules', () => {
  it('become the limits of a cgroup that say the same', () => {
    const rctl = rulesOf('memoryuse:deny=512m', 'swapuse:deny=0', 'pcpu:deny=150', 'nthr:deny=200');
    expect(rctlLimits({ rctl })).to.deep.equal({
      'memory.max': 536_870_912,
      'memory.swap.max': 0,
      'cpu.max': { quota: 150_000, period: 100_000 },
      'pids.max': 200,
    });
  });

  it('of which two say the same count by the lower one', () => {
    const rctl = rulesOf(
      'memoryuse:deny=2g',
      'memoryuse:deny=1g',
      'vmemoryuse:deny=3g',
      'maxproc:deny=9',
      'nthr:deny=8',
    );
    expect(rctlLimits({ rctl })).to.deep.equal({ 'memory.max': 2 ** 30, 'pids.max': 8 });
    expect(rctlLaunch({ rctl: rulesOf('openfiles:deny=99', 'openfiles:deny=9') }).rlimits).to.deep.equal({
      nofile: 9,
    });
  });

  it('slow down the disk that holds the root of the jail', () => {
    const rctl = rulesOf(
      'readbps:throttle=1m',
      'writebps:throttle=2m',
      'readiops:throttle=30',
      'writeiops:throttle=40',
    );
    const device = '/jails/web';
    expect(rctlLimits({ path: device, rctl })).to.deep.equal({
      'io.max': [{ device, rbps: 1_048_576, wbps: 2_097_152, riops: 30, wiops: 40 }],
    });
    expect(limitsDisk({ path: device, rctl })).to.equal(true);
    expect(limitsDisk({ path: device, rctl, 'io.max': [] })).to.equal(false);
  });

  it('about processes become limits of setrlimit(2)', () => {
    const rctl = rulesOf(
      ...[
        'openfiles:deny=1k',
        'memorylocked:deny=64k',
        'stacksize:deny=8m',
        'datasize:deny=1g',
        'coredumpsize:deny=0',
      ],
      ...['vmemoryuse:deny=4g/process', 'openfiles:deny=512/process'],
    );
    expect(rctlLaunch({ rctl })).to.deep.equal({
      rlimits: { nofile: 512, memlock: 65_536, stack: 8_388_608, data: 2 ** 30, core: 0, as: 2 ** 32 },
      sysctls: [],
      pseudoterminals: null,
    });
    expect(rctlLimits({ rctl })).to.deep.equal({});
  });

  it('about System V objects become settings of the IPC namespace', () => {
    const rctl = rulesOf(
      ...[
        'shmsize:deny=1m',
        'nshm:deny=3',
        'nsem:deny=100',
        'nsemop:deny=7',
        'nmsgq:deny=4',
        'msgqsize:deny=8k',
      ],
      'pseudoterminals:deny=5',
    );
    expect(rctlLaunch({ rctl })).to.deep.equal({
      rlimits: {},
      sysctls: [
        ['sysctl', 'kernel.shmall', '256'],
        ['sysctl', 'kernel.shmmax', '1048576'],
        ['sysctl', 'kernel.shmmni', '3'],
        ['sysctl', 'kernel.sem', '32000 100 7 32000'],
        ['sysctl', 'kernel.msgmni', '4'],
        ['sysctl', 'kernel.msgmnb', '8192'],
      ],
      pseudoterminals: 5,
    });
  });

  it('that only tell or signal set nothing', () => {
    const rctl = rulesOf('memoryuse:log=1g', 'memoryuse:sigterm=2g', 'wallclock:devctl=60');
    expect(rctlLimits({ rctl })).to.deep.equal({});
    expect(rctlLaunch({ rctl })).to.deep.equal(rctlLaunch({}));
  });

  it('need a restart where they set what a jail is started with, and no other', () => {
    const changes = (before: string, after: string): boolean =>
      rctlNeedsRestart({ rctl: rulesOf(before) }, { rctl: rulesOf(after) });
    expect(changes('memoryuse:deny=1g', 'memoryuse:deny=2g')).to.equal(false);
    expect(changes('wallclock:log=1', 'pcpu:deny=50')).to.equal(false);
    expect(changes('openfiles:deny=10', 'openfiles:deny=11')).to.equal(true);
    expect(changes('nshm:deny=10', 'pseudoterminals:deny=11')).to.equal(true);
  });
});
