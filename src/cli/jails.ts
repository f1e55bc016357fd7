import { Refusal } from '../control/failure.js';
import type { JailStatus, Operations } from '../supervise/operations.js';
import { suggestion } from './words.js';

/** For more names than these nobody needs to be told what might have been meant, which takes time for each. */
const MAX_GUESSES = 16;

/** "NAME: no such jail", with the nearest name there is: exit code 4. */
export function noSuchJail(name: string, operations: Operations, guesses = true): Refusal {
  const names = guesses ? operations.glance().map((jail) => jail.name) : [];
  return new Refusal(
    4,
    `${name}: no such jail`,
    suggestion(name, names, 'jailctl list shows the jails there are'),
  );
}

/** The status of one jail. Throws Refusal when there is none of this name. */
export function statusOf(name: string, operations: Operations): JailStatus {
  const [status] = operations.has(name) ? operations.status([name]) : [];
  if (status === undefined) throw noSuchJail(name, operations);
  return status;
}

/** The jail that a number or a name means, as FreeBSD's tools take both. */
export function findJail(word: string, operations: Operations): JailStatus | undefined {
  if (/^\d+$/.test(word)) {
    const jid = Number(word);
    const found = operations.status().find((jail) => jail.jid === jid);
    if (found !== undefined) return found;
  }
  return operations.has(word) ? operations.status([word])[0] : undefined;
}

/** Splits names into those there are, each once, and the refusals of the others. */
export function sortNames(
  names: readonly string[],
  operations: Operations,
): { readonly known: readonly string[]; readonly unknown: readonly Refusal[] } {
  const unique = [...new Set(names)];
  return {
    known: unique.filter((name) => operations.has(name)),
    unknown: unique
      .filter((name) => !operations.has(name))
      .map((name, index) => noSuchJail(name, operations, index < MAX_GUESSES)),
  };
}
