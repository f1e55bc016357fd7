import type { BlockNode, Item, Word } from './ast.js';
import { Causes, COMMENT_IN_WORD, matchesAt } from './causes.js';
import { findParam } from '../params.js';
import { diagnose, spanOf, withNote, type Place } from './source.js';

/** A name of a jail or of a parameter. */
export interface Name extends Place {
  readonly text: string;
  readonly variable: boolean;
}

/** What people write who know other languages. */
const FOREIGN_SIGNS = new Set([':', '->', '>', '+', 'is', 'to']);
const INI_SECTION = /^\[[^\]]*\]$/;
const JSON_KEY = /\{\s*"[^"\n]*"\s*:/y;

/** What the parser says about mistakes of syntax. */
export class Complaints extends Causes {
  /** `path == /x`, `path = = /x`: one message, and the value is read as if there were one sign. */
  protected skipSigns(): void {
    if (!this.at('=', '+=')) return;
    this.error(this.token, `unexpected "${this.token.kind}" after another sign`, 'write one "=" or "+="');
    while (this.at('=', '+=')) this.advance();
  }

  /** `path := /x`, `path : /x`, `path -> /x`. @returns whether a value is due now */
  protected skipForeignSign(word: Word | undefined): boolean {
    if (word === undefined || word.text === null || !FOREIGN_SIGNS.has(word.text)) return false;
    if (!this.atWord() && !this.at('=')) return false;
    const end = this.at('=') ? this.advance().end : word.end;
    const written = this.source.text.slice(word.start, end);
    const hint = /^\+\s*=$/.test(written) ? 'write "+="' : 'write "="';
    this.error({ start: word.start, end }, `"${written}" is no sign of jail.conf`, hint);
    return true;
  }

  protected missingName(): void {
    if (this.at('{') && matchesAt(JSON_KEY, this.source.text, this.token.start)) {
      this.error(this.token, 'this is JSON, and jail.conf is not', 'write NAME { PARAMETER = "VALUE"; }');
      while (!this.at('end')) this.advance();
    } else if (this.at('{')) this.error(this.token, 'this block has no name', 'write NAME { ... }');
    else if (this.at('=', '+='))
      this.error(this.token, `there is no name before this "${this.token.kind}"`, 'write NAME = VALUE;');
    else this.unexpected('a parameter or a jail');
  }

  protected missingValue(name: Name): void {
    const { kind } = this.token;
    const before = this.source.text.charAt(this.previousEnd - 1);
    if (kind !== ';' && kind !== '}') return this.unexpected('a value');
    if (before === ',')
      return this.error(this.token, `a value is missing after ","`, 'write one, or remove the comma');
    this.error(this.token, `"${name.text}" has no value`, 'write one; "" is an empty one');
  }

  /** `web = {` and `ip4.addr = {`. @returns whether it begins a jail */
  protected braceAfterSign(name: Name): boolean {
    const isJail = name.variable === false && findParam(name.text) === null;
    const hint = isJail ? `write ${name.text} { ... }` : `write ${name.text} = VALUE, VALUE...;`;
    this.error(this.token, `unexpected "{" after "="`, hint);
    return isJail;
  }

  /** `jail web {`: two names. */
  private twoNames(first: Name, second: Word): void {
    const message = `a block has one name, and here are "${first.text}" and "${second.text ?? ''}"`;
    this.error(this.token, message, `write ${second.text ?? 'NAME'} {`);
  }

  protected variableInName(name: Name): void {
    const [dotted] = /^\$[\w.]+$/.exec(this.source.text.slice(name.start, name.end)) ?? [];
    const hint =
      dotted === undefined
        ? 'variables stand in values only'
        : `a dot ends the name of a variable: write \${${dotted.slice(1)}}`;
    this.error(name, 'a name cannot contain a variable', hint);
  }

