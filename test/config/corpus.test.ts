import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { compile, type Compiled } from '../../src/config/compile.js';
import { hostFiles } from '../../src/config/load.js';
import { corpusFolders } from '../support/corpus.js';

interface Expected {
  readonly parse_ok: boolean;
  readonly errors?: readonly string[];
  readonly jails?: readonly { name: string; failed: boolean; params: Record<string, string[] | null> }[];
}

/** Compiles a file under its bare name: included files are named relative to it. */
function compileIn(folder: string, name: string): Compiled {
  const files = hostFiles();
  return compile([name], {
    readFile: (path) => files.readFile(resolve(folder, path)),
    glob: (pattern, directory) =>
      files.glob(pattern, `${folder}/${directory}`).map((path) => path.slice(folder.length + 1)),
  });
}

const seenByJail8 = ({ jails }: Compiled) =>
  jails.map(({ name, failed, params }) => ({ name, failed, params: [...params] }));

function expectSame(compiled: Compiled, expected: Expected): void {
  expect(compiled.ok).to.equal(expected.parse_ok);
  if (expected.parse_ok) {
    const jails = (expected.jails ?? []).map(({ name, failed, params }) => ({
      name,
      failed,
      params: Object.entries(params),
    }));
    expect(seenByJail8(compiled)).to.deep.equal(jails);
    return;
  }
  const lines = (expected.errors ?? []).flatMap((error) => /line (\d+):/.exec(error)?.[1] ?? []).map(Number);
  expect(compiled.diagnostics.map(({ span }) => span?.line)).to.include.members(lines);
}

for (const folder of corpusFolders)
  describe(`what jail(8) makes of the files in ${basename(dirname(folder))}/${basename(folder)}`, () => {
    const names = readdirSync(folder).filter((name) => name.endsWith('.expected.json'));
    it('is there to be compared', () => expect(names.length).to.be.greaterThan(5));
    for (const name of names)
      it(`is what comes of ${name.replace('.expected.json', '')}`, () => {
        // The files are part of the test: their shape is known.
        const expected = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Expected;
        expectSame(compileIn(folder, name.replace('.expected.json', '.conf')), expected);
      });
  });
