import { isWildcard, type Block } from './blocks.js';
import type { Diagnostic } from '../diagnostic.js';
import { diagnose } from '../syntax/source.js';
import { WildcardIndex, type Wildcard } from './wildcards.js';

/** A jail's own block and the wildcards that cover it, in file order: the later one lies over the others. */
export interface Stack {
  readonly block: Block;
  readonly layers: readonly Block[];
}

export interface Stacked {
  readonly stacks: readonly Stack[];
  /** Wildcard blocks that stand for at least one jail. */
  readonly covered: ReadonlySet<Block>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parameters and words that wildcards may add to all jails together, and to each of them besides. */
const MAX_APPLIED = 4_000_000;
const MAX_APPLIED_EACH = 200;

/** What each jail is made from. */
export function stackBlocks(blocks: readonly Block[]): Stacked {
  const wildcards = new WildcardIndex(blocks);
  const stacks: Stack[] = [];
  const covered = new Set<Block>();
  let left = MAX_APPLIED;
  for (const [at, block] of blocks.entries()) {
    if (isWildcard(block.name)) continue;
    const covering = wildcards.covering(block.name);
    left += MAX_APPLIED_EACH - wildcards.compared - covering.reduce((sum, { weight }) => sum + weight, 0);
    if (left < 0) {
      const message = `the globals and wildcards of the jails down to this one make more than ${MAX_APPLIED} parameters`;
      const hint = 'write what few jails need into those jails';
      return { stacks, covered, diagnostics: [diagnose('error', 'too-large', block.place, message, hint)] };
    }
    for (const wildcard of covering) covered.add(wildcard.block);
    stacks.push({ block, layers: layersOf(block, at, covering) });
  }
  return { stacks, covered, diagnostics: [] };
}

function layersOf(block: Block, at: number, covering: readonly Wildcard[]): readonly Block[] {
  const layers = covering.map((wildcard) => wildcard.block);
  const after = covering.findIndex((wildcard) => wildcard.at > at);
  layers.splice(after < 0 ? layers.length : after, 0, block);
  return layers;
}
