import { constants } from 'node:os';
import ipaddr from 'ipaddr.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_DUMP, attributeText, decodeAttributes } from './netlink-message.js';
import { encodeAttributes, type Attribute, type Request } from './netlink-message.js';

/*
 * What is said about links, addresses, routes and neighbours. Pure. rtnetlink(7); the numbers are those of
 * linux/rtnetlink.h, if_link.h, if_addr.h and neighbour.h.
 */

const { errno: E } = constants;
const [NEWLINK, DELLINK, GETLINK] = [16, 17, 18];
const [NEWADDR, GETADDR] = [20, 22];
const [NEWROUTE, GETROUTE] = [24, 26];
const [NEWNEIGH, DELNEIGH] = [28, 29];
const AF_INET = 2;
const AF_INET6 = 10;
const NEW = NLM_F_CREATE | NLM_F_EXCL;

const IFF_UP = 1;
const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  info: 18,
  netnsPid: 19,
  afSpec: 26,
  extMask: 29,
} as const;
const IFLA_QUEUES = { tx: 31, rx: 32 } as const;
const [INFO_KIND, INFO_DATA, VETH_INFO_PEER] = [1, 2, 1];
const SKIP_STATISTICS = 8;
const [IFLA_INET_CONF, IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_NONE] = [1, 8, 1];
const IFA = { address: 1, local: 2, flags: 8 } as const;
const [IFA_F_NODAD, IFA_F_NOPREFIXROUTE] = [0x02, 0x200];
const RTA = { dst: 1, oif: 4, gateway: 5, prefsrc: 7 } as const;
const [TABLE_MAIN, PROTOCOL_STATIC, SCOPE_UNIVERSE, SCOPE_LINK] = [254, 4, 0, 253];
const ROUTE_TYPES = ['unspecified', 'unicast', 'local', 'broadcast', 'anycast', 'multicast'] as const;
const RTM_F_FIB_MATCH = 0x2000;
const RTNH_F_ONLINK = 4;
const [NUD_PERMANENT, NTF_PROXY, NDA_DST] = [0x80, 8, 1];

/** IPV4_DEVCONF_* of linux/ip.h: the settings below /proc/sys/net/ipv4/conf/LINK that may come with a link. */
const IPV4_SETTINGS = { forwarding: 1, accept_redirects: 4, rp_filter: 8 } as const;

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** Index of the other end of a veth, in its own network namespace; 0 for other links. */
  readonly peer: number;
}

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

export interface Veth {
  readonly link: string;
  readonly linkMac: string;
  readonly peer: string;
  readonly peerMac: string;
  /** Bytes; null for 1500. */
  readonly mtu: number | null;
}

const addressBytes = (address: string): Buffer => Buffer.from(ipaddr.parse(address).toByteArray());
const addressText = (bytes: Buffer): string => ipaddr.fromByteArray([...bytes]).toString();
const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');
const familyOf = (bytes: Buffer): number => (bytes.length === 4 ? AF_INET : AF_INET6);

/** struct ifinfomsg and attributes. */
function linkBody(index: number, flags: number, attributes: readonly Attribute[]): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(flags, 12); // the mask of what is to change
  return Buffer.concat([header, encodeAttributes(attributes)]);
}

/** Makes a veth pair, the peer's end at once in the network namespace of the process `netnsPid`. Both ends are down. */
export function createVeth(veth: Veth, netnsPid: number): Request {
  // One queue: a jail needs no more, and each costs memory and objects in sysfs, by default one for each processor.
  const end = (name: string, mac: string): readonly Attribute[] => [
    [IFLA.name, name],
    [IFLA.address, macBytes(mac)],
    [IFLA.mtu, veth.mtu ?? 1500],
    [IFLA_QUEUES.tx, 1],
    [IFLA_QUEUES.rx, 1],
  ];
  const peer = linkBody(0, 0, [...end(veth.peer, veth.peerMac), [IFLA.netnsPid, netnsPid]]);
  const info: Attribute = [
    IFLA.info,
    [
      [INFO_KIND, 'veth'],
      [INFO_DATA, [[VETH_INFO_PEER, peer]]],
    ],
  ];
  const body = linkBody(0, 0, [...end(veth.link, veth.linkMac), info]);
  return { step: 'create link', subject: veth.link, type: NEWLINK, flags: NEW, body };
}

/** Deletes a link, with its peer, addresses and routes. One that is gone already is fine. */
export function deleteLink({ index, name }: Pick<Link, 'index' | 'name'>): Request {
  const body = linkBody(index, 0, []);
  return { step: 'delete link', subject: name, type: DELLINK, flags: 0, body, tolerates: [E.ENODEV] };
}

/** Moves a link into the network namespace of a process, under another name where one is given; `%d` in it is a free number. */
export function moveLink(index: number, name: string, netnsPid: number, newName?: string): Request {
  const renamed: readonly Attribute[] = newName === undefined ? [] : [[IFLA.name, newName]];
  const body = linkBody(index, 0, [[IFLA.netnsPid, netnsPid], ...renamed]);
  return { step: 'move link', subject: name, type: NEWLINK, flags: 0, body };
}

export function setLinkUp(index: number, name: string): Request {
  return { step: 'set link up', subject: name, type: NEWLINK, flags: 0, body: linkBody(index, IFF_UP, []) };
}

/** Makes the kernel give a link no IPv6 address of its own accord. To be done before the link is up. ip-link(8), addrgenmode. */
export function withoutGeneratedAddress(index: number, name: string): Request {
  const body = linkBody(index, 0, [
    [IFLA.afSpec, [[AF_INET6, [[IFLA_INET6_ADDR_GEN_MODE, Buffer.of(ADDR_GEN_NONE)]]]]],
  ]);
  return { step: 'set addrgenmode', subject: name, type: NEWLINK, flags: 0, body };
}

