import { closest, distance } from 'fastest-levenshtein';
import { params } from './params.js';

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
  return distance(name, nearest) <= Math.ceil(name.length / 3) ? nearest : null;
}

const suggested = new Map<string, string | null>();
/** Nobody misspells a thousand names; comparing each with the whole table would take seconds. */
const MAX_REMEMBERED = 1000;

/** The parameter that was probably meant: `hostname` is host.hostname. */
export function nearestParam(name: string): string | null {
  const known = suggested.get(name);
  if (known !== undefined || suggested.size >= MAX_REMEMBERED) return known ?? null;
  const names = Object.keys(params);
  const found = nearestOf(name, names) ?? names.find((candidate) => candidate.endsWith(`.${name}`)) ?? null;
  suggested.set(name, found);
  return found;
}
