import { constants } from 'node:os';
import { NLM_F_CREATE, NLM_F_DUMP, attributeText, decodeAttributes } from './netlink-message.js';
import { encodeAttributes, type Attribute, type Request } from './netlink-message.js';

/* What is said about links; netlink-new-link.ts makes them. Pure. rtnetlink(7); the numbers are those of linux/rtnetlink.h and if_link.h. */

const { ENODEV } = constants.errno;
/** RTM_NEWLINK: makes a link, or changes one. */
export const NEWLINK = 16;
const [DELLINK, GETLINK, SETLINK] = [17, 18, 19];
const [AF_INET, AF_BRIDGE, AF_INET6] = [2, 7, 10];

const IFF_UP = 1;
/** Attributes of a link. */
export const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  protinfo: 12,
  info: 18,
  netnsPid: 19,
  alias: 20,
  afSpec: 26,
  group: 27,
  extMask: 29,
} as const;
const INFO_KIND = 1;
const [BRPORT_ISOLATED, BRPORT_LOCKED] = [33, 39];
const [NEWNEIGH, NDA_LLADDR, NUD_NOARP, NTF_MASTER, NTF_STICKY] = [28, 2, 0x40, 0x04, 0x40];
const SKIP_STATISTICS = 8;

/** The link group of all that is made for jails, by whichever jaild: all else is of group 0, or as its owner says. ip-link(8). */
export const JAILS_GROUP = 0x6a61696c;

const [IFLA_INET_CONF, IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_NONE] = [1, 8, 1];

/** IPV4_DEVCONF_* of linux/ip.h: the settings below /proc/sys/net/ipv4/conf/LINK that may come with a link. */
const IPV4_SETTINGS = { forwarding: 1, accept_redirects: 4, rp_filter: 8, promote_secondaries: 20 } as const;
type Ipv4Settings = Readonly<Partial<Record<keyof typeof IPV4_SETTINGS, number>>>;

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** Index of the other end of a veth, in its own network namespace; 0 for other links. */
  readonly peer: number;
}

/** More of a link, for who looks closer. */
export interface LinkDetails extends Link {
  readonly mtu: number;
  readonly mac: string;
  /** "veth", "bridge", …; '' for a real device. */
  readonly kind: string;
  /** '' for none. */
  readonly alias: string;
  readonly group: number;
  /** Index of the bridge, bond or VRF that it is a part of; 0 for none. */
  readonly master: number;
}

/** What a link may be told in one go, up or down. */
export interface LinkSettings {
  readonly alias?: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** What else were written below /proc/sys/net/ipv4/conf/LINK. */
  readonly ipv4?: Ipv4Settings;
  /** `none`: the kernel gives it no IPv6 address of its own accord. To be said before the link is up. ip-link(8), addrgenmode. */
  readonly generate?: 'none';
}

/** The bytes of a hardware address: "02:00:5e:00:53:01". */
export const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');
const macText = (bytes: Buffer): string => bytes.toString('hex').replace(/..(?!$)/g, '$&:');

/** struct ifinfomsg and attributes; the index is 0 for a link that is new or named. `mask`: the flags that are to change. */
export function linkBody(
  index: number,
  flags: number,
  attributes: readonly Attribute[],
  mask = flags,
): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(mask, 12);
  return Buffer.concat([header, encodeAttributes(attributes)]);
}

/** A link as it is named in a request: by its index, or by its name where that is 0. */
const named = ({ index, name }: Pick<Link, 'index' | 'name'>): readonly Attribute[] =>
  index === 0 ? [[IFLA.name, name]] : [];

/** Deletes a link, with its peer, addresses and routes; with the index 0 that of the name. One that is gone already is fine. */
export function deleteLink(link: Pick<Link, 'index' | 'name'>): Request {
  const body = linkBody(link.index, 0, named(link));
  return { step: 'delete link', subject: link.name, type: DELLINK, flags: 0, body, tolerates: [ENODEV] };
}

/** Puts a link, as deleteLink() takes it, into a group. One that is gone is fine. ip-link(8), group. */
export function setGroup(link: Pick<Link, 'index' | 'name'>, group: number): Request {
  const body = linkBody(link.index, 0, [...named(link), [IFLA.group, group]]);
  return { step: 'group link', subject: link.name, type: SETLINK, flags: 0, body, tolerates: [ENODEV] };
}

/** Deletes all links of a group at once. That there are none is fine. */
export function deleteGroup(group: number): Request {
  const body = linkBody(0, 0, [[IFLA.group, group]]);
  const subject = `group ${group}`;
  return { step: 'delete links', subject, type: DELLINK, flags: 0, body, tolerates: [ENODEV] };
}

