import type { ParamNode, Word } from './ast.js';
import { isWildcard, keyOf, matchesWildcard, type Block } from './blocks.js';
import type { Diagnostic } from './diagnostic.js';
import { withoutNo } from './params.js';
import { diagnose, type Place } from './source.js';

/** What all blocks together say about one parameter of one jail. */
export interface Entry {
  readonly name: string;
  readonly variable: boolean;
  readonly words: readonly Word[] | null;
  /** The texts of the words; null when there are variables in them, or no words. */
  readonly texts: readonly string[] | null;
  /** It is as a wildcard block has it, so it is the same for many jails. */
  readonly shared: boolean;
  /** Where it was written last. */
  readonly place: Place;
}

/** A jail before its variables are replaced. */
export interface MergedJail {
  readonly block: Block;
  /** By keyOf, in the order of first mention. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Mistakes for which jail(8) skips the jail. */
  readonly failures: readonly Diagnostic[];
}

/** Names that FreeBSD 14's jail(8) handles itself, so that no variable may have them. */
const RESERVED = new Set([
  ...[
    'allow.dying',
    'allow.nfsd',
    'command',
    'depend',
    'devfs_ruleset',
    'exec.clean',
    'exec.consolelog',
    'exec.created',
  ],
  ...[
    'exec.fib',
    'exec.jail_user',
    'exec.poststart',
    'exec.poststop',
    'exec.prepare',
    'exec.prestart',
    'exec.prestop',
  ],
  ...['exec.release', 'exec.start', 'exec.stop', 'exec.system_jail_user', 'exec.system_user', 'exec.timeout'],
  ...['host.hostname', 'interface', 'ip4.addr', 'ip6.addr', 'ip_hostname', 'jid', 'mount', 'mount.devfs'],
  ...[
    'mount.fdescfs',
    'mount.fstab',
    'mount.procfs',
    'name',
    'path',
    'persist',
    'securelevel',
    'stop.timeout',
  ],
  ...['vnet', 'vnet.interface', 'zfs.dataset'],
]);

/** Twenty times what one host is meant to hold. */
const MAX_JAILS = 20_000;
/** Jails times globals: a million of each would never end. */
const MAX_APPLIED = 5_000_000;

export interface Merged {
  readonly jails: readonly MergedJail[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Each jail's parameters: all wildcard blocks that cover it and its own block, in file order, one over the other. */
export function mergeJails(blocks: readonly Block[]): Merged {
  const index = new WildcardIndex(blocks);
  const jails: MergedJail[] = [];
  let applied = 0;
  for (const [at, block] of blocks.entries()) {
    if (isWildcard(block.name)) continue;
    applied += index.countFor(block.name);
    const layers = applied > MAX_APPLIED ? [] : index.around(block.name, at);
    applied += layers.reduce((sum, { params }) => sum + params.length, 0);
    if (applied > MAX_APPLIED || jails.length >= MAX_JAILS) {
      const message = `too much: at most ${MAX_JAILS} jails, and ${MAX_APPLIED} parameters in all of them together`;
      return { jails, diagnostics: [diagnose('error', 'too-large', block.place, message)] };
    }
    jails.push(mergeJail(block, layers));
  }
  return { jails, diagnostics: [] };
}

/** Merges one jail. @param layers its own block and the wildcards that cover it, in file order */
export function mergeJail(block: Block, layers: readonly Block[]): MergedJail {
  const merge = new Merge(block.place);
  const isNumber = /^\d+$/.test(block.name) && Number(block.name) !== 0;
  merge.preset(isNumber ? 'jid' : 'name', block.name);
  for (const layer of layers) for (const node of layer.params) merge.apply(node, layer !== block);
  if (!merge.entries.has('name')) merge.preset('name', block.name);
  return { block, entries: merge.entries, failures: merge.failures };
}

const firstComponent = (name: string): string => name.split('.', 1)[0] ?? '';

/** Wildcards by their first component, so that ten thousand jails with a wildcard each stay quick. */
class WildcardIndex {
  private readonly byFirst = new Map<string, number[]>();

  constructor(private readonly blocks: readonly Block[]) {
    blocks.forEach(({ name }, at) => {
      if (!isWildcard(name)) return;
      const first = firstComponent(name);
      const list = this.byFirst.get(first) ?? [];
      list.push(at);
      this.byFirst.set(first, list);
    });
  }

  /** How many wildcards have to be compared with a name. */
  countFor(name: string): number {
    return this.listFor('*').length + this.listFor(firstComponent(name)).length;
  }

  private listFor(first: string): readonly number[] {
    return this.byFirst.get(first) ?? [];
  }

  /** The block at an index and the wildcards that cover its name, in file order. */
  around(name: string, at: number): readonly Block[] {
    const candidates = [...this.listFor('*'), ...this.listFor(firstComponent(name))];
    const covering = candidates.filter((i) => matchesWildcard(this.blocks[i]?.name ?? '', name));
    return [...covering, at].sort((a, b) => a - b).flatMap((i) => this.blocks[i] ?? []);
  }
}

class Merge {
  readonly entries = new Map<string, Entry>();
  /** Lists made here, which may grow; the others belong to the files. */
  private readonly grown = new Map<string, Word[]>();
  readonly failures: Diagnostic[] = [];

  private hasVariables = false;

  constructor(private readonly place: Place) {}

  preset(name: string, text: string): void {
    const word: Word = { ...this.place, text, pieces: [] };
    this.entries.set(name, {
      name,
      variable: false,
      words: [word],
      texts: [text],
      shared: false,
      place: this.place,
    });
  }

  apply(node: ParamNode, shared: boolean): void {
    const key = keyOf(node);
    const old = this.entries.get(key);
    if (old !== undefined && (key === 'name' || key === 'jid')) return this.redefined(node);
    if (this.collides(node, key)) return this.sameName(node);
    const { name, variable } = node;
    if (node.append && old?.words) {
      const words = this.grow(key, old.words, node.words ?? []);
      this.entries.set(key, { name, variable, words, texts: null, shared: false, place: node });
    } else {
      this.grown.delete(key);
      this.entries.set(key, { name, variable, words: node.words, texts: node.texts, shared, place: node });
    }
    if (node.variable && RESERVED.has(withoutNo(node.name) ?? node.name)) this.sameName(node);
  }

  private grow(key: string, old: readonly Word[], more: readonly Word[]): readonly Word[] {
    const list = this.grown.get(key) ?? [...old];
    for (const word of more) list.push(word);
    this.grown.set(key, list);
    return list;
  }

  /** A variable and a parameter of one name, "no" or not. */
  private collides(node: ParamNode, key: string): boolean {
    this.hasVariables ||= node.variable;
    if (!this.hasVariables) return false;
    if (node.variable) return this.entries.has(keyOf({ name: node.name, variable: false }));
    const lastDot = key.lastIndexOf('.') + 1;
    const negative = `${key.slice(0, lastDot)}no${key.slice(lastDot)}`;
    return this.entries.has(`$${key}`) || this.entries.has(`$${negative}`);
  }

  private redefined(node: ParamNode): void {
    const hint = node.name === 'name' ? 'the name of the block is the name' : 'write it once';
    this.fail('redefined-parameter', node, `cannot set "${node.name}" again`, hint);
  }

  private sameName(node: ParamNode): void {
    const message = `variable "$${node.name}" cannot have the same name as a parameter`;
    this.fail('variable-named-like-parameter', node, message, 'rename the variable');
  }

  private fail(code: Diagnostic['code'], place: Place, message: string, hint: string): void {
    this.failures.push(diagnose('error', code, place, message, hint));
  }
}
