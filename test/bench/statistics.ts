/** The middle of some numbers, which a few slow rounds do not move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]];
  return (low + high) / 2;
}

/** One attempt, in milliseconds; what it leaves behind is taken away without being counted. */
export type Attempt = () => Promise<number>;

/**
 * Medians of several contestants. They take turns, so that whatever else the machine does falls on all of them;
 * the first `warmUp` rounds do not count.
 */
export async function race<Name extends string>(
  contestants: Readonly<Record<Name, Attempt>>,
  rounds: number,
  warmUp: number,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(contestants) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of names) {
      const time = await contestants[name]();
      if (round >= 0) times.get(name)?.push(time);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}
