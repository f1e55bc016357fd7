import type { Word } from './syntax/ast.js';
import { isWildcard, keyOf, type Block } from './merge/blocks.js';
import { elementPlace } from './culprit.js';
import { JailsAsWritten } from './finding.js';
import type { Compiled, Jail } from './jail.js';
import type { Entry, MergedJail } from './merge/merge.js';
import { findParam, isParamName, params } from './params.js';
import { spanOf, type Place } from './syntax/source.js';
import { substitute, type Substituted } from './merge/substitute.js';
import { COMMAND_LINE } from './words.js';

/** Who wrote something: the jail's own block, its name, a wildcard block, a loose parameter, a command line, nobody. */
export type Author = 'jail' | 'block name' | 'wildcard' | 'global' | 'command line' | 'default';

/** Where something was written, and in which block. */
export interface Written {
  readonly by: Author;
  /** The name of the block as it is written. */
  readonly block: string | null;
  readonly file: string | null;
  /** Counted from 1, as the column is. */
  readonly line: number | null;
  readonly column: number | null;
}

export interface WrittenVariable extends Written {
  readonly name: string;
}

/** Where a value comes from. */
export interface Origin extends Written {
  /** One for each string of the value. */
  readonly elements: readonly Written[];
  /** The variables in it, and the variables in those. */
  readonly variables: readonly WrittenVariable[];
}

const NOWHERE = { block: null, file: null, line: null, column: null } as const;
const DEFAULT: Origin = { by: 'default', ...NOWHERE, elements: [], variables: [] };

/** Tells for the jails of a configuration where each value comes from. */
export class Origins {
  readonly #written: JailsAsWritten;
  /** Parameters and words → the block that they are in. */
  readonly #blocks = new Map<Place, Block>();

  constructor(compiled: Compiled) {
    this.#written = new JailsAsWritten(compiled);
    for (const block of compiled.blocks)
      for (const node of block.params) {
        this.#blocks.set(node, block);
        for (const word of node.words ?? []) this.#blocks.set(word, block);
      }
  }

  /** By the spelling in the jail's params, in their order. */
  of(jail: Jail): ReadonlyMap<string, Origin> {
    const merged = this.#written.of(jail);
    const { replaced } = substitute(merged);
    return new Map(
      merged.entries
        .filter(({ variable }) => !variable)
        .map((entry) => [entry.name, this.#originOf(jail, merged, replaced, entry)]),
    );
  }

  /** The same for every parameter of the table as well, by its own name; what is not set is by default. */
  ofAll(jail: Jail): ReadonlyMap<string, Origin> {
    const written = this.of(jail);
    const all = new Map<string, Origin>(
      Object.keys(params)
        .filter(isParamName)
        .map((name) => [name, DEFAULT]),
    );
    for (const [name, origin] of written) {
      all.set(name, origin);
      const mention = findParam(name);
      if (mention !== null) all.set(mention.name, origin);
    }
    return all;
  }

  #originOf(jail: Jail, merged: MergedJail, replaced: Substituted['replaced'], entry: Entry): Origin {
    const strings = jail.params.get(entry.name) ?? [];
    const resolved = { ...merged, replaced };
    return {
      ...this.#entryAt(entry),
      elements: strings.map((_, index) => this.#writtenAt(elementPlace(entry, index, resolved))),
      variables: this.#variablesOf(merged, entry.words ?? []),
    };
  }

  /** An entry to which something was added is no node of a file; its last word is. */
  #entryAt(entry: Entry): Written {
    return this.#writtenAt(entry, this.#blocks.get(entry) ?? this.#blocks.get(entry.words?.at(-1) ?? entry));
  }

  #writtenAt(place: Place, block = this.#blocks.get(place)): Written {
    const { file, line, column } = spanOf(place);
    const where = { block: block?.name ?? null, file, line, column };
    if (file === COMMAND_LINE) return { by: 'command line', ...where };
    // The value that a block's name gives has no place among the parameters.
    if (block === undefined) return { by: 'block name', ...where };
    if (!isWildcard(block.name)) return { by: 'jail', ...where };
    // Loose parameters have no block of their own: theirs begins with the first of them.
    return { by: block.place === block.params[0] ? 'global' : 'wildcard', ...where };
  }

  #variablesOf(merged: MergedJail, words: readonly Word[]): readonly WrittenVariable[] {
    const found = new Map<string, WrittenVariable>();
    const collect = (word: Word): void => {
      for (const piece of word.pieces) {
        if (!('variable' in piece) || found.has(piece.variable)) continue;
        const entry = entryOf(merged, piece.variable);
        if (entry === undefined) continue;
        found.set(piece.variable, { name: piece.variable, ...this.#entryAt(entry) });
        entry.words?.forEach(collect);
      }
    };
    words.forEach(collect);
    return [...found.values()];
  }
}

/** A variable, or a parameter that is used as one. */
function entryOf({ entries }: MergedJail, name: string): Entry | undefined {
  const [variable, parameter] = [true, false].map((is) => keyOf({ name, variable: is }));
  return entries.find(({ key }) => key === variable) ?? entries.find(({ key }) => key === parameter);
}
