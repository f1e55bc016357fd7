import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { announceIp4 } from '../../src/host/forwarding.js';
import { Gate } from '../../src/host/gate.js';
import { WHOLE_HOST } from '../../src/host/sysctl.js';
import { SysctlLedger } from '../../src/host/sysctl-ledger.js';
import { describeInNetns } from '../support/netns.js';
import { temporaryDirectory } from '../support/temporary.js';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const get = (name: string): string => readFileSync(`/proc/sys/net/${name}`, 'utf8').trim();
const set = (name: string, value: string): void => writeFileSync(`/proc/sys/net/${name}`, value);

/** The rules that are not the kernel's own. */
const rules = (family: '-4' | '-6'): readonly string[] =>
  ip(family, 'rule')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => /^\d{3}:/.test(line));

describeInNetns('interfaces that forwarding was lent to', import.meta.url, () => {
  const forwarding = ['ipv4/conf/lan0/forwarding', 'ipv6/conf/lan0/force_forwarding'];
  const needed = forwarding.map((name) => ({ name, value: '1' }));

  beforeEach(() => void ip('link', 'add', 'lan0', 'type', 'veth'));
  afterEach(() => void ip('link', 'del', 'lan0'));

  it('lead to jails alone, and the rules for that go with the loan', () => {
    const ledger = new SysctlLedger(temporaryDirectory(), 'boot', new Gate(''));
    ledger.hold('a', 'network', needed);
    for (const family of ['-4', '-6'] as const)
      expect(rules(family)).to.deep.equal([
        '100: from all iif lan0 lookup main suppress_ifgroup default proto 106',
        '400: from all iif lan0 blackhole proto 106',
      ]);
    ledger.release('a');
    expect([rules('-4'), rules('-6')]).to.deep.equal([[], []]);
  });

  it('lead past that to and from jails that are guests of another bridge', () => {
    const ledger = new SysctlLedger(temporaryDirectory(), 'boot', new Gate(''));
    ledger.hold('a', 'network', needed, { guests: ['10.0.0.2', 'fd00::2'], everywhere: [] });
    expect(rules('-6')).to.deep.equal([
      '100: from all iif lan0 lookup main suppress_ifgroup default proto 106',
      '100: from fd00::2 iif lan0 goto 700 proto 106',
      '100: from all to fd00::2 iif lan0 goto 700 proto 106',
      '400: from all iif lan0 blackhole proto 106',
      '700: from all nop proto 106',
    ]);
    ledger.release('a');
    expect([rules('-4'), rules('-6')]).to.deep.equal([[], []]);
  });

  it('are none of those that did so before, and rules of others stay', () => {
    const mine = ['rule', 'add', 'pref', '100', 'iif', 'lan0', 'lookup', '77'];
    ip(...mine);
    const before = rules('-4');
    for (const name of forwarding) set(name, '1');
    const ledger = new SysctlLedger(temporaryDirectory(), 'boot', new Gate(''));
    ledger.hold('a', 'network', needed);
    expect([rules('-4'), rules('-6')]).to.deep.equal([before, []]);
    ledger.release('a');
    expect([rules('-4'), ...forwarding.map(get)]).to.deep.equal([before, '1', '1']);
    ip('rule', 'del', 'pref', '100');
  });

  it('lead everywhere when somebody makes the whole host a router, which it then stays', async () => {
    const ledger = new SysctlLedger(temporaryDirectory(), 'boot', new Gate(''));
    ledger.hold('a', 'network', needed);
    set('ipv4/conf/all/forwarding', '1');
    for (let look = 0; look < 50 && rules('-4').length > 0; look++) await wait(100);
    expect([rules('-4').length, rules('-6').length]).to.deep.equal([0, 2]);
    ledger.release('a');
    expect(forwarding.map(get)).to.deep.equal(['1', '0']);
    set('ipv4/conf/all/forwarding', '0');
  });

  it('are left to the last of several jailds, which gives them back as they were before the first', () => {
    const announced = announceIp4('lan0');
    const values = (): readonly string[] => announced.map(({ name }) => get(name));
    const before = values();
    const one = new SysctlLedger(temporaryDirectory(), 'boot', new Gate(''));
    const two = new SysctlLedger(temporaryDirectory(), 'boot', new Gate('0123abcd'));
    one.hold('a', 'network', announced);
    two.hold('a', 'network', announced);
    const lent = values();
    one.release('a');
    expect(values()).to.deep.equal(lent);
    expect(rules('-4')).to.have.lengthOf(2);
    two.release('a');
    expect([values(), rules('-4')]).to.deep.equal([before, []]);
  });

  it('are all of the host before Linux 6.17, for IPv6, but for links of jails', () => {
    ip('link', 'add', 'jl0', 'group', '1784768876', 'type', 'veth', 'peer', 'name', 'lan1');
    const ledger = new SysctlLedger(temporaryDirectory(), 'boot', new Gate(''));
    ledger.hold('a', 'network', [{ name: WHOLE_HOST, value: '1' }]);
    const guarded = rules('-6').flatMap((line) => /iif (\S+) blackhole/.exec(line)?.[1] ?? []);
    expect(guarded.filter((name) => /^[jl]/.test(name)).sort()).to.deep.equal(['lan0', 'lan1']);
    ledger.release('a');
    expect(rules('-6')).to.deep.equal([]);
    ip('link', 'del', 'jl0');
  });
});
