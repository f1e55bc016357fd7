/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const SHAPE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/** Reads "80" or "8000-8010"; null when it is neither. */
export function readPorts(text: string): PortRange | null {
  const [, from, to = from] = SHAPE.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return first >= 1 && last <= 65_535 && first <= last ? { first, last } : null;
}

/** How many ports there are in a range. */
export const portCount = ({ first, last }: PortRange): number => last - first + 1;

/** Whether two ranges have a port in common. */
export const portsOverlap = (one: PortRange, other: PortRange): boolean =>
  one.first <= other.last && other.first <= one.last;
