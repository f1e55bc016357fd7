import type { Piece, VariablePiece, Word } from '../syntax/ast.js';
import { keyOf } from './blocks.js';
import { MAX_TOLD, type Diagnostic } from '../diagnostic.js';
import type { Entry, MergedJail } from './merge.js';
import { diagnose, type Place } from '../syntax/source.js';
import { nearestOf } from '../nearest.js';
import { isParamName } from '../params.js';

/** Strings without variables; null for a parameter without a value. */
export type Strings = readonly string[] | null;

/** A jail whose variables are replaced. */
export interface Substituted {
  /** Of the jail's entries; undefined for those without variables (stringsOf). */
  readonly replaced: readonly (Strings | undefined)[];
  readonly failures: readonly Diagnostic[];
  /** Whether a mistake in an entry was told already, or in one that it is made of. */
  readonly isSpoiled: (index: number) => boolean;
  /** About how many bytes were made. */
  readonly made: number;
}

/** The strings of an entry. */
export function stringsOf({ plain, words }: Entry, replaced: Strings | undefined): Strings {
  return plain ? words && words.map(({ text }) => text ?? '') : (replaced ?? null);
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
  const substitution = new Substitution(jail);
  jail.entries.forEach(({ plain }, index) => {
    if (!plain) substitution.resolve(index);
  });
  return substitution;
}

/** A variable of an entry that is still to be looked at. */
interface Pending {
  readonly index: number;
  readonly piece: VariablePiece;
}

interface Frame {
  readonly index: number;
  readonly entry: Entry;
  readonly pending: Pending[];
}

class Substitution implements Substituted {
  readonly replaced: (Strings | undefined)[];
  readonly failures: Diagnostic[] = [];
  made = 0;
  private readonly active = new Set<number>();
  private readonly loops = new Set<Place>();
  private spoiled: Set<number> | null = null;
  /** Index of the entry that is being replaced. */
  private current = -1;

  constructor(private readonly jail: MergedJail) {
    this.replaced = new Array<Strings | undefined>(jail.entries.length);
  }

  isSpoiled(index: number): boolean {
    return this.jail.entries[index]?.lost === true || (this.spoiled?.has(index) ?? false);
  }

