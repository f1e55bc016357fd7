import type { Diagnostic } from './diagnostic.js';
import { plainTexts, type BlockNode, type Item, type ParamNode, type Piece, type Word } from './ast.js';
import { keyOf } from './blocks.js';
import type { Token } from './lexer.js';
import type { Place, Source } from './source.js';
import { TokenReader } from './tokens.js';

export interface Parsed {
  readonly items: readonly Item[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Deeper blocks could not be named: the kernel and file systems end names at 255 bytes. */
const MAX_DEPTH = 100;

/** A name of a jail or of a parameter. */
interface Name extends Place {
  readonly text: string;
  readonly variable: boolean;
}

/** Parses the text of one file; goes on after a mistake, so that all of them are found at once. */
export function parse(source: Source): Parsed {
  return new Parser(source).file();
}

class Parser extends TokenReader {
  // file := item*
  file(): Parsed {
    const items: Item[] = [];
    while (this.token.kind !== 'end' && !this.tooMany()) {
      if (this.token.kind === '}') this.strayBrace();
      else this.item(items, 0);
    }
    return { items, diagnostics: this.diagnostics };
  }

  // item := ';' | jail | param ';'
  private item(items: Item[], depth: number): void {
    if (this.accept(';')) return;
    const name = this.name();
    if (name === null) return this.recover(depth);
    if (this.token.kind === '{') items.push(this.jail(name, depth));
    else this.param(name, items, depth);
  }

  // jail := name '{' item* '}'
  private jail(name: Name, depth: number): BlockNode {
    if (name.variable) this.error(name, 'a variable cannot name a jail', 'write the name itself');
    const open = this.advance();
    const items: Item[] = [];
    if (depth >= MAX_DEPTH) this.skipDeepBlock(open);
    while (!this.at('}', 'end') && !this.tooMany()) this.item(items, depth + 1);
    if (this.token.kind === 'end') this.blockWithoutEnd(name);
    else this.accept('}');
    return { kind: 'block', name: name.text, items, ...this.placeOf(name) };
  }

  // param := name | name '=' list | name '+=' list | name list
  private param(name: Name, items: Item[], depth: number): void {
    const operator = this.at('=', '+=') ? this.advance().kind : null;
    const hasList = operator !== null || this.atWord();
    const words: Word[] = [];
    const complete = (!hasList || this.list(words)) && this.endOfParam(name);
    if (!hasList || (words.length > 0 && !this.stringIsOpen()))
      items.push(this.paramNode(name, operator, words));
    if (!complete) this.recover(depth);
  }

  private paramNode(name: Name, operator: Token['kind'] | null, words: readonly Word[]): Item {
    const place = this.placeOf(name);
    // Only the form without a sign includes; with one, ".include" is a parameter like any other.
    if (name.text === '.include' && !name.variable && operator === null)
      return { kind: 'include', words, ...place };
    const values = words.length === 0 ? null : words;
    const node: ParamNode = {
      kind: 'param',
      name: name.text,
      variable: name.variable,
      key: keyOf({ name: name.text, variable: name.variable }),
      append: operator === '+=',
      words: values,
      texts: values && plainTexts(values),
      ...place,
    };
    return node;
  }

  // list := word (',' word)*
  private list(words: Word[]): boolean {
    do {
      if (!this.atWord()) {
        this.unexpected('a value');
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
    do {
      this.countWord();
      const token = this.advance();
      if (token.kind === 'variable') {
        pieces.push({ variable: token.text, place: this.withoutQuotes(token) });
        text = null;
      } else {
        pieces.push({ text: token.text });
        if (text !== null) text += token.text;
      }
    } while (this.token.adjacent && this.atWord() && !this.tooMany());
    return { text, pieces: text === null ? pieces : [], source: this.source, start, end: this.previousEnd };
  }

  // name := VARIABLE | STRING adjacent-string*      (FreeBSD takes one string only)
  private name(): Name | null {
    if (!this.atWord()) {
      this.unexpected('a parameter or a jail');
      return null;
    }
    const first = this.token;
    const word = this.word();
    const place = this.placeOf(word);
    if (first.kind === 'variable' && word.pieces.length === 1)
      return { text: first.text, variable: true, ...place };
    if (word.text === null)
      this.error(place, 'a name cannot contain a variable', 'variables stand in values only');
    else this.refuseBareStar(word);
    return { text: word.text ?? '', variable: false, ...place };
  }

  /** FreeBSD reads foo.* without quotes as two words, so a file that relies on it would not work there. */
  private refuseBareStar(word: Word): void {
    const written = this.source.text.slice(word.start, word.end);
    const star = written.indexOf('*');
    if (written === '*' || star < 0 || /["'\\]/.test(written)) return;
    const place = { source: this.source, start: word.start + star, end: word.start + star + 1 };
    this.error(place, `"*" cannot stand in a name without quotes`, `write "${word.text ?? ''}"`);
  }

  /** @returns whether the next token begins a statement, or ends the block */
  private endOfParam(name: Name): boolean {
    if (this.accept(';')) return true;
    // What begins a line, or ends the block, shows that only the semicolon was forgotten.
    const forgotten = this.at('}') || this.startsLine();
    if (forgotten)
      this.error(this.token, `";" is missing before "${this.show()}"`, `end "${name.text}" with ";"`);
    else if (this.atWord())
      this.error(this.token, `unexpected "${this.show()}"`, 'quote a value that contains blanks');
    else this.unexpected('";"');
    return forgotten;
  }

  private startsLine(): boolean {
    return this.source.text.slice(this.previousEnd, this.token.start).includes('\n') && this.atWord();
  }

  /** Skips to the statement after the next semicolon; a block in between is parsed for its own mistakes. */
  private recover(depth: number): void {
    while (!this.at('}', 'end')) {
      if (this.accept(';')) return;
      if (this.token.kind === '{' && depth < MAX_DEPTH) {
        this.jail({ text: '', variable: false, ...this.placeOf(this.token) }, depth);
        return;
      }
      this.advance();
    }
  }

  private skipDeepBlock(open: Token): void {
    this.report('nesting-too-deep', open, `blocks are nested more than ${MAX_DEPTH} deep`);
    for (let depth = 1; this.token.kind !== 'end'; this.advance()) {
      if (this.token.kind === '{') depth++;
      if (this.token.kind === '}' && --depth === 0) return;
    }
  }

  private strayBrace(): void {
    this.error(
      this.token,
      'unexpected "}": no block is open here',
      'remove it, or look for a "}" too many above',
    );
    this.advance();
  }

  private blockWithoutEnd(name: Name): void {
    if (this.stringIsOpen() || this.diagnostics.some((d) => d.code === 'unexpected-end')) return;
    this.report(
      'unexpected-end',
      this.token,
      `the file ends inside the block "${name.text}"`,
      'close it with "}"',
    );
  }

  private unexpected(wanted: string): void {
    if (this.token.kind !== 'end')
      this.error(this.token, `unexpected "${this.show()}", ${wanted} is due here`);
    else if (!this.stringIsOpen())
      this.report('unexpected-end', this.token, `the file ends where ${wanted} is due`);
  }

  /** The beginning of the word that the token is in. */
  private show(): string {
    const text = this.source.text.slice(this.token.start, this.token.start + 30);
    return this.atWord() ? (/^["']?([^\s;{}"']+)/.exec(text)?.[1] ?? '"') : this.token.kind;
  }

  /** A string without an end has swallowed the rest of the file; that is reported already. */
  private stringIsOpen(): boolean {
    return this.token.kind === 'end' && this.diagnostics.some((d) => d.code === 'unterminated-string');
  }
}
