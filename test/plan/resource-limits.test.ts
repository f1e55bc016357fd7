import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import type { HostLimits } from '../../src/plan/facts.js';
import { coreRules, limitRecords } from '../../src/plan/resource-limits.js';
import { hostLimits } from '../support/host-limits.js';

/** SOFT:HARD of some limits. */
function limitsOf(
  values: JailParams,
  more: Partial<HostLimits>,
  ...names: readonly string[]
): readonly string[] {
  const records = limitRecords(values, { ...hostLimits, ...more });
  return records.flatMap(([, name = '', soft, hard]) =>
    names.includes(name) ? [`${name} ${soft}:${hard}`] : [],
  );
}

describe('the limits of a process of a jail', () => {
  it('are all set, so that none is inherited', () => {
    expect(limitRecords({}, hostLimits).map(([, name]) => name)).to.deep.equal([
      ...['as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile'],
      ...['nproc', 'rss', 'rtprio', 'rttime', 'sigpending', 'stack'],
    ]);
  });

  it('are lowered to what jaild can give where nobody asked for them', () => {
    const hard = { stack: 4096, nofile: 512, cpu: 10 };
    expect(limitsOf({}, { hard }, 'stack', 'nofile', 'cpu')).to.deep.equal([
      ...['cpu 10:10', 'nofile 512:512', 'stack 4096:4096'],
    ]);
    const asked = { 'rlimit.nofile': { soft: 600, hard: 700 } };
    expect(limitsOf(asked, { hard }, 'nofile')).to.deep.equal(['nofile 600:700']);
  });

  it('leave open files for others where the host may have few', () => {
    expect(limitsOf({}, { files: 160_000 }, 'nofile')).to.deep.equal(['nofile 1024:10000']);
    expect(limitsOf({}, { files: 1000 }, 'nofile')).to.deep.equal(['nofile 1024:1024']);
  });

  it('stay as they are for core files where that program waits for a lower one', () => {
    const rules = (corePattern: string, values: JailParams = {}): number =>
      coreRules(values, corePattern).length;
    expect(coreRules({}, '|/bin/x')).to.deep.equal([
      'errno 0 setrlimit arg0 & 0xffffffff == 4',
      'errno 0 prlimit64 arg1 & 0xffffffff == 4, arg2 != 0',
    ]);
    // Without such a program, or where no limit keeps them back anyway, or where the jail may have them.
    expect([rules('core'), rules('@/run/cores.socket')]).to.deep.equal([0, 0]);
    expect(rules('|/bin/x', { 'rlimit.core': { soft: 0, hard: Infinity } })).to.equal(0);
    expect(rules('|/bin/x', { 'rlimit.core': { soft: 0, hard: 0 } })).to.equal(2);
  });

  it('keep core files from the host’s own program for them, which a limit of 0 does not', () => {
    const core = (corePattern: string, values: JailParams = {}): readonly string[] =>
      limitsOf(values, { corePattern }, 'core');
    expect(core('core')).to.deep.equal(['core 0:0']);
    expect(core('/var/crash/%p')).to.deep.equal(['core 0:0']);
    expect(core('|/usr/lib/systemd/systemd-coredump %P')).to.deep.equal(['core 1:1']);
    expect(core('@/run/cores.socket')).to.deep.equal(['core 1:1']);
    const asked = { 'rlimit.core': { soft: 0, hard: Infinity } };
    expect(core('|/bin/x', asked)).to.deep.equal(['core 0:unlimited']);
    const none = { 'rlimit.core': { soft: 0, hard: 0 } };
    expect([core('core', none), core('|/bin/x', none)]).to.deep.equal([['core 0:0'], ['core 1:1']]);
  });
});
