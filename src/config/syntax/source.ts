import type { Diagnostic, DiagnosticCode, Note, Span } from '../diagnostic.js';

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

/** Characters between two entries of a line index. */
const STRIDE = 4096;

/** For every so many characters: which line they are on, and where it begins. A text may be of newlines only. */
interface LineIndex {
  readonly lines: readonly number[];
  readonly starts: readonly number[];
}

const lineIndexes = new WeakMap<Source, LineIndex>();

function lineIndexOf(source: Source): LineIndex {
  const known = lineIndexes.get(source);
  if (known !== undefined) return known;
  const lines: number[] = [];
  const starts: number[] = [];
  let line = 0;
  let start = 0;
  for (let next = source.text.indexOf('\n'); ; next = source.text.indexOf('\n', start)) {
    const end = next < 0 ? source.text.length : next;
    for (let at = lines.length * STRIDE; at <= end; at += STRIDE) {
      lines.push(line);
      starts.push(start);
    }
    if (next < 0) break;
    line++;
    start = next + 1;
  }
  const index = { lines, starts };
  lineIndexes.set(source, index);
  return index;
}

/** Index of the line an offset is on, and where that begins. */
function lineAt(source: Source, offset: number): { readonly line: number; readonly start: number } {
  const { lines, starts } = lineIndexOf(source);
  const entry = Math.min(Math.floor(offset / STRIDE), lines.length - 1);
  let line = lines[entry] ?? 0;
  let start = starts[entry] ?? 0;
  const near = Math.max(start, entry * STRIDE);
  for (let next = near; ; line++, start = next) {
    next = source.text.slice(0, offset).indexOf('\n', next) + 1;
    if (next === 0) return { line, start };
  }
}

/** The line and column of a place; the length ends with its first line. */
export function spanOf({ source, start, end }: Place): Span {
  const { line, start: lineStart } = lineAt(source, start);
  const newline = source.text.slice(start, end).indexOf('\n');
  const length = Math.max(1, newline < 0 ? Math.min(end, source.text.length) - start : newline);
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
  const [after = ''] = source.text
    .slice(start, start + Math.min(span.length, EXCERPT_REACH) + EXCERPT_REACH)
    .split('\n', 1);
  const excerpt = source.text.slice(from, start + after.length).replace(/\r$/, '');
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
