import type { Checked } from '../check.js';
import type { Diagnostic, DiagnosticCode } from '../diagnostic.js';
import type { JailEntries } from '../merge/merge.js';
import type { ParamName } from '../params.js';
import { diagnose, withNote, type Place } from '../syntax/source.js';
import type { Stack } from '../merge/stacks.js';

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

/** A jail and what is wrong with it. */
export type Found = readonly [Draft, Diagnostic];

/** A mistake in a jail at a place. */
export function error(
  jail: Draft,
  code: DiagnosticCode,
  place: Place,
  message: string,
  hint?: string,
): Found {
  return [jail, diagnose('error', code, place, message, hint)];
}

/** What is written and does nothing for a jail. */
export const idle = (jail: Draft, place: Place, message: string, hint: string): Found => [
  jail,
  diagnose('warning', 'without-effect', place, message, hint),
];

/** What was found, with the place in another jail or line that it has to do with. */
export const noted = ([jail, diagnostic]: Found, place: Place, message: string): Found => [
  jail,
  withNote(diagnostic, place, message),
];

/** Whether one of the parameters stands in the files for a jail. */
export const isWritten = (jail: Draft, ...names: ParamName[]): boolean =>
  names.some((name) => jail.origin.has(name));
