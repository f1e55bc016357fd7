import { findParam } from './params.js';

const SINGLE = "'";
const DOUBLE = '"';

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
  for (let at = from; at < to;) {
    const c = text.charAt(at);
    const end = endOf(text, at, c);
    const newline = text.indexOf('\n', at);
    const isString = c === SINGLE || c === DOUBLE;
    if (isString && newline >= 0 && newline < end && looksForgotten(text, at, newline))
      return { start: at, lineEnd: newline };
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
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '\\') at++;
    else if (c === quote) return at + 1;
  }
  return text.length;
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
