import { BLANK, endOfRun } from './characters.js';
import type { DiagnosticCode } from '../diagnostic.js';
import type { Source } from './source.js';

export type ReportAt = (
  code: DiagnosticCode,
  start: number,
  end: number,
  message: string,
  hint?: string,
) => void;

/** Where the lexer is in a text. */
export class Cursor {
  protected at = 0;
  /** No blank and no comment is between here and the end of the word before. */
  protected adjacent = false;

  constructor(
    protected readonly source: Source,
    protected readonly report: ReportAt,
  ) {
    // A byte order mark says nothing in UTF-8.
    if (source.text.startsWith('\ufeff')) this.at = 1;
  }

  protected match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  /** Blanks and comments; each ends a word. */
  protected skipBlank(): void {
    while (this.skipOne()) this.adjacent = false;
  }

  private skipOne(): boolean {
    const { text } = this.source;
    const start = this.at;
    this.at = endOfRun(text, start, BLANK);
    if (this.at > start) return true;
    const first = text.charAt(start);
    if (first === '#' || (first === '/' && text.charAt(start + 1) === '/')) return this.lineComment();
    return first === '/' && this.blockComment();
  }

  private lineComment(): boolean {
    const end = this.source.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.source.text.length : end;
    return true;
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
}
