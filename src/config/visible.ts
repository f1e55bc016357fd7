/** What a terminal obeys instead of showing: control characters but for the end of a line, and those that turn text round. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
/** Bytes that belong to no character, as words of a command line have them (decodeText()). */
const BYTES = /(?<![\ud800-\udbff])[\udc80-\udcff]/g;

function spelling(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  return code === 0x7f ? '^?' : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Lines of text by somebody else, harmless to a terminal and with all that was in them: `^[` is an escape character. */
export function visible(text: string): string {
  return text
    .replace(OBEYED, spelling)
    .replace(BYTES, (byte) => `\\x${(byte.charCodeAt(0) - 0xdc00).toString(16)}`);
}

/** The same on one line and as long as it was, without what was obeyed: columns stay where they are. */
export const printable = (text: string, instead = ' '): string =>
  text.replace(OBEYED, instead).replaceAll('\n', instead);

/** The same in which tabs stay as they are. */
export const visibleLines = (text: string): string => text.split('\t').map(visible).join('\t');

/** The same as one message: what follows its first line can't be taken for another one. */
export const visibleMessage = (text: string): string => visibleLines(text).replaceAll('\n', '\n    ');
