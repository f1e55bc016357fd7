import { keyOf } from '../merge/blocks.js';

/** A name of a parameter or a variable, and by which two mentions of it are the same (keyOf). */
export interface Named {
  readonly name: string;
  readonly variable: boolean;
  readonly key: string;
}

/** Different names that are remembered: there are not so many good ones. */
const MAX_REMEMBERED = 4096;
const MAX_LENGTH = 64;

/** Names of one file: each is kept once, however often it is written. */
export class Names {
  private readonly parameters = new Map<string, Named>();
  private readonly variables = new Map<string, Named>();

  of(name: string, variable: boolean): Named {
    const known = variable ? this.variables : this.parameters;
    const found = known.get(name);
    if (found !== undefined) return found;
    const named: Named = { name, variable, key: keyOf({ name, variable }) };
    if (known.size < MAX_REMEMBERED && name.length <= MAX_LENGTH) known.set(name, named);
    return named;
  }
}
