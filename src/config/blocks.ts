import type { Item, ParamNode } from './ast.js';
import { diagnose, type Place } from './source.js';
import type { Diagnostic } from './diagnostic.js';
import { withoutNo } from './params.js';

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
  if (wildcard === '*') return true;
  const patterns = wildcard.split('.');
  const parts = name.split('.');
  const openEnd = patterns.at(-1) === '*';
  if (openEnd ? parts.length < patterns.length : parts.length !== patterns.length) return false;
  return patterns.every((pattern, i) => pattern === '*' || pattern === parts[i]);
}

interface OpenBlock extends Block {
  readonly params: ParamNode[];
}

/**
 * All blocks in file order; nested ones have dotted names. Loose parameters form one block "*" at the place of the
 * first of them (FreeBSD 14).
 */
export function collectBlocks(items: readonly Item[]): readonly Block[] {
  const blocks: OpenBlock[] = [];
  let globals: OpenBlock | null = null;
  const walk = (inside: readonly Item[], parent: OpenBlock | null): void => {
    for (const item of inside) {
      if (item.kind === 'block') {
        const name = parent === null ? item.name : `${parent.name}.${item.name}`;
        const block: OpenBlock = { name, place: item, params: [] };
        blocks.push(block);
        walk(item.items, block);
      } else if (item.kind === 'param') {
        if (parent === null && globals === null)
          blocks.push((globals = { name: '*', place: item, params: [] }));
        (parent ?? globals)?.params.push(item);
      }
    }
  };
  walk(items, null);
  return blocks;
}

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
  for (const item of items) {
    if (item.kind === 'block' && globalsBegun && !isWildcard(item.name))
      for (const inner of item.items) if (inner.kind === 'param') setBy.set(keyOf(inner), item.name);
    if (item.kind !== 'param') continue;
    globalsBegun = true;
    const jail = setBy.get(keyOf(item));
    if (jail === undefined) continue;
    const message = `"${item.name}" comes after jail "${jail}" has set it, and does not change it there`;
    const hint = 'FreeBSD 13 let the later one win; move it above the jails';
    diagnostics.push(diagnose('warning', 'late-global', item, message, hint));
  }
  return diagnostics;
}
