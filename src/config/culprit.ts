import type { Piece, Word } from './syntax/ast.js';
import { keyOf } from './merge/blocks.js';
import type { Diagnostic } from './diagnostic.js';
import type { Entry, MergedJail } from './merge/merge.js';
import { withNote, type Place } from './syntax/source.js';
import { stringsOf, type Strings } from './merge/substitute.js';

/** A message that quotes a part of what it is about is about that part. */
export function quotedPlace(place: Place, message: string): Place {
  const { source, start, end } = place;
  const quoted = quotedIn(message);
  if (quoted === null) return place;
  const written = source.text.slice(start, end);
  const at = written.indexOf(quoted);
  const isWhole = written.length <= quoted.length + 2;
  if (at < 0 || isWhole || written.includes(quoted, at + 1)) return place;
  return { source, start: start + at, end: start + at + quoted.length };
}

const quotedIn = (message: string): string | null => /"([^"]+)"/.exec(message)?.[1] ?? null;

/** The entries of a jail and what their variables were replaced by. */
export interface Resolved extends Pick<MergedJail, 'entries' | 'index'> {
  readonly replaced: readonly (Strings | undefined)[];
}

interface Definition {
  readonly entry: Entry;
  readonly strings: readonly string[];
}

function definitionOf({ entries, index, replaced }: Resolved, name: string): Definition | null {
  for (const variable of [true, false]) {
    const key = keyOf({ name, variable });
    const at = index.get(key) ?? -1;
    const entry = entries[at];
    const strings = entry && stringsOf(entry, replaced[at]);
    if (entry !== undefined && strings) return { entry, strings };
  }
  return null;
}

/** The word that made an element of a list, and a variable alone may make several. */
function wordAt({ words }: Entry, index: number, resolved: Resolved): Word | undefined {
  let at = 0;
  for (const word of words ?? []) {
    const [piece, ...more] = word.pieces.filter((one) => 'variable' in one || one.text !== '');
    const isAlone = piece !== undefined && 'variable' in piece && more.length === 0;
    at += isAlone ? (definitionOf(resolved, piece.variable)?.strings.length ?? 1) : 1;
    if (at > index) return word;
  }
  return undefined;
}

/** The place of one element of a parameter; of the last one when no index is given. */
export function elementPlace(entry: Entry, index: number, resolved: Resolved): Place {
  return (index < 0 ? entry.words?.at(-1) : wordAt(entry, index, resolved)) ?? entry;
}

/** The variable of a word whose value has the text that a message quotes. */
function guiltyVariable(word: Word | undefined, message: string, resolved: Resolved) {
  const quoted = quotedIn(message);
  if (word === undefined || quoted === null) return null;
  const isVariable = (piece: Piece): piece is Extract<Piece, { variable: string }> => 'variable' in piece;
  for (const piece of word.pieces.filter(isVariable)) {
    const definition = definitionOf(resolved, piece.variable);
    const at = definition?.strings.findIndex((text) => text.includes(quoted)) ?? -1;
    if (definition !== null && at >= 0)
      return { piece, place: quotedPlace(elementPlace(definition.entry, at, resolved), message) };
  }
  return null;
}

/**
 * Tells a mistake in one element of a parameter under the word that is wrong, and where that comes from a variable,
 * where the variable was set.
 * @param tell makes the diagnostic for a place
 */
export function tellElement(
  entry: Entry,
  index: number,
  message: string,
  resolved: Resolved,
  tell: (place: Place) => Diagnostic,
): Diagnostic {
  const place = elementPlace(entry, index, resolved);
  const word = entry.words?.find((one) => one === place);
  const guilty = guiltyVariable(word, message, resolved);
  if (guilty === null) return tell(quotedPlace(place, message));
  const { piece, place: definition } = guilty;
  return withNote(tell(piece.place), definition, `"${piece.variable}" is set here`);
}
