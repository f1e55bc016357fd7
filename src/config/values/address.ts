import ipaddr from 'ipaddr.js';
import { ADDRESS_BITS, FAMILY_NAMES, type Family } from './family.js';
import { readLink } from './link.js';
import { bad, good, listType, scalarType, type Converted, type ValueType } from './type.js';

export interface Address {
  readonly interface?: string;
  readonly address: string;
  readonly prefix: number;
  /** What follows the address: words for ifconfig(8) on FreeBSD. */
  readonly words: readonly string[];
}

const SHAPE = /^(?:([^|\s]*)\|)?\s*([^\s/]+)(?:\/(\S+))?(?:\s+(.*))?$/s;
const EXAMPLE = { ip4: '192.0.2.10/24', ip6: '2001:db8::10/64' } as const;

/** [interface|]ADDRESS[/PREFIX or MASK][ words...] of one family (jail(8), ip4.addr). */
export function addresses(family: Family): ValueType<readonly Address[]> {
  return listType(`list of ${FAMILY_NAMES[family]} addresses`, (text) => readAddress(text, family));
}

function readAddress(text: string, family: Family): Converted<Address> {
  const hint = `write [interface|]ADDRESS[/PREFIX], such as ${EXAMPLE[family]}`;
  const [, link, address = '', mask, rest = ''] = SHAPE.exec(text) ?? [];
  if (!isOf(family, address)) return bad(notAnAddress(address || text, family), hint);
  const prefix = readPrefix(mask, family);
  if (prefix === null) return bad(`"/${mask}" is not a prefix length or netmask`, hint);
  const named = link === undefined ? null : readLink(link);
  if (named?.ok === false) return named;
  return good({
    ...(named !== null && { interface: named.value }),
    address: canonical(family, address),
    prefix,
    words: rest.split(/\s+/).filter((word) => word !== ''),
  });
}

const FOUR_PARTS = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** A four-part decimal address or an IPv6 one; ipaddr.js alone also takes "10.1" and 0x forms. */
export function isOf(family: Family, text: string): boolean {
  if (family === 'ip4') return FOUR_PARTS.test(text);
  return !text.includes('%') && ipaddr.IPv6.isValid(text);
}

/** The one spelling of an address by which two of them are compared. */
const canonical = (family: Family, text: string): string =>
  family === 'ip4' ? text : ipaddr.parse(text).toString();

function notAnAddress(text: string, family: Family): string {
  const other = family === 'ip4' ? 'ip6' : 'ip4';
  const wanted = `an ${FAMILY_NAMES[family]} address`;
  if (!isOf(other, text)) return `"${text}" is not ${wanted}`;
  return `"${text}" is an ${FAMILY_NAMES[other]} address, not ${wanted}`;
}

function readPrefix(mask: string | undefined, family: Family): number | null {
  const bits = ADDRESS_BITS[family];
  if (mask === undefined) return bits;
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= bits ? Number(mask) : null;
  return isOf(family, mask) ? ipaddr.parse(mask).prefixLengthFromSubnetMask() : null;
}

/** The one spelling of an address of either family, or null when it is none. */
export function readAnyAddress(text: string): string | null {
  if (isOf('ip4', text)) return text;
  return isOf('ip6', text) ? canonical('ip6', text) : null;
}

const PLAIN_HINT = 'write addresses without a prefix, such as 192.0.2.1, 2001:db8::1';

/** Plain addresses of either family, without a prefix. */
export const plainAddresses: ValueType<readonly string[]> = listType('list of addresses', readPlain);

function readPlain(text: string): Converted<string> {
  const address = readAnyAddress(text);
  if (address === null) return bad(`"${text}" is not an IPv4 or IPv6 address`, PLAIN_HINT);
  return /^(0\.0\.0\.0|::)$/.test(address) ? bad(`"${text}" is nobody's address`, PLAIN_HINT) : good(address);
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;

/** A hardware address of one device, "02:00:5e:00:53:01" (IEEE 802): the lowest bit of its first byte is 0. */
export const macAddress: ValueType<string> = scalarType('hardware address', (text) => {
  const hint = 'write six bytes in hexadecimal, such as 02:00:5e:00:53:01';
  if (!MAC.test(text)) return bad(`"${text}" is not a hardware address`, hint);
  if (text === '00:00:00:00:00:00') return bad(`"${text}" is nobody's address`, hint);
  const isGroup = (Number.parseInt(text.slice(0, 2), 16) & 1) === 1;
  return isGroup ? bad(`"${text}" is the address of a group`, hint) : good(text.toLowerCase());
});

/** What name servers a jail has: those of the host, what its root says, or these. */
export type NameServers = 'inherit' | 'none' | readonly string[];

const SERVERS_HINT = 'write inherit or none alone, or addresses such as 192.0.2.53, 2001:db8::53';

const someServers = listType('inherit, none or list of addresses', (text): Converted<string> => {
  const address = readPlain(text);
  return address.ok ? address : { ...address, hint: SERVERS_HINT };
});

/** `inherit`, `none` or plain addresses. */
export const nameServers: ValueType<NameServers> = {
  ...someServers,
  choices: ['inherit', 'none'],
  convert: (values, negated) => {
    const only = values?.length === 1 ? values[0]?.toLowerCase() : undefined;
    if (only === 'inherit' || only === 'none') return good(only);
    return someServers.convert(values, negated);
  },
};
