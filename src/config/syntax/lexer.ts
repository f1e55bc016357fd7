import { BARE, beginsVariable, endOfRun, NAME, NAME_START } from './characters.js';
import { Cursor } from './cursor.js';
import { unescape } from './escape.js';

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

const BACKSLASH = 92;
const DOLLAR = 36;
/** What a word may begin with besides BARE, if nothing else does. */
const BARE_REST = /(?:\\(?:[0-7]{1,3}|x[0-9a-fA-F]{0,2})){1,16}|\\(?:\r\n|[^])|[$*+/\\]/uy;
const BRACED = /\{([^\n{}]{0,1000})\}/y;
const QUOTED_BRACED = /\{([^\n{}"]{0,1000})\}/y;
const FOREIGN = /[^\s#,;={}'"$*+/\\A-Za-z0-9_!%&()\-.:<>?@[\]^`|~]{1,1000}|[^]/uy;
const TYPOGRAPHIC =
  /[\u2018-\u201e\u00ab\u00bb]([^\n;{}"\u2018-\u201e\u00ab\u00bb]{0,100})[\u2018-\u201e\u00ab\u00bb]/uy;
/** Bytes that are no UTF-8 arrive as U+FFFD: passing that on would quietly name another file. */
const UNUSABLE = /[\0\ufffd]/;
/** Bytes and escapes that are not ASCII. */
const NOT_ASCII = /\ufffd|\\(?:[2367][0-7]{2}|x[89a-fA-F][0-9a-fA-F])/;
/** No value may be longer, however it is written (execve(2) takes a tenth of it). */
const MAX_WRITTEN = 1 << 20;

/** Cuts the text of a file into tokens, one for each call of next(). */
export class Lexer extends Cursor {
  private quoteStart = -1;

  next(): Token {
    if (this.quoteStart >= 0) return this.insideQuotes();
    for (;;) {
      this.skipBlank();
      if (this.at >= this.source.text.length) return this.token('end', '', this.at, false);
      const word = this.piece() ?? this.typographic() ?? this.foreign();
      if (word !== null) return word;
    }
  }

  /** Goes on at an offset as if nothing had been open there. */
  seek(offset: number): void {
    this.at = offset;
    this.quoteStart = -1;
    this.adjacent = false;
  }

  private piece(): Token | null {
    const { text } = this.source;
    const first = text.charAt(this.at);
    switch (first) {
      case '{':
      case '}':
      case ';':
      case ',':
      case '=':
        return this.punctuation(first);
      case "'":
        return this.singleQuoted();
      case '"':
        return this.doubleQuoted();
      case '+':
        return text.charAt(this.at + 1) === '=' ? this.punctuation('+=') : this.bare();
      case '$':
        return this.variable(this.at, BRACED) ?? this.bare();
      default:
        return this.bare();
    }
  }

  private token(kind: Token['kind'], text: string, start: number, bare: boolean): Token {
    const adjacent = this.adjacent;
    this.adjacent = kind === 'text' || kind === 'variable';
    return { kind, text, start, end: this.at, adjacent, bare };
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
    const start = this.at - 1 === this.quoteStart ? this.quoteStart : this.at;
    const variable = beginsVariable(this.source.text, this.at) ? this.variable(start, QUOTED_BRACED) : null;
    const text = variable === null ? this.take(this.endOfStretch('"')) : '';
    const end = this.at;
    this.endQuotes();
    if (variable === null) return this.token('text', text, start, false);
    return this.at === end ? variable : { ...variable, end: this.at };
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
    const end = quote.charCodeAt(0);
    for (let at = this.at; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === BACKSLASH) at++;
      else if (c === end) return at;
      else if (c === DOLLAR && quote === '"' && beginsVariable(text, at)) return at;
    }
    return text.length;
  }

  private take(end: number): string {
    const start = this.at;
    this.at = end;
    if (end - start > MAX_WRITTEN) return this.tooLong(start);
    const taken = this.source.text.slice(start, end);
    return this.unescaped(start, taken);
  }

  private tooLong(start: number): string {
    const message = `a word of more than ${MAX_WRITTEN} characters is too long`;
    this.report('value-too-long', start, start + 1, message);
    return '';
  }

  /** @param braced what follows the dollar sign where no name does */
  private variable(start: number, braced: RegExp): Token | null {
    const { text } = this.source;
    const dollar = this.at++;
    const isBare = this.quoteStart < 0;
    if (NAME_START[text.charCodeAt(this.at)] === true) {
      this.at = endOfRun(text, this.at, NAME);
      return this.token('variable', text.slice(dollar + 1, this.at), start, isBare);
    }
    const found = this.match(braced);
    if (found !== null)
      return this.token('variable', this.unescaped(dollar + 2, found[1] ?? ''), start, isBare);
    if (text.charAt(this.at) === '{') return this.badVariable(dollar);
    this.at = dollar;
    return null;
  }

  private badVariable(start: number): Token {
    this.at = start + 2;
    const hint = 'write ${NAME}, or \\$ for a dollar sign';
    this.report('unterminated-variable', start, this.at, '"${" has no "}" after it', hint);
    return this.token('text', '', start, false);
  }

  private bare(): Token | null {
    const { text } = this.source;
    const start = this.at;
    const end = endOfRun(text, start, BARE);
    if (end > start) return this.token('text', this.take(end), start, true);
    const found = this.match(BARE_REST);
    return found === null ? null : this.token('text', this.unescaped(start, found[0]), start, true);
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

  /** What a part of the file says, or why it cannot be passed on as it is. */
  private unescaped(start: number, written: string): string {
    const text = unescape(written);
    if (!UNUSABLE.test(text)) return text;
    const nul = written.indexOf('\0');
    const broken = text.includes('\ufffd') ? written.search(NOT_ASCII) : -1;
    const hint = 'save the file as UTF-8, and write bytes that belong together side by side: \\303\\274';
    if (broken >= 0) this.refuse(start + broken, 'this is not UTF-8', hint);
    else if (nul >= 0) this.refuse(start + nul, 'a NUL cannot stand in a file');
    return text;
  }

  private refuse(at: number, message: string, hint?: string): void {
    this.report('unexpected-character', at, at + 1, message, hint);
  }
}
