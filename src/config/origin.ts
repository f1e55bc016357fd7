import type { Word } from './ast.js';
import { isWildcard, keyOf, type Block } from './blocks.js';
import { mergedBy } from './finding.js';
import type { Compiled, Jail } from './jail.js';
import type { Entry, MergedJail } from './merge.js';
import { findParam, isParamName, params } from './params.js';
import { spanOf, type Place } from './source.js';
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
  /** One for each string of the value; none where that cannot be told, or there is no value. */
  readonly elements: readonly Written[];
  /** The variables in it, and the variables in those. */
  readonly variables: readonly WrittenVariable[];
}

const NOWHERE = { block: null, file: null, line: null, column: null } as const;
const DEFAULT: Origin = { by: 'default', ...NOWHERE, elements: [], variables: [] };

/** Tells for the jails of a configuration where each value comes from. */
export class Origins {
  readonly #merged: ReadonlyMap<Jail, MergedJail>;
  /** Parameters and words → the block that they are in. */
  readonly #blocks = new Map<Place, Block>();

  constructor(compiled: Compiled) {
    this.#merged = mergedBy(compiled);
    for (const block of compiled.blocks)
      for (const node of block.params) {
        this.#blocks.set(node, block);
        for (const word of node.words ?? []) this.#blocks.set(word, block);
      }
  }

  /** By the spelling in the jail's params, in their order. */
  of(jail: Jail): ReadonlyMap<string, Origin> {
    const origins = new Map<string, Origin>();
    const merged = this.#merged.get(jail);
    for (const entry of merged?.entries.values() ?? [])
      if (merged !== undefined && !entry.variable)
        origins.set(entry.name, this.#originOf(jail, merged, entry));
    return origins;
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

  #originOf(jail: Jail, merged: MergedJail, entry: Entry): Origin {
    const words = entry.words ?? [];
    return {
      ...this.#writtenAt(entry.place),
      elements: this.#elementsOf(jail, merged, entry),
      variables: this.#variablesOf(merged, words),
    };
  }

  #writtenAt(place: Place): Written {
    const { file, line, column } = spanOf(place);
    const block = this.#blocks.get(place);
    const where = { block: block?.name ?? null, file, line, column };
    if (file === COMMAND_LINE) return { by: 'command line', ...where };
    // The value that a block's name gives has no place among the parameters.
    if (block === undefined) return { by: 'block name', ...where };
    if (!isWildcard(block.name)) return { by: 'jail', ...where };
    // Loose parameters have no block of their own: theirs begins with the first of them.
    return { by: block.place === block.params[0] ? 'global' : 'wildcard', ...where };
  }

  /** A word that is a variable of several elements stands for all of them. */
  #elementsOf(jail: Jail, merged: MergedJail, { name, words }: Entry): readonly Written[] {
    const count = jail.params.get(name)?.length ?? 0;
    if (words === null) return [];
    const elements = words.flatMap((word) => {
      const times = words.length === 1 ? count : widthOf(merged, word, jail);
      return new Array<Written>(times).fill(this.#writtenAt(word));
    });
    return elements.length === count ? elements : [];
  }

  #variablesOf(merged: MergedJail, words: readonly Word[]): readonly WrittenVariable[] {
    const found = new Map<string, WrittenVariable>();
    const collect = (word: Word): void => {
      for (const piece of word.pieces) {
        if (!('variable' in piece) || found.has(piece.variable)) continue;
        const entry = entryOf(merged, piece.variable);
        if (entry === undefined) continue;
        found.set(piece.variable, { name: piece.variable, ...this.#writtenAt(entry.place) });
        entry.words?.forEach(collect);
      }
    };
    words.forEach(collect);
    return [...found.values()];
  }
}

/** A variable, or a parameter that is used as one. */
const entryOf = ({ entries }: MergedJail, name: string): Entry | undefined =>
  entries.get(keyOf({ name, variable: true })) ?? entries.get(keyOf({ name, variable: false }));

/** How many elements a word stands for: as many as the only variable that it consists of has. */
function widthOf(merged: MergedJail, word: Word, jail: Jail): number {
  const [piece, more] = word.pieces;
  if (piece === undefined || more !== undefined || !('variable' in piece)) return 1;
  const entry = entryOf(merged, piece.variable);
  if (entry === undefined) return 1;
  const strings = entry.variable ? undefined : jail.params.get(entry.name);
  const words = entry.words ?? [];
  return strings?.length ?? words.reduce((sum, inner) => sum + widthOf(merged, inner, jail), 0);
}
