import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compile, type Compiled } from '../../../src/config/compile.js';
import { hostFiles } from '../../../src/config/load.js';
import { compileText } from '../../support/compile-text.js';
import { corpusFiles, isSound } from '../../support/corpus.js';
import { formatAsPromised } from '../../support/format-promise.js';
import { mutate, numbers } from '../../support/mutate.js';

/** Compiles a text as if it were this file. */
function compileAs(folder: string, name: string): (text: string) => Compiled {
  const files = hostFiles();
  return (text) =>
    compile([name], {
      readFile: (path) => (path === name ? text : files.readFile(resolve(folder, path))),
      glob: (pattern, directory) =>
        files.glob(pattern, `${folder}/${directory}`).map((path) => path.slice(folder.length + 1)),
    });
}

describe('a formatted file has its comments, means the same, and is formatted the same again:', () => {
  for (const { folder, file, name, text } of corpusFiles())
    it(name, () => {
      const formatted = formatAsPromised(text, compileAs(folder, file));
      expect(formatted === null).to.equal(hasSyntaxErrors(text, join(folder, file)));
    });

  it('any file that parses', () => {
    const next = numbers(20_261_122);
    expect(soundOnes((seed) => mutate(seed, next, seeds))).to.be.greaterThan(ROUNDS / 20);
  });

  it('a file with comments, line ends and semicolons wherever they can be', () => {
    const next = numbers(4711);
    const places = /[ \t\n;,={}]/;
    const scatter = (seed: string): string =>
      Array.from(seed, (character) =>
        places.test(character) && next(4) === 0
          ? `${next(2) === 0 ? character : ''}${GAP_FILLERS[next(GAP_FILLERS.length)]}${character}`
          : character,
      ).join('');
    expect(soundOnes(scatter)).to.be.greaterThan(ROUNDS / 20);
  });
});

const GAP_FILLERS = [
  '# a\n',
  ' // b \r\n',
  '/* c */',
  ' /* d */ ',
  '\n',
  '\n\n\n',
  ';',
  '/* e\n  f */',
  '\t',
];

const seeds = corpusFiles().map(({ text }) => text);

const ROUNDS = 2000;

/** How many changed seeds parse; all that do are checked. */
function soundOnes(change: (seed: string) => string): number {
  let sound = 0;
  for (let round = 0; round < ROUNDS; round++)
    if (formatAsPromised(change(seeds[round % seeds.length] ?? ''), compileText) !== null) sound++;
  return sound;
}

/** What jail(8) says of the file where that is known, else our own parser. */
function hasSyntaxErrors(text: string, path: string): boolean {
  const expected = path.replace(/\.conf$/, '.expected.json');
  const own = !isSound(path, text);
  if (!existsSync(expected)) return own;
  // The files are part of the test: their shape is known.
  const { parse_ok: sound } = JSON.parse(readFileSync(expected, 'utf8')) as { parse_ok: boolean };
  return sound ? false : own;
}
