import { isAscii } from 'node:buffer';
import { readSync } from 'node:fs';

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

/** Refuses what would take more memory than it can be worth. @throws NodeJS.ErrnoException */
export function refuseShapeless(fd: number, path: string): void {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let size = 0;
  let blocks = 0;
  let isWide = false;
  for (let read = readSync(fd, chunk, 0, CHUNK, 0); read > 0; read = readSync(fd, chunk, 0, CHUNK, size)) {
    const bytes = chunk.subarray(0, read);
    size += read;
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
