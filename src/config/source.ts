import type { Diagnostic, DiagnosticCode, Span } from './diagnostic.js';

/** A file and its text. Offsets count UTF-16 units; lines are looked up only when something is reported. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** Where something stands in a source. */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

const lineStarts = new WeakMap<Source, readonly number[]>();

function lineStartsOf(source: Source): readonly number[] {
  const known = lineStarts.get(source);
  if (known !== undefined) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1))
    starts.push(at + 1);
  lineStarts.set(source, starts);
  return starts;
}

/** Index of the line an offset is on, by binary search. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The line and column of a place; the length ends with its first line. */
export function spanOf({ source, start, end }: Place): Span {
  const starts = lineStartsOf(source);
  const line = lineAt(starts, start);
  const lineStart = starts[line] ?? 0;
  const lineEnd = (starts[line + 1] ?? source.text.length + 1) - 1;
  const length = Math.max(1, Math.min(end, lineEnd) - start);
  return { file: source.file, line: line + 1, column: start - lineStart + 1, length };
}

/** The text of the line a place begins on, without its end. */
function excerptOf({ source, start }: Place): string {
  const starts = lineStartsOf(source);
  const line = lineAt(starts, start);
  const text = source.text.slice(starts[line], (starts[line + 1] ?? source.text.length + 1) - 1);
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

const EXCERPT_MAX = 2000;
/** A message repeats what the user wrote, which may be anything. */
const MESSAGE_MAX = 500;

/** A diagnostic about a place. */
export function diagnose(
  severity: 'error' | 'warning',
  code: DiagnosticCode,
  place: Place,
  message: string,
  hint?: string,
): Diagnostic {
  const span = spanOf(place);
  // A file of one line of 50 MB is not repeated for each of its mistakes.
  const excerpt = span.column < EXCERPT_MAX ? { excerpt: excerptOf(place).slice(0, EXCERPT_MAX) } : {};
  const told = message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}...` : message;
  return { code, severity, span, message: told, ...(hint !== undefined && { hint }), ...excerpt };
}