  /** With a stack of its own: variables may be nested more deeply than calls. */
  resolve(index: number): void {
    const stack = this.open(index);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const next = frame.pending.pop();
      if (next === undefined) {
        this.close(frame);
        stack.pop();
      } else if (this.active.has(next.index)) this.loop(frame.index, next.piece);
      else stack.push(...this.open(next.index));
    }
  }

  /** @returns the frame of an entry with variables that are not replaced yet */
  private open(index: number): Frame[] {
    const entry = this.jail.entries[index];
    if (entry === undefined || this.isKnown(index)) return [];
    this.active.add(index);
    return [{ index, entry, pending: this.pendingOf(entry).reverse() }];
  }

  private isKnown(index: number): boolean {
    return this.replaced[index] !== undefined || this.jail.entries[index]?.plain === true;
  }

  private pendingOf({ words }: Entry): Pending[] {
    const pending: Pending[] = [];
    for (const { pieces } of words ?? [])
      for (const piece of pieces) {
        if (!('variable' in piece)) continue;
        const index = this.find(piece);
        if (index !== null && !this.isKnown(index)) pending.push({ index, piece });
      }
    return pending;
  }

  private close({ index, entry }: Frame): void {
    this.current = index;
    const strings: string[] = [];
    // Once it is too much, nothing can make it right.
    for (const word of this.made > MAX_MADE ? [] : (entry.words ?? [])) {
      const value = word.text ?? this.expand(word, entry);
      if (typeof value === 'string') strings.push(value);
      else for (const text of value) strings.push(text);
      if (strings.length > MAX_ELEMENTS) break;
    }
    this.replaced[index] = this.fits(strings, entry) ? strings : [];
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

  /** A variable by its exact spelling, or a parameter by its last one: ${allow.mount} is not allow.nomount. */
  private find({ variable: name, key }: VariablePiece): number | null {
    const { entries, index } = this.jail;
    const variable = index.get(key);
    if (variable !== undefined && entries[variable]?.words !== null) return variable;
    const parameter = this.parameter(name);
    return parameter === null || parameter.entry.words === null ? null : parameter.at;
  }

  /** The parameter of exactly this spelling. */
  private parameter(name: string): { readonly at: number; readonly entry: Entry } | null {
    const { entries, index } = this.jail;
    const at = index.get(keyOf({ name, variable: false })) ?? -1;
    const entry = entries[at];
    return entry?.name === name ? { at, entry } : null;
  }

  private expand(word: Word, entry: Entry): string | readonly string[] {
    const alone = loneVariable(word);
    let text = '';
    for (const piece of word.pieces) {
      if ('text' in piece) text += piece.text;
      else {
        const strings = this.lookUp(piece);
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

  private lookUp(piece: VariablePiece): readonly string[] {
    const { variable: name, place } = piece;
    if (this.loops.has(place)) return [];
    const index = this.find(piece);
    const entry = index === null ? undefined : this.jail.entries[index];
    const strings = index === null || entry === undefined ? null : this.stringsAt(index, entry);
    if (index !== null && this.isSpoiled(index)) this.spoil();
    if (strings !== null) return strings;
    const isValueless = this.parameter(name)?.entry.words === null;
    const message = isValueless ? `"${name}" has no value to put here` : `variable "${name}" is not defined`;
    const isTold = this.failures.length < MAX_TOLD;
    this.fail('undefined-variable', place, message, isValueless || !isTold ? undefined : this.similar(name));
    return [];
  }

  /** A list that is used ten thousand times is made once. */
  private stringsAt(index: number, entry: Entry): Strings {
    if (entry.plain) return (this.replaced[index] ??= stringsOf(entry, undefined));
    return this.replaced[index] ?? null;
  }

  private similar(name: string): string {
    const dotted = this.jail.entries.find((entry) => entry.name.startsWith(`${name}.`));
    if (dotted !== undefined) return `did you mean \${${dotted.name}}? A dot ends a name without braces`;
    if (name.includes(';')) return 'close it with "}"';
    const other = this.jail.entries[this.jail.index.get(keyOf({ name, variable: false })) ?? -1];
    if (other !== undefined) return `it is written "${other.name}" here, and found by that spelling alone`;
    if (other === undefined && isParamName(name)) return `set the parameter: ${name} = VALUE;`;
    const usable = this.jail.entries.filter(({ words }) => words !== null);
    const nearest = nearestOf(
      name,
      usable.map((entry) => entry.name),
    );
    if (nearest !== null) return `did you mean ${asVariable(nearest)}?`;
    return `define it: ${asVariable(name)} = VALUE; or write \\$ for a dollar sign`;
  }

  private arrayInline(word: Word, entry: Entry): void {
    const message = `a list cannot stand inside the text of "${entry.name}"`;
    this.fail('array-inline', word, message, 'use it as a whole word');
  }

  private loop(index: number, { variable: name, place }: VariablePiece): void {
    this.current = index;
    this.loops.add(place);
    this.fail('variable-loop', place, `variable "${name}" is defined by itself`);
  }

  private spoil(): void {
    (this.spoiled ??= new Set()).add(this.current);
  }

  private fail(code: Diagnostic['code'], place: Place, message: string, hint?: string): void {
    this.spoil();
    if (this.failures.length < MAX_TOLD) this.failures.push(diagnose('error', code, place, message, hint));
  }
}

/** The last variable of a word that has no text: a list may stand there. */
function loneVariable({ pieces }: Word): Piece | undefined {
  if (pieces.some((piece) => 'text' in piece && piece.text !== '')) return undefined;
  return pieces.findLast((piece) => 'variable' in piece);
}

/** The name as it is written where a variable is used or defined: a dot ends one without braces. */
const asVariable = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? `$${name}` : `\${${name}}`);
