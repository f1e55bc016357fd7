import type { Piece, Word } from './ast.js';
import { keyOf } from './blocks.js';
import { MAX_TOLD, type Diagnostic } from './diagnostic.js';
import type { Entry, MergedJail } from './merge.js';
import { diagnose, type Place } from './source.js';
import { nearestOf } from './suggest.js';

/** Strings without variables; null for a parameter without a value. */
export type Strings = readonly string[] | null;

/** A jail whose variables are replaced. */
export interface Substituted {
  /** Of each of the jail's entries, variables included. */
  readonly strings: readonly Strings[];
  readonly failures: readonly Diagnostic[];
  /** Indexes of entries in which a mistake was told already, or that were made of such ones. */
  readonly spoiled: ReadonlySet<number>;
  /** About how many bytes were made. */
  readonly made: number;
}

/** "$a$a" thirty levels deep would be larger than the memory. */
const MAX_CHARACTERS = 1 << 20;
const MAX_ELEMENTS = 1 << 16;
/** All that one jail's variables are replaced by, in bytes. */
const MAX_MADE = 1 << 23;
/** What an element takes besides its characters, which it may share with others. */
const ELEMENT_BYTES = 16;

/** Replaces the variables of a jail: late, so that the final value counts wherever it was written (jail.conf(5)). */
export function substitute(jail: MergedJail): Substituted {
  const substitution = new Substitution(jail.entries);
  for (const index of jail.entries.keys()) substitution.resolve(index);
  return substitution.finish();
}

const NONE: ReadonlySet<number> = new Set();

/** The texts of words without variables. */
function textsOf(words: readonly Word[] | null): Strings {
  return words && words.map(({ text }) => text ?? '');
}

/** A variable of an entry that is still to be looked at. */
interface Pending {
  readonly index: number;
  readonly name: string;
  readonly place: Place;
}

interface Frame {
  readonly index: number;
  readonly entry: Entry;
  readonly pending: Pending[];
}

class Substitution {
  /** By the index of the entry; undefined where variables are still to be replaced. */
  private readonly known: (Strings | undefined)[];
  private readonly failures: Diagnostic[] = [];
  private made = 0;
  private readonly names: NameIndex;
  private readonly active = new Set<number>();
  private readonly loops = new Set<Place>();
  private spoiled: Set<number> | null = null;
  /** Index of the entry that is being replaced. */
  private current = -1;

  constructor(private readonly entries: readonly Entry[]) {
    this.known = entries.map(({ words, plain }) => (plain ? textsOf(words) : undefined));
    this.names = new NameIndex(entries);
    for (const [index, { lost }] of entries.entries()) if (lost === true) this.spoil(index);
  }

  finish(): Substituted {
    const { failures, made } = this;
    const strings = this.known.map((known) => known ?? null);
    return { strings, failures, made, spoiled: this.spoiled ?? NONE };
  }

  private spoil(index: number): void {
    (this.spoiled ??= new Set()).add(index);
  }

