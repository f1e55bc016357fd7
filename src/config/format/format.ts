import type { Diagnostic } from '../diagnostic.js';
import { parse } from '../syntax/parser.js';
import type { Source } from '../syntax/source.js';
import { marksOf, type Mark } from './marks.js';
import { fits, Page } from './page.js';
import { inRow, moveBehind, rowsOf, type Row } from './rows.js';

export type Formatted =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * The same file in the canonical style (jailctl(8), fmt). Layout and needless quotes change; comments, their order and
 * what the file means do not. A file with mistakes in its syntax is not formatted.
 */
export function format(source: Source): Formatted {
  const { items, diagnostics } = parse(source);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, text: new Formatter(marksOf(source, items)).file() };
}

/** A value, or the name of a parameter that has none. */
interface Element {
  readonly before: readonly Row[];
  readonly text: string;
  /** Up to its comma or semicolon. */
  readonly after: readonly Row[];
  /** It or its comma begins a line. */
  readonly onNewLine: boolean;
  readonly apart: boolean;
}

interface Statement {
  /** Name and sign; empty when the name has no value. */
  readonly head: string;
  readonly elements: readonly Element[];
}

/**
 * The statement up to its semicolon, or null when its comments need more lines or the user has given its list several.
 */
function inOneLine({ head, elements }: Statement): string | null {
  const texts = elements.map(({ before, text, after }, index) => {
    const { inline, behind } = moveBehind(after);
    const isLast = index === elements.length - 1;
    const [lead, ...more] = before;
    if (more.length > 0 || lead?.own || lead?.last || (!isLast && behind.length > 0)) return null;
    return `${lead === undefined ? '' : `${lead.text} `}${text}${isLast ? '' : inline}`;
  });
  if (texts.includes(null) || (elements.length > 1 && elements.some(({ onNewLine }) => onNewLine)))
    return null;
  return `${head === '' ? '' : `${head} `}${texts.join(', ')}`;
}

class Formatter {
  private readonly page = new Page();
  private index = 0;
  /** Comments that were before the sign that has just been written. */
  private moved: readonly Row[] = [];

  constructor(private readonly marks: readonly Mark[]) {}

  // file := item*
  file(): string {
    while (this.item(0));
    return this.page.text();
  }

  /** @returns false where the block or the file ends */
  private item(depth: number): boolean {
    const mark = this.next();
    const rows = inRow(this.moved, rowsOf(mark.comments));
    this.moved = [];
    const { lead, apart } = this.page.comments(rows, { depth, endsLine: true });
    if (mark.kind !== 'word') {
      if (lead !== '') this.page.line(depth, lead.trimEnd(), apart ?? false);
      return false;
    }
    const isApart = apart ?? mark.newlines > 1;
    if (this.peek().kind === '{') this.block(lead + mark.text, depth, isApart);
    else this.param(lead, mark, depth, isApart);
    return true;
  }

  // jail := name '{' item* '}'
  private block(head: string, depth: number, apart: boolean): void {
    const open = this.next();
    const { inline, behind } = moveBehind(rowsOf(open.comments));
    this.page.line(depth, `${head}${inline} {`, apart);
    this.moved = behind;
    const { kind, comments } = this.peek();
    if (kind === '}' && comments.length === 0 && behind.length === 0) {
      this.next();
      this.page.append(' }');
      return;
    }
    this.page.begin();
    while (this.item(depth + 1));
    this.page.line(depth, '}', false);
  }

  // param := name | name '=' list | name '+=' list | '.include' list
  private param(lead: string, name: Mark, depth: number, apart: boolean): void {
    const statement = this.statement(name);
    const line = inOneLine(statement);
    const after = statement.elements.at(-1)?.after ?? [];
    if (line === null || (statement.elements.length > 1 && !fits(depth, `${lead}${line};`)))
      this.severalLines(lead, statement, depth, apart);
    else this.page.line(depth, lead + line, apart);
    this.semicolon(after, depth + 1);
  }

  private statement(name: Mark): Statement {
    const sign = ['=', '+='].includes(this.peek().kind) ? this.next() : null;
    if (this.peek().kind === ';') {
      const element = { before: [], text: name.text, onNewLine: false, apart: false };
      return { head: '', elements: [{ ...element, after: this.endOfElement() }] };
    }
    // ".include" with a sign would be a parameter.
    const shown = sign?.kind ?? (name.text === '.include' ? null : '=');
    const { inline, behind } = moveBehind(rowsOf(sign?.comments ?? []));
    const head = shown === null ? name.text : `${name.text}${inline} ${shown}`;
    return { head, elements: this.elements(behind) };
  }

  private elements(carried: readonly Row[]): readonly Element[] {
    const elements: Element[] = [];
    let moved = carried;
    for (;;) {
      const { text, comments, newlines } = this.next();
      const before = inRow(moved, rowsOf(comments));
      const isLast = this.peek().kind === ';';
      const onNewLine = newlines > 0 || (!isLast && this.peek().newlines > 0);
      const after = this.endOfElement();
      elements.push({ before, text, after, onNewLine, apart: newlines > 1 });
      if (isLast) return elements;
      moved = moveBehind(after).behind;
    }
  }

  /** Takes the comma or semicolon. */
  private endOfElement(): readonly Row[] {
    return rowsOf(this.next().comments);
  }

  private severalLines(lead: string, { head, elements }: Statement, depth: number, apart: boolean): void {
    this.page.line(depth, lead + head, apart);
    this.page.begin();
    for (const [index, element] of elements.entries()) {
      const { lead: comment, apart: elementApart } = this.before(element, depth + 1);
      this.page.line(depth + 1, comment + element.text, elementApart);
      if (index < elements.length - 1) this.page.append(`${moveBehind(element.after).inline},`);
    }
  }

  private before({ before, apart }: Element, depth: number): { lead: string; apart: boolean } {
    const comments = this.page.comments(before, { depth, endsLine: false });
    return { lead: comments.lead, apart: comments.apart ?? apart };
  }

  /** After comments with lines of their own it has one as well. */
  private semicolon(after: readonly Row[], depth: number): void {
    const { inline, behind } = moveBehind(after);
    if (behind.length === 0 || (behind.length === 1 && behind[0]?.own === false)) {
      this.page.append(`${inline};`);
      this.moved = behind;
      return;
    }
    this.page.append(inline);
    this.page.comments(behind, { depth, endsLine: true });
    this.page.line(depth, ';', false);
  }

  private peek(): Mark {
    return this.marks[this.index] ?? END;
  }

  private next(): Mark {
    const mark = this.peek();
    this.index++;
    return mark;
  }
}

const END: Mark = { kind: 'end', text: '', comments: [], newlines: 0 };
