import ipaddr from 'ipaddr.js';
import { isOf } from './address.js';
import { ADDRESS_BITS, familyOf } from './family.js';
import { bad, good, listType, type Converted, type Unconverted, type ValueType } from './type.js';

/** Addresses that have their first `prefix` bits in common with `address`. */
export interface Subnet {
  readonly address: string;
  readonly prefix: number;
}

/** Reads ADDRESS/PREFIX of either family; an address alone is the subnet of that one. Null when it is neither. */
export function readSubnet(text: string): Subnet | null {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (!isOf(family, address)) return null;
  const most = ADDRESS_BITS[family];
  const prefix = bits === undefined ? most : Number(bits);
  return prefix <= most ? { address: ipaddr.parse(address).toString(), prefix } : null;
}

/** "10.88.0.0/24" */
export const subnetAsText = ({ address, prefix }: Subnet): string => `${address}/${prefix}`;

/** An address without what stands behind the prefix, with 0 or 1 for each bit of that. */
function withHostBits({ address, prefix }: Subnet, bit: 0 | 1): readonly number[] {
  return ipaddr
    .parse(address)
    .toByteArray()
    .map((byte, index) => {
      const host = 0xff >> Math.min(8, Math.max(0, prefix - index * 8));
      return bit === 0 ? byte & ~host : byte | host;
    });
}

const textOf = (bytes: readonly number[]): string => ipaddr.fromByteArray([...bytes]).toString();

/** The one spelling of the network that a subnet is: the same for all of its addresses. */
export const networkName = (subnet: Subnet): string =>
  `${withHostBits(subnet, 0).join('.')}/${subnet.prefix}`;

/** The address of the network itself, which no host has. */
export const networkAddress = (subnet: Subnet): string => textOf(withHostBits(subnet, 0));

/** The highest address; in IPv4 all hosts of the network hear it. */
export const lastAddress = (subnet: Subnet): string => textOf(withHostBits(subnet, 1));

/** Whether an address is in a subnet. */
export const isWithin = (address: string, subnet: Subnet): boolean =>
  familyOf(address) === familyOf(subnet.address) &&
  networkName({ address, prefix: subnet.prefix }) === networkName(subnet);

/** Whether two subnets are of one family and have an address in common. */
export const subnetsOverlap = (one: Subnet, other: Subnet): boolean =>
  one.prefix <= other.prefix ? isWithin(other.address, one) : isWithin(one.address, other);

/** The host's own address on a bridge: the one written, or where that is the network's the gateway in it, or its first. */
export function hostAddressIn(subnet: Subnet, gateways: readonly string[]): string {
  if (subnet.address !== networkAddress(subnet)) return subnet.address;
  const gateway = gateways.find((one) => isWithin(one, subnet) && one !== subnet.address);
  const first = withHostBits(subnet, 0);
  return gateway ?? textOf(first.map((byte, index) => (index === first.length - 1 ? byte + 1 : byte)));
}

const HINT = 'write auto, or ADDRESS/PREFIX such as 10.88.0.0/24, fd00:88::/64';

const someSubnets = listType('list of subnets', readBridgeSubnet);

/** "10.88.0.0/24"; `auto` is one of jaild's choice for each family of which none is written. */
export const bridgeSubnets: ValueType<readonly (Subnet | 'auto')[]> = {
  ...someSubnets,
  convert: (values, negated) => {
    const read = someSubnets.convert(values, negated);
    return read.ok ? (clashIn(read.value) ?? read) : read;
  },
};

const RANGES: Readonly<Record<string, string>> = {
  unspecified: "nobody's",
  loopback: 'of the loopback',
  multicast: 'of groups',
  broadcast: 'of all hosts',
  linkLocal: 'of each link by itself',
};

function readBridgeSubnet(text: string): Converted<Subnet | 'auto'> {
  if (text.toLowerCase() === 'auto') return good('auto');
  const subnet = readSubnet(text);
  if (subnet === null || !text.includes('/')) return bad(`"${text}" is not a subnet`, HINT);
  const whose = RANGES[ipaddr.parse(subnet.address).range()];
  if (whose !== undefined) return bad(`the addresses of "${text}" are ${whose}`, HINT);
  if (subnet.address !== networkAddress(subnet) && subnet.address === lastAddress(subnet))
    return bad(`"${text}" is the last address of its subnet, which no host has`, HINT);
  const room = ADDRESS_BITS[familyOf(subnet.address)] - subnet.prefix;
  return room >= 2 ? good(subnet) : bad(`"${text}" has no room for jails`, 'take a shorter prefix');
}

function clashIn(all: readonly (Subnet | 'auto')[]): Unconverted | null {
  const written = all.filter((one) => one !== 'auto');
  const families = new Set(written.map(({ address }) => familyOf(address)));
  for (const [index, subnet] of all.entries()) {
    const earlier = all.slice(0, index);
    if (subnet === 'auto') {
      if (earlier.includes('auto')) return { ...bad('"auto" stands there twice', HINT), index };
      if (families.size > 1) return { ...bad('"auto" has no family left', HINT), index };
      continue;
    }
    const other = earlier.filter((one) => one !== 'auto').find((one) => subnetsOverlap(one, subnet));
    if (other !== undefined)
      return { ...bad(`"${subnetAsText(subnet)}" and ${subnetAsText(other)} overlap`, HINT), index };
  }
  return null;
}
