import { expect } from 'chai';
import { rctlLimits } from '../../src/plan/rctl.js';

describe('rctl rules', () => {
  it('become the limits that say the same here', () => {
    const rules = [
      'memoryuse:deny=512m',
      'jail:web:memoryuse:log=1G',
      'swapuse:deny=0',
      'pcpu:deny=150',
      'nthr:deny=200',
      'maxproc:deny=100',
      'openfiles:deny=1k',
    ];
    expect(rctlLimits(rules)).to.deep.equal({
      limits: {
        'memory.max': 536_870_912,
        'memory.high': 1_073_741_824,
        'memory.swap.max': 0,
        'cpu.max': { quota: 150_000, period: 100_000 },
        'pids.max': 100,
      },
      rlimits: { nofile: 1024 },
      unsupported: [],
    });
  });

  it('that mean nothing here say why', () => {
    const { unsupported } = rctlLimits(['readbps:throttle=1m', 'memoryuse:sigterm=1g', 'wallclock:deny=60']);
    expect(unsupported).to.deep.equal([
      {
        parameter: 'rctl readbps:throttle=1m',
        reason: 'Linux limits I/O for each device: use io.max = "/dev/NAME ..."',
      },
      { parameter: 'rctl memoryuse:sigterm=1g', reason: 'the action sigterm does nothing here: use deny' },
      { parameter: 'rctl wallclock:deny=60', reason: 'nothing here limits wallclock for a jail' },
    ]);
  });
});
