import { bad, good, type Converted } from './type.js';

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const SHAPE = /^(\d{1,5})(?:-(\d{1,5}))?$/;
const MAX_PORT = 65_535;

/** Reads "80" or "8000-8010". */
export function readPorts(text: string): Converted<PortRange> {
  const [whole, from, to = from] = SHAPE.exec(text) ?? [];
  if (whole === undefined) return bad(`"${text}" is not a port`);
  const [first, last] = [Number(from), Number(to)];
  if (first < 1 || Math.max(first, last) > MAX_PORT) return bad(`"${text}" is not between 1 and ${MAX_PORT}`);
  return first <= last ? good({ first, last }) : bad(`"${text}" is a range that ends before it begins`);
}

/** How many ports there are in a range. */
export const portCount = ({ first, last }: PortRange): number => last - first + 1;

/** "80" or "8000-8010". */
export const portsAsText = ({ first, last }: PortRange): string =>
  first === last ? String(first) : `${first}-${last}`;

/** Whether two ranges have a port in common. */
export const portsOverlap = (one: PortRange, other: PortRange): boolean =>
  one.first <= other.last && other.first <= one.last;
