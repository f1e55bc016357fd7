import type { ParamNode } from '../syntax/ast.js';
import { isWildcard, matchesPattern, type Block } from './blocks.js';

/** A block whose name stands for many jails. */
export interface Wildcard {
  readonly block: Block;
  /** Its index among the blocks. */
  readonly at: number;
  readonly pattern: readonly string[];
  /** How much a jail gets from it: parameters, words and variables. */
  readonly weight: number;
}

function weightOf({ words }: ParamNode): number {
  return (words ?? []).reduce((sum, { pieces }) => sum + 1 + pieces.length, 1);
}

/** Wildcards by their first component, so that ten thousand jails with a wildcard each stay quick. */
export class WildcardIndex {
  private readonly byFirst = new Map<string, Wildcard[]>();
  /** How much there was to compare for the last name. */
  compared = 0;

  constructor(blocks: readonly Block[]) {
    for (const [at, block] of blocks.entries()) {
      if (!isWildcard(block.name)) continue;
      const pattern = block.name.split('.');
      const weight = block.params.reduce((sum, node) => sum + weightOf(node), 0);
      const list = this.byFirst.get(pattern[0] ?? '') ?? [];
      list.push({ block, at, pattern, weight });
      this.byFirst.set(pattern[0] ?? '', list);
    }
  }

  private listFor(first: string): readonly Wildcard[] {
    return this.byFirst.get(first) ?? [];
  }

  /** The wildcards that cover a name, in file order. */
  covering(name: string): readonly Wildcard[] {
    const parts = name.split('.');
    const candidates = [...this.listFor('*'), ...this.listFor(parts[0] ?? '')];
    this.compared = candidates.length;
    return candidates.filter(({ pattern }) => matchesPattern(pattern, parts)).sort((a, b) => a.at - b.at);
  }
}
