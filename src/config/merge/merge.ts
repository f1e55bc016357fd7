import type { ParamNode, Word } from '../syntax/ast.js';
import { keyOf, type Block } from './blocks.js';
import { MAX_TOLD, type Diagnostic } from '../diagnostic.js';
import { withoutNo } from '../params.js';
import { diagnose, type Place } from '../syntax/source.js';
import type { Stack } from './stacks.js';

/** What all blocks together say about one parameter of one jail; its place is where it was written last. */
export interface Entry extends Place {
  readonly name: string;
  readonly variable: boolean;
  /** By which two mentions are the same parameter (keyOf). */
  readonly key: string;
  readonly words: readonly Word[] | null;
  /** There are no variables in the words. */
  readonly plain: boolean;
  /** There is a mistake of syntax in its value. */
  readonly lost?: true;
}

/** What is written of a jail. */
export interface JailEntries {
  readonly block: Block;
  /** In the order of first mention. Where nothing was added, they are the nodes of the files themselves. */
  readonly entries: readonly Entry[];
}

/** A jail before its variables are replaced. */
export interface MergedJail extends JailEntries {
  /** Where they are, by their keys. */
  readonly index: ReadonlyMap<string, number>;
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

/** A jail's parameters: what its layers say, one over the other. */
export function mergeJail({ block, layers }: Stack): MergedJail {
  const merge = new Merge(block);
  for (const layer of layers) for (const node of layer.params) merge.apply(node);
  return merge.finish();
}

class Merge {
  private readonly entries: Entry[] = [];
  /** Where the entries are, by their keys. */
  private readonly index = new Map<string, number>();
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
    if (!this.index.has('name')) this.preset('name');
    const { block, entries, index, failures } = this;
    return { block, entries, index, failures };
  }

  private preset(key: string): void {
    const { name: text, place } = this.block;
    const { source, start, end } = place;
    const words: Word[] = [{ text, pieces: [], source, start, end }];
    this.set({ name: key, variable: false, key, words, plain: true, source, start, end });
  }

  private set(entry: Entry, at = this.index.get(entry.key)): void {
    if (at === undefined) this.index.set(entry.key, this.entries.push(entry) - 1);
    else this.entries[at] = entry;
  }

  apply(node: ParamNode): void {
    const { key } = node;
    const at = this.index.get(key);
    const old = at === undefined ? undefined : this.entries[at];
    if (old !== undefined && (key === 'name' || key === 'jid')) return this.redefined(node);
    if (this.collides(node)) return this.sameName(node);
    if (node.append && old?.words) this.set(this.appended(node, old, old.words), at);
    else {
      this.grown.delete(key);
      this.set(node, at);
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
    if (variable) return this.index.has(keyOf({ name, variable: false }));
    return this.taken.has(key);
  }

  private takeName(node: ParamNode): void {
    const positive = withoutNo(node.name);
    this.taken.add(node.name);
    if (positive !== null) this.taken.add(positive);
    if (RESERVED.has(positive ?? node.name)) this.sameName(node);
  }

  private redefined(node: ParamNode): void {
    const isOfBlock = this.entries[this.index.get(node.key) ?? -1]?.start === this.block.place.start;
    const hint = isOfBlock ? `the name of the block is the ${node.name}` : 'write it once';
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
