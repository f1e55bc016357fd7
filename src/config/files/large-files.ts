import { isAscii } from 'node:buffer';

export const CHUNK = 1024 * 1024;
/** Files up to this size are read whatever is in them. */
export const MODEST = 32 * CHUNK;
/** Larger than this is a file only because of its jails. */
const MAX_WITHOUT_JAILS = 64 * CHUNK;
const BYTES_OF_JAIL = 16_384;
/** A hundred thousand jails with a good deal to say have half of it. */
const MAX_BYTES = 128 * CHUNK;
/** From here on UTF-8 encodes characters that are not in Latin-1: with one of them, each of a text takes two bytes. */
const FIRST_WIDE = 0xc4;
const BRACE = 0x7b;

/** Refuses a file, piece by piece, that would take more memory than it can be worth. @throws NodeJS.ErrnoException */
export function refuseShapeless(pieces: Iterable<Buffer>, path: string): void {
  let size = 0;
  let blocks = 0;
  let isWide = false;
  for (const bytes of pieces) {
    size += bytes.length;
    for (let at = bytes.indexOf(BRACE); at >= 0; at = bytes.indexOf(BRACE, at + 1)) blocks++;
    isWide ||= !isAscii(bytes) && bytes.some((byte) => byte >= FIRST_WIDE);
    if (isWide && size > MODEST) throw tooLarge(MODEST, ' with characters beyond Latin-1', path);
    if (size > MAX_WITHOUT_JAILS && size > blocks * BYTES_OF_JAIL)
      throw tooLarge(MAX_WITHOUT_JAILS, ' without its jails', path);
    if (size > MAX_BYTES) throw tooLarge(MAX_BYTES, '', path);
  }
}

/** @param remark what else is to be said of the limit */
export function tooLarge(limit: number, remark: string, path: string): NodeJS.ErrnoException {
  return systemError('EFBIG', `larger than ${limit / CHUNK} MB${remark}`, path);
}

/** An error as the system's own calls throw them. */
export function systemError(code: string, reason: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${reason}, read '${path}'`), { code, path });
}
