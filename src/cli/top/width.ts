import { printable } from '../../config/visible.js';

/** Those that take two places: Unicode's East Asian Width W and F, and emoji (UAX #11, UTS #51). */
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Bopomofo}|\p{Script=Yi}|\p{Script=Tangut}|\p{Emoji_Presentation}|[\u3000-\u303e\u3190-\u31e3\u3200-\u32ff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Not all terminals agree on how wide these are, those shown in the place of another among them; half a character is none. */
const DOUBTFUL = /\p{Surrogate}|\p{Co}|\p{Cn}|\p{Mn}|\p{Me}|\p{Cf}|[\u1160-\u11ff]/u;

const widthOfCharacter = (character: string): 1 | 2 => (character > '\u007f' && WIDE.test(character) ? 2 : 1);

/** Somebody's text on one line, harmless to a terminal. */
export function harmless(text: string): string {
  const line = printable(text, '?');
  return /^[ -~]*$/.test(line) ? line : Array.from(line, (one) => (DOUBTFUL.test(one) ? '?' : one)).join('');
}

/** How many places of a terminal a harmless text takes. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/** The beginning of a text that takes no more than these places. */
export function clip(text: string, places: number): string {
  if (/^[ -~]*$/.test(text)) return text.slice(0, Math.max(0, places));
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += widthOfCharacter(character);
    if (width > places) break;
    kept += character;
  }
  return kept;
}

/** The text on exactly so many places, with the mark where it goes on. */
export function fit(text: string, places: number, side: 'left' | 'right' = 'left', mark = '~'): string {
  const shown = widthOf(text) <= places ? text : clip(text, places - widthOf(mark)) + mark;
  const cut = clip(shown, places);
  const gap = ' '.repeat(Math.max(0, places - widthOf(cut)));
  return side === 'left' ? cut + gap : gap + cut;
}
