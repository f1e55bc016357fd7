export type Graph = ReadonlyMap<string, readonly string[]>;

export interface Cycle {
  /** Everything that can reach itself by way of the others. */
  readonly members: readonly string[];
  /** A shortest way round; the first name is repeated at the end. */
  readonly path: readonly string[];
}

/** Finds the groups of names that depend on each other (Tarjan's components), without recursion. */
export function findCycles(graph: Graph): readonly Cycle[] {
  const components = new Components(graph);
  return components.found.flatMap((members) => {
    const [first = ''] = members;
    const isCycle = members.length > 1 || (graph.get(first) ?? []).includes(first);
    return isCycle ? [{ members, path: shortestRound(graph, first, new Set(members)) }] : [];
  });
}

class Components {
  readonly found: string[][] = [];
  private readonly order = new Map<string, number>();
  private readonly low = new Map<string, number>();
  private readonly open: string[] = [];
  private readonly isOpen = new Set<string>();

  constructor(private readonly graph: Graph) {
    for (const name of graph.keys()) if (!this.order.has(name)) this.visit(name);
  }

  private visit(root: string): void {
    const stack = [this.enter(root)];
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const target = frame.targets.pop();
      if (target === undefined) {
        stack.pop();
        this.leave(frame.name, stack.at(-1)?.name);
      } else if (this.graph.has(target) && !this.order.has(target)) stack.push(this.enter(target));
      else if (this.isOpen.has(target)) this.lower(frame.name, this.order.get(target) ?? 0);
    }
  }

  private enter(name: string): { name: string; targets: string[] } {
    this.order.set(name, this.order.size);
    this.low.set(name, this.order.size - 1);
    this.open.push(name);
    this.isOpen.add(name);
    return { name, targets: [...(this.graph.get(name) ?? [])].reverse() };
  }

  private leave(name: string, parent: string | undefined): void {
    const low = this.low.get(name) ?? 0;
    if (parent !== undefined) this.lower(parent, low);
    if (low !== this.order.get(name)) return;
    const members = this.open.splice(this.open.lastIndexOf(name));
    for (const member of members) this.isOpen.delete(member);
    this.found.push(members);
  }

  private lower(name: string, low: number): void {
    this.low.set(name, Math.min(this.low.get(name) ?? low, low));
  }
}

function shortestRound(graph: Graph, start: string, members: ReadonlySet<string>): string[] {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const name of queue) {
    for (const target of graph.get(name) ?? []) {
      if (target === start) return [start, ...wayBack(cameFrom, start, name), start];
      if (!members.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, name);
      queue.push(target);
    }
  }
  return [start];
}

function wayBack(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const way: string[] = [];
  for (let name: string | undefined = end; name !== undefined && name !== start; name = cameFrom.get(name))
    way.push(name);
  return way.reverse();
}
