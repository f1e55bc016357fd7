import type { Checked } from './check.js';
import type { JailEntries } from './merge.js';
import type { Stack } from './stacks.js';

/** A jail whose values are known. */
export interface Draft extends Checked {
  readonly name: string;
  readonly stack: Stack;
  readonly merged: JailEntries;
  /** FreeBSD's jail(8) would skip it. */
  readonly failed: boolean;
  /** About how many bytes its variables were replaced by. */
  readonly made: number;
}

/** The jails of all files, for rules that compare them. */
export interface Drafts {
  readonly jails: readonly Draft[];
  readonly byName: ReadonlyMap<string, Draft>;
}
