/** Type of the program header that names the loader (elf(5)). */
const PT_INTERP = 3;

/**
 * What the kernel runs a file with: the program behind "#!", or the loader of a dynamic ELF program of 64 bits and
 * little-endian. Null for all else. execve(2), elf(5).
 * @param head the first bytes of the file, a few thousand
 */
export function interpreterOf(head: Uint8Array): string | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.toString('latin1', 0, 2) === '#!')
    return /^#![ \t]*([^ \t\n\0]+)/.exec(bytes.toString('utf8', 0, 256))?.[1] ?? null;
  const isElf64 = bytes.length >= 64 && bytes.toString('latin1', 0, 6) === '\x7fELF\x02\x01';
  return isElf64 ? loaderOf(bytes) : null;
}

function loaderOf(bytes: Buffer): string | null {
  const table = Number(bytes.readBigUInt64LE(32));
  const [size, count] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  for (let at = table; at < table + size * count && at + 56 <= bytes.length; at += size) {
    if (size === 0 || bytes.readUInt32LE(at) !== PT_INTERP) continue;
    const offset = Number(bytes.readBigUInt64LE(at + 8));
    const text = bytes.toString('utf8', offset, offset + Number(bytes.readBigUInt64LE(at + 32)));
    // A name that lies behind what was read cannot be told.
    return text.endsWith('\0') ? text.slice(0, -1) : null;
  }
  return null;
}
