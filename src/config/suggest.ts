import { nearestOf } from './nearest.js';
import { findParam, negated, params } from './params.js';

/** The parameters that were probably meant by names there are not. */
export class Suggestions {
  private readonly known = new Map<string, string | null>();

  /** `hostname` is host.hostname, `exec_strat` is exec.start; null when nothing is near. */
  for(name: string): string | null {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const names = Object.keys(params);
    const found =
      misplacedNo(name) ??
      names.find((candidate) => candidate.endsWith(`.${name}`)) ??
      nearestOf(name, names);
    this.known.set(name, found);
    return found;
  }
}

/** `noexec.clean` is exec.noclean: what is near to it by its letters means the contrary. */
function misplacedNo(name: string): string | null {
  const meant = name.startsWith('no') ? negated(name.slice('no'.length)) : '';
  return findParam(meant) && meant;
}
