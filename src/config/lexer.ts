import type { DiagnosticCode } from './diagnostic.js';
import { unescape } from './escape.js';
import type { Source } from './source.js';

export type Punctuation = '{' | '}' | ';' | ',' | '=' | '+=';

export interface Token {
  readonly kind: Punctuation | 'text' | 'variable' | 'end';
  /** The text without quotes and escapes, or the variable's name. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** It continues the word of the token before: no blank or comment is between them. */
  readonly adjacent: boolean;
  /** It stood without quotes. */
  readonly bare: boolean;
}

export type ReportAt = (
  code: DiagnosticCode,
  start: number,
  end: number,
  message: string,
  hint?: string,
) => void;

const BLANK = /[ \t\r\n]+/y;
const LINE_COMMENT = /(?:#|\/\/)[^\n]*/y;
const BARE = /[A-Za-z0-9_!%&()\-.:<>?@[\]^`|~]+|\\(?:[0-7]{1,3}|x[0-9a-fA-F]{0,2}|\r\n|[^])|[$*+/\\]/uy;
const VARIABLE = /\$([A-Za-z_][A-Za-z0-9_]*)|\$\{([^\n{}]*)\}/y;
const QUOTED_VARIABLE = /\$([A-Za-z_][A-Za-z0-9_]*)|\$\{([^\n{}"]*)\}/y;
const BEGINS_VARIABLE = /\$[A-Za-z_{]/y;
const FOREIGN = /[^\s#,;={}'"$*+/\\A-Za-z0-9_!%&()\-.:<>?@[\]^`|~]{1,1000}|[^]/uy;
const TYPOGRAPHIC =
  /[\u2018-\u201e\u00ab\u00bb]([^\n;{}"\u2018-\u201e\u00ab\u00bb]{0,100})[\u2018-\u201e\u00ab\u00bb]/uy;
const BACKSLASH = 92;
const DOLLAR = 36;
const HASH = 35;
const SLASH = 47;
const SPACE = 32;
const TAB = 9;
const RETURN = 13;
const PUNCTUATION = new Set<string>(['{', '}', ';', ',', '=']);

/** Cuts the text of a file into tokens, one for each call of next(). */
export class Lexer {
  private at = 0;
  private quoteStart = -1;
  private adjacent = false;

  constructor(
    private readonly source: Source,
    private readonly report: ReportAt,
  ) {
    // A byte order mark says nothing in UTF-8.
    if (source.text.startsWith('\ufeff')) this.at = 1;
  }

  next(): Token {
    if (this.quoteStart >= 0) return this.insideQuotes();
    for (;;) {
      this.skipBlank();
      if (this.at >= this.source.text.length) return this.token('end', '', this.at, false);
      const token = this.piece(this.source.text.charAt(this.at));
      const word = token ?? this.typographic() ?? this.foreign();
      if (word !== null) return word;
    }
  }

  /** Goes on at an offset as if nothing had been open there. */
  seek(offset: number): void {
    this.at = offset;
    this.quoteStart = -1;
    this.adjacent = false;
  }

  private piece(first: string): Token | null {
    if (PUNCTUATION.has(first)) return this.punctuation(first as Punctuation); // the set holds nothing else
    if (first === '+' && this.source.text[this.at + 1] === '=') return this.punctuation('+=');
    if (first === "'") return this.singleQuoted();
    if (first === '"') return this.doubleQuoted();
    return (first === '$' ? this.variable(VARIABLE) : null) ?? this.bare();
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  private token(kind: Token['kind'], text: string, start: number, bare: boolean): Token {
    const adjacent = this.adjacent;
    this.adjacent = kind === 'text' || kind === 'variable';
    return { kind, text, start, end: this.at, adjacent, bare };
  }

  /** Blanks and comments; each ends a word. */
  private skipBlank(): void {
    while (this.skipOne()) this.adjacent = false;
  }

  private skipOne(): boolean {
    const c = this.source.text.charCodeAt(this.at);
    if (c === SPACE || (c >= TAB && c <= RETURN)) return this.match(BLANK) !== null;
    if (c === HASH) return this.match(LINE_COMMENT) !== null;
    return c === SLASH && (this.match(LINE_COMMENT) !== null || this.blockComment());
  }

  private blockComment(): boolean {
    const start = this.at;
    if (!this.source.text.startsWith('/*', start)) return false;
    const end = this.source.text.indexOf('*/', start + 2);
    this.at = end < 0 ? this.source.text.length : end + 2;
    if (end < 0) {
      const hint = this.adjacent ? 'quote the word, if no comment is meant here' : 'close it with */';
      this.report('unterminated-comment', start, start + 2, 'this comment has no end', hint);
    }
    return true;
  }

  private punctuation(kind: Punctuation): Token {
    const start = this.at;
    this.at += kind.length;
    return this.token(kind, kind, start, true);
  }

  // '...': backslashes count, dollar signs do not
  private singleQuoted(): Token | null {
    const start = this.at++;
    const end = this.endOfStretch("'");
    if (this.source.text[end] !== "'") return this.unterminated(start);
    const body = this.take(end);
    this.at++;
    return this.token('text', body, start, false);
  }

  // "...": one token for each stretch of text and each variable
  private doubleQuoted(): Token | null {
    this.quoteStart = this.at++;
    return this.insideQuotes();
  }

  private insideQuotes(): Token {
    const start =
      this.source.text[this.at - 1] === '"' && this.at - 1 === this.quoteStart ? this.quoteStart : this.at;
    const variable = this.beginsVariable(this.at) ? this.variable(QUOTED_VARIABLE, start) : null;
    const text = variable === null ? this.take(this.endOfStretch('"')) : '';
    this.endQuotes();
    return variable === null ? this.token('text', text, start, false) : { ...variable, end: this.at };
  }

  private endQuotes(): void {
    if (this.source.text[this.at] === '"') this.at++;
    else if (this.at >= this.source.text.length) this.unterminated(this.quoteStart);
    else return;
    this.quoteStart = -1;
  }

  /** Where the text that begins here ends: at its quote, in double quotes at a variable, or at the end of the file. */
  private endOfStretch(quote: '"' | "'"): number {
    const { text } = this.source;
    for (let at = this.at; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === BACKSLASH) at++;
      else if (c === quote.charCodeAt(0)) return at;
      else if (c === DOLLAR && quote === '"' && this.beginsVariable(at)) return at;
    }
    return text.length;
  }

  private beginsVariable(at: number): boolean {
    BEGINS_VARIABLE.lastIndex = at;
    return BEGINS_VARIABLE.test(this.source.text);
  }

  private take(end: number): string {
    const start = this.at;
    const taken = this.source.text.slice(start, end);
    this.at = end;
    this.refuseReplacement(start, taken);
    return unescape(taken);
  }

  private variable(pattern: RegExp, start = this.at): Token | null {
    const dollar = this.at;
    const found = this.match(pattern);
    if (found === null) return this.source.text[dollar + 1] === '{' ? this.badVariable(dollar) : null;
    return this.token('variable', found[1] ?? unescape(found[2] ?? ''), start, this.quoteStart < 0);
  }

  private badVariable(start: number): Token {
    this.at = start + 2;
    const hint = 'write ${NAME}, or \\$ for a dollar sign';
    this.report('unterminated-variable', start, this.at, '"${" has no "}" after it', hint);
    return this.token('text', '', start, false);
  }

  private bare(): Token | null {
    const start = this.at;
    const found = this.match(BARE);
    return found === null ? null : this.token('text', unescape(found[0]), start, true);
  }

  private unterminated(start: number): null {
    this.at = this.source.text.length;
    this.report(
      'unterminated-string',
      start,
      start + 1,
      'this string has no end',
      'close it with the same quote',
    );
    return null;
  }

  /** The quotes that word processors make of "..." */
  private typographic(): Token | null {
    const start = this.at;
    const [found, text = ''] = this.match(TYPOGRAPHIC) ?? [];
    if (found === undefined) return null;
    const message = `${found.charAt(0)} is no quote of jail.conf`;
    this.report('unexpected-character', start, this.at, message, `write "${text}"`);
    return this.token('text', text, start, false);
  }

  private foreign(): null {
    const start = this.at;
    const found = this.match(FOREIGN)?.[0] ?? '';
    // After an unterminated string there is nothing left to complain about.
    if (found === '') return null;
    const shown = found.length > 20 ? `${found.slice(0, 20)}...` : found;
    this.report(
      'unexpected-character',
      start,
      this.at,
      `"${shown}" cannot stand outside quotes`,
      'quote the word',
    );
    return null;
  }

  /** Bytes that are no UTF-8 arrive as U+FFFD: passing that on would quietly name another file. */
  private refuseReplacement(start: number, text: string): void {
    const index = text.indexOf('\ufffd');
    if (index < 0) return;
    this.report(
      'unexpected-character',
      start + index,
      start + index + 1,
      'this is not UTF-8',
      'write the byte as \\xHH',
    );
  }
}
