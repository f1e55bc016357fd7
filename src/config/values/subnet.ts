import ipaddr from 'ipaddr.js';
import { isOf } from './address.js';
import { bad, good, listType, type Converted, type ValueType } from './type.js';

/** Addresses that have their first `prefix` bits in common with `address`. */
export interface Subnet {
  readonly address: string;
  readonly prefix: number;
}

/** Reads ADDRESS/PREFIX of either family; an address alone is the subnet of that one. Null when it is neither. */
export function readSubnet(text: string): Subnet | null {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (!isOf('ipv4', address) && !isOf('ipv6', address)) return null;
  const most = isOf('ipv4', address) ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  return prefix <= most ? { address: ipaddr.parse(address).toString(), prefix } : null;
}

/** Whether two subnets are of one family and have an address in common. */
export function subnetsOverlap(one: Subnet, other: Subnet): boolean {
  const [a, b] = [ipaddr.parse(one.address), ipaddr.parse(other.address)];
  if (a.kind() !== b.kind()) return false;
  const bits = Math.min(one.prefix, other.prefix);
  return a.kind() === 'ipv4' ? (a as ipaddr.IPv4).match(b, bits) : (a as ipaddr.IPv6).match(b, bits);
}

/** "10.88.0.0/24"; in jaild's own choice it is `auto`. */
export const bridgeSubnets: ValueType<readonly (Subnet | 'auto')[]> = listType(
  'list of subnets',
  readBridgeSubnet,
);

function readBridgeSubnet(text: string): Converted<Subnet | 'auto'> {
  if (text === 'auto') return good('auto');
  const subnet = readSubnet(text);
  const hint = 'write auto, or ADDRESS/PREFIX such as 10.88.0.0/24, fd00:88::/64';
  if (subnet === null || !text.includes('/')) return bad(`"${text}" is not a subnet`, hint);
  const room = (subnet.address.includes(':') ? 128 : 32) - subnet.prefix;
  return room >= 2 ? good(subnet) : bad(`"${text}" has no room for jails`, 'take a shorter prefix');
}
