import { hostAddressIn, type Subnet } from '../config/values/subnet.js';
import { familyOf, type Family } from '../config/values/family.js';
import { addressOf, rangeOf, roomBehind, type AddressRange } from './lease-range.js';
import type { HostSubnet } from './step.js';

/** Where subnets for bridges are taken from; `auto` is a prefix of this host's own. */
export type SubnetPool = readonly (Subnet | 'auto')[];

/** Bits of the prefix that each bridge gets. */
export const bridgePrefix: Readonly<Record<Family, number>> = { ip4: 24, ip6: 64 };

/** A unique local prefix out of 5 random bytes, which no other network is likely to have (RFC 4193, 3.2). */
export function ownPrefix(random: Uint8Array): Subnet {
  const number = [0xfd, ...random.subarray(0, 5)].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { address: addressOf('ip6', number << 80n), prefix: 48 };
}

/**
 * A subnet for one bridge: the first of the pool, from its part numbered `start` on and then from its beginning, that
 * meets none that are busy. Null when all of them do, or the pool has none of the family.
 */
export function assignSubnet(
  pool: readonly Subnet[],
  family: Family,
  start: number,
  busy: readonly Subnet[],
): Subnet | null {
  const taken = busy.filter(({ address }) => familyOf(address) === family).map(rangeOf);
  const prefix = bridgePrefix[family];
  const size = roomBehind(family, prefix);
  for (const one of pool) {
    const range = rangeOf(one);
    if (range.family !== family || one.prefix > prefix) continue;
    const count = (range.last - range.first + 1n) / size;
    const from = range.first + (BigInt(start) % count) * size;
    const found = firstFree(from, range.last, size, taken) ?? firstFree(range.first, from - 1n, size, taken);
    if (found !== null) return { address: addressOf(family, found), prefix };
  }
  return null;
}

/** The first number from `from` on, in steps of `size`, of which all up to the next step are free. */
function firstFree(from: bigint, last: bigint, size: bigint, taken: readonly AddressRange[]): bigint | null {
  let first = from;
  while (first + size - 1n <= last) {
    const end = first + size - 1n;
    const inTheWay = taken.find((range) => range.first <= end && first <= range.last);
    if (inTheWay === undefined) return first;
    first = (inTheWay.last / size + 1n) * size;
  }
  return null;
}

/** The host's own place in each subnet of a bridge. */
export const hostSubnets = (written: readonly Subnet[], gateways: readonly string[]): readonly HostSubnet[] =>
  written.map((subnet) => ({ address: hostAddressIn(subnet, gateways), prefix: subnet.prefix }));