  /** With a stack of its own: variables may be nested more deeply than calls. */
  resolve(index: number): void {
    const stack = this.open(index);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const next = frame.pending.pop();
      if (next === undefined) {
        this.close(frame);
        stack.pop();
      } else if (this.active.has(next.index)) this.loop(frame.index, next.name, next.place);
      else stack.push(...this.open(next.index));
    }
  }

  /** @returns the frame of an entry with variables that are not replaced yet */
  private open(index: number): Frame[] {
    const entry = this.entries[index];
    if (entry === undefined || this.known[index] !== undefined) return [];
    this.active.add(index);
    return [{ index, entry, pending: this.pendingOf(entry).reverse() }];
  }

  private pendingOf({ words }: Entry): Pending[] {
    const pending: Pending[] = [];
    for (const { pieces } of words ?? [])
      for (const piece of pieces) {
        if (!('variable' in piece)) continue;
        const { variable: name, place } = piece;
        const index = this.names.find(name);
        if (index !== null && this.known[index] === undefined) pending.push({ index, name, place });
      }
    return pending;
  }

  private close({ index, entry }: Frame): void {
    this.current = index;
    const strings: string[] = [];
    for (const word of entry.words ?? []) {
      const value = word.text ?? this.expand(word, entry);
      if (typeof value === 'string') strings.push(value);
      else for (const text of value) strings.push(text);
      if (strings.length > MAX_ELEMENTS) break;
    }
    this.known[index] = this.fits(strings, entry) ? strings : [];
    this.active.delete(index);
  }

  private fits(strings: readonly string[], entry: Entry): boolean {
    const before = this.made;
    for (const { length } of strings) this.made += ELEMENT_BYTES + length;
    if (strings.length > MAX_ELEMENTS)
      this.fail('value-too-long', entry, `"${entry.name}" has more than ${MAX_ELEMENTS} elements`);
    else if (this.made > MAX_MADE && before <= MAX_MADE)
      this.fail(
        'value-too-long',
        entry,
        `the values of this jail are longer than ${MAX_MADE} bytes together`,
      );
    return strings.length <= MAX_ELEMENTS && this.made <= MAX_MADE;
  }

  private expand(word: Word, entry: Entry): string | readonly string[] {
    const alone = loneVariable(word);
    let text = '';
    for (const piece of word.pieces) {
      if ('text' in piece) text += piece.text;
      else {
        const strings = this.lookUp(piece.variable, piece.place);
        if (strings.length <= 1) text += strings[0] ?? '';
        else if (text === '' && piece === alone) return strings;
        else this.arrayInline(word, entry);
      }
      if (text.length > MAX_CHARACTERS) {
        this.fail('value-too-long', word, `"${entry.name}" has more than ${MAX_CHARACTERS} characters`);
        return '';
      }
    }
    return text;
  }

  private lookUp(name: string, place: Place): readonly string[] {
    if (this.loops.has(place)) return [];
    const index = this.names.find(name);
    const strings = index === null ? null : this.known[index];
    if (index !== null && this.spoiled?.has(index)) this.spoil(this.current);
    if (strings) return strings;
    const isValueless = this.names.isParameter(name);
    const message = isValueless ? `"${name}" has no value to put here` : `variable "${name}" is not defined`;
    this.fail('undefined-variable', place, message, isValueless ? undefined : this.similar(name));
    return [];
  }

  private similar(name: string): string {
    const dotted = this.entries.find((entry) => entry.name.startsWith(`${name}.`));
    if (dotted !== undefined) return `did you mean \${${dotted.name}}? A dot ends a name without braces`;
    if (name.includes(';')) return 'close it with "}"';
    const nearest = nearestOf(
      name,
      this.entries.filter(({ words }) => words !== null).map((entry) => entry.name),
    );
    if (nearest !== null) return `did you mean $${nearest}?`;
    return `define it: $${name} = VALUE; or write \\$ for a dollar sign`;
  }

  private arrayInline(word: Word, entry: Entry): void {
    const message = `a list cannot stand inside the text of "${entry.name}"`;
    this.fail('array-inline', word, message, 'use it as a whole word');
  }

  private loop(index: number, name: string, place: Place): void {
    this.current = index;
    this.loops.add(place);
    this.fail('variable-loop', place, `variable "${name}" is defined by itself`);
  }

  private fail(code: Diagnostic['code'], place: Place, message: string, hint?: string): void {
    this.spoil(this.current);
    if (this.failures.length < MAX_TOLD) this.failures.push(diagnose('error', code, place, message, hint));
  }
}

/** The last variable of a word that has no text: a list may stand there. */
function loneVariable({ pieces }: Word): Piece | undefined {
  if (pieces.some((piece) => 'text' in piece && piece.text !== '')) return undefined;
  return pieces.findLast((piece) => 'variable' in piece);
}

/** Where what a jail's variables name is among its entries. */
class NameIndex {
  private variables: ReadonlyMap<string, number> | null = null;
  private parameters: ReadonlyMap<string, number> = new Map();

  constructor(private readonly entries: readonly Entry[]) {}

  /** A variable by its exact spelling, or a parameter by its last one: ${allow.mount} is not allow.nomount. */
  find(name: string): number | null {
    const variable = this.indexVariables().get(name);
    if (variable !== undefined && this.entries[variable]?.words !== null) return variable;
    const parameter = this.parameters.get(keyOf({ name, variable: false }));
    const entry = parameter === undefined ? undefined : this.entries[parameter];
    return parameter !== undefined && entry?.name === name && entry.words !== null ? parameter : null;
  }

  /** Whether there is a parameter of exactly this spelling. */
  isParameter(name: string): boolean {
    const index = this.parameters.get(keyOf({ name, variable: false })) ?? -1;
    return this.entries[index]?.name === name;
  }

  /** Most jails are looked up nothing in, so that the index is made when it is asked for. */
  private indexVariables(): ReadonlyMap<string, number> {
    if (this.variables !== null) return this.variables;
    const variables = new Map<string, number>();
    const parameters = new Map<string, number>();
    for (const [index, { key, name, variable }] of this.entries.entries())
      if (variable) variables.set(name, index);
      else parameters.set(key, index);
    this.parameters = parameters;
    return (this.variables = variables);
  }
}
