import { Allowance } from '../files/allowance.js';
import { paramNode, type BlockNode, type Item, type Piece, type Word } from './ast.js';
import { Complaints, type Name } from './complaints.js';
import type { Diagnostic } from '../diagnostic.js';
import type { Token } from './lexer.js';
import { Names } from './names.js';
import { findParam } from '../params.js';
import { closeQuote, type OpenQuote } from './quotes.js';
import type { Source } from './source.js';

export interface Parsed {
  readonly items: readonly Item[];
  readonly diagnostics: readonly Diagnostic[];
}

const INCLUDE = '.include';
/** Deeper blocks could not be named: the kernel and file systems end names at 255 bytes. */
const MAX_DEPTH = 100;
/** Three times what can name a jail. */
const MAX_NAME = 400;
/** A file that is copied to read one of its statements again. */
const MAX_REREAD = 1 << 20;

/** Parses the text of one file; goes on after a mistake, so that all of them are found at once. */
export function parse(source: Source, allowance = new Allowance()): Parsed {
  return new Parser(source, allowance).file();
}

const NO_PIECES: readonly Piece[] = [];

/** An array that has grown keeps room for sixteen more elements, and of these there are millions. */
function trimmed(words: readonly Word[]): readonly Word[] | null {
  return words.length === 0 ? null : words.slice();
}

class Parser extends Complaints {
  private readonly names = new Names();
  /** Of the blocks that are open, together. */
  private nameLength = 0;

  // file := item*
  file(): Parsed {
    const items: Item[] = [];
    while (this.token.kind !== 'end' && !this.tooMany()) {
      if (this.token.kind === '}') this.strayBrace(items);
      else this.item(items, 0);
    }
    // What is cut off in the middle means something else.
    return { items: this.allowance.spent ? [] : items, diagnostics: this.diagnostics };
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
    if (depth >= MAX_DEPTH) this.skipDeepBlock(open);
    return this.body(name, depth);
  }

  private body(name: Name, depth: number): BlockNode {
    this.countBlock();
    const outer = this.nameLength;
    this.nameLength += name.text.length + 1;
    if (this.nameLength > MAX_NAME) this.skipLongName(name);
    const items: Item[] = [];
    while (!this.at('}', 'end') && !this.tooMany()) this.item(items, depth + 1);
    if (this.token.kind === 'end') this.blockWithoutEnd(name, items);
    else this.accept('}');
    this.nameLength = outer;
    const { text, source, start, end } = name;
    return { kind: 'block', name: text, items: items.slice(), source, start, end };
  }

  // param := name | name '=' list | name '+=' list | name list
  private param(name: Name, known: number, items: Item[], depth: number): void {
    const { misread } = this;
    const operator = this.at('=', '+=') ? this.advance().kind : null;
    if (operator !== null) this.skipSigns();
    const hasList = operator !== null || this.atWord();
    const words: Word[] = [];
    const isRead = !hasList || this.values(name, words);
    const [word] = words;
    if (operator === null && words.length === 1 && word !== undefined && this.beganThere(word))
      return this.split(name, word, items, depth);
    const isMisread = this.misread > misread;
    const goesOn = this.at('{') ? null : isRead && this.endOfParam(name, words);
    if (this.diagnostics.length > known) {
      const quote = this.blameQuote(name, known);
      if (quote !== null) return void items.push(...this.readAgain(name, quote));
    }
    if (goesOn === null) return this.braceInParam(name, words, items, depth);
    const isLost = isMisread || !goesOn || (hasList && words.length === 0);
    const isInclude = name.text === INCLUDE && !name.variable && operator === null && hasList;
    if (!isLost) items.push(this.paramNode(name, operator, words));
    else if (!isInclude) items.push(this.lostNode(name, words));
    if (!goesOn) this.recover(depth);
  }

  private paramNode(name: Name, operator: Token['kind'] | null, words: readonly Word[]): Item {
    const { text, variable, source, start, end } = name;
    // Only the form without a sign includes; with one, ".include" is a parameter like any other.
    if (text === INCLUDE && !variable && operator === null && words.length > 0)
      return { kind: 'include', words: words.slice(), source, start, end };
    return paramNode(this.names.of(text, variable), trimmed(words), operator === '+=', name);
  }

