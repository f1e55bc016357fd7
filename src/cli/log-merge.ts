import type { LogSource } from './log-source.js';

/** Those that have a line, as a heap: the one whose line comes next is the first. */
class Turns {
  private readonly heap: LogSource[] = [];

  get first(): LogSource | undefined {
    return this.heap[0];
  }

  add(source: LogSource): void {
    this.heap.push(source);
    for (let at = this.heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  /** The first has another line by now, or none. */
  settle(): void {
    const last = this.heap[0]?.head === null ? this.heap.pop() : this.heap[0];
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = this.isBefore(right, left) ? right : left;
      if (!this.swapIfBefore(child, at)) return;
      at = child;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [x, y] = [this.heap[a], this.heap[b]];
    return x !== undefined && (y === undefined || x.turn < y.turn);
  }

  private swapIfBefore(child: number, parent: number): boolean {
    const [below, above] = [this.heap[child], this.heap[parent]];
    if (below === undefined || above === undefined || !(below.turn < above.turn)) return false;
    [this.heap[child], this.heap[parent]] = [above, below];
    return true;
  }
}

/**
 * Gives the lines of all sources in the order of their times, until none of them has more for now.
 * @param take told of each source whose head is next; what it resolves with says whether that source goes on
 */
export async function mergeLines(
  sources: readonly LogSource[],
  take: (source: LogSource) => Promise<boolean> | boolean,
  signal: AbortSignal,
): Promise<void> {
  const turns = new Turns();
  for (const source of sources) {
    if (source.head === null) await source.advance();
    if (source.head !== null) turns.add(source);
  }
  for (let source = turns.first; source !== undefined && !signal.aborted; source = turns.first) {
    const goesOn = await take(source);
    if (!goesOn) source.head = null;
    else if (!source.step()) await source.advance();
    turns.settle();
  }
}
