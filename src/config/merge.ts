import type { ParamNode, Word } from './ast.js';
import { isWildcard, keyOf, type Block } from './blocks.js';
import { MAX_TOLD, type Diagnostic } from './diagnostic.js';
import { withoutNo } from './params.js';
import { diagnose, type Place } from './source.js';
import { WildcardIndex, type Wildcard } from './wildcards.js';

/** What all blocks together say about one parameter of one jail; its place is where it was written last. */
export interface Entry extends Place {
  readonly name: string;
  readonly variable: boolean;
  /** By which two mentions are the same parameter (keyOf). */
  readonly key: string;
  readonly words: readonly Word[] | null;
  /** There is a mistake of syntax in its value. */
  readonly lost?: true;
  /** There are no variables in the words. */
  readonly plain: boolean;
}

/** A jail before its variables are replaced. */
export interface MergedJail {
  readonly block: Block;
  /** In the order of first mention. As far as nothing was added, they are the nodes of the files themselves. */
  readonly entries: readonly Entry[];
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

/** Parameters and words that wildcards may add to all jails together, and to each of them besides. */
const MAX_APPLIED = 4_000_000;
const MAX_APPLIED_EACH = 200;

export interface Merged {
  readonly jails: readonly MergedJail[];
  /** Wildcard blocks that stand for at least one jail. */
  readonly covered: ReadonlySet<Block>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Each jail's parameters: all wildcard blocks that cover it and its own block, in file order, one over the other. */
export function mergeJails(blocks: readonly Block[]): Merged {
  const wildcards = new WildcardIndex(blocks);
  const jails: MergedJail[] = [];
  const covered = new Set<Block>();
  let left = MAX_APPLIED;
  for (const [at, block] of blocks.entries()) {
    if (isWildcard(block.name)) continue;
    const covering = wildcards.covering(block.name);
    left += MAX_APPLIED_EACH - wildcards.compared - covering.reduce((sum, { weight }) => sum + weight, 0);
    if (left < 0) {
      const message = `the wildcards and globals of the jails down to this one make more than ${MAX_APPLIED} parameters`;
      const hint = 'write what few jails need into those jails';
      return { jails, covered, diagnostics: [diagnose('error', 'too-large', block.place, message, hint)] };
    }
    for (const wildcard of covering) covered.add(wildcard.block);
    const before = covering.filter((wildcard) => wildcard.at < at);
    const after = covering.slice(before.length);
    jails.push(mergeJail(block, [...before.map(blockOf), block, ...after.map(blockOf)]));
  }
  return { jails, covered, diagnostics: [] };
}

const blockOf = ({ block }: Wildcard): Block => block;

/** Merges one jail. @param layers its own block and the wildcards that cover it, in file order */
export function mergeJail(block: Block, layers: readonly Block[]): MergedJail {
  const merge = new Merge(block);
  for (const layer of layers) for (const node of layer.params) merge.apply(node);
  return merge.finish();
}

class Merge {
  private readonly entries = new Map<string, Entry>();
  /** Lists made here, which may grow; the others belong to the files. */
  private readonly grown = new Map<string, Word[]>();
  /** Names of the variables, with and without "no": no parameter may have them. */
  private readonly taken = new Set<string>();
  private readonly failures: Diagnostic[] = [];

  constructor(private readonly block: Block) {
    const isNumber = /^\d+$/.test(block.name) && Number(block.name) !== 0;
    this.preset(isNumber ? 'jid' : 'name');
  }

  finish(): MergedJail {
    if (!this.entries.has('name')) this.preset('name');
    return { block: this.block, entries: [...this.entries.values()], failures: this.failures };
  }

  private preset(key: string): void {
    const { name: text, place } = this.block;
    const { source, start, end } = place;
    const word: Word = { text, pieces: [], source, start, end };
    this.entries.set(key, {
      ...{ name: key, variable: false, key, words: [word], plain: true },
      ...{ source, start, end },
    });
  }

  apply(node: ParamNode): void {
    const { key } = node;
    const old = this.entries.get(key);
    if (old !== undefined && (key === 'name' || key === 'jid')) return this.redefined(node);
    if (this.collides(node)) return this.sameName(node);
    if (node.append && old?.words) this.entries.set(key, this.appended(node, old, old.words));
    else {
      this.grown.delete(key);
      this.entries.set(key, node);
    }
    if (node.variable) this.takeName(node);
  }

  private appended(node: ParamNode, old: Entry, before: readonly Word[]): Entry {
    const { name, variable, key, source, start, end } = node;
    const words = this.grown.get(key) ?? [...before];
    for (const word of node.words ?? []) words.push(word);
    this.grown.set(key, words);
    const lost = (old.lost ?? node.lost) && { lost: true as const };
    return { name, variable, key, words, plain: old.plain && node.plain, ...lost, source, start, end };
  }

  /** A variable and a parameter of one name, "no" or not. */
  private collides({ key, name, variable }: ParamNode): boolean {
    if (variable) return this.entries.has(keyOf({ name, variable: false }));
    return this.taken.has(key);
  }

  private takeName(node: ParamNode): void {
    const positive = withoutNo(node.name);
    this.taken.add(node.name);
    if (positive !== null) this.taken.add(positive);
    if (RESERVED.has(positive ?? node.name)) this.sameName(node);
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
    if (this.failures.length < MAX_TOLD) this.failures.push(diagnose('error', code, place, message, hint));
  }
}
