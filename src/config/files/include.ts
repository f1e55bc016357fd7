import type { BlockNode, IncludeNode, Item } from '../syntax/ast.js';
import type { Diagnostic } from '../diagnostic.js';
import { isPattern } from './glob.js';
import type { FileAccess } from '../jail.js';
import { Allowance } from './allowance.js';
import { parse } from '../syntax/parser.js';
import { diagnose, type Place, type Source } from '../syntax/source.js';

const MAX_DEPTH = 32; // as in jail(8)
/** Statements that include what they cannot, and are told. */
const MAX_ERRORS = 1000;
/** Files that include each other twice, thirty deep, would be read a thousand million times. */
const MAX_FILES = 10_000;

export interface Program {
  /** Parameters and blocks of all files, in the order they are read. */
  readonly items: readonly Item[];
  readonly diagnostics: readonly Diagnostic[];
  readonly files: readonly string[];
}

/** Reads files and, where they say so, the files they include. */
export function readProgram(files: readonly string[], access: FileAccess): Program {
  const reader = new Reader(access);
  const items = files.flatMap((file) => reader.read(file, null, []));
  // What is cut off in the middle means something else.
  return { items: reader.isCutOff ? [] : items, diagnostics: reader.diagnostics, files: [...reader.files] };
}

class Reader {
  readonly diagnostics: Diagnostic[] = [];
  readonly files = new Set<string>();
  private reads = 0;
  private errors = 0;
  private readonly allowance = new Allowance();
  private readonly globs = new Map<string, readonly string[]>();
  private readonly parsed = new Map<string, readonly Item[]>();

  constructor(private readonly access: FileAccess) {}

  get isCutOff(): boolean {
    return this.allowance.spent;
  }

  /** @param chain the files that include each other down to this one */
  read(file: string, includedAt: Place | null, chain: readonly string[]): readonly Item[] {
    const items = this.parsed.get(file) ?? this.parse(file, includedAt);
    return items === null ? [] : this.expand(items, [...chain, file]);
  }

  /** What one file says. However often it is included, it is read once. */
  private parse(file: string, includedAt: Place | null): readonly Item[] | null {
    const text = this.allowance.spent ? null : this.text(file, includedAt);
    if (text === null) return null;
    this.files.add(file);
    const { items, diagnostics } = parse({ file, text }, this.allowance);
    for (const diagnostic of diagnostics) this.diagnostics.push(diagnostic);
    this.parsed.set(file, items);
    return items;
  }

  private text(file: string, includedAt: Place | null): string | null {
    try {
      return this.access.readFile(file);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error; // a bug, not an answer of the system
      const message = `cannot read ${file}: ${reasonOf(error)}`;
      const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
      if (includedAt !== null) this.error('unreadable-file', includedAt, message, hint);
      else this.diagnostics.push(unreadable(message, hint));
      return null;
    }
  }

  private expand(items: readonly Item[], chain: readonly string[]): readonly Item[] {
    if (items.every(({ kind }) => kind === 'param')) return items;
    return items.flatMap((item): readonly Item[] => {
      if (item.kind === 'param') return [item];
      if (item.kind === 'include') return this.include(item, chain);
      const block: BlockNode = { ...item, items: this.expand(item.items, chain) };
      return [block];
    });
  }

  private include(node: IncludeNode, chain: readonly string[]): readonly Item[] {
    return node.words.flatMap((word) => {
      if (word.text === null) {
        this.error(
          'include-variable',
          word,
          'variables cannot stand in the name of an included file',
          'write the path',
        );
        return [];
      }
      return this.matches(word.text, node.source).flatMap((file) => this.includeOne(file, word, chain));
    });
  }

  private includeOne(file: string, at: Place, chain: readonly string[]): readonly Item[] {
    if (this.reads <= MAX_FILES && chain.includes(file)) {
      this.error('include-loop', at, `${file} includes itself: ${[...chain, file].join(' -> ')}`);
      return [];
    }
    this.reads++;
    if (chain.length >= MAX_DEPTH || this.reads > MAX_FILES) {
      const what = chain.length >= MAX_DEPTH ? `more than ${MAX_DEPTH} deep` : `more than ${MAX_FILES} times`;
      // Once is enough: everything after it would say the same.
      if (!this.diagnostics.some((d) => d.code === 'include-depth'))
        this.error('include-depth', at, `files include each other ${what}`);
      return [];
    }
    const known = this.parsed.get(file);
    if (known !== undefined && !this.allowance.spent && !this.allowance.takeWords(known.length))
      this.error('too-large', at, this.allowance.explanation);
    return this.read(file, at, chain);
  }

  /** A name is relative to the file it stands in; only a pattern may match nothing. */
  private matches(name: string, source: Source): readonly string[] {
    const directory = source.file.slice(0, source.file.lastIndexOf('/') + 1);
    if (isPattern(name)) return this.glob(name, directory);
    return [name.startsWith('/') ? name : directory + name];
  }

  private glob(pattern: string, directory: string): readonly string[] {
    const key = `${directory}\n${pattern}`;
    const found = this.globs.get(key) ?? this.access.glob(pattern, directory);
    this.globs.set(key, found);
    return found;
  }

  private error(code: Diagnostic['code'], at: Place, message: string, hint?: string): void {
    if (this.errors++ < MAX_ERRORS) this.diagnostics.push(diagnose('error', code, at, message, hint));
  }
}

const unreadable = (message: string, hint: string | undefined): Diagnostic => ({
  ...{ code: 'unreadable-file', severity: 'error', span: null, message },
  ...(hint !== undefined && { hint }),
});

/** The words of a system error: "ENOENT: no such file or directory, open '/x'" without code, call and path. */
export function reasonOf(error: Error): string {
  return /^[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message;
}