/** Moves a link into the network namespace of a process, under another name where one is given. */
export function moveLink(index: number, name: string, netnsPid: number, newName?: string): Request {
  const renamed: readonly Attribute[] = newName === undefined ? [] : [[IFLA.name, newName]];
  const body = linkBody(index, 0, [[IFLA.netnsPid, netnsPid], ...renamed]);
  return { step: 'move link', subject: name, type: NEWLINK, flags: 0, body };
}

export function setLinkUp(index: number, name: string): Request {
  return { step: 'set link up', subject: name, type: NEWLINK, flags: 0, body: linkBody(index, IFF_UP, []) };
}

export function setLinkDown(index: number, name: string): Request {
  const body = linkBody(index, 0, [], IFF_UP);
  return { step: 'set link down', subject: name, type: NEWLINK, flags: 0, body };
}

export function setLink(index: number, name: string, settings: LinkSettings): Request {
  const { alias, mac, mtu, ipv4, generate } = settings;
  const conf = Object.entries(ipv4 ?? {}).map(([setting, value]): Attribute => [
    IPV4_SETTINGS[setting as keyof typeof IPV4_SETTINGS],
    value,
  ]); // Object.entries forgets the type of the keys
  const families: readonly Attribute[] = [
    ...(conf.length > 0 ? [[AF_INET, [[IFLA_INET_CONF, conf]]] as const] : []),
    ...(generate === 'none'
      ? [[AF_INET6, [[IFLA_INET6_ADDR_GEN_MODE, Buffer.of(ADDR_GEN_NONE)]]] as const]
      : []),
  ];
  const body = linkBody(index, 0, [
    ...(alias === undefined ? [] : [[IFLA.alias, alias] as const]),
    ...(mac === undefined ? [] : [[IFLA.address, macBytes(mac)] as const]),
    ...(mtu === undefined ? [] : [[IFLA.mtu, mtu] as const]),
    ...(families.length > 0 ? [[IFLA.afSpec, families] as const] : []),
  ]);
  return { step: 'set up link', subject: name, type: NEWLINK, flags: 0, body };
}

/**
 * Whether a port of a bridge passes nothing to and from the others of it that are isolated, and takes frames only from
 * addresses that holdPort() names (since Linux 5.18). bridge(8), isolated, locked.
 */
export function isolatePort(index: number, name: string, isolated: boolean): Request {
  const on = Buffer.of(isolated ? 1 : 0);
  const port: Attribute = [
    IFLA.protinfo,
    [
      [BRPORT_ISOLATED, on],
      [BRPORT_LOCKED, on],
    ],
  ];
  const body = linkBody(index, 0, [port]);
  body.writeUInt8(AF_BRIDGE, 0);
  return { step: 'isolate port', subject: name, type: SETLINK, flags: 0, body };
}

/** Has a hardware address at a port of a bridge, and at no other. bridge(8), static, sticky; struct ndmsg. */
export function holdPort(index: number, name: string, mac: string): Request {
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_BRIDGE, 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(NUD_NOARP, 8);
  header.writeUInt8(NTF_MASTER | NTF_STICKY, 10);
  const body = Buffer.concat([header, encodeAttributes([[NDA_LLADDR, macBytes(mac)]])]);
  return { step: 'hold port', subject: name, type: NEWNEIGH, flags: NLM_F_CREATE, body };
}

export function getLink(name: string): Request {
  return lookUp(0, name, [[IFLA.name, name]]);
}

/** The link of that index, which is called `name` when it is not found. */
export function getLinkAt(index: number, name: string): Request {
  return lookUp(index, name, []);
}

function lookUp(index: number, subject: string, attributes: readonly Attribute[]): Request {
  const body = linkBody(index, 0, [[IFLA.extMask, SKIP_STATISTICS], ...attributes]);
  return { step: 'look up link', subject, type: GETLINK, flags: 0, body };
}

/** All links, or the ports of the bridge with the index `master`. */
export function dumpLinks(master?: number): Request {
  const ports: readonly Attribute[] = master === undefined ? [] : [[IFLA.master, master]];
  const body = linkBody(0, 0, [[IFLA.extMask, SKIP_STATISTICS], ...ports]);
  return { step: 'list links', subject: 'host', type: GETLINK, flags: NLM_F_DUMP, body };
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

export function decodeLinkDetails(body: Buffer): LinkDetails {
  const attributes = decodeAttributes(body.subarray(16));
  const none = Buffer.alloc(0);
  const information = decodeAttributes(attributes.get(IFLA.info) ?? none);
  return {
    ...decodeLink(body),
    mtu: attributes.get(IFLA.mtu)?.readUInt32LE() ?? 0,
    mac: macText(attributes.get(IFLA.address) ?? none),
    kind: attributeText(information.get(INFO_KIND) ?? none),
    alias: attributeText(attributes.get(IFLA.alias) ?? none),
    group: attributes.get(IFLA.group)?.readUInt32LE() ?? 0,
    master: attributes.get(IFLA.master)?.readUInt32LE() ?? 0,
  };
}
