import { constants } from 'node:os';
import ipaddr from 'ipaddr.js';
import { NLM_F_DUMP, attributeText, encodeAttributes, type Request } from './netlink-message.js';

/*
 * How links, addresses and routes look to whoever is shown them, with what has passed a link. Pure. rtnetlink(7); the
 * numbers are those of linux/if_link.h, if_addr.h and rtnetlink.h.
 */

const [GETLINK, GETADDR, GETROUTE] = [18, 22, 26];
const IFLA = { address: 1, name: 3, mtu: 4, stats64: 23 } as const;
const IFA = { address: 1, local: 2 } as const;
const RTA = { dst: 1, oif: 4, gateway: 5, prefsrc: 7 } as const;
const [IFF_UP, IFF_LOOPBACK] = [1, 8];
const NLA_TYPE_MASK = 0x3fff;
const [TABLE_MAIN, UNICAST] = [254, 1];
const [AF_INET, AF_INET6, SCOPE_UNIVERSE, SCOPE_SITE] = [2, 10, 0, 200];

/** What has passed a link, seen from the side that the link is on. */
export interface Traffic {
  /** Bytes and packets since the link was made. */
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
}

export interface LinkView {
  readonly index: number;
  readonly name: string;
  readonly loopback: boolean;
  readonly up: boolean;
  readonly mac: string;
  /** Bytes. */
  readonly mtu: number;
  readonly traffic: Traffic;
}

export interface AddressView {
  /** Index of the link. */
  readonly link: number;
  readonly address: string;
  readonly prefix: number;
  /** For others than the neighbours on the link. */
  readonly global: boolean;
}

export interface RouteView {
  /** "10.0.0.0/24", or "default". */
  readonly to: string;
  readonly via: string | null;
  /** Index of the link; 0 for none. */
  readonly link: number;
  readonly source: string | null;
}

const dump = { subject: 'all', flags: NLM_F_DUMP } as const;
/** A jail that has the right to may make as many as it likes. */
const MOST = 1000;

/** One link with its counters; none of that name is no error. */
export function getLinkView(name: string): Request {
  const body = Buffer.concat([Buffer.alloc(16), encodeAttributes([[IFLA.name, name]])]);
  const tolerates = [constants.errno.ENODEV];
  return { step: 'look up link', subject: name, type: GETLINK, flags: 0, body, tolerates };
}

/** All links, with their counters. */
export function viewLinks(): Request {
  return { ...dump, step: 'list links', type: GETLINK, body: Buffer.alloc(16) };
}

/** All addresses of both families. */
export function viewAddresses(): Request {
  return { ...dump, step: 'list addresses', type: GETADDR, body: Buffer.alloc(8), most: MOST };
}

/** All routes of both families. */
export function viewRoutes(): Request {
  return { ...dump, step: 'list routes', type: GETROUTE, body: Buffer.alloc(12), most: MOST };
}

/** The payloads of the attributes that are wanted, in their order: the others are many, and there are many links. */
function pick<T extends readonly number[]>(bytes: Buffer, wanted: T): { [K in keyof T]: Buffer | undefined };
function pick(bytes: Buffer, wanted: readonly number[]): (Buffer | undefined)[] {
  const found: (Buffer | undefined)[] = wanted.map(() => undefined);
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    const place = wanted.indexOf(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK);
    if (place >= 0) found[place] = bytes.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return found;
}

const text = (bytes: Buffer): string => ipaddr.fromByteArray([...bytes]).toString();
const macText = (bytes: Buffer): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** The first four counters of struct rtnl_link_stats64. */
function trafficOf(bytes: Buffer | undefined): Traffic {
  const counter = (at: number): number => (bytes === undefined ? 0 : Number(bytes.readBigUInt64LE(at * 8)));
  return {
    receivedPackets: counter(0),
    sentPackets: counter(1),
    receivedBytes: counter(2),
    sentBytes: counter(3),
  };
}

export function decodeLinkView(body: Buffer): LinkView {
  const wanted = [IFLA.name, IFLA.address, IFLA.mtu, IFLA.stats64] as const;
  const [name, mac, mtu, stats] = pick(body.subarray(16), wanted);
  const flags = body.readUInt32LE(8);
  return {
    index: body.readInt32LE(4),
    name: attributeText(name ?? Buffer.alloc(0)),
    loopback: (flags & IFF_LOOPBACK) !== 0,
    up: (flags & IFF_UP) !== 0,
    mac: macText(mac ?? Buffer.alloc(0)),
    mtu: mtu?.readUInt32LE() ?? 0,
    traffic: trafficOf(stats),
  };
}

export function decodeAddressView(body: Buffer): AddressView {
  const [local, address] = pick(body.subarray(8), [IFA.local, IFA.address] as const);
  const scope = body.readUInt8(3);
  return {
    link: body.readUInt32LE(4),
    address: text(local ?? address ?? Buffer.alloc(4)),
    prefix: body.readUInt8(1),
    global: scope === SCOPE_UNIVERSE || scope === SCOPE_SITE,
  };
}

/** A route that packets to others take: one of the main table; null for the kernel's own ones. */
export function decodeRouteView(body: Buffer): RouteView | null {
  const family = body.readUInt8(0);
  const isOrdinary = body.readUInt8(4) === TABLE_MAIN && body.readUInt8(7) === UNICAST;
  if (!isOrdinary || (family !== AF_INET && family !== AF_INET6)) return null;
  const wanted = [RTA.dst, RTA.gateway, RTA.oif, RTA.prefsrc] as const;
  const [to, via, link, source] = pick(body.subarray(12), wanted);
  return {
    to: to === undefined ? 'default' : `${text(to)}/${body.readUInt8(1)}`,
    via: via === undefined ? null : text(via),
    link: link?.readUInt32LE() ?? 0,
    source: source === undefined ? null : text(source),
  };
}
