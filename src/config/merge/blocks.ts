import type { BlockNode, Item, ParamNode } from '../syntax/ast.js';
import { diagnose, type Place } from '../syntax/source.js';
import type { Diagnostic } from '../diagnostic.js';
import { withoutNo } from '../params.js';

/** The parameters of one block of a file. */
export interface Block {
  readonly name: string;
  /** Where its name stands. */
  readonly place: Place;
  readonly params: readonly ParamNode[];
}

/** Whether a name stands for many jails: one of its components is a star. */
export function isWildcard(name: string): boolean {
  return name.includes('*') && name.split('.').includes('*');
}

/**
 * Whether a wildcard covers a name: a star stands for one component, the last star for one or more (jail.conf(5)).
 */
export function matchesWildcard(wildcard: string, name: string): boolean {
  return matchesPattern(wildcard.split('.'), name.split('.'));
}

/** The same for names that are cut into their components. */
export function matchesPattern(pattern: readonly string[], parts: readonly string[]): boolean {
  const openEnd = pattern.at(-1) === '*';
  if (openEnd ? parts.length < pattern.length : parts.length !== pattern.length) return false;
  return pattern.every((component, i) => component === '*' || component === parts[i]);
}

interface OpenBlock extends Block {
  readonly params: ParamNode[];
}

/**
 * All blocks in file order; nested ones have dotted names. Loose parameters form one block "*" at the place of the
 * first of them (FreeBSD 14).
 */
export function collectBlocks(items: readonly Item[]): readonly Block[] {
  const blocks: Block[] = [];
  let globals: OpenBlock | null = null;
  const add = (item: BlockNode, name: string): void => {
    // Most blocks hold parameters only, and their list need not be copied.
    const params = item.items.every(isParam) ? item.items : item.items.filter(isParam);
    blocks.push({ name, place: item, params });
    if (params === item.items) return;
    for (const inner of item.items) if (inner.kind === 'block') add(inner, `${name}.${inner.name}`);
  };
  for (const item of items) {
    if (item.kind === 'block') add(item, item.name);
    if (item.kind !== 'param') continue;
    if (globals === null) blocks.push((globals = { name: '*', place: item, params: [] }));
    globals.params.push(item);
  }
  return blocks;
}

const isParam = (item: Item): item is ParamNode => item.kind === 'param';

/** The name that decides whether two mentions are the same parameter: x and nox are; variables are apart. */
export function keyOf({ name, variable }: { readonly name: string; readonly variable: boolean }): string {
  if (variable) return `$${name}`;
  return name.includes('no') ? (withoutNo(name) ?? name) : name;
}

/** Warns of globals that FreeBSD 13 would let win over a block above them, and FreeBSD 14 does not. */
export function lateGlobals(items: readonly Item[]): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const setBy = new Map<string, string>();
  let globalsBegun = false;
  const lastGlobal = items.findLastIndex(isParam);
  for (const item of items.slice(0, lastGlobal + 1)) {
    if (item.kind === 'block' && globalsBegun && !isWildcard(item.name))
      for (const inner of item.items) if (inner.kind === 'param') setBy.set(inner.key, item.name);
    if (item.kind !== 'param') continue;
    globalsBegun = true;
    const jail = setBy.get(item.key);
    if (jail === undefined) continue;
    const message = `"${item.name}" comes after jail "${jail}" has set it, and does not change it there`;
    const hint = 'FreeBSD 13 let the later one win; move it above the jails';
    diagnostics.push(diagnose('warning', 'late-global', item, message, hint));
  }
  return diagnostics;
}
