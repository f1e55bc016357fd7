import { isUtf8 } from 'node:buffer';

/** The frames of the control socket (native/PROTOCOL.md §5): one type byte, a u32 little-endian byte count, the bytes. */
export type FrameType = 'A' | 'O' | 'E' | 'X' | 'L' | 'H';

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
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    text +=
      length === 0 ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

function characterLength(bytes: Buffer, at: number): number {
  return [1, 2, 3, 4].find((n) => at + n <= bytes.length && isUtf8(bytes.subarray(at, at + n))) ?? 0;
}

/** The bytes of a text, those that decodeText() could not read included. */
export function encodeText(text: string): Buffer {
  if (!/\p{Surrogate}/u.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    [...text].map((character) => {
      const code = character.charCodeAt(0) - ESCAPE;
      const escaped = character.length === 1 && code >= 0x80 && code <= 0xff;
      return escaped ? Buffer.of(code) : Buffer.from(character, 'utf8');
    }),
  );
}
