const scraps = [
  '{',
  '}',
  ';',
  ',',
  '=',
  '+=',
  '"',
  "'",
  '\\',
  '$',
  '${',
  '}',
  '/*',
  '*/',
  '//',
  '#',
  '\n',
  '\0',
  'ü',
  '😀',
  '\ufffd',
  '*',
  '.include',
  '$name',
  'a.*',
  '\\x',
  '\\8',
  '\r',
];

/** The same numbers every time (mulberry32), so that a failure can be seen again. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let n = Math.imul(state ^ (state >>> 15), 1 | state);
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
    return ((n ^ (n >>> 14)) >>> 0) % below;
  };
}

/** The text with a few scraps of the language put in, and pieces cut out. @param next a number below the one given */
export function mutate(text: string, next: (below: number) => number): string {
  let result = text;
  for (let n = 1 + next(6); n > 0; n--) {
    const at = next(result.length + 1);
    const scrap = scraps[next(scraps.length)] ?? '';
    const cut = next(3) === 0 ? next(20) : 0;
    result = result.slice(0, at) + scrap + result.slice(at + cut);
  }
  return result;
}
