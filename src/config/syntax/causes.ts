import type { Diagnostic } from '../diagnostic.js';
import { findParam } from '../params.js';
import { findOpenQuote, type OpenQuote } from './quotes.js';
import { diagnose, spanOf, withNote, type Place } from './source.js';
import { TokenReader } from './tokens.js';

const SIGN_FOLLOWS = /[ \t]*(?:\+?=|\{)/y;
const END_FOLLOWS = /[ \t]*(?:;|\}|$)/my;
/** Quotes that are looked for: each may be followed by the whole file. */
const MAX_OPEN_QUOTES = 20;
export const COMMENT_IN_WORD = 'a comment begins here, in the middle of a word';
const SLASH = 47;
const HASH = 35;

/** Whether a sticky pattern matches at an offset. */
export const matchesAt = (pattern: RegExp, text: string, at: number): boolean => {
  pattern.lastIndex = at;
  return pattern.test(text);
};

/** What the parser looks at to tell where a mistake comes from. */
export class Causes extends TokenReader {
  private openQuotes = 0;
  /** Where a comment has begun in the middle of a word of the statement. */
  protected commentInWord: number | null = null;

  /**
   * After a mistake: whether the cause is a quote that was forgotten in the statement. Says so instead, and goes on
   * with the line after the one where the string begins.
   * @param known how many mistakes there were before the statement
   */
  protected blameQuote(name: Place, known: number): OpenQuote | null {
    // A warning alone needs no cause, and the mistake of the next statement may be there already.
    if (this.diagnostics.slice(known).every(({ severity }) => severity === 'warning')) return null;
    const { text } = this.source;
    const lineEnd = text.indexOf('\n', this.token.start);
    const found = findOpenQuote(text, name.start, lineEnd < 0 ? text.length : lineEnd);
    if (found === null || this.openQuotes++ >= MAX_OPEN_QUOTES) return null;
    const first = this.takeBack(known).find(({ severity }) => severity === 'error');
    if (first !== undefined)
      this.openQuote(first, this.placeOf({ start: found.start, end: found.start + 1 }));
    this.goTo(found.lineEnd);
    return found;
  }

  /** Looks for no forgotten quotes any more. */
  protected trustQuotes(): void {
    this.openQuotes = MAX_OPEN_QUOTES;
  }

  private openQuote(first: Diagnostic, quote: Place): void {
    const { line, column } = spanOf(quote);
    const hint = `close it with ${this.source.text.charAt(quote.start)} on line ${line}`;
    if (first.span?.line === line && first.span.column === column) return this.add({ ...first, hint });
    const message = `${first.message}: a quote is missing on line ${line}`;
    const blamed: Diagnostic = { ...first, code: 'unterminated-string', message, hint };
    this.add(withNote(blamed, quote, 'this string goes on past the end of its line'));
  }

  /** Notices a comment that begins where a word without quotes has just ended. */
  protected noticeComment(): void {
    const { text } = this.source;
    const c = text.charCodeAt(this.previousEnd);
    const begins = c === SLASH || (c === HASH && /[^\s#]/.test(text.charAt(this.previousEnd + 1)));
    if (begins) this.commentInWord = this.previousEnd;
  }

  /** `path = /usr//local` is /usr. */
  protected warnOfComment(): void {
    const start = this.commentInWord;
    if (start === null) return;
    const [shown] = this.source.text.slice(start, start + 2).split('\n', 1);
    const place = this.placeOf({ start, end: start + (shown?.length ?? 1) });
    const message = 'a comment begins in the middle of this word';
    this.add(
      diagnose('warning', 'comment-in-word', place, message, 'quote the word, if no comment is meant'),
    );
  }

  protected startsLine(): boolean {
    const gap = this.source.text.slice(this.previousEnd, this.token.start);
    const newline = gap.lastIndexOf('\n');
    return this.atWord() && newline >= 0 && gap.slice(newline).trim() === '';
  }

  /** Whether what follows the word, or the word itself, is what a statement begins with. */
  protected beginsStatement(): boolean {
    if (!this.atWord()) return false;
    const { text } = this.source;
    const isKnown = this.token.kind === 'text' && findParam(this.token.text) !== null;
    return (
      matchesAt(SIGN_FOLLOWS, text, this.token.end) ||
      (isKnown && matchesAt(END_FOLLOWS, text, this.token.end))
    );
  }

  /** The beginning of the word that the token is in. */
  protected show(): string {
    const text = this.source.text.slice(this.token.start, this.token.start + 30);
    return this.atWord() ? (/^["']?([^\s;{}"']+)/.exec(text)?.[1] ?? '"') : this.token.kind;
  }

  /** Where the word is that the token begins. */
  protected here(): { start: number; end: number } {
    const { start, end, bare } = this.token;
    const [word = ''] = bare
      ? (/^[^\s#,;={}'"]+/.exec(this.source.text.slice(start, start + 200)) ?? [])
      : [];
    return { start, end: Math.max(end, start + word.length) };
  }

  /** A string without an end has swallowed the rest of the file; that is reported already. */
  protected stringIsOpen(): boolean {
    return this.token.kind === 'end' && this.diagnostics.some((d) => d.code === 'unterminated-string');
  }
}
