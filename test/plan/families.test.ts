import { expect } from 'chai';
import type { HostFacts } from '../../src/plan/facts.js';
import { familyRecords, familyRules } from '../../src/plan/families.js';
import { seccompPolicy } from '../../src/plan/seccomp.js';

const refused = (family: number): string => `errno EAFNOSUPPORT socket arg0 & 0xffffffff == ${family}`;
const noIpv6 = [
  ['sysctl', 'net.ipv6.conf.all.disable_ipv6', '1'],
  ['sysctl', 'net.ipv6.conf.default.disable_ipv6', '1'],
];

describe('a family of addresses that is taken away', () => {
  it('has no sockets, whatever else lets them through', () => {
    expect(familyRules({})).to.deep.equal([]);
    expect(familyRules({ ip4: 'new', ip6: 'inherit' })).to.deep.equal([]);
    expect(familyRules({ ip4: 'disable', ip6: 'disable' })).to.deep.equal([refused(2), refused(10)]);
    expect(seccompPolicy('allow socket arg0 == 1\n', { ip6: 'disable' })).to.equal(
      `allow socket arg0 == 1\n${refused(10)}\n`,
    );
    expect(seccompPolicy('', { ip4: 'disable', 'allow.socket_af': true })).to.contain(`\n${refused(2)}\n`);
  });

  it('has no address of IPv6, not even ::1, in a network of the jail’s own', () => {
    const records = (values: Parameters<typeof familyRecords>[0], facts: Partial<HostFacts> = {}) =>
      familyRecords(values, facts as HostFacts);
    expect(records({ ip6: 'disable' }, { hasIpv6: true })).to.deep.equal(noIpv6);
    expect(records({ ip6: 'disable' }, { hasIpv6: false })).to.deep.equal([]);
    expect(records({ ip6: 'disable', ip4: 'inherit' })).to.deep.equal([]);
    expect(records({ ip4: 'disable' })).to.deep.equal([]);
    expect(records({})).to.deep.equal([]);
  });
});
