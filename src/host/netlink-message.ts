/*
 * The wire format of netlink: headers, attributes, acknowledgements. Pure. netlink(7), linux/netlink.h.
 * Numbers are in the machine's byte order, which is little-endian on every machine that this runs on.
 */

/** One request, with the words that its failure is reported in. */
export interface Request {
  readonly step: string;
  readonly subject: string;
  readonly type: number;
  /** NLM_F_* beside NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
  /** The family's header and the attributes. */
  readonly body: Buffer;
  /** errnos that are as good as success. */
  readonly tolerates?: readonly number[];
  /** Of more answers than these the rest is thrown away. */
  readonly most?: number;
}

export interface Message {
  readonly type: number;
  readonly sequence: number;
  readonly body: Buffer;
}

/** The kernel's verdict on a request: errno (0: done) and, with NETLINK_EXT_ACK, why in the kernel's words. */
export interface Verdict {
  readonly errno: number;
  readonly words: string | null;
}

/** `number` is written as u32, `string` with its NUL; an array of attributes is a nest. */
export type Attribute = readonly [type: number, value: number | string | Buffer | readonly Attribute[]];

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
const NLMSGERR_ATTR_MSG = 1;
const HEADER = 16;

const aligned = (length: number): number => (length + 3) & ~3;

/** Attributes one behind the other, each padded to 4 bytes. */
export function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat(attributes.map(encodeAttribute));
}

function encodeAttribute([type, value]: Attribute): Buffer {
  const nested = typeof value === 'object' && !Buffer.isBuffer(value);
  const payload = attributePayload(value);
  const bytes = Buffer.alloc(aligned(4 + payload.length));
  bytes.writeUInt16LE(4 + payload.length, 0);
  bytes.writeUInt16LE(nested ? type | NLA_F_NESTED : type, 2);
  payload.copy(bytes, 4);
  return bytes;
}

function attributePayload(value: Attribute[1]): Buffer {
  if (typeof value === 'string') return Buffer.from(`${value}\0`);
  if (typeof value === 'number') {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(value);
    return word;
  }
  return Buffer.isBuffer(value) ? value : encodeAttributes(value);
}

/** Type → payload of the attributes in `bytes`; of two of one type the last. */
export function decodeAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    attributes.set(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return attributes;
}

/** Text of an attribute, without its NUL. */
export const attributeText = (payload: Buffer): string => payload.toString('utf8').replace(/\0.*$/s, '');

/**
 * The requests as one datagram, numbered from `sequence` on. The kernel works on them in order and reports each failure
 * by number; only the last is acknowledged in any case, which says that all have had their turn. A dump ends by itself.
 */
export function encodeRequests(requests: readonly Request[], sequence: number): Buffer {
  return Buffer.concat(
    requests.map(({ type, flags, body }, index) => {
      const dump = (flags & NLM_F_DUMP) === NLM_F_DUMP;
      const acknowledged = index === requests.length - 1 && !dump;
      const bytes = Buffer.alloc(aligned(HEADER + body.length));
      bytes.writeUInt32LE(HEADER + body.length, 0);
      bytes.writeUInt16LE(type, 4);
      bytes.writeUInt16LE(flags | NLM_F_REQUEST | (acknowledged ? NLM_F_ACK : 0), 6);
      bytes.writeUInt32LE(sequence + index, 8);
      body.copy(bytes, HEADER);
      return bytes;
    }),
  );
}

/** The messages of one datagram. An error message's body begins with its flags, as decodeVerdict() wants it. */
export function decodeMessages(datagram: Buffer): readonly Message[] {
  const messages: Message[] = [];
  for (let at = 0; at + HEADER <= datagram.length;) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER || at + length > datagram.length) break;
    const type = datagram.readUInt16LE(at + 4);
    // NLMSG_ERROR says in its header what its body holds.
    const body = datagram.subarray(type === NLMSG_ERROR ? at + 6 : at + HEADER, at + length);
    messages.push({ type, sequence: datagram.readUInt32LE(at + 8), body });
    at += aligned(length);
  }
  return messages;
}

/** Reads the body of an NLMSG_ERROR message. linux/netlink.h, struct nlmsgerr and enum nlmsgerr_attrs. */
export function decodeVerdict(body: Buffer): Verdict {
  const flags = body.readUInt16LE(0);
  const error = body.subarray(HEADER - 6);
  const errno = Math.abs(error.readInt32LE(0));
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, words: null };
  const request = (flags & NLM_F_CAPPED) === 0 ? aligned(error.readUInt32LE(4)) : HEADER;
  const words = decodeAttributes(error.subarray(4 + request)).get(NLMSGERR_ATTR_MSG);
  return { errno, words: words === undefined ? null : attributeText(words) };
}
