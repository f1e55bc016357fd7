import { plainTexts, type BlockNode, type Item, type ParamNode, type Piece, type Word } from './ast.js';
import { Complaints, type Name } from './complaints.js';
import type { Diagnostic } from './diagnostic.js';
import type { Token } from './lexer.js';
import { closeQuote, type OpenQuote } from './quotes.js';
import type { Source } from './source.js';

export interface Parsed {
  readonly items: readonly Item[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Deeper blocks could not be named: the kernel and file systems end names at 255 bytes. */
const MAX_DEPTH = 100;
/** A file that is copied to read one of its statements again. */
const MAX_REREAD = 1 << 20;

/** Parses the text of one file; goes on after a mistake, so that all of them are found at once. */
export function parse(source: Source): Parsed {
  return new Parser(source).file();
}

class Parser extends Complaints {
  // file := item*
  file(): Parsed {
    const items: Item[] = [];
    while (this.token.kind !== 'end' && !this.tooMany()) {
      if (this.token.kind === '}') this.strayBrace(items);
      else this.item(items, 0);
    }
    return { items, diagnostics: this.diagnostics };
  }

  // item := ';' | jail | param ';'
  private item(items: Item[], depth: number): void {
    if (this.accept(';')) return;
    const known = this.diagnostics.length;
    this.commentInWord = null;
    const name = this.name();
    if (name === null) return this.recover(depth);
    if (this.token.kind === '{') items.push(this.jail(name, depth));
    else this.param(name, known, items, depth);
  }

  // jail := name '{' item* '}'
  private jail(name: Name, depth: number): BlockNode {
    if (name.variable) this.error(name, 'a variable cannot name a jail', 'write the name itself');
    const open = this.advance();
    const items: Item[] = [];
    if (depth >= MAX_DEPTH) this.skipDeepBlock(open);
    while (!this.at('}', 'end') && !this.tooMany()) this.item(items, depth + 1);
    if (this.token.kind === 'end') this.blockWithoutEnd(name, items);
    else this.accept('}');
    return { kind: 'block', name: name.text, items, ...this.placeOf(name) };
  }

  // param := name | name '=' list | name '+=' list | name list
  private param(name: Name, known: number, items: Item[], depth: number): void {
    const operator = this.at('=', '+=') ? this.advance().kind : null;
    if (operator !== null) this.skipSigns();
    const hasList = operator !== null || this.atWord();
    const words: Word[] = [];
    const isRead = !hasList || this.values(name, words);
    if (operator === null && words.length === 1 && this.at('=', '+=', '{'))
      return this.split(name, items, words);
    const goesOn = this.at('{') ? null : isRead && this.endOfParam(name, words);
    if (this.diagnostics.length > known) {
      const quote = this.blameQuote(name, known);
      if (quote !== null) return void items.push(...this.readAgain(name, quote));
    }
    if (goesOn === null) return this.braceInParam(name, words, items, depth);
    if (!hasList || words.length > 0) items.push(this.paramNode(name, operator, words));
    if (!goesOn) this.recover(depth);
  }

  private paramNode(name: Name, operator: Token['kind'] | null, words: readonly Word[]): Item {
    const place = this.placeOf(name);
    // Only the form without a sign includes; with one, ".include" is a parameter like any other.
    if (name.text === '.include' && !name.variable && operator === null && words.length > 0)
      return { kind: 'include', words, ...place };
    const values = words.length === 0 ? null : words;
    const node: ParamNode = {
      kind: 'param',
      name: name.text,
      variable: name.variable,
      append: operator === '+=',
      words: values,
      texts: values && plainTexts(values),
      ...place,
    };
    return node;
  }

  /** The list of a parameter, and the one after a sign of another language. */
  private values(name: Name, words: Word[]): boolean {
    if (!this.list(name, words)) return false;
    if (words.length > 1 || !this.skipForeignSign(words[0])) return true;
    words.pop();
    return this.list(name, words);
  }

  // list := word (',' word)*
  private list(name: Name, words: Word[]): boolean {
    do {
      if (!this.atWord()) {
        if (words.length > 0 || !this.at('{')) this.missingValue(name);
        return false;
      }
      words.push(this.word());
    } while (this.accept(',') && !this.tooMany());
    return true;
  }

  // word := piece adjacent-piece*
  private word(): Word {
    const { start } = this.token;
    const pieces: Piece[] = [];
    let text: string | null = '';
    let token: Token;
    do {
      this.countWord();
      token = this.advance();
      if (token.kind === 'variable') {
        pieces.push({ variable: token.text, place: this.withoutQuotes(token) });
        text = null;
      } else {
        pieces.push({ text: token.text });
        if (text !== null) text += token.text;
      }
    } while (this.token.adjacent && this.atWord() && !this.tooMany());
    if (token.bare) this.noticeComment();
    return { text, pieces: text === null ? pieces : [], source: this.source, start, end: this.previousEnd };
  }

  // name := VARIABLE | STRING adjacent-string*      (FreeBSD takes one string only)
  private name(): Name | null {
    if (!this.atWord()) {
      this.missingName();
      return null;
    }
    const first = this.token;
    const word = this.word();
    const place = this.placeOf(word);
    if (first.kind === 'variable' && word.pieces.length === 1)
      return { text: first.text, variable: true, ...place };
    if (word.text === null)
      this.error(place, 'a name cannot contain a variable', 'variables stand in values only');
    else this.bareStar(word);
    return { text: word.text ?? '', variable: false, ...place };
  }

  /** @returns whether the next token begins a statement, or ends the block */
  private endOfParam(name: Name, words: readonly Word[]): boolean {
    if (!this.accept(';')) return this.missingEnd(name, words);
    this.warnOfComment();
    return true;
  }

  /** Two names before a sign or a block: the word that was taken for a value begins a statement. */
  private split(name: Name, items: Item[], [word]: readonly Word[]): void {
    if (word === undefined) return;
    const isOwn = this.source.text.slice(name.end, word.start).includes('\n');
    if (!this.twoBeginnings(name, word)) while (!this.at(';', '{', '}', 'end')) this.advance();
    else if (isOwn) items.push(this.paramNode(name, null, []));
  }

  /** `web = { ... }` is read as a jail, `ip4.addr = { ... }` is skipped. */
  private braceInParam(name: Name, words: readonly Word[], items: Item[], depth: number): void {
    if (words.length === 0) {
      if (this.braceAfterSign(name)) return void items.push(this.jail(name, depth));
      this.advance();
      this.skipToBrace();
      if (this.accept('}')) this.accept(';');
    } else {
      this.unexpected('";"');
      this.recover(depth);
    }
  }

  /** The statement of a name once more, as if its open string were closed at the end of the line. */
  private readAgain(name: Name, quote: OpenQuote): readonly Item[] {
    if (quote.lineEnd > MAX_REREAD) return [];
    const parser = new Parser({ file: this.source.file, text: closeQuote(this.source.text, quote) });
    const items: Item[] = [];
    parser.goTo(name.start);
    parser.item(items, 0);
    return items;
  }

  /** Skips to the next statement; a block in between is parsed for its own mistakes. */
  private recover(depth: number): void {
    while (!this.at('}', 'end')) {
      if (this.accept(';')) return;
      if (this.token.kind === '{' && depth < MAX_DEPTH) {
        this.jail({ text: '', variable: false, ...this.placeOf(this.token) }, depth);
        return;
      }
      const afterComma = this.advance().kind === ',';
      if (!afterComma && this.startsLine() && this.beginsStatement()) return;
    }
  }

  private skipDeepBlock(open: Token): void {
    this.report('nesting-too-deep', open, `blocks are nested more than ${MAX_DEPTH} deep`);
    this.skipToBrace();
  }

  /** Skips to the brace that closes the block in which the parser is. */
  private skipToBrace(): void {
    for (let depth = 1; this.token.kind !== 'end'; this.advance()) {
      if (this.token.kind === '{') depth++;
      if (this.token.kind === '}' && --depth === 0) return;
    }
  }
}
