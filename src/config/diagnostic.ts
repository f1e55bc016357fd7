/** A place in a file. Lines and columns count from 1, columns and lengths in characters. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Every kind of mistake there is: tests compare these, people read the message. */
export type DiagnosticCode =
  | 'syntax-error'
  | 'unexpected-character'
  | 'unexpected-end'
  | 'unterminated-string'
  | 'unterminated-comment'
  | 'unterminated-variable'
  | 'nesting-too-deep'
  | 'unreadable-file'
  | 'include-variable'
  | 'include-depth'
  | 'include-loop'
  | 'redefined-parameter'
  | 'variable-named-like-parameter'
  | 'undefined-variable'
  | 'variable-loop'
  | 'array-inline'
  | 'value-too-long'
  | 'too-large'
  | 'bad-name'
  | 'unknown-parameter'
  | 'bad-value'
  | 'several-values'
  | 'ignored-parameter'
  | 'later-parameter'
  | 'duplicate-jail'
  | 'duplicate-address'
  | 'late-global'
  | 'missing-path'
  | 'nothing-to-run'
  | 'undefined-dependency'
  | 'dependency-cycle'
  | 'address-without-network'
  | 'schedule-never'
  | 'fstab-syntax';

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning';
  readonly span: Span | null;
  /** What is wrong, in the user's words. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The text of the line the span is on. */
  readonly excerpt?: string;
}

/** Mistakes of one jail that are told. */
export const MAX_TOLD = 50;

const EXCERPT_WIDTH = 76;

/** A terminal obeys control characters, so a line of somebody's file is shown without them. */
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');

/** The line and its caret, cut around the caret so that both stay on one line of the screen. */
function excerptLines(excerpt: string, span: Span): string[] {
  const prefix = ` ${span.line} | `;
  const column = span.column - 1;
  const start = column + span.length > EXCERPT_WIDTH ? Math.max(0, column - EXCERPT_WIDTH / 2) : 0;
  const shown = printable(excerpt.slice(start, start + EXCERPT_WIDTH));
  const caretAt = column - start;
  const carets = Math.max(1, Math.min(span.length, shown.length - caretAt));
  return [prefix + shown, ' '.repeat(prefix.length - 2) + '| ' + ' '.repeat(caretAt) + '^'.repeat(carets)];
}

/**
 * The diagnostic as people read it: FILE:LINE:COL: error: WHAT [code], the line with a caret, a hint.
 * @param colour whether to mark severity and caret with ANSI colours
 */
export function formatDiagnostic(d: Diagnostic, colour = false): string {
  const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const severity = paint(d.severity === 'error' ? '1;31' : '1;33', `${d.severity}:`);
  const place = d.span === null ? '' : `${printable(d.span.file)}:${d.span.line}:${d.span.column}: `;
  const lines = [`${place}${severity} ${printable(d.message)} [${d.code}]`];
  if (d.span !== null && d.excerpt !== undefined) {
    const [text = '', caret = ''] = excerptLines(d.excerpt, d.span);
    lines.push(text, paint('1;32', caret));
  }
  if (d.hint !== undefined) lines.push(`hint: ${printable(d.hint)}`);
  return lines.join('\n');
}
