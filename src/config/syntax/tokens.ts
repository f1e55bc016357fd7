import type { Allowance } from '../files/allowance.js';
import type { Diagnostic } from '../diagnostic.js';
import { Lexer, type Token } from './lexer.js';
import { diagnose, type Place, type Source } from './source.js';

/** A file with more mistakes than this is no jail.conf. */
const MAX_ERRORS = 200;
/** Characters of the file that a message repeats. */
const SHOWN = 60;

/** Where the parser is in a file, and what it has found wrong there. */
export class TokenReader {
  protected readonly diagnostics: Diagnostic[] = [];
  private readonly lexer: Lexer;
  protected token: Token;
  protected previousEnd = 0;
  private errors = 0;
  /** How many mistakes the lexer has found. */
  protected misread = 0;

  /**
   * @param source where everything is said to stand
   * @param allowance what may be read at all
   * @param written what is read instead, when it is not the text of the source
   */
  constructor(
    protected readonly source: Source,
    protected readonly allowance: Allowance,
    written = source.text,
  ) {
    this.lexer = new Lexer({ ...source, text: written }, (code, start, end, message, hint) => {
      this.misread++;
      if (this.tooMany()) return;
      this.add(diagnose('error', code, { source, start, end }, message, hint));
    });
    this.token = this.lexer.next();
  }

  protected countWord(): void {
    this.take(() => this.allowance.takeWords());
  }

  protected countBlock(): void {
    this.take(() => this.allowance.takeBlock());
  }

  private take(isLeft: () => boolean): void {
    if (this.tooMany() || isLeft()) return;
    const { explanation } = this.allowance;
    this.diagnostics.push(diagnose('error', 'too-large', this.placeOf(this.token), explanation));
  }

  protected tooMany(): boolean {
    return this.allowance.spent || this.errors >= MAX_ERRORS;
  }

  protected atWord(): boolean {
    return this.token.kind === 'text' || this.token.kind === 'variable';
  }

  protected at(...kinds: Token['kind'][]): boolean {
    return kinds.includes(this.token.kind);
  }

  protected accept(kind: Token['kind']): boolean {
    if (this.token.kind !== kind) return false;
    this.advance();
    return true;
  }

  protected advance(): Token {
    const token = this.token;
    this.previousEnd = token.end;
    this.token = this.tooMany() ? { ...token, kind: 'end' } : this.lexer.next();
    return token;
  }

  protected placeOf({ start, end }: { start: number; end: number }): Place {
    return { source: this.source, start, end };
  }

  protected withoutQuotes({ start, end }: Token): Place {
    const { text } = this.source;
    return this.placeOf({
      start: text[start] === '"' ? start + 1 : start,
      end: text[end - 1] === '"' ? end - 1 : end,
    });
  }

  /** Text of the file, on one line and not too long for a message. */
  protected quote(start: number, end: number): string {
    const [line = ''] = this.source.text.slice(start, Math.min(end, start + SHOWN)).split('\n', 1);
    return line.length < end - start ? `${line.trimEnd()}...` : line;
  }

  /** Goes on at another place, as if a statement began there. */
  protected goTo(offset: number): void {
    this.lexer.seek(offset);
    this.previousEnd = offset;
    this.token = this.lexer.next();
  }

  /** Takes back what was found wrong after the first so many. */
  protected takeBack(after: number): readonly Diagnostic[] {
    const taken = this.diagnostics.splice(after);
    this.errors -= taken.filter(({ severity }) => severity === 'error').length;
    return taken;
  }

  protected error(at: { start: number; end: number }, message: string, hint?: string): void {
    this.report('syntax-error', at, message, hint);
  }

  protected report(
    code: 'syntax-error' | 'unexpected-end' | 'nesting-too-deep' | 'too-large',
    at: { start: number; end: number },
    message: string,
    hint?: string,
  ): void {
    this.add(diagnose('error', code, this.placeOf(at), message, hint));
  }

  protected add(diagnostic: Diagnostic): void {
    if (this.tooMany()) return;
    this.diagnostics.push(diagnostic);
    if (diagnostic.severity === 'warning' || ++this.errors < MAX_ERRORS) return;
    const message = `after ${MAX_ERRORS} mistakes the rest of the file is not read`;
    this.diagnostics.push({ ...diagnostic, code: 'too-large', message });
  }
}
