import { isUtf8 } from 'node:buffer';
import { visibleLines } from '../config/visible.js';
import type { Terminal } from './context.js';
import type { LogLine } from './log-lines.js';
import { json, printable } from './render.js';

/** Makes of a jail's line what is printed. */
export type LineFormat = (jail: string, line: LogLine) => string | Buffer;

/** Foreground colours of ECMA-48, without those that mean something: red, black and white. */
const COLOURS = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94] as const;
const [RED, DIM] = [31, 2];

/** The line as it is; on a terminal without power over it. */
export function asWritten({ stdout }: Pick<Terminal, 'stdout'>): LineFormat {
  return (_jail, { bytes }) => (stdout ? visibleLines(bytes.toString()) : bytes);
}

/**
 * One object on each line. `text` has U+FFFD for bytes that are no UTF-8; only then there is `text_base64`, with the bytes
 * themselves.
 */
export function asJson(jail: string, { at, stream, partial, text }: LogLine): string {
  const bytes = isUtf8(text) ? {} : { text_base64: text.toString('base64') };
  return json({ version: 1, at, jail, stream, partial, text: text.toString(), ...bytes });
}

/** The line behind the name of its jail: names are as wide as the widest, and in colours where there are some. */
export function withNames(
  jails: readonly string[],
  terminal: Pick<Terminal, 'stdout' | 'colour'>,
): LineFormat {
  const names = new Map(jails.map((jail) => [jail, printable(jail)]));
  const width = Math.max(0, ...[...names.values()].map((name) => name.length));
  const colours = coloursOf(jails);
  const paint = (code: number, text: string): string =>
    terminal.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const prefixes = new Map(
    jails.map((jail) => [
      jail,
      paint(colours.get(jail) ?? DIM, `${(names.get(jail) ?? jail).padEnd(width)} |`),
    ]),
  );
  return (jail, line) => {
    const prefix = `${prefixes.get(jail) ?? jail} `;
    if (!terminal.stdout) return Buffer.concat([Buffer.from(prefix), withNewline(line.bytes)]);
    const { at, stream, partial } = line;
    const text = `${visibleLines(line.text.toString())}\n`;
    if (at === null || stream === null) return prefix + text;
    const word = `${stream}${partial ? '+' : ''}`;
    return `${prefix}${paint(DIM, at)} ${stream === 'stderr' ? paint(RED, word) : word} ${text}`;
  };
}

const withNewline = (bytes: Buffer): Buffer =>
  bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, Buffer.of(0x0a)]);

/** A jail has the same colour each time, unless one of those beside it has that already. */
function coloursOf(jails: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const jail of [...jails].sort()) {
    const own = hash(jail) % COLOURS.length;
    const wheel = [...COLOURS.slice(own), ...COLOURS.slice(0, own)];
    const taken = new Set(found.values());
    found.set(jail, wheel.find((colour) => !taken.has(colour)) ?? COLOURS[own] ?? DIM);
  }
  return found;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
