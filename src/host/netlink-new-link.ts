import { IFLA, JAILS_GROUP, NEWLINK, linkBody, macBytes } from './netlink-link.js';
import { NLM_F_CREATE, NLM_F_EXCL, type Attribute, type Request } from './netlink-message.js';

/* What makes a link of each kind. Pure. rtnetlink(7); the numbers are those of linux/if_link.h and veth.h. */

const NEW = NLM_F_CREATE | NLM_F_EXCL;
const IFLA_QUEUES = { tx: 31, rx: 32 } as const;
const [INFO_KIND, INFO_DATA, VETH_INFO_PEER] = [1, 2, 1];
const [BR_FORWARD_DELAY, BR_STP_STATE] = [1, 5];
const [MACVLAN_MODE, MACVLAN_MODE_BRIDGE] = [1, 4];

export interface Veth {
  readonly link: string;
  readonly linkMac: string;
  readonly peer: string;
  readonly peerMac: string;
  /** Bytes; null for 1500. */
  readonly mtu: number | null;
}

export interface Bridge {
  readonly name: string;
  readonly mac: string;
  /** Bytes; null for 1500. */
  readonly mtu: number | null;
}

export interface Macvlan {
  readonly name: string;
  readonly mac: string;
  /** Bytes; null for that of the link below. */
  readonly mtu: number | null;
}

const info = (kind: string, data: readonly Attribute[]): Attribute => [
  IFLA.info,
  [
    [INFO_KIND, kind],
    [INFO_DATA, data],
  ],
];

/**
 * Makes a veth pair, the peer's end at once in the network namespace of the process `netnsPid`, this one at once a port of
 * the bridge with the index `master`. Both ends are down.
 */
export function createVeth(veth: Veth, netnsPid: number, master?: number): Request {
  // One queue: a jail needs no more, and each costs memory and objects in sysfs, by default one for each processor.
  const end = (name: string, mac: string): readonly Attribute[] => [
    [IFLA.name, name],
    [IFLA.address, macBytes(mac)],
    [IFLA.mtu, veth.mtu ?? 1500],
    [IFLA_QUEUES.tx, 1],
    [IFLA_QUEUES.rx, 1],
  ];
  const peer = linkBody(0, 0, [...end(veth.peer, veth.peerMac), [IFLA.netnsPid, netnsPid]]);
  const port: readonly Attribute[] = master === undefined ? [] : [[IFLA.master, master]];
  const group: Attribute = [IFLA.group, JAILS_GROUP];
  const attributes = [
    ...end(veth.link, veth.linkMac),
    group,
    ...port,
    info('veth', [[VETH_INFO_PEER, peer]]),
  ];
  const body = linkBody(0, 0, attributes);
  return { step: 'create link', subject: veth.link, type: NEWLINK, flags: NEW, body };
}

/** Makes a bridge that passes packets as soon as it has a port: no spanning tree, no delay. ip-link(8), bridge. */
export function createBridge({ name, mac, mtu }: Bridge): Request {
  const body = linkBody(0, 0, [
    [IFLA.name, name],
    [IFLA.address, macBytes(mac)],
    ...(mtu === null ? [] : [[IFLA.mtu, mtu] as const]),
    [IFLA.group, JAILS_GROUP],
    info('bridge', [
      [BR_STP_STATE, 0],
      [BR_FORWARD_DELAY, 0],
    ]),
  ]);
  return { step: 'create bridge', subject: name, type: NEWLINK, flags: NEW, body };
}

/** Makes a macvlan on the link with the index `on`, at once in the network namespace of a process. ip-link(8), macvlan mode bridge. */
export function createMacvlan({ name, mac, mtu }: Macvlan, on: number, netnsPid: number): Request {
  const body = linkBody(0, 0, [
    [IFLA.name, name],
    [IFLA.address, macBytes(mac)],
    ...(mtu === null ? [] : [[IFLA.mtu, mtu] as const]),
    [IFLA.link, on],
    [IFLA.netnsPid, netnsPid],
    info('macvlan', [[MACVLAN_MODE, MACVLAN_MODE_BRIDGE]]),
  ]);
  return { step: 'create macvlan', subject: name, type: NEWLINK, flags: NEW, body };
}
