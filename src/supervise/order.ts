/** Jails and the jails that they depend on; the keys are in file order. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** What order needs of a jail. */
export interface Node {
  readonly name: string;
  readonly depend: readonly string[];
  readonly priority: number;
}

/** The graph of the jails, those of higher priority first; dependencies that do not exist are left out. */
export function dependencyGraph(nodes: readonly Node[]): Graph {
  const known = new Set(nodes.map((node) => node.name));
  const ordered = [...nodes].sort((a, b) => b.priority - a.priority);
  return new Map(ordered.map((node) => [node.name, node.depend.filter((name) => known.has(name))]));
}

/** Who depends on whom, the other way round. */
export function reversed(graph: Graph): Graph {
  const result = new Map<string, string[]>([...graph.keys()].map((name) => [name, []]));
  for (const [name, depend] of graph) for (const other of depend) result.get(other)?.push(name);
  return result;
}

/** The jails, and all that they lead to: their dependencies, or in a reversed graph their dependants. */
export function closure(graph: Graph, names: readonly string[]): readonly string[] {
  const seen = new Set(names);
  for (const name of seen) for (const next of graph.get(name) ?? []) seen.add(next);
  return [...seen];
}

/**
 * The jails in waves: each wave depends only on those before it and may start at the same time.
 * Members of cycles, and what depends on them, are in no wave.
 */
export function waves(graph: Graph, names: readonly string[]): readonly (readonly string[])[] {
  const wanted = new Set(names);
  const left = new Map([...graph].filter(([name]) => wanted.has(name)));
  const place = new Map([...left.keys()].map((name, index) => [name, index]));
  const missing = new Map(
    [...left].map(([name, depend]) => [name, depend.filter((d) => left.has(d)).length]),
  );
  const dependants = reversed(left);
  const result: string[][] = [];
  let wave = [...left.keys()].filter((name) => missing.get(name) === 0);
  while (wave.length > 0) {
    result.push(wave);
    const freed: string[] = [];
    for (const name of wave.flatMap((done) => dependants.get(done) ?? [])) {
      const rest = (missing.get(name) ?? 0) - 1;
      missing.set(name, rest);
      if (rest === 0) freed.push(name);
    }
    wave = freed.sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  }
  return result;
}

/** Each member of a dependency cycle with the cycle it is in: a → [a, b, a]. */
export function cycles(graph: Graph): ReadonlyMap<string, readonly string[]> {
  const fine = new Set(waves(graph, [...graph.keys()]).flat());
  const suspects = new Map(
    [...graph].filter(([name]) => !fine.has(name)).map(([name, d]) => [name, d.filter((x) => !fine.has(x))]),
  );
  const found = [...suspects.keys()].map((name) => [name, wayBack(suspects, name)] as const);
  return new Map(found.filter((entry): entry is readonly [string, string[]] => entry[1] !== null));
}

/** The shortest way from a jail along its dependencies back to itself. */
function wayBack(graph: Graph, start: string): string[] | null {
  const cameFrom = new Map<string, string>();
  const seen = [start];
  for (const name of seen) {
    for (const next of graph.get(name) ?? []) {
      if (next === start) return unwind(cameFrom, start, name);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      seen.push(next);
    }
  }
  return null;
}

function unwind(cameFrom: ReadonlyMap<string, string>, start: string, last: string): string[] {
  const path = [start];
  for (let name = last; name !== start; name = cameFrom.get(name) ?? start) path.unshift(name);
  return [start, ...path];
}