  /** A parameter of whose value nothing is known but that there is one. */
  private lostNode(name: Name, words: readonly Word[]): Item {
    const named = this.names.of(name.text, name.variable);
    return { ...paramNode(named, words, false, name), lost: true };
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
    const { source } = this;
    const first = this.piece();
    const { start } = first;
    if (first.kind === 'text' && !this.wordGoesOn()) {
      if (first.bare) this.noticeComment();
      return { text: first.text, pieces: NO_PIECES, source, start, end: first.end };
    }
    const tokens = [first];
    while (this.wordGoesOn()) tokens.push(this.piece());
    if (tokens.at(-1)?.bare) this.noticeComment();
    const end = this.previousEnd;
    if (tokens.some(({ kind }) => kind === 'variable'))
      return { text: null, pieces: tokens.map((token) => this.pieceOf(token)), source, start, end };
    return { text: tokens.map(({ text }) => text).join(''), pieces: NO_PIECES, source, start, end };
  }

  private piece(): Token {
    this.countWord();
    return this.advance();
  }

  private wordGoesOn(): boolean {
    return this.token.adjacent && this.atWord() && !this.tooMany();
  }

  private pieceOf(token: Token): Piece {
    if (token.kind !== 'variable') return { text: token.text };
    const { name, key } = this.names.of(token.text, true);
    return { variable: name, key, place: this.withoutQuotes(token) };
  }

  // name := VARIABLE | STRING adjacent-string*      (FreeBSD takes one string only)
  private name(): Name | null {
    if (!this.atWord()) {
      this.missingName();
      return null;
    }
    const first = this.token;
    const { text, pieces, source, start, end } = this.word();
    const variable = first.kind === 'variable' && pieces.length === 1;
    const name: Name = { text: variable ? first.text : (text ?? ''), variable, source, start, end };
    if (text === null && !variable) {
      this.variableInName(name);
      return null;
    }
    if (name.text.length > MAX_NAME) {
      this.report('too-large', name, `a name of more than ${MAX_NAME} characters is too long`);
      return null;
    }
    if (name.text.includes('*')) this.bareStar(name);
    return name;
  }

  /** @returns whether the next token begins a statement, or ends the block */
  private endOfParam(name: Name, words: Word[]): boolean {
    if (!this.accept(';')) return this.missingEnd(name, words);
    this.warnOfComment();
    return true;
  }

  /** Two names before a sign or a block: the word that was taken for a value begins a statement. */
  private split(name: Name, word: Word, items: Item[], depth: number): void {
    const first = this.twoBeginnings(name, word);
    if (first === 'block') items.push(this.body(name, depth));
    if (first === 'statement') items.push(this.paramNode(name, null, []));
    // The lines of an ini file have no semicolons either, and one word about that is enough.
    if (first === 'section') while (!this.at(';', '{', '}', 'end')) this.advance();
  }

  /** `web = { ... }` is read as a jail, `ip4.addr = { ... }` is skipped. */
  private braceInParam(name: Name, words: readonly Word[], items: Item[], depth: number): void {
    if (words.length === 0) {
      if (this.braceAfterSign(name)) return void items.push(this.jail(name, depth));
      items.push(this.lostNode(name, []));
      this.advance();
      this.skipToBrace();
      if (this.accept('}')) this.accept(';');
    } else {
      // An "if" of another language is one mistake, and no unknown parameter besides.
      if (findParam(name.text) !== null) items.push(this.lostNode(name, words));
      this.unexpected('";"');
      this.recover(depth);
    }
  }

  /** The statement of a name once more, as if its open string were closed at the end of the line. */
  private readAgain(name: Name, quote: OpenQuote): readonly Item[] {
    // With other quotes on the line nobody knows which one is missing.
    const isOnly = !/["']/.test(this.source.text.slice(name.end, quote.start));
    const hasText = this.source.text.slice(quote.start + 1, quote.lineEnd).trim().length > 1;
    if (!isOnly || !hasText || quote.lineEnd > MAX_REREAD) return [this.lostNode(name, [])];
    const parser = new Parser(this.source, this.allowance, closeQuote(this.source.text, quote));
    const items: Item[] = [];
    parser.trustQuotes();
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

  private skipLongName(name: Name): void {
    this.report(
      'too-large',
      name,
      `the name of a jail has more than ${MAX_NAME} characters, with those around it`,
    );
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
