import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { classes } from '../probes/classes.js';
import { removals } from '../probes/removals.js';

const text = readFileSync('SECURITY.md', 'utf8');

/** Each test that SECURITY.md names: the file, and the beginning of a title in it. */
function namedTests(): readonly (readonly [file: string, title: string])[] {
  return [...text.matchAll(/`(test\/[\w/.-]+\.ts)`: ((?:“[^”]+”(?:, )?)+)/g)].flatMap(
    ([, file = '', titles = '']) =>
      [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => [file, title] as const),
  );
}

describe('SECURITY.md', () => {
  it('names tests that there are', () => {
    const missing = namedTests().filter(
      ([file, title]) => !existsSync(file) || !readFileSync(file, 'utf8').includes(`it('${title}`),
    );
    expect(missing).to.deep.equal([]);
    expect(namedTests().length).to.be.above(30);
  });

  it('names a test for everything that it says is defended', () => {
    const rows = text.split('\n').filter((line) => /^\| [A-Z]/.test(line));
    expect(rows.filter((row) => !row.includes('.test.ts`: “'))).to.deep.equal([]);
  });

  it('tells of each class of ways out how it is tested, and what is taken away to show it', () => {
    const rows = [...text.matchAll(/^\| (\d\.[\w-]+) \| ([^|]+) \|/gm)].map(([, kind, words]) => [
      kind,
      words,
    ]);
    expect(rows).to.deep.equal(Object.entries(classes));
    const taken = new Set(removals.map((removal) => removal.class));
    expect(Object.keys(classes).filter((kind) => !taken.has(kind))).to.deep.equal([]);
  });

  it('takes away what there is: each text stands once in its file', () => {
    const times = ({ file, from }: { readonly file: string; readonly from: string }): number =>
      readFileSync(file, 'utf8').split(from).length - 1;
    const amiss = removals.flatMap(({ what, edits }) =>
      edits.filter((edit) => times(edit) !== 1).map(({ file }) => `${what}: ${file}`),
    );
    expect(amiss).to.deep.equal([]);
  });
});
