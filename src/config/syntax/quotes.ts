import { findParam } from '../params.js';

const SINGLE = "'";
const DOUBLE = '"';

/** A statement may be as long as a file, and there may be mistakes in each of many on one line. */
const MAX_LOOKED_AT = 1 << 16;

/** A string whose quote was forgotten. */
export interface OpenQuote {
  readonly start: number;
  /** Where the line ends on which it should have been closed. */
  readonly lineEnd: number;
}

/**
 * Finds a string that goes on past its line, though the line ends like a statement or the next one begins like one.
 * Strings may well be of several lines, so this is asked only when something is wrong.
 * @param from offset of the statement in question
 * @param to offset of the mistake
 */
export function findOpenQuote(text: string, from: number, to: number): OpenQuote | null {
  for (let at = from; at < Math.min(to, from + MAX_LOOKED_AT);) {
    const c = text.charAt(at);
    const end = endOf(text, at, c);
    const newline = c === SINGLE || c === DOUBLE ? text.slice(at, end).indexOf('\n') : -1;
    if (newline >= 0 && looksForgotten(text, at, at + newline)) return { start: at, lineEnd: at + newline };
    at = end;
  }
  return null;
}

/** The text up to the end of that line, with the string closed and the statement ended. */
export function closeQuote(text: string, { start, lineEnd }: OpenQuote): string {
  return `${text.slice(0, lineEnd).replace(STATEMENT_ENDS, '')}${text.charAt(start)};`;
}

/** The end of the comment, string, escape or character at an offset. */
function endOf(text: string, at: number, c: string): number {
  if (c === '\\') return at + 2;
  if (c === SINGLE || c === DOUBLE) return endOfString(text, at, c);
  if (c === '#' || text.startsWith('//', at)) return after(text.indexOf('\n', at), 1, text);
  if (text.startsWith('/*', at)) return after(text.indexOf('*/', at + 2), 2, text);
  return at + 1;
}

function endOfString(text: string, start: number, quote: string): number {
  const most = Math.min(text.length, start + MAX_LOOKED_AT);
  for (let at = start + 1; at < most; at++) {
    const c = text.charAt(at);
    if (c === '\\') at++;
    else if (c === quote) return at + 1;
  }
  return most;
}

const after = (found: number, length: number, text: string): number =>
  found < 0 ? text.length : found + length;

/** Longest line that is looked at. */
const LINE = 1000;
const STATEMENT_ENDS = /;[ \t\r]*(?:(?:#|\/\/).*)?$/;
const STATEMENT_BEGINS = /^\s*(?:\}\s*$|\$\w+\s*\+?=|([\w.]+)\s*(?:\+?=|;))/;

function looksForgotten(text: string, start: number, newline: number): boolean {
  if (STATEMENT_ENDS.test(text.slice(start, Math.min(newline, start + LINE)))) return true;
  const [next = ''] = text.slice(newline + 1, newline + 1 + LINE).split('\n', 1);
  const begins = STATEMENT_BEGINS.exec(next);
  return begins !== null && (begins[1] === undefined || findParam(begins[1]) !== null);
}
