import type { ParamNode } from './syntax/ast.js';
import { isWildcard, type Block } from './merge/blocks.js';
import { Checker } from './check.js';
import type { Diagnostic } from './diagnostic.js';
import { mergeJail } from './merge/merge.js';
import { findParam } from './params.js';
import { diagnose, type Place } from './syntax/source.js';
import { substitute } from './merge/substitute.js';
import { nearestOf } from './nearest.js';

/** What is wrong with globals and wildcard blocks that cover no jail, which nobody would see otherwise. */
export function checkUncovered(blocks: readonly Block[], covered: ReadonlySet<Block>): readonly Diagnostic[] {
  const idle = blocks.filter((block) => isWildcard(block.name) && !covered.has(block));
  if (idle.length === 0) return [];
  const checker = new Checker();
  const defined = namesOf(blocks.flatMap(({ params }) => params));
  const nodes = idle.flatMap(({ params }) => params);
  const found = [...idle.flatMap((block) => plainMistakes(block, checker)), ...undefinedIn(nodes, defined)];
  return found.slice(0, MANY_TOLD);
}

/** Nobody reads more, and each is compared with every name there is. */
const MANY_TOLD = 200;

/** Values with variables in them are not known without a jail. */
function plainMistakes(block: Block, checker: Checker): readonly Diagnostic[] {
  const isPlain = ({ plain }: ParamNode): boolean => plain;
  const layer = { ...block, params: block.params.filter(isPlain) };
  const merged = mergeJail({ block: layer, layers: [layer] });
  return [...merged.failures, ...checker.check(merged, substitute(merged)).diagnostics];
}

const namesOf = (nodes: readonly ParamNode[]): ReadonlySet<string> => new Set(nodes.map(({ name }) => name));

/** Each variable that there is nowhere, at its first use. */
function undefinedIn(nodes: readonly ParamNode[], defined: ReadonlySet<string>): readonly Diagnostic[] {
  const told = new Map<string, Diagnostic>();
  for (const { words } of nodes)
    for (const { pieces } of words ?? [])
      for (const piece of pieces) {
        if (!('variable' in piece) || told.has(piece.variable) || told.size >= MANY_TOLD) continue;
        const name = piece.variable;
        if (!defined.has(name) && findParam(name) === null)
          told.set(name, undefinedAt(piece.place, name, defined));
      }
  return [...told.values()];
}

function undefinedAt(place: Place, name: string, defined: ReadonlySet<string>): Diagnostic {
  const nearest = nearestOf(name, [...defined]);
  const hint = nearest === null ? 'each jail that this is for has to define it' : `did you mean $${nearest}?`;
  return diagnose('warning', 'undefined-variable', place, `variable "${name}" is defined nowhere`, hint);
}

/** Variables that nothing refers to. */
export function unusedVariables(blocks: readonly Block[]): readonly Diagnostic[] {
  const first = new Map<string, Place>();
  const used = new Set<string>();
  for (const { params } of blocks)
    for (const node of params) {
      if (node.variable && !first.has(node.name)) first.set(node.name, node);
      if (!node.plain) noteUses(node, used);
    }
  return [...first]
    .filter(([name]) => !used.has(name))
    .map(([name, place]) => {
      const message = `variable "${name}" is never used`;
      return diagnose('warning', 'unused-variable', place, message, hintFor(name));
    });
}

function noteUses({ words }: ParamNode, used: Set<string>): void {
  for (const { pieces } of words ?? [])
    for (const piece of pieces) if ('variable' in piece) used.add(piece.variable);
}

const hintFor = (name: string): string | undefined =>
  findParam(name) === null ? undefined : `without "$" it would be the parameter "${name}"`;
