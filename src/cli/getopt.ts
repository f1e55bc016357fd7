/** Single-letter options in the order they came, as getopt(3) of FreeBSD reads them: they end at the first operand. */
export interface Parsed {
  readonly options: readonly (readonly [letter: string, value: string])[];
  readonly operands: readonly string[];
  /** The first letter that is not known or lacks its value. */
  readonly wrong: string | null;
}

/** @param letters those there are, a colon after each that takes a value */
export function getopt(words: readonly string[], letters: string): Parsed {
  const options: [string, string][] = [];
  let index = 0;
  for (; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return { options, operands: words.slice(index + 1), wrong: null };
    if (!word.startsWith('-') || word === '-') break;
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const found = letter === ':' ? -1 : letters.indexOf(letter);
      if (found < 0) return { options, operands: [], wrong: letter };
      if (letters[found + 1] !== ':') {
        options.push([letter, '']);
        continue;
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : words[++index];
      if (value === undefined) return { options, operands: [], wrong: letter };
      options.push([letter, value]);
      break;
    }
  }
  return { options, operands: words.slice(index), wrong: null };
}
