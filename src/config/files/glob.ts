/** Names in a directory; none when it cannot be read. */
export type ListNames = (directory: string) => readonly string[];

/** Whether a name is a pattern: only then may it match nothing (jail.conf(5), .include). */
export const isPattern = (name: string): boolean => /[*?[]/.test(name);

/**
 * The paths that match a pattern as glob(3) has it, in sorted order and as the pattern spells them: there are *, ? and
 * [a-z], no ** and no {a,b}, and a dot at the beginning of a name has to be written.
 */
export function expandPattern(pattern: string, list: ListNames): readonly string[] {
  let found: readonly string[] = [pattern.startsWith('/') ? '/' : ''];
  const parts = pattern.split('/').filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    found = found.flatMap((directory) =>
      namesIn(directory, part, isLast, list).map((name) => directory + name),
    );
    if (!isLast) found = found.map((path) => `${path}/`);
  }
  return [...found].sort();
}

function namesIn(directory: string, part: string, isLast: boolean, list: ListNames): readonly string[] {
  if (!isPattern(part) && !isLast) return [part];
  const pieces = piecesOf(part);
  const dotted = part.startsWith('.');
  return list(directory === '' ? '.' : directory).filter(
    (name) => (dotted || !name.startsWith('.')) && matches(pieces, [...name]),
  );
}

/** A star, or what one character has to be. */
type Matcher = '*' | ((character: string) => boolean);

const PIECE = /\\([^])|\*+|\?|\[([!^]?)((?:\[:[a-z]+:\]|[^])(?:\[:[a-z]+:\]|[^\]])*)\]|[^]/gu;

/** One component of a path (fnmatch(3)). */
function piecesOf(part: string): readonly Matcher[] {
  return [...part.matchAll(PIECE)].map(([piece, escaped, not, set]): Matcher => {
    if (set !== undefined) return (c) => isIn(set, c) === (not === '');
    if (piece.startsWith('*')) return '*';
    return piece === '?' ? () => true : (c) => c === (escaped ?? piece);
  });
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /\s/,
  xdigit: /[0-9A-Fa-f]/,
};

function isIn(set: string, character: string): boolean {
  for (const [, name, first = '', last = first] of set.matchAll(/\[:([a-z]+):\]|([^])(?:-([^]))?/gu)) {
    if (
      name === undefined ? first <= character && character <= last : CLASSES[name]?.test(character) === true
    )
      return true;
  }
  return false;
}

/** With one way back only, to the last star: patterns and names of any shape take their product of time at most. */
function matches(pieces: readonly Matcher[], name: readonly string[]): boolean {
  let [at, piece, star, from] = [0, 0, -1, 0];
  while (at < name.length) {
    const matcher = pieces[piece];
    if (matcher === '*') [star, from, piece] = [piece, at, piece + 1];
    else if (matcher?.(name[at] ?? '') === true) [at, piece] = [at + 1, piece + 1];
    else if (star < 0) return false;
    else [from, at, piece] = [from + 1, from + 1, star + 1];
  }
  return pieces.slice(piece).every((rest) => rest === '*');
}
