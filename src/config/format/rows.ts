import type { Comment } from './marks.js';

/** Comments that stand on one line together. */
export interface Row {
  readonly text: string;
  /** It begins its line. */
  readonly own: boolean;
  /** Nothing follows it on its line. */
  readonly last: boolean;
  /** Nothing can follow it on its line. */
  readonly toLineEnd: boolean;
  /** An empty line is before it. */
  readonly apart: boolean;
}

/** Comments line by line. */
export function rowsOf(comments: readonly Comment[]): readonly Row[] {
  const rows: Row[] = [];
  for (const { text, newlines, last, toLineEnd } of comments) {
    const before = rows.at(-1);
    const own = newlines > 0 || before?.last === true;
    const apart = newlines > 1;
    if (before === undefined || own) rows.push({ text, own, last, toLineEnd, apart });
    else rows[rows.length - 1] = { ...before, text: `${before.text} ${text}`, last, toLineEnd };
  }
  return rows;
}

/** The comments before a sign, taken apart. */
export interface Moved {
  /** What stays between the word and the sign. */
  readonly inline: string;
  /** What goes behind the sign: nothing can follow it on its line, or it has lines of its own. */
  readonly behind: readonly Row[];
}

/** A sign stands right behind its word: comments that would keep it from that change places with it. */
export function moveBehind(rows: readonly Row[]): Moved {
  const [first, ...rest] = rows;
  if (first === undefined) return { inline: '', behind: [] };
  const stays = !first.own && !first.toLineEnd;
  const behind = stays ? rest : rows;
  return {
    inline: stays ? ` ${first.text}` : '',
    behind: behind.map((row, index) => (index === behind.length - 1 ? { ...row, last: true } : row)),
  };
}

/** Comments that were moved, and those that follow them. */
export function inRow(moved: readonly Row[], rows: readonly Row[]): readonly Row[] {
  return moved.length === 0 ? rows : [...moved, ...rows.map((row) => ({ ...row, own: true }))];
}
