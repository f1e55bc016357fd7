import { isAscii } from 'node:buffer';

const MB = 1024 * 1024;
/** A hundred thousand jails with a good deal to say have half of it. */
export const MAX_BYTES = 128 * MB;
/** Larger files must be large because of their jails. */
const MAX_SHAPELESS = 64 * MB;
const BYTES_OF_BLOCK = 16_384;
/** One character beyond Latin-1, and each of a text takes two bytes. */
const MAX_WIDE = 32 * MB;
const FIRST_WIDE = 0xc4;

/** The text of a file. @throws NodeJS.ErrnoException for one that would take more memory than it can be worth */
export function textOf(bytes: Buffer, path: string): string {
  if (bytes.length > MAX_SHAPELESS && !hasManyBlocks(bytes))
    throw tooLarge(MAX_SHAPELESS, ' without its jails', path);
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (bytes.length > MAX_WIDE && bytes.some((byte) => byte >= FIRST_WIDE))
    throw tooLarge(MAX_WIDE, ' with characters beyond Latin-1', path);
  return bytes.toString('utf8');
}

function hasManyBlocks(bytes: Buffer): boolean {
  let blocks = 0;
  for (let at = bytes.indexOf('{'); at >= 0; at = bytes.indexOf('{', at + 1)) blocks++;
  return blocks > bytes.length / BYTES_OF_BLOCK;
}

/** @param remark what else is to be said of the limit */
export function tooLarge(limit: number, remark: string, path: string): NodeJS.ErrnoException {
  return systemError('EFBIG', `larger than ${limit / MB} MB${remark}`, path);
}

/** An error as the system's own calls throw them. */
export function systemError(code: string, reason: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${reason}, read '${path}'`), { code, path });
}
