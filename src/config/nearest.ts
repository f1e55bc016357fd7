import { closest, distance } from 'fastest-levenshtein';

/** Names that are longer are not misspelt, they are something else. */
const MAX_LENGTH = 40;

/** What people mix up: capitals, and the signs between the parts of a name. */
const simplified = (name: string): string => name.toLowerCase().replace(/[^a-z0-9$]/g, '');

/** The name that was probably meant: the same but for its signs and capitals, or the nearest one. */
export function nearestOf(name: string, names: readonly string[]): string | null {
  if (name.length > MAX_LENGTH || names.length === 0) return null;
  const plain = simplified(name);
  const same = names.find((candidate) => simplified(candidate) === plain);
  if (same !== undefined) return same;
  const nearest = closest(name, names);
  const allowed = Math.min(Math.ceil(name.length / 3), name.length - 1); // one letter at least is right
  return distance(name, nearest) <= allowed || isSwapped(name, nearest) ? nearest : null;
}

/** Two letters in the wrong order. */
const isSwapped = (a: string, b: string): boolean =>
  distance(a, b) === 2 && [...a].sort().join('') === [...b].sort().join('');
