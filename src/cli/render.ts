import { printable as withoutObeyed } from '../config/visible.js';
import type { Terminal } from './context.js';

const CODES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' } as const;
export type Colour = keyof typeof CODES;

/** The text in a colour, on terminals that have some. */
export function paint({ colour }: Pick<Terminal, 'colour'>, code: Colour, text: string): string {
  return colour ? `\u001b[${CODES[code]}m${text}\u001b[0m` : text;
}

/** Text of somebody's file on one line, with a question mark for each character that a terminal would obey. */
export const printable = (text: string): string => withoutObeyed(text, '?');

/** A line of a story; one without text is left out. */
export type Line = readonly [title: string, text: string];

export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

/** Lines of columns under their titles; `-` for what is empty, and the last column cut at the terminal's edge. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly (Cell | string)[])[],
  terminal: Pick<Terminal, 'colour' | 'columns' | 'stdout'>,
): string {
  const cells = [titles, ...rows].map((row) => row.map(asCell));
  const widths = titles.map((_, column) => Math.max(...cells.map((row) => row[column]?.text.length ?? 0)));
  const edge = terminal.stdout && terminal.columns > 0 ? terminal.columns : Infinity;
  return cells.map((row) => `${line(row, widths, edge, terminal)}\n`).join('');
}

function asCell(cell: Cell | string): Cell {
  const { text, colour } = typeof cell === 'string' ? { text: cell } : cell;
  return { text: text === '' ? '-' : printable(text), ...(colour && { colour }) };
}

function line(
  row: readonly Cell[],
  widths: readonly number[],
  edge: number,
  terminal: Pick<Terminal, 'colour'>,
): string {
  let at = 0;
  const pieces = row.map(({ text, colour }, column) => {
    const last = column === row.length - 1;
    const shown = last ? text.slice(0, Math.max(1, edge - at)) : text;
    const gap = last ? '' : ' '.repeat((widths[column] ?? 0) - text.length + 2);
    at += text.length + gap.length;
    return (colour === undefined ? shown : paint(terminal, colour, shown)) + gap;
  });
  return pieces.join('');
}

/** Text in lines of at most `width` characters, those after the first indented. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width - indent.length)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${indent}`);
}

const UNITS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
];

/** A span of time in its largest unit: "3d", "2m", "12s". Negative ones are shown as none at all. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [size, unit] = UNITS.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.floor(seconds / size)}${unit}`;
}

/** A point in time in words of the host's clock: "2026-11-22 03:16:56". */
export function clock(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A whole reply as JSON for programs. */
export function json(value: unknown): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // JSON.stringify() has done so with the others that a terminal obeys.
  return `${JSON.stringify(value).replace(/[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escape)}\n`;
}
