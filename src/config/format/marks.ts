import type { Item } from '../syntax/ast.js';
import type { Punctuation } from '../syntax/lexer.js';
import type { Source } from '../syntax/source.js';
import { spellName, spellValue } from './spelling.js';

/** A comment, and the lines around it. */
export interface Comment {
  readonly text: string;
  /** It ends with its line, so nothing can follow it there. */
  readonly toLineEnd: boolean;
  /** Line breaks between what is before it and its beginning. */
  readonly newlines: number;
  /** Nothing follows it on its line. */
  readonly last: boolean;
}

/** A word or a sign of a file, and what stands before it. */
export interface Mark {
  readonly kind: Punctuation | 'word' | 'end';
  /** In its canonical spelling. */
  readonly text: string;
  readonly comments: readonly Comment[];
  /** Line breaks between what is before it, which may be a comment, and its beginning. */
  readonly newlines: number;
}

interface SpelledWord {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const GAP = /([ \t\r\n]+)|((?:#|\/\/)[^\n]*)|(\/\*[^]*?\*\/)|(\+=|[{};,=])/y;

/**
 * All that is in a file, in its order. Between the words that the parser has found there are only blanks, comments and
 * signs, so those are looked for there alone. Semicolons that end nothing are left out.
 * @param items what the parser made of a file without mistakes
 */
export function marksOf(source: Source, items: readonly Item[]): readonly Mark[] {
  const scan = new Scan(source.text);
  for (const word of wordsIn(items, source.text)) scan.word(word);
  return scan.end();
}

/** Words in the order of the file. */
function* wordsIn(items: readonly Item[], text: string): Generator<SpelledWord> {
  for (const item of items) {
    const written = text.slice(item.start, item.end);
    const name = item.kind === 'include' ? '.include' : item.name;
    const isVariable = item.kind === 'param' && item.variable;
    yield { start: item.start, end: item.end, text: isVariable ? written : spellName(written, name) };
    if (item.kind === 'block') yield* wordsIn(item.items, text);
    else
      for (const { start, end } of item.words ?? [])
        yield { start, end, text: spellValue(text.slice(start, end)) };
  }
}

/** Not trimEnd(): what is a blank to it may be half a character of a file that is no UTF-8. */
function withoutBlankEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r'.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

class Scan {
  private readonly marks: Mark[] = [];
  private comments: Comment[] = [];
  private newlines = 0;
  private at: number;

  constructor(private readonly text: string) {
    this.at = text.startsWith('\ufeff') ? 1 : 0; // a byte order mark is an error for jail(8)
  }

  word({ start, end, text }: SpelledWord): void {
    this.gap(start);
    this.add('word', text);
    this.at = end;
  }

  end(): readonly Mark[] {
    this.gap(this.text.length);
    this.add('end', '');
    return this.marks;
  }

  private gap(end: number): void {
    while (this.at < end) {
      GAP.lastIndex = this.at;
      const found = GAP.exec(this.text);
      if (found === null || GAP.lastIndex > end) throw new Error(`no word was found at offset ${this.at}`);
      const [, blank, line, block, sign] = found;
      this.at = GAP.lastIndex;
      if (blank !== undefined) this.newlines += blank.split('\n').length - 1;
      else if (line !== undefined) this.comment(withoutBlankEnd(line), true);
      else if (block !== undefined) this.comment(block, false);
      else if (sign !== undefined) this.sign(sign as Punctuation); // the pattern has no others
    }
  }

  private sign(kind: Punctuation): void {
    const previous = this.marks.at(-1)?.kind;
    const endsNothing = kind === ';' && (previous === undefined || [';', '{', '}'].includes(previous));
    if (!endsNothing) this.add(kind, kind);
  }

  private comment(text: string, toLineEnd: boolean): void {
    this.closeComment();
    this.comments.push({ text, toLineEnd, newlines: this.newlines, last: true });
    this.newlines = 0;
  }

  /** Whether anything follows a comment on its line is known when the next thing comes. */
  private closeComment(): void {
    const comment = this.comments.at(-1);
    if (comment !== undefined && this.newlines === 0)
      this.comments[this.comments.length - 1] = { ...comment, last: comment.toLineEnd };
  }

  private add(kind: Mark['kind'], text: string): void {
    if (kind !== 'end') this.closeComment();
    this.marks.push({ kind, text, comments: this.comments, newlines: this.newlines });
    this.comments = [];
    this.newlines = 0;
  }
}
