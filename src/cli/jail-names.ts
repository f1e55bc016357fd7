import { isWildcard, matchesWildcard } from '../config/merge/blocks.js';
import type { Jail } from '../config/compile.js';
import { dependenciesOf } from '../config/rules/rules.js';
import type { Glance, Operations, Outcome } from '../supervise/operations.js';
import { closure, dependencyGraph, reversed, waves, type Graph } from '../supervise/order.js';

/** Names that words of a command line mean. */
export interface Selection {
  /** In order, each once. */
  readonly names: readonly string[];
  /** Those that somebody has written, and no wildcard. */
  readonly written: ReadonlySet<string>;
  /** Words that mean nothing. */
  readonly unknown: readonly string[];
}

/** The jails of `known` that names and wildcards mean; all of them without a word. */
export function selectNames(words: readonly string[], known: readonly string[]): Selection {
  return select(words, known, (word) => (known.includes(word) ? word : undefined));
}

/** The jails that are there, by name, number or wildcard. */
export function selectPresent(words: readonly string[], operations: Operations): Selection {
  const present = operations.glance().filter(isPresent);
  return select(
    words,
    present.map(({ name }) => name),
    (word) => findJail(word, present)?.name,
  );
}

function select(
  words: readonly string[],
  known: readonly string[],
  find: (word: string) => string | undefined,
): Selection {
  const unknown: string[] = [];
  const written = new Set<string>();
  const names = (words.length === 0 ? ['*'] : words).flatMap((word): readonly string[] => {
    if (isWildcard(word)) return known.filter((name) => matchesWildcard(word, name));
    const name = find(word);
    if (name === undefined) unknown.push(word);
    else written.add(name);
    return name === undefined ? [] : [name];
  });
  return { names: [...new Set(names)], written, unknown };
}

/** Something of it exists, or is about to. */
function isPresent({ jid, state }: Glance): boolean {
  return jid !== null || state === 'waiting' || state === 'backoff';
}

/** The jail of a number, or else of a name. */
export function findJail(word: string, jails: readonly Glance[]): Glance | undefined {
  return (
    jails.find(({ jid }) => jid !== null && String(jid) === word) ?? jails.find(({ name }) => name === word)
  );
}

/** The jails that exist, as jail(8) would find them: those that have a number. */
export function existing(operations: Operations): readonly Glance[] {
  return operations.glance().filter(({ jid }) => jid !== null);
}

/** Their names. */
export function existingNames(operations: Operations): ReadonlySet<string> {
  return new Set(existing(operations).map(({ name }) => name));
}

function graphOf(jails: readonly Jail[]): Graph {
  return dependencyGraph(
    jails.map(({ name, values }) => ({
      name,
      depend: dependenciesOf(name, values.depend ?? []),
      priority: values.priority ?? 0,
    })),
  );
}

/** These jails and those that they depend on, which come first. */
export function withDependencies(names: readonly string[], jails: readonly Jail[]): readonly string[] {
  const graph = graphOf(jails);
  const all = closure(graph, names);
  const ordered = waves(graph, all).flat();
  return [...new Set([...ordered, ...all])];
}

/** All jails as they run, or as they would be started. */
export function definitions(operations: Operations): readonly Jail[] {
  return operations.glance().flatMap(({ name }) => operations.definition(name) ?? []);
}

/** These jails and those that depend on them, which come first. */
export function withDependants(names: readonly string[], operations: Operations): readonly string[] {
  const jails = definitions(operations);
  const graph = graphOf(jails);
  const all = closure(reversed(graph), names);
  const ordered = waves(graph, all).flat().reverse();
  return [...new Set([...ordered, ...all])];
}

/** Works on all names at once, or with a `limit` on at most so many at a time, in order. */
export async function inTurns(
  names: readonly string[],
  limit: number,
  work: (names: readonly string[]) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  if (names.length === 0) return [];
  if (limit === 0) return work(names);
  const left = [...names];
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      outcomes.push(...(await work([name])));
  };
  await Promise.all(Array.from({ length: Math.min(limit, names.length) }, worker));
  // A jail that several others led to has an outcome for each: the last is how it is.
  return [...new Map(outcomes.map((outcome) => [outcome.jail, outcome])).values()];
}
