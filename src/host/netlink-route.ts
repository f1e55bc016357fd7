import { constants } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { Family } from '../config/values/family.js';
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, decodeAttributes } from './netlink-message.js';
import { encodeAttributes, type Attribute, type Request } from './netlink-message.js';

/*
 * What is said about addresses, routes and neighbours. Pure. rtnetlink(7); the numbers are those of
 * linux/rtnetlink.h, if_addr.h and neighbour.h.
 */

const { errno: E } = constants;
const [NEWADDR, DELADDR, GETADDR] = [20, 21, 22];
const [NEWROUTE, DELROUTE, GETROUTE] = [24, 25, 26];
const [NEWNEIGH, DELNEIGH, GETNEIGH] = [28, 29, 30];
const AF_INET = 2;
const AF_INET6 = 10;
const NEW = NLM_F_CREATE | NLM_F_EXCL;

const IFA = { address: 1, local: 2, flags: 8 } as const;
const [IFA_F_NODAD, IFA_F_NOPREFIXROUTE] = [0x02, 0x200];
const RTA = { dst: 1, oif: 4, gateway: 5, prefsrc: 7 } as const;
const [TABLE_MAIN, PROTOCOL_STATIC, SCOPE_UNIVERSE, SCOPE_LINK] = [254, 4, 0, 253];
const UNICAST = 1;
const ROUTE_TYPES = ['unspecified', 'unicast', 'local', 'broadcast', 'anycast', 'multicast'] as const;
const RTM_F_FIB_MATCH = 0x2000;
const RTNH_F_ONLINK = 4;
const [NUD_PERMANENT, NTF_PROXY, NDA_DST] = [0x80, 8, 1];

export interface Address {
  readonly link: number;
  readonly address: string;
  readonly prefix: number;
}

export interface Route {
  readonly type: (typeof ROUTE_TYPES)[number] | 'other';
  /** Length of the destination, in bits. */
  readonly prefix: number;
  /** Index of the link that it leads to; 0 for none. */
  readonly link: number;
}

/** What an address of a link is for, where it is not for everything. */
export interface AddressUse {
  /** `link` keeps it from being the source of what goes out elsewhere. */
  readonly scope?: 'link';
  /** It brings the route to its prefix along. */
  readonly onLink?: boolean;
}

const addressBytes = (address: string): Buffer => Buffer.from(ipaddr.parse(address).toByteArray());
const addressText = (bytes: Buffer): string => ipaddr.fromByteArray([...bytes]).toString();
const familyOf = (bytes: Buffer): number => (bytes.length === 4 ? AF_INET : AF_INET6);

/** struct ifaddrmsg and attributes. */
function addressBody(index: number, address: string, prefix: number, { scope, onLink }: AddressUse): Buffer {
  const bytes = addressBytes(address);
  const reach = scope === 'link' ? SCOPE_LINK : SCOPE_UNIVERSE;
  const header = Buffer.of(familyOf(bytes), prefix, 0, reach, 0, 0, 0, 0);
  header.writeUInt32LE(index, 4);
  const attributes = encodeAttributes([
    [IFA.local, bytes],
    [IFA.address, bytes],
    [IFA.flags, onLink === true ? IFA_F_NODAD : IFA_F_NODAD | IFA_F_NOPREFIXROUTE],
  ]);
  return Buffer.concat([header, attributes]);
}

/** Gives a link an address that is used at once, without asking the neighbours. */
export function addAddress(index: number, address: string, prefix: number, use: AddressUse = {}): Request {
  const body = addressBody(index, address, prefix, use);
  return { step: 'add address', subject: `${address}/${prefix}`, type: NEWADDR, flags: NEW, body };
}

/** Takes an address away; that it is not there is fine. */
export function deleteAddress(index: number, address: string, prefix: number): Request {
  const body = addressBody(index, address, prefix, {});
  const tolerates = [E.EADDRNOTAVAIL];
  return { step: 'take address', subject: `${address}/${prefix}`, type: DELADDR, flags: 0, body, tolerates };
}

/** struct rtmsg and attributes, for an unicast route in the main table. */
function routeBody(
  family: number,
  prefix: number,
  scope: number,
  flags: number,
  attributes: readonly Attribute[],
): Buffer {
  const header = Buffer.of(family, prefix, 0, 0, TABLE_MAIN, PROTOCOL_STATIC, scope, UNICAST, 0, 0, 0, 0);
  header.writeUInt32LE(flags, 8);
  return Buffer.concat([header, encodeAttributes(attributes)]);
}

function hostRouteBody(index: number, address: string): Buffer {
  const bytes = addressBytes(address);
  const attributes: readonly Attribute[] = [
    [RTA.dst, bytes],
    [RTA.oif, index],
  ];
  return routeBody(familyOf(bytes), bytes.length * 8, SCOPE_LINK, 0, attributes);
}

