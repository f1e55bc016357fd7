import type { Row } from './rows.js';

const INDENT = '\t';
const TAB_WIDTH = 8;
const WIDTH = 80;

/** Where the comments before something go. */
export interface Placing {
  readonly depth: number;
  /** Comments that do not begin their line belong to the line before, even where something followed them. */
  readonly endsLine: boolean;
}

/** The lines of the new text. An empty line is kept, but only one, and none where a block or a list begins. */
export class Page {
  private readonly lines: string[] = [];
  private fresh = true;

  line(depth: number, text: string, apart: boolean): void {
    if (apart && !this.fresh) this.lines.push('');
    this.lines.push(INDENT.repeat(depth) + text);
    this.fresh = false;
  }

  /** The next line begins a block or a list. */
  begin(): void {
    this.fresh = true;
  }

  /** Adds to the line before. */
  append(text: string): void {
    const last = this.lines.pop() ?? '';
    this.lines.push(last + text);
  }

  /** Writes comments. @returns what stands before the next word, on its line */
  comments(rows: readonly Row[], { depth, endsLine }: Placing): { lead: string; apart: boolean | null } {
    for (const [index, row] of rows.entries()) {
      const trails = !row.own && this.lines.length > 0 && (endsLine || row.last);
      if (trails) this.append(` ${row.text}`);
      else if (!row.last && index === rows.length - 1) return { lead: `${row.text} `, apart: row.apart };
      else this.line(depth, row.text, row.apart);
    }
    return { lead: '', apart: null };
  }

  text(): string {
    return this.lines.length === 0 ? '' : `${this.lines.join('\n')}\n`;
  }
}

/** Whether a line is short enough. */
export function fits(depth: number, text: string): boolean {
  return text
    .split('\n')
    .every((line, index) => line.length + (index === 0 ? depth * TAB_WIDTH : 0) <= WIDTH);
}
