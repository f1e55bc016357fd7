import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { jailAsConf } from '../../src/cli/config-text.js';
import { confString } from '../../src/config/format/spelling.js';
import type { Compiled } from '../../src/config/compile.js';
import { loadConfiguration } from '../../src/config/load.js';
import { Origins } from '../../src/config/origin.js';
import { compileText } from '../support/compile-text.js';
import { corpusFolders } from '../support/corpus.js';

const files = corpusFolders
  .flatMap((folder) => readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()))
  .filter(({ name }) => !/\.(json|tsv|md)$/.test(name))
  .map(({ parentPath, name }) => join(parentPath, name));

/** The jails as blocks without anything around them, read again. */
function readAgain(compiled: Compiled, origins: Origins | null): Compiled {
  const names = new Set<string>();
  const fine = compiled.jails.filter(({ failed, name }) => !failed && !names.has(name) && names.add(name));
  return compileText(fine.map((jail) => jailAsConf(jail, origins)).join('\n'));
}

/** Of a value with a mistake of syntax in it nothing is made, but it is printed. */
const meaning = ({ jails }: Compiled, ok: boolean) =>
  jails
    .filter(({ failed }) => !failed)
    .map(({ name, params, values }) => ({ name, params: [...params], values: ok ? values : null }));

describe('a configuration as jailctl config prints it', () => {
  for (const file of files)
    it(`means the same when it is read again: ${file.slice(file.lastIndexOf('/') + 1)}`, () => {
      const compiled = loadConfiguration([file]);
      const before = new Map(
        meaning(compiled, compiled.ok)
          .toReversed()
          .map((jail) => [jail.name, jail]),
      );
      for (const origins of [null, new Origins(compiled)]) {
        const again = readAgain(compiled, origins);
        expect(again.diagnostics.filter(({ code }) => code.startsWith('unterminated'))).to.deep.equal([]);
        expect([again.ok, again.jails.filter(({ failed }) => failed)]).to.deep.equal([true, []]);
        for (const jail of meaning(again, compiled.ok)) expect(jail).to.deep.equal(before.get(jail.name));
      }
    });

  it('has quotes where a word would mean something else', () => {
    const texts = ['a', '/a/b', 'a//b', 'a/*b', 'a b', '', 'a"b', '$x', 'a;b', 'a#b', 'é', '\u0001', "it's"];
    for (const text of texts) {
      const { ok, jails } = compileText(`x { path = /p; meta = ${confString(text)}; }`);
      expect([text, ok, jails[0]?.params.get('meta')]).to.deep.equal([text, true, [text]]);
    }
  });

  it('does not say again what the name of the block says', () => {
    const text =
      '7 { path = /p; persist; }\nx { jid = 3; path = /q; persist; }\n8 { name = eight; path = /r; persist; }';
    const compiled = compileText(text);
    expect(compiled.jails.map((jail) => jailAsConf(jail, null))).to.deep.equal([
      '7 {\n  path = /p;\n  persist;\n}\n',
      'x {\n  jid = 3;\n  path = /q;\n  persist;\n}\n',
      '8 {\n  name = eight;\n  path = /r;\n  persist;\n}\n',
    ]);
  });
});