/** A host route: the address is to be found on the link itself. */
export function addHostRoute(index: number, address: string): Request {
  const body = hostRouteBody(index, address);
  return { step: 'add route', subject: address, type: NEWROUTE, flags: NEW, body };
}

/** Takes addHostRoute() back; that there is none is fine. */
export function deleteHostRoute(index: number, address: string): Request {
  const body = hostRouteBody(index, address);
  return { step: 'take route', subject: address, type: DELROUTE, flags: 0, body, tolerates: [E.ESRCH] };
}

function defaultRoute(index: number, gateway: string, source: string, flags: number): Request {
  const bytes = addressBytes(gateway);
  const attributes: readonly Attribute[] = [
    [RTA.oif, index],
    [RTA.gateway, bytes],
    [RTA.prefsrc, addressBytes(source)],
  ];
  const body = routeBody(familyOf(bytes), 0, SCOPE_UNIVERSE, RTNH_F_ONLINK, attributes);
  return { step: 'add route', subject: `default via ${gateway}`, type: NEWROUTE, flags, body };
}

/** A route to a prefix of no bits through a gateway that need not be in any prefix of the link, with a preferred source. */
export const addDefaultRoute = (index: number, gateway: string, source: string): Request =>
  defaultRoute(index, gateway, source, NEW);

/** The same in place of the one that is there, if any, with no moment without. */
export const replaceDefaultRoute = (index: number, gateway: string, source: string): Request =>
  defaultRoute(index, gateway, source, NLM_F_CREATE | NLM_F_REPLACE);

/** Takes the default route over a link away; that there is none is fine. */
export function deleteDefaultRoute(index: number, family: Family): Request {
  const body = routeBody(family === 'ip4' ? AF_INET : AF_INET6, 0, SCOPE_UNIVERSE, 0, [[RTA.oif, index]]);
  return { step: 'take route', subject: 'default', type: DELROUTE, flags: 0, body, tolerates: [E.ESRCH] };
}

/** Which route of the host, as it stands in the tables, an address would take. No route at all is no error. */
export function matchRoute(address: string): Request {
  const bytes = addressBytes(address);
  const header = Buffer.of(familyOf(bytes), bytes.length * 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  header.writeUInt32LE(RTM_F_FIB_MATCH, 8);
  const body = Buffer.concat([header, encodeAttributes([[RTA.dst, bytes]])]);
  const tolerates = [E.ENETUNREACH, E.EHOSTUNREACH, E.EINVAL, E.EACCES]; // none, unreachable, blackhole, prohibit
  return { step: 'look up route', subject: address, type: GETROUTE, flags: 0, body, tolerates };
}

/** struct ndmsg and the address of a neighbour that a link is to answer for. */
function proxyBody(index: number, address: string, state = NUD_PERMANENT): Buffer {
  const bytes = addressBytes(address);
  const header = Buffer.of(familyOf(bytes), 0, 0, 0, 0, 0, 0, 0, state, 0, NTF_PROXY, 0);
  header.writeInt32LE(index, 4);
  return Buffer.concat([header, encodeAttributes([[NDA_DST, bytes]])]);
}

/** Makes a link answer ARP or neighbour solicitations for an address. Once more is fine. ip-neighbour(8), proxy. */
export function addProxy(index: number, address: string): Request {
  const body = proxyBody(index, address);
  return { step: 'announce', subject: address, type: NEWNEIGH, flags: NLM_F_CREATE, body };
}

/** Looks for what addProxy() makes; that it is not there is no error. */
export function getProxy(index: number, address: string): Request {
  const body = proxyBody(index, address, 0); // neigh_valid_get_req() takes no state
  return { step: 'look up proxy', subject: address, type: GETNEIGH, flags: 0, body, tolerates: [E.ENOENT] };
}

/** Takes addProxy() back. An entry that is gone already is fine. */
export function deleteProxy(index: number, address: string): Request {
  const body = proxyBody(index, address);
  const tolerates = [E.ENOENT, E.ENODEV];
  return { step: 'withdraw', subject: address, type: DELNEIGH, flags: 0, body, tolerates };
}

/** All addresses of the host, or those of one link. */
export function dumpAddresses(index = 0): Request {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(index, 4);
  return { step: 'list addresses', subject: 'host', type: GETADDR, flags: NLM_F_DUMP, body };
}

export function decodeAddress(body: Buffer): Address {
  const attributes = decodeAttributes(body.subarray(8));
  const bytes = attributes.get(IFA.local) ?? attributes.get(IFA.address) ?? Buffer.alloc(4);
  return { link: body.readUInt32LE(4), address: addressText(bytes), prefix: body.readUInt8(1) };
}

export function decodeRoute(body: Buffer): Route {
  const attributes = decodeAttributes(body.subarray(12));
  return {
    type: ROUTE_TYPES[body.readUInt8(7)] ?? 'other',
    prefix: body.readUInt8(1),
    link: attributes.get(RTA.oif)?.readUInt32LE() ?? 0,
  };
}
