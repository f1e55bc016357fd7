import ipaddr from 'ipaddr.js';
import { ADDRESS_BITS, familyOf, type Family } from '../config/values/family.js';
import type { Subnet } from '../config/values/subnet.js';

/** Addresses of one family as numbers, both ends included. */
export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** An address as the number that it is. */
export function numberOf(address: string): bigint {
  return ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** The one spelling of an address, as the values of parameters have it. */
export function addressOf(family: Family, number: bigint): string {
  const bytes = Array.from({ length: ADDRESS_BITS[family] / 8 }, (_, index) =>
    Number((number >> BigInt(ADDRESS_BITS[family] - 8 * (index + 1))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

/** How many addresses a prefix of that many bits leaves. */
export const roomBehind = (family: Family, prefix: number): bigint =>
  1n << BigInt(ADDRESS_BITS[family] - prefix);

/** From the network's own address to the last. */
export function rangeOf({ address, prefix }: Subnet): AddressRange {
  const family = familyOf(address);
  const room = roomBehind(family, prefix);
  const first = (numberOf(address) / room) * room;
  return { family, first, last: first + room - 1n };
}
