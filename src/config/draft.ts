import type { Checked } from './check.js';
import type { MergedJail } from './merge.js';

/** A jail whose values are known. */
export interface Draft extends Checked {
  readonly name: string;
  readonly merged: MergedJail;
}

/** The jails of all files, for rules that compare them. */
export interface Drafts {
  readonly jails: readonly Draft[];
  readonly byName: ReadonlyMap<string, Draft>;
}