/** Sets what else were written below /proc/sys/net/ipv4/conf/LINK. */
export function setIpv4(
  index: number,
  name: string,
  settings: Readonly<Partial<Record<keyof typeof IPV4_SETTINGS, number>>>,
): Request {
  const conf = Object.entries(settings).map(([setting, value]): Attribute => [
    IPV4_SETTINGS[setting as keyof typeof IPV4_SETTINGS],
    value,
  ]); // Object.entries forgets the type of the keys
  const body = linkBody(index, 0, [[IFLA.afSpec, [[AF_INET, [[IFLA_INET_CONF, conf]]]]]]);
  return { step: 'set ipv4 settings', subject: name, type: NEWLINK, flags: 0, body };
}

/**
 * Gives a link an address that is used at once, without asking the neighbours. Only the address itself: whatever its
 * prefix is, no route to it comes along. `scope` `link` keeps it from being the source of what goes out elsewhere.
 */
export function addAddress(index: number, address: string, prefix: number, scope?: 'link'): Request {
  const bytes = addressBytes(address);
  const header = Buffer.of(
    familyOf(bytes),
    prefix,
    0,
    scope === 'link' ? SCOPE_LINK : SCOPE_UNIVERSE,
    0,
    0,
    0,
    0,
  );
  header.writeUInt32LE(index, 4);
  const attributes = encodeAttributes([
    [IFA.local, bytes],
    [IFA.address, bytes],
    [IFA.flags, IFA_F_NODAD | IFA_F_NOPREFIXROUTE],
  ]);
  const body = Buffer.concat([header, attributes]);
  return { step: 'add address', subject: `${address}/${prefix}`, type: NEWADDR, flags: NEW, body };
}

/** struct rtmsg and attributes, for an unicast route in the main table. */
function routeBody(
  family: number,
  prefix: number,
  scope: number,
  flags: number,
  attributes: readonly Attribute[],
): Buffer {
  const header = Buffer.of(family, prefix, 0, 0, TABLE_MAIN, PROTOCOL_STATIC, scope, 1, 0, 0, 0, 0);
  header.writeUInt32LE(flags, 8);
  return Buffer.concat([header, encodeAttributes(attributes)]);
}

/** A host route: the address is to be found on the link itself. */
export function addHostRoute(index: number, address: string): Request {
  const bytes = addressBytes(address);
  const attributes: readonly Attribute[] = [
    [RTA.dst, bytes],
    [RTA.oif, index],
  ];
  const body = routeBody(familyOf(bytes), bytes.length * 8, SCOPE_LINK, 0, attributes);
  return { step: 'add route', subject: address, type: NEWROUTE, flags: NEW, body };
}

/** A route to a prefix of no bits through a gateway that need not be in any prefix of the link, with a preferred source. */
export function addDefaultRoute(index: number, gateway: string, source: string): Request {
  const bytes = addressBytes(gateway);
  const attributes: readonly Attribute[] = [
    [RTA.oif, index],
    [RTA.gateway, bytes],
    [RTA.prefsrc, addressBytes(source)],
  ];
  const body = routeBody(familyOf(bytes), 0, SCOPE_UNIVERSE, RTNH_F_ONLINK, attributes);
  return { step: 'add route', subject: `default via ${gateway}`, type: NEWROUTE, flags: NEW, body };
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
function proxyBody(index: number, address: string): Buffer {
  const bytes = addressBytes(address);
  const header = Buffer.of(familyOf(bytes), 0, 0, 0, 0, 0, 0, 0, NUD_PERMANENT, 0, NTF_PROXY, 0);
  header.writeInt32LE(index, 4);
  return Buffer.concat([header, encodeAttributes([[NDA_DST, bytes]])]);
}

/** Makes a link answer ARP or neighbour solicitations for an address. Once more is fine. ip-neighbour(8), proxy. */
export function addProxy(index: number, address: string): Request {
  const body = proxyBody(index, address);
  return { step: 'announce', subject: address, type: NEWNEIGH, flags: NLM_F_CREATE, body };
}

/** Takes addProxy() back. An entry that is gone already is fine. */
export function deleteProxy(index: number, address: string): Request {
  const body = proxyBody(index, address);
  return {
    step: 'withdraw',
    subject: address,
    type: DELNEIGH,
    flags: 0,
    body,
    tolerates: [E.ENOENT, E.ENODEV],
  };
}

export function getLink(name: string): Request {
  const body = linkBody(0, 0, [
    [IFLA.extMask, SKIP_STATISTICS],
    [IFLA.name, name],
  ]);
  return { step: 'look up link', subject: name, type: GETLINK, flags: 0, body };
}

export function dumpLinks(): Request {
  const body = linkBody(0, 0, [[IFLA.extMask, SKIP_STATISTICS]]);
  return { step: 'list links', subject: 'host', type: GETLINK, flags: NLM_F_DUMP, body };
}

export function dumpAddresses(): Request {
  return { step: 'list addresses', subject: 'host', type: GETADDR, flags: NLM_F_DUMP, body: Buffer.alloc(8) };
}

export function decodeLink(body: Buffer): Link {
  const attributes = decodeAttributes(body.subarray(16));
  return {
    index: body.readInt32LE(4),
    name: attributeText(attributes.get(IFLA.name) ?? Buffer.alloc(0)),
    up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    peer: attributes.get(IFLA.link)?.readUInt32LE() ?? 0,
  };
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
