import type { Family } from '../config/values/family.js';
import { NLM_F_DUMP, decodeAttributes, encodeAttributes } from './netlink-message.js';
import type { Attribute, Request } from './netlink-message.js';

/*
 * Flows of UDP as the kernel tracks them. Pure. linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h and
 * nf_conntrack_common.h; CTA_FILTER_F_* are in net/netfilter/nf_internals.h.
 */

/** NFNL_SUBSYS_CTNETLINK with IPCTNL_MSG_CT_GET and IPCTNL_MSG_CT_DELETE. */
const GET = (1 << 8) | 1;
const DELETE = (1 << 8) | 2;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_ZONE = 18;
const CTA_FILTER = 25;
const CTA_FILTER_ORIG_FLAGS = 1;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_DST_PORT = 3;
/** CTA_IP_V4_SRC, CTA_IP_V6_SRC, and the same of the destination. */
const SOURCE = { ip4: 1, ip6: 3 } as const;
const DESTINATION = { ip4: 2, ip6: 4 } as const;
const CTA_FILTER_F_CTA_PROTO_NUM = 1 << 3;
const CTA_FILTER_F_CTA_PROTO_DST_PORT = 1 << 5;
const AF = { ip4: 2, ip6: 10 } as const;
const IPPROTO_UDP = 17;
/** IPS_* */
const SEEN_REPLY = 1 << 1;
const SRC_NAT = 1 << 4;
const DST_NAT = 1 << 5;
/** Flows that are told for one request. */
const MOST = 16_384;
const NOTHING = Buffer.alloc(0);

export interface Flow {
  readonly isAnswered: boolean;
  /** Its packets are sent elsewhere than they say. */
  readonly isLed: boolean;
  /** Its packets bear another address than they were sent with. */
  readonly isDisguised: boolean;
  /** Where its first packet was sent to: the address in hexadecimal digits, and the port. */
  readonly address: string;
  readonly port: number;
  /** The address that they are led to, or the same one. */
  readonly answering: string;
  /** The attributes that name it. */
  readonly identity: readonly Attribute[];
}

/**
 * Asks for flows, of any port that the first packet was sent to or of one. Kernels before 5.8 tell all that there are, of
 * any protocol; asked for an address of IPv6, later ones tell those that have another.
 */
export function flowsRequest(family: Family, port: number | null): Request {
  const bytes = port === null ? [] : [[CTA_PROTO_DST_PORT, Buffer.of(port >> 8, port & 0xff)] as const];
  const byPort = port === null ? 0 : CTA_FILTER_F_CTA_PROTO_DST_PORT;
  return {
    ...requestOf(GET, family, [
      [CTA_TUPLE_ORIG, [[CTA_TUPLE_PROTO, [[CTA_PROTO_NUM, Buffer.of(IPPROTO_UDP)], ...bytes]]]],
      [CTA_FILTER, [[CTA_FILTER_ORIG_FLAGS, CTA_FILTER_F_CTA_PROTO_NUM | byPort]]],
    ]),
    flags: NLM_F_DUMP,
    most: MOST,
  };
}

/** Has the kernel forget a flow. */
export const flowDeletion = (family: Family, { identity }: Flow): Request => ({
  ...requestOf(DELETE, family, identity),
  tolerates: [ENOENT],
});

const ENOENT = 2;

/** struct nfgenmsg, and attributes. */
const requestOf = (type: number, family: Family, attributes: readonly Attribute[]): Request => ({
  step: 'conntrack',
  subject: 'flows of UDP',
  type,
  flags: 0,
  body: Buffer.concat([Buffer.of(AF[family], 0, 0, 0), encodeAttributes(attributes)]),
});

/** Reads an answer to flowsRequest(); null for what is no flow of UDP of that family. */
export function decodeFlow(body: Buffer, family: Family): Flow | null {
  const attributes = decodeAttributes(body.subarray(4));
  const original = attributes.get(CTA_TUPLE_ORIG);
  const reply = attributes.get(CTA_TUPLE_REPLY);
  const { protocol, ...sent } = tupleOf(original, family);
  if (original === undefined || protocol !== IPPROTO_UDP || sent.destination.length === 0) return null;
  const status = attributes.get(CTA_STATUS)?.readUInt32BE(0) ?? 0;
  const zone = attributes.get(CTA_ZONE);
  return {
    isAnswered: (status & SEEN_REPLY) !== 0,
    isLed: (status & DST_NAT) !== 0,
    isDisguised: (status & SRC_NAT) !== 0,
    address: sent.destination.toString('hex'),
    port: sent.port,
    answering: tupleOf(reply, family).source.toString('hex'),
    identity: [[CTA_TUPLE_ORIG, original], ...(zone === undefined ? [] : [[CTA_ZONE, zone] as const])],
  };
}

function tupleOf(
  bytes: Buffer = NOTHING,
  family: Family,
): {
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly protocol: number;
  readonly port: number;
} {
  const tuple = decodeAttributes(bytes);
  const addresses = decodeAttributes(tuple.get(CTA_TUPLE_IP) ?? NOTHING);
  const protocol = decodeAttributes(tuple.get(CTA_TUPLE_PROTO) ?? NOTHING);
  return {
    source: addresses.get(SOURCE[family]) ?? NOTHING,
    destination: addresses.get(DESTINATION[family]) ?? NOTHING,
    protocol: protocol.get(CTA_PROTO_NUM)?.readUInt8(0) ?? 0,
    port: protocol.get(CTA_PROTO_DST_PORT)?.readUInt16BE(0) ?? 0,
  };
}
