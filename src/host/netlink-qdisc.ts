import { constants } from 'node:os';
import { NLM_F_CREATE, encodeAttributes, type Attribute, type Request } from './netlink-message.js';

/*
 * What is said about queues: what waits before a link, and where packets are sent that come in on one. Pure. tc(8);
 * the numbers are those of linux/rtnetlink.h, pkt_sched.h, pkt_cls.h and tc_act/tc_mirred.h.
 */

const { errno: E } = constants;
const NEWLINK = 16;
const [NEWQDISC, DELQDISC, NEWTFILTER] = [36, 37, 44];
const NLM_F_REPLACE = 0x100;
const [TCA_KIND, TCA_OPTIONS] = [1, 2];
const [ROOT, INGRESS] = [0xffff_ffff, 0xffff_fff1];
/** The handle by which what comes in is known. */
const INCOMING = 0xffff_0000;
const OUTGOING = 0x1_0000;
const [TCA_TBF_PARMS, TCA_TBF_RATE64, TCA_TBF_BURST] = [1, 4, 6];
const LINKLAYER_ETHERNET = 1;
const [TCA_U32_SEL, TCA_U32_ACT, U32_TERMINAL] = [5, 7, 1];
const [TCA_ACT_KIND, TCA_ACT_OPTIONS, TCA_MIRRED_PARMS] = [1, 2, 2];
const [ACT_STOLEN, EGRESS_REDIRECT] = [4, 1];
/** Priority 1 of all protocols, which is written in the order of the network. */
const FIRST_OF_ALL = 0x1_0300;
const [IFLA_NAME, IFLA_TXQLEN, IFLA_INFO, INFO_KIND] = [3, 13, 18, 1];
/** Packets that may be on their way through a device at once: its own 32 are too few for a gigabyte per second. */
const THROUGH = 1000;
const MAX_U32 = 0xffff_ffff;

/** How packets leave a link: all in bytes, the rate per second. */
export interface Bucket {
  readonly rate: number;
  /** As much may pass at once. */
  readonly burst: number;
  /** As much may wait; what is more is dropped. */
  readonly queue: number;
}

/** struct tcmsg and attributes. */
function queueBody(
  index: number,
  handle: number,
  parent: number,
  attributes: readonly Attribute[],
  information = 0,
): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(handle, 8);
  header.writeUInt32LE(parent, 12);
  header.writeUInt32LE(information, 16);
  return Buffer.concat([header, encodeAttributes(attributes)]);
}

/** struct tc_tbf_qopt: a struct tc_ratespec, one for peaks that stays empty, and what may wait. */
function tbfParameters({ rate, queue }: Bucket): Buffer {
  const bytes = Buffer.alloc(36);
  bytes.writeUInt8(LINKLAYER_ETHERNET, 1);
  bytes.writeUInt32LE(Math.min(rate, MAX_U32), 8);
  bytes.writeUInt32LE(queue, 24);
  return bytes;
}

/** Lets packets leave a link no faster than this, from now on: what waits already goes on waiting. tc-tbf(8) */
export function limitSending(index: number, name: string, bucket: Bucket): Request {
  const rate = Buffer.alloc(8);
  rate.writeBigUInt64LE(BigInt(bucket.rate));
  const options: readonly Attribute[] = [
    [TCA_TBF_PARMS, tbfParameters(bucket)],
    [TCA_TBF_BURST, bucket.burst],
    [TCA_TBF_RATE64, rate],
  ];
  const body = queueBody(index, OUTGOING, ROOT, [
    [TCA_KIND, 'tbf'],
    [TCA_OPTIONS, options],
  ]);
  return { step: 'limit rate', subject: name, type: NEWQDISC, flags: NLM_F_CREATE | NLM_F_REPLACE, body };
}

/** Takes limitSending() back; a link that has no limit, or is gone, is fine. */
export function unlimitSending(index: number, name: string): Request {
  const body = queueBody(index, OUTGOING, ROOT, []);
  return { step: 'unlimit rate', subject: name, type: DELQDISC, flags: 0, body, tolerates: GONE };
}

const GONE: readonly number[] = [E.ENOENT, E.EINVAL, E.ENODEV];

/** Makes what comes in on a link pass by filters first. tc(8), ingress */
export function interceptIncoming(index: number, name: string): Request {
  const body = queueBody(index, INCOMING, INGRESS, [[TCA_KIND, 'ingress']]);
  return { step: 'intercept packets', subject: name, type: NEWQDISC, flags: NLM_F_CREATE, body };
}

/** Takes interceptIncoming() back with all filters. */
export function releaseIncoming(index: number, name: string): Request {
  const body = queueBody(index, INCOMING, INGRESS, []);
  return { step: 'release packets', subject: name, type: DELQDISC, flags: 0, body, tolerates: GONE };
}

/** Sends all that comes in on a link to another device first. tc-u32(8), tc-mirred(8) */
export function redirectIncoming(index: number, name: string, to: number): Request {
  const mirred = Buffer.alloc(28); // struct tc_mirred
  mirred.writeInt32LE(ACT_STOLEN, 8);
  mirred.writeInt32LE(EGRESS_REDIRECT, 20);
  mirred.writeUInt32LE(to, 24);
  const selector = Buffer.alloc(32); // struct tc_u32_sel with one key that asks for no bit
  selector.writeUInt8(U32_TERMINAL, 0);
  selector.writeUInt8(1, 2);
  const action: readonly Attribute[] = [
    [TCA_ACT_KIND, 'mirred'],
    [TCA_ACT_OPTIONS, [[TCA_MIRRED_PARMS, mirred]]],
  ];
  const options: readonly Attribute[] = [
    [TCA_U32_SEL, selector],
    [TCA_U32_ACT, [[1, action]]],
  ];
  const attributes: readonly Attribute[] = [
    [TCA_KIND, 'u32'],
    [TCA_OPTIONS, options],
  ];
  const body = queueBody(index, 0, INCOMING, attributes, FIRST_OF_ALL);
  return { step: 'redirect packets', subject: name, type: NEWTFILTER, flags: NLM_F_CREATE, body };
}

/** Makes a device that hands packets on to where they came from: they can wait there. One that is there stays. */
export function createIfb(name: string): Request {
  const attributes: readonly Attribute[] = [
    [IFLA_NAME, name],
    [IFLA_TXQLEN, THROUGH],
    [IFLA_INFO, [[INFO_KIND, 'ifb']]],
  ];
  const body = Buffer.concat([Buffer.alloc(16), encodeAttributes(attributes)]);
  return { step: 'create queue', subject: name, type: NEWLINK, flags: NLM_F_CREATE, body };
}
