import { printable } from './visible.js';

/** Columns of the screen for the text of a line. */
const WIDTH = 76;
/** Characters before, in and after a part that are looked at: some take no column. */
const REACH = 4 * WIDTH;

const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const DOUBLE_WIDTH =
  /\p{Emoji_Presentation}|\ufe0f|[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
let graphemes: Intl.Segmenter | null = null;

interface Cell {
  readonly text: string;
  /** Columns of the screen that it takes (Unicode Standard Annex 11). */
  readonly width: number;
}

const PLAIN = /^[\x20-\x7e]*$/;

/** What a reader takes for one character each: an e with its accent, a family of emoji. */
function cellsOf(text: string): readonly Cell[] {
  // Looking for graphemes takes a millisecond for each line, and some to begin with.
  if (PLAIN.test(text)) return Array.from(text, (character) => ({ text: character, width: 1 }));
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return [...graphemes.segment(printable(text))].map(({ segment }) => {
    const width = ZERO_WIDTH.test(segment) ? 0 : DOUBLE_WIDTH.test(segment) ? 2 : 1;
    return { text: segment, width };
  });
}

const widthOf = (cells: readonly Cell[]): number => cells.reduce((sum, { width }) => sum + width, 0);
const textOf = (cells: readonly Cell[]): string => cells.map(({ text }) => text).join('');

/** The first cells that fit in a number of columns. */
function fitting(cells: readonly Cell[], columns: number): readonly Cell[] {
  let used = 0;
  const end = cells.findIndex(({ width }) => (used += width) > columns);
  return end < 0 ? cells : cells.slice(0, end);
}

/**
 * A line and the carets for a part of it, cut so that both stay on one line of the screen.
 * @param at index in the text at which the part begins
 */
export function drawExcerpt(text: string, at: number, length: number): { line: string; caret: string } {
  const end = at + Math.min(length, REACH);
  const before = cellsOf(text.slice(Math.max(0, at - REACH), at));
  const marked = cellsOf(text.slice(at, end));
  const after = cellsOf(text.slice(end, end + REACH));
  const isLong = widthOf(before) + widthOf(marked) > WIDTH;
  const lead = isLong ? [...fitting([...before].reverse(), WIDTH / 2)].reverse() : before;
  const rest = fitting([...marked, ...after], WIDTH - widthOf(lead));
  const carets = Math.max(1, Math.min(widthOf(marked), widthOf(rest)));
  return { line: textOf([...lead, ...rest]), caret: ' '.repeat(widthOf(lead)) + '^'.repeat(carets) };
}
