import type { Diagnostic, DiagnosticCode, Note, Span } from './diagnostic.js';

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

/** Characters before and after a place that its excerpt has at most: of a line of 50 MB nobody wants to see more. */
const EXCERPT_REACH = 500;
/** A message repeats what the user wrote, which may be anything. */
const MESSAGE_MAX = 500;

/** Where something is, for people: its span and the line around it. */
function pictureOf(place: Place): Pick<Note, 'span' | 'excerpt' | 'excerptFrom'> {
  const { source, start } = place;
  const span = spanOf(place);
  const lineStart = start - (span.column - 1);
  const from = Math.max(lineStart, start - EXCERPT_REACH);
  const lineEnd = source.text.indexOf('\n', start);
  const to = Math.min(lineEnd < 0 ? source.text.length : lineEnd, start + span.length + EXCERPT_REACH);
  const excerpt = source.text.slice(from, to).replace(/\r$/, '');
  return { span, excerpt, ...(from > lineStart && { excerptFrom: from - lineStart + 1 }) };
}

const shortened = (message: string): string =>
  message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}...` : message;

/** A diagnostic about a place. */
export function diagnose(
  severity: 'error' | 'warning',
  code: DiagnosticCode,
  place: Place,
  message: string,
  hint?: string,
): Diagnostic {
  const picture = pictureOf(place);
  return { code, severity, message: shortened(message), ...(hint !== undefined && { hint }), ...picture };
}

/** The diagnostic with a second place in it. */
export function withNote(diagnostic: Diagnostic, place: Place, message: string): Diagnostic {
  const note = { message: shortened(message), ...pictureOf(place) };
  return { ...diagnostic, notes: [...(diagnostic.notes ?? []), note] };
}
