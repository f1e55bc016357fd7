import { drawExcerpt } from './excerpt.js';
import { printable } from './visible.js';

/** A place in a file. Lines and columns count from 1; columns and lengths in UTF-16 units, as editors count them. */
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
  | 'comment-in-word'
  | 'nesting-too-deep'
  | 'unreadable-file'
  | 'include-variable'
  | 'include-depth'
  | 'include-loop'
  | 'redefined-parameter'
  | 'variable-named-like-parameter'
  | 'undefined-variable'
  | 'unused-variable'
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
  | 'without-effect'
  | 'duplicate-jail'
  | 'duplicate-jid'
  | 'star-in-name'
  | 'more-mistakes'
  | 'duplicate-address'
  | 'duplicate-forward'
  | 'freebsd-network'
  | 'late-global'
  | 'missing-path'
  | 'nothing-to-run'
  | 'undefined-dependency'
  | 'dependency-cycle'
  | 'address-without-network'
  | 'schedule-never'
  | 'fstab-syntax'
  | 'bad-rule'
  | 'rule-without-effect'
  | HostCode;

/** What is wrong with a jail on the host that it is looked at from. */
export type HostCode =
  | 'no-such-path'
  | 'nested-path'
  | 'shared-path'
  | 'open-path'
  | 'overlapping-path'
  | 'unmappable'
  | 'own-file'
  | 'host-directory'
  | 'untrusted-link'
  | 'open-door'
  | 'bad-mount'
  | 'bad-policy'
  | 'no-such-user'
  | 'no-such-program'
  | 'no-such-interface'
  | 'no-such-device'
  | 'address-in-use'
  | 'overlapping-subnet'
  | 'overlapping-ids'
  | 'users-of-host'
  | 'beyond-host'
  | 'not-on-this-host';

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning';
  readonly span: Span | null;
  /** What is wrong, in the user's words. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The text of the line the span is on, or the part of a very long one that is around it. */
  readonly excerpt?: string;
  /** The column at which the excerpt begins; 1 when it is not given. */
  readonly excerptFrom?: number;
  /** Other places that have to do with it. */
  readonly notes?: readonly Note[];
}

/** Mistakes of one jail that are told. */
export const MAX_TOLD = 50;

/** A second place, such as the one where something was defined first. */
export type Note = Pick<Diagnostic, 'message' | 'excerpt' | 'excerptFrom'> & { readonly span: Span };

/**
 * The diagnostic as people read it: FILE:LINE:COL: error: WHAT [code], the line with a caret, notes, a hint.
 * @param colour whether to mark severity and caret with ANSI colours
 */
export function formatDiagnostic(d: Diagnostic, colour = false): string {
  const paint: Paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const severity = paint(d.severity === 'error' ? '1;31' : '1;33', `${d.severity}:`);
  const lines = [`${placeOf(d.span)}${severity} ${printable(d.message)} [${d.code}]`, ...picture(d, paint)];
  for (const note of d.notes ?? [])
    lines.push(
      `${placeOf(note.span)}${paint('1;36', 'note:')} ${printable(note.message)}`,
      ...picture(note, paint),
    );
  if (d.hint !== undefined) lines.push(`hint: ${printable(d.hint)}`);
  return lines.join('\n');
}

type Paint = (code: string, text: string) => string;

const placeOf = (span: Span | null): string =>
  span === null ? '' : `${printable(span.file)}:${span.line}:${span.column}: `;

type Pictured = Pick<Diagnostic, 'span' | 'excerpt' | 'excerptFrom'>;

function picture({ span, excerpt = '', excerptFrom = 1 }: Pictured, paint: Paint): readonly string[] {
  if (span === null || excerpt.trim() === '') return [];
  const gutter = ` ${span.line} | `;
  const { line, caret } = drawExcerpt(excerpt, span.column - excerptFrom, span.length);
  return [gutter + line, paint('1;32', `${' '.repeat(gutter.length - 2)}| ${caret}`)];
}
