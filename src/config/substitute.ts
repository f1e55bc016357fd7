import type { Word } from './ast.js';
import { keyOf } from './blocks.js';
import type { Diagnostic } from './diagnostic.js';
import type { Entry, MergedJail } from './merge.js';
import { diagnose, type Place } from './source.js';

/** Strings without variables; null for a parameter without a value. */
export type Strings = readonly string[] | null;

/** A jail whose variables are replaced. */
export interface Substituted {
  /** By keyOf, variables included. */
  readonly strings: ReadonlyMap<string, Strings>;
  readonly failures: readonly Diagnostic[];
}

/** "$a$a" thirty levels deep would be larger than the memory. */
const MAX_CHARACTERS = 1 << 20;
const MAX_ELEMENTS = 1 << 16;

/** Replaces the variables of a jail: late, so that the final value counts wherever it was written (jail.conf(5)). */
export function substitute(jail: MergedJail): Substituted {
  const substitution = new Substitution(jail);
  for (const [key, entry] of jail.entries) substitution.resolve(key, entry);
  return substitution;
}

interface Frame {
  readonly key: string;
  readonly entry: Entry;
  /** Variables of the entry that are still to be looked at. */
  readonly pending: { readonly name: string; readonly place: Place }[];
}

class Substitution implements Substituted {
  readonly strings = new Map<string, Strings>();
  readonly failures: Diagnostic[] = [];
  private readonly active = new Set<string>();
  private readonly loops = new Set<Place>();

  constructor(private readonly jail: MergedJail) {}

  /** With a stack of its own: variables may be nested more deeply than calls. */
  resolve(key: string, entry: Entry): void {
    if (this.strings.has(key)) return;
    if (entry.words === null || entry.texts !== null) return void this.strings.set(key, entry.texts);
    const stack = [this.open(key, entry)];
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const next = frame.pending.pop();
      if (next === undefined) {
        this.close(frame);
        stack.pop();
        continue;
      }
      const found = this.find(next.name);
      if (found === null || this.strings.has(found.key)) continue;
      if (this.active.has(found.key)) this.loop(next.name, next.place);
      else stack.push(this.open(found.key, found.entry));
    }
  }

  private open(key: string, entry: Entry): Frame {
    this.active.add(key);
    const pending = (entry.words ?? []).flatMap((word) =>
      word.pieces.flatMap((piece) =>
        'variable' in piece ? { name: piece.variable, place: piece.place } : [],
      ),
    );
    return { key, entry, pending: pending.reverse() };
  }

  private close({ key, entry }: Frame): void {
    const strings = entry.words && entry.words.flatMap((word) => word.text ?? this.expand(word, entry));
    const fits = strings === null || strings.length <= MAX_ELEMENTS;
    if (!fits)
      this.fail('value-too-long', entry.place, `"${entry.name}" has more than ${MAX_ELEMENTS} elements`);
    this.strings.set(key, fits ? strings : []);
    this.active.delete(key);
  }

  /** A variable by its exact spelling, or a parameter by its last one: ${allow.mount} is not allow.nomount. */
  private find(name: string): { key: string; entry: Entry } | null {
    for (const variable of [true, false]) {
      const key = keyOf({ name, variable });
      const entry = this.jail.entries.get(key);
      if (entry?.name === name && entry.words !== null) return { key, entry };
    }
    return null;
  }

  private expand(word: Word, entry: Entry): string | readonly string[] {
    let text = '';
    const literal = word.pieces.some((piece) => 'text' in piece && piece.text !== '');
    const last = word.pieces.findLast((piece) => 'variable' in piece);
    for (const piece of word.pieces) {
      const strings = 'text' in piece ? [piece.text] : this.lookUp(piece.variable, piece.place);
      if (strings.length > 1 && piece === last && !literal && text === '') return strings;
      if (strings.length > 1) this.arrayInline(word, entry);
      else text += strings[0] ?? '';
      if (text.length > MAX_CHARACTERS) {
        this.fail('value-too-long', word, `"${entry.name}" has more than ${MAX_CHARACTERS} characters`);
        return '';
      }
    }
    return text;
  }

  private lookUp(name: string, place: Place): readonly string[] {
    if (this.loops.has(place)) return [];
    const found = this.find(name);
    const strings = found && this.strings.get(found.key);
    if (strings) return strings;
    const valueless = this.jail.entries.get(keyOf({ name, variable: false }))?.name === name;
    const message = valueless ? `"${name}" has no value to put here` : `variable "${name}" is not defined`;
    this.fail('undefined-variable', place, message, valueless ? undefined : this.similar(name));
    return [];
  }

  private similar(name: string): string {
    const dotted = [...this.jail.entries.values()].find((entry) => entry.name.startsWith(`${name}.`));
    if (dotted !== undefined) return `did you mean \${${dotted.name}}? A dot ends a name without braces`;
    return `define it: $${name} = VALUE; or write \\$ for a dollar sign`;
  }

  private arrayInline(word: Word, entry: Entry): void {
    const message = `a list cannot stand inside the text of "${entry.name}"`;
    this.fail('array-inline', word, message, 'use it as a whole word');
  }

  private loop(name: string, place: Place): void {
    this.loops.add(place);
    this.fail('variable-loop', place, `variable "${name}" is defined by itself`);
  }

  private fail(code: Diagnostic['code'], place: Place, message: string, hint?: string): void {
    this.failures.push(diagnose('error', code, place, message, hint));
  }
}
