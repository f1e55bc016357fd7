/*
 * How names and values are written, so that FreeBSD's jail(8) reads them too: it takes a name in one piece only, and
 * comments begin in the middle of a word.
 */

/** One piece for FreeBSD's lexer: characters that need no quotes, or a star alone. */
const PLAIN = /^(?:[A-Za-z0-9_!%&()\-.:<>?@[\]^`|~]+|\*)$/;
/** What `jailctl` itself writes without quotes; "/" twice, or beside "*", would begin or look like a comment. */
const BARE_VALUE = /^(?!.*\/\/)[\w./:@%+|-]+$/s;
const ONE_STRING = /^(?:"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*')$/;
/** Means the same between double quotes. */
const NEEDLESS_SINGLE = /^'([^'"\\$]*)'$/;

/** A string in double quotes that is read back as this text. */
export function quoted(text: string): string {
  const escaped = text
    .replace(/["\\$]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replace(
      /[\u0000-\u001f\u007f]/g,
      (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
    );
  return `"${escaped}"`;
}

/** A value as jail.conf(5) reads it back: as it is when it is one harmless word, else in double quotes. */
export function confString(text: string): string {
  return BARE_VALUE.test(text) ? text : quoted(text);
}

/** A name as jail.conf(5) reads it back, in one piece. */
export function confName(text: string): string {
  return PLAIN.test(text) ? text : quoted(text);
}

/** The canonical spelling of a value: as the user wrote it, with double quotes where single ones do nothing. */
export function spellValue(written: string): string {
  return written.replace(NEEDLESS_SINGLE, '"$1"');
}

/** The canonical spelling of a name: without quotes where it needs none, and in one piece. @param text what it means */
export function spellName(written: string, text: string): string {
  if (PLAIN.test(text)) return text;
  // Bytes that were written as escapes would not come back as they were.
  if (ONE_STRING.test(written) || /[^\0-\x7f]/.test(text)) return spellValue(written);
  return quoted(text);
}
