import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';

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
});