  /** FreeBSD reads foo.* without quotes as two words, so a file that relies on it would not work there. */
  protected bareStar(word: Name): void {
    const written = this.source.text.slice(word.start, word.end);
    const star = written.indexOf('*');
    if (written === '*' || star < 0 || /["'\\]/.test(written)) return;
    const place = { start: word.start + star, end: word.start + star + 1 };
    this.error(place, `"*" cannot stand in a name without quotes`, `write "${word.text}"`);
  }

  /** A statement that is not followed by a semicolon. @returns whether the next one begins here */
  protected missingEnd(name: Name, words: Word[]): boolean {
    const [first] = words;
    if (this.at('}') || this.beginsStatement() || (this.startsLine() && this.token.bare)) {
      this.missingSemicolon(name, this.previousEnd);
      return true;
    }
    if (this.at('=', '+=')) return this.signAfterList(words);
    if (this.startsLine()) this.missingComma();
    else if (this.atWord()) this.twoWords(first);
    else this.unexpected('";"');
    return false;
  }

  private missingComma(): void {
    this.error(
      this.here(),
      `"," or ";" is missing before "${this.show()}"`,
      'several values have commas between them',
    );
  }

  /** `path = /p,` and a statement on the next line, whose name was taken for a value. */
  private signAfterList(words: Word[]): boolean {
    const [before, last] = words.slice(-2);
    const message = `unexpected "${this.token.kind}" after a value`;
    const isNextLine =
      before !== undefined &&
      last !== undefined &&
      this.source.text.slice(before.end, last.start).includes('\n');
    if (!isNextLine) {
      this.error(this.token, message, 'write NAME = VALUE;');
      return false;
    }
    this.error(this.token, message, `write ";" instead of "," before "${last.text ?? ''}"`);
    words.pop();
    this.goTo(last.start);
    return true;
  }

  /** Whether the last word is the name of what follows it: a sign, or a block. */
  protected beganThere(word: Word): boolean {
    return this.at('=', '+=') || (this.at('{') && word.text !== null);
  }

  /**
   * `NAME WORD =` and `NAME WORD {`: the word begins a statement, and what was forgotten before it depends on the
   * name. Goes there.
   */
  protected twoBeginnings(name: Name, word: Word): 'section' | 'block' | 'statement' | 'nothing' {
    if (INI_SECTION.test(name.text)) {
      const section = name.text.slice(1, -1) || 'NAME';
      this.error(name, 'sections are not for jail.conf', `write ${section} { ... }`);
      return 'section';
    }
    const isNextLine = this.source.text.slice(name.end, word.start).includes('\n');
    if (!isNextLine && this.at('{')) this.twoNames(name, word);
    else if (!isNextLine)
      this.error(this.token, `unexpected "${this.token.kind}" after a value`, `remove "${name.text}"`);
    this.goTo(word.start);
    if (!isNextLine) return 'nothing';
    if (name.variable || findParam(name.text) !== null) {
      this.missingSemicolon(name, name.end);
      return 'statement';
    }
    this.error(this.here(), `"{" is missing after "${name.text}"`, `write ${name.text} {`);
    return 'block';
  }

  /** @param end where the statement before the token ends */
  protected missingSemicolon(name: Name, end: number): void {
    const gap = this.source.text.slice(end, this.token.start);
    const comment = /(?:#|\/\/).*;.*|\/\*[^]*?\*\//.exec(gap);
    const hint =
      comment?.index === 0
        ? `quote the value of "${name.text}", if no comment is meant`
        : `end "${name.text}" on line ${spanOf(this.placeOf({ start: end, end })).line} with ";"`;
    const message = `";" is missing before "${this.show()}"`;
    const diagnostic = diagnose('error', 'syntax-error', this.placeOf(this.here()), message, hint);
    if (!comment?.[0].includes(';')) return this.add(diagnostic);
    const start = end + comment.index;
    const place = this.placeOf({ start, end: start + comment[0].length });
    this.add(withNote(diagnostic, place, 'this is a comment, with the ";" in it'));
  }

  private twoWords(first: Word | undefined): void {
    const start = first?.start ?? this.token.start;
    const [value = ''] = /^[^;{}"'\n]*/.exec(this.source.text.slice(start, start + 60)) ?? [];
    const quoted =
      value.length > 0 && value.length < 60 ? `"${value.trim()}"` : 'a value that contains blanks';
    const hint = `quote ${quoted}, or put commas between several values`;
    const message = `unexpected "${this.show()}" after a value`;
    const diagnostic = diagnose('error', 'syntax-error', this.placeOf(this.here()), message, hint);
    const at = this.commentInWord;
    if (at === null) return this.add(diagnostic);
    this.add(withNote(diagnostic, this.placeOf({ start: at, end: at + 2 }), COMMENT_IN_WORD));
  }

  protected strayBrace(items: readonly Item[]): void {
    const last = items.at(-1);
    const hint =
      last?.kind === 'block' ? `remove it, or a "}" too many in "${last.name}" above` : 'remove it';
    this.error(this.token, 'unexpected "}": no block is open here', hint);
    this.advance();
  }

  /** @param items what the block has in it */
  protected blockWithoutEnd(name: Name, items: readonly Item[]): void {
    if (this.stringIsOpen() || this.diagnostics.some((d) => d.code === 'unexpected-end')) return;
    const outdented = items.find(
      (item): item is BlockNode => item.kind === 'block' && this.indent(item) <= this.indent(name),
    );
    const hint =
      outdented === undefined
        ? 'close it with "}"'
        : `a "}" seems to be missing above line ${spanOf(outdented).line}, before "${outdented.name}"`;
    const message = `the file ends inside the block "${name.text}"`;
    const diagnostic = diagnose('error', 'unexpected-end', this.placeOf(this.token), message, hint);
    this.add(withNote(diagnostic, name, 'it begins here'));
  }

  private indent({ start }: Place): number {
    return start - (this.source.text.lastIndexOf('\n', start - 1) + 1);
  }

  protected unexpected(wanted: string): void {
    if (this.token.kind !== 'end')
      this.error(this.here(), `unexpected "${this.show()}", ${wanted} is due here`);
    else if (!this.stringIsOpen())
      this.report('unexpected-end', this.token, `the file ends where ${wanted} is due`);
  }
}
