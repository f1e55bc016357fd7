import { isUtf8 } from 'node:buffer';

/** The frames of the control socket (native/PROTOCOL.md §5): one type byte, a u32 little-endian byte count, the bytes. */
export type FrameType = 'A' | 'O' | 'E' | 'X' | 'L' | 'H' | 'T';

export const HEADER_BYTES = 5;

/** The most that a request may have, in bytes: as much as a message to a jailer. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

/** What came over the socket is not what PROTOCOL.md says. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame';
}

/** One frame, ready to be sent. */
export function encodeFrame(type: FrameType, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  frame.write(type, 0, 'latin1');
  frame.writeUInt32LE(bytes.length, 1);
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

/** Fields, each ended by a NUL byte. Throws MalformedFrame for a field with a NUL inside. */
export function encodeFields(fields: readonly string[]): Buffer {
  if (fields.some((field) => field.includes('\0'))) throw new MalformedFrame('a field contains a NUL byte');
  return Buffer.concat(fields.map((field) => encodeText(`${field}\0`)));
}

/** The fields in the bytes of a frame. Throws MalformedFrame when the last one has no NUL. */
export function decodeFields(bytes: Buffer): readonly string[] {
  if (bytes.length === 0) return [];
  if (bytes.at(-1) !== 0) throw new MalformedFrame('the last field does not end');
  return decodeText(bytes.subarray(0, -1)).split('\0');
}

const ESCAPE = 0xdc00;

/**
 * Bytes as text. An argument need not be UTF-8: a byte that belongs to no character becomes a lone surrogate, which
 * encodeText() turns back, so that a command in a jail gets exactly the bytes that were typed (PEP 383 has the idea).
 */
export function decodeText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  // UTF-16 has no more units than UTF-8 has bytes. Anybody can send a megabyte of nonsense: one pass, no pieces.
  const units = Buffer.allocUnsafe(2 * bytes.length);
  let size = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length === 0) size = units.writeUInt16LE(ESCAPE + (bytes[at] ?? 0), size);
    else if (length === 1) size = units.writeUInt16LE(bytes[at] ?? 0, size);
    else size += units.write(bytes.toString('utf8', at, at + length), size, 'utf16le');
    at += Math.max(length, 1);
  }
  return units.toString('utf16le', 0, size);
}

/** Bytes of the character that begins here, 0 when none does. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  // A byte that can't continue a character is the usual case of nonsense, and cheaper seen than asked for.
  if (length === 0 || at + length > bytes.length || ((bytes[at + 1] ?? 0) & 0xc0) !== 0x80) return 0;
  return isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** The bytes of a text, those that decodeText() could not read included. */
export function encodeText(text: string): Buffer {
  if (!/\p{Surrogate}/u.test(text)) return Buffer.from(text, 'utf8');
  const bytes = Buffer.allocUnsafe(3 * text.length);
  let size = 0;
  for (let at = 0; at < text.length;) {
    const point = text.codePointAt(at) ?? 0;
    const isByte = point >= ESCAPE + 0x80 && point <= ESCAPE + 0xff;
    if (isByte) bytes[size++] = point - ESCAPE;
    else if (point < 0x80) bytes[size++] = point;
    else size += bytes.write(String.fromCodePoint(point), size, 'utf8');
    at += point > 0xffff ? 2 : 1;
  }
  return bytes.subarray(0, size);
}
