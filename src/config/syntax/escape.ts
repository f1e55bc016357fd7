const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
  '\r\n': '',
};

/** One backslash sequence: octal before letters, \x with up to two digits, the end of a line, any other character. */
export const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{0,2})|(\r\n|[^]))/gu;

function byteOf(octal: string | undefined, hex: string | undefined): number {
  return octal !== undefined ? parseInt(octal, 8) & 0xff : parseInt(hex || '0', 16);
}

/** Replaces the backslash sequences of a string (jail.conf(5)). */
export function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  const parts: string[] = [];
  let bytes: number[] = [];
  let end = 0;
  // Bytes written one after the other, \303\274, are one character of UTF-8 together.
  const flush = (): void => {
    if (bytes.length > 0) parts.push(Buffer.from(bytes).toString('utf8'));
    bytes = [];
  };
  for (const { 0: sequence, 1: octal, 2: hex, 3: other, index } of text.matchAll(ESCAPE)) {
    if (index > end || other !== undefined) flush();
    parts.push(text.slice(end, index));
    if (other !== undefined) parts.push(SIMPLE[other] ?? other);
    else bytes.push(byteOf(octal, hex));
    end = index + sequence.length;
  }
  flush();
  return parts.join('') + text.slice(end);
}
