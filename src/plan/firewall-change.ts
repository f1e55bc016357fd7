import { kindOf, lookupBlock, type Lookup, type Table } from './firewall-text.js';

/** A table as it is in the kernel. */
export interface Standing {
  /** The lines of each chain; null where they are not known. */
  readonly chains: ReadonlyMap<string, readonly string[] | null>;
  readonly lookups: ReadonlyMap<string, StandingLookup>;
}

interface StandingLookup {
  readonly kind: 'map' | 'set';
  /** Null where they are not known. */
  readonly elements: readonly string[] | null;
}

/** What stands after a table has been written. */
export const standingOf = ({ chains, lookups }: Table): Standing => ({
  chains: new Map(chains.map(({ name, rules: { lines } }) => [name, lines])),
  lookups: new Map(lookups.map((one) => [one.name, { kind: kindOf(one), elements: one.elements }])),
});

/**
 * What stands by the words of `nft --terse list table`, which are only about names; null where it has what jaild never
 * writes, or is called by the kernel where the table that is wanted is not. nft(8).
 */
export function standingIn(listing: string, wanted: Table): Standing | null {
  const chains = new Map<string, null>();
  const lookups = new Map<string, StandingLookup>();
  const hooked = new Set([...listing.matchAll(/^\tchain (\S+) \{\n\t\ttype /gm)].map(([, name]) => name));
  const isOdd = wanted.chains.some(({ name, hook }) => hook === undefined && hooked.has(name));
  if (isOdd || /^\tflags /m.test(listing)) return null;
  for (const [, kind, name = ''] of listing.matchAll(/^\t(\S.*) (\S+) \{$/gm)) {
    if (kind === 'chain') chains.set(name, null);
    else if (kind === 'map' || kind === 'set') lookups.set(name, { kind, elements: null });
    else return null;
  }
  return { chains, lookups };
}

/**
 * The script that makes a table of what stands, in place and all at once: hooks, connections, and whatever does not differ
 * see nothing of it. Empty when nothing differs. nft(8) refuses it where what stands is not what it is said to be, or where
 * a chain has another hook than the one that is wanted, or a set or map another type.
 */
export function changeScript(before: Standing, { name: table, chains, lookups }: Table): string {
  const of = (name: string): string => `inet ${table} ${name}`;
  const differing = chains.filter(({ name, rules: { lines } }) => !isSame(before.chains.get(name), lines));
  const flushed = differing.filter(({ name }) => before.chains.has(name));
  const goneChains = namesWithout(before.chains, chains);
  const goneLookups = namesWithout(before.lookups, lookups);
  return [
    // What refers to something goes before it; what is referred to comes before that does.
    ...[...flushed.map(({ name }) => name), ...goneChains].map((name) => `flush chain ${of(name)}`),
    ...goneChains.map((name) => `delete chain ${of(name)}`),
    ...goneLookups.map((name) => `delete ${before.lookups.get(name)?.kind ?? 'set'} ${of(name)}`),
    ...lookups.flatMap((lookup) => lookupLines(before.lookups.get(lookup.name), lookup, table)),
    ...differing.map(({ name, hook }) => `add chain ${of(name)}${declaration(hook)}`),
    ...differing.flatMap(({ name, rules }) => rules.lines.map((line) => `add rule ${of(name)} ${line}`)),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

const isSame = (before: readonly string[] | null | undefined, lines: readonly string[]): boolean =>
  before?.join('\n') === lines.join('\n');

const namesWithout = (
  before: ReadonlyMap<string, unknown>,
  wanted: readonly { readonly name: string }[],
): readonly string[] => [...before.keys()].filter((name) => wanted.every((one) => one.name !== name));

const declaration = (hook: string | undefined): string =>
  hook === undefined ? '' : ` { ${hook}; policy accept; }`;

/** Elements that stay are left alone: kernels before 6.17 may miss one that is deleted and added again for a moment. */
function lookupLines(before: StandingLookup | undefined, lookup: Lookup, table: string): readonly string[] {
  const full = `inet ${table} ${lookup.name}`;
  const whole = `add ${lookupBlock(lookup, table)}`;
  if (before === undefined) return [whole];
  if (before.elements === null) return [`flush ${before.kind} ${full}`, whole];
  return [
    ...elementLine('delete', full, without(before.elements, lookup.elements)),
    ...elementLine('add', full, without(lookup.elements, before.elements)),
  ];
}

function without(elements: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Set(elements);
  for (const other of others) left.delete(other);
  return [...left];
}

const elementLine = (verb: 'add' | 'delete', full: string, elements: readonly string[]): readonly string[] =>
  elements.length === 0 ? [] : [`${verb} element ${full} { ${elements.join(', ')} }`];
