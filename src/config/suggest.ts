import { nearestOf } from './nearest.js';
import { params } from './params.js';

const suggested = new Map<string, string | null>();
/** Nobody misspells a thousand names; comparing each with the whole table would take seconds. */
const MAX_REMEMBERED = 1000;

/** The parameter that was probably meant: `hostname` is host.hostname. */
export function nearestParam(name: string): string | null {
  const known = suggested.get(name);
  if (known !== undefined || suggested.size >= MAX_REMEMBERED) return known ?? null;
  const names = Object.keys(params);
  const found = names.find((candidate) => candidate.endsWith(`.${name}`)) ?? nearestOf(name, names);
  suggested.set(name, found);
  return found;
}
