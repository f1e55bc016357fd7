import { expect } from 'chai';
import { familyOf } from '../../src/config/values/family.js';
import { addressOf, numberOf, rangeOf } from '../../src/plan/lease-range.js';
import { assignSubnet, hostSubnets, ownPrefix } from '../../src/plan/lease-subnet.js';
import { isWithin, readSubnet, subnetsOverlap, type Subnet } from '../../src/config/values/subnet.js';
import { numbers } from '../support/mutate.js';

const subnet = (text: string): Subnet => {
  const read = readSubnet(text);
  if (read === null) throw new Error(text);
  return read;
};
const pool = [subnet('10.209.0.0/16'), subnet('fd12:3456:789a::/48')];
const choose = (family: 'ip4' | 'ip6', start: number, ...busy: readonly string[]): Subnet | null =>
  assignSubnet(pool, family, start, busy.map(subnet));

describe('an address as a number', () => {
  it('is the same address again', () => {
    for (const text of ['0.0.0.0', '10.88.0.2', '255.255.255.255', '::', 'fd00:88::2', 'ffff::ffff'])
      expect(addressOf(familyOf(text), numberOf(text))).to.equal(text);
    expect(rangeOf(subnet('10.88.0.77/24'))).to.deep.equal({
      family: 'ip4',
      first: numberOf('10.88.0.0'),
      last: numberOf('10.88.0.255'),
    });
    expect(
      ['10.88.0.255', '10.88.1.0', '::1'].map((one) => isWithin(one, subnet('10.88.0.0/24'))),
    ).to.deep.equal([true, false, false]);
  });
});

describe('a subnet for a bridge', () => {
  it('is the first of the pool that meets nothing, from where the instance begins', () => {
    expect(choose('ip4', 0)).to.deep.equal(subnet('10.209.0.0/24'));
    expect(choose('ip6', 0)).to.deep.equal(subnet('fd12:3456:789a::/64'));
    expect(choose('ip4', 255)).to.deep.equal(subnet('10.209.255.0/24'));
    expect(choose('ip4', 0, '10.209.0.0/23', '10.209.2.77/32', 'fd12::/16')).to.deep.equal(
      subnet('10.209.3.0/24'),
    );
    expect(choose('ip4', 255, '10.209.255.9/32')).to.deep.equal(subnet('10.209.0.0/24'));
  });

  it('is none when all of the pool is used, or has no room', () => {
    expect(choose('ip4', 7, '10.0.0.0/8')).to.equal(null);
    expect(choose('ip6', 4_000_000_000, 'fd00::/8')).to.equal(null);
    expect(assignSubnet([], 'ip4', 0, [])).to.equal(null);
    expect(assignSubnet([subnet('10.0.0.0/25')], 'ip4', 0, [])).to.equal(null);
  });

  it('meets nothing that is busy, and there is one as long as any is free', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const chance = numbers(seed);
      const busy = Array.from({ length: chance(12) }, () =>
        subnet(`10.209.${chance(256)}.${chance(256)}/${17 + chance(16)}`),
      );
      const found = assignSubnet(pool, 'ip4', chance(1000), busy);
      const free = Array.from({ length: 256 }, (_, n) => subnet(`10.209.${n}.0/24`)).filter(
        (one) => !busy.some((other) => subnetsOverlap(one, other)),
      );
      if (found === null) expect(free, `seed ${seed}`).to.deep.equal([]);
      else expect(free, `seed ${seed}`).to.deep.include(found);
    }
  });

  it('of this host alone is made as RFC 4193 has it', () => {
    expect(ownPrefix(Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a))).to.deep.equal({
      address: 'fd12:3456:789a::',
      prefix: 48,
    });
  });
});

describe('the host’s place in a subnet', () => {
  const place = (text: string, ...gateways: readonly string[]): string | undefined =>
    hostSubnets([subnet(text)], gateways)[0]?.address;

  it('is the first address, the gateway that lies in it, or what is written', () => {
    expect(place('10.88.0.0/24')).to.equal('10.88.0.1');
    expect(place('fd00:88::/64', '10.88.0.9')).to.equal('fd00:88::1');
    expect(place('10.88.0.0/24', 'fd00::1', '10.88.0.9')).to.equal('10.88.0.9');
    expect(place('10.88.0.5/24', '10.88.0.9')).to.equal('10.88.0.5');
  });
});
