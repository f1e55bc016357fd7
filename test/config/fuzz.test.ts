import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatDiagnostic } from '../../src/config/diagnostic.js';
import { compileText } from '../support/compile-text.js';
import { mutate, numbers } from '../support/mutations.js';

const rules = resolve(dirname(fileURLToPath(import.meta.url)), '../../../test/config/corpus/rules');
const seeds = readdirSync(rules)
  .filter((name) => name.endsWith('.conf'))
  .map((name) => readFileSync(join(rules, name), 'utf8'));
describe('no text', () => {
  it('breaks the compiler, and every place it names is in the text', () => {
    const next = numbers(20_251_122);
    const end = Date.now() + 2000;
    for (let round = 0; round < 20_000 && Date.now() < end; round++) {
      const text = mutate(seeds[round % seeds.length] ?? '', next);
      const lines = text.split('\n');
      const { ok, diagnostics, jails } = compileText(text);
      for (const d of diagnostics) {
        formatDiagnostic(d, true);
        const line = d.span?.file === 'jail.conf' ? lines[d.span.line - 1] : '';
        if (d.span === null || line === undefined || d.span.column < 1 || d.span.length < 1)
          expect.fail(`${JSON.stringify(d)} is not in ${JSON.stringify(text)}`);
      }
      if (!ok && diagnostics.length === 0) expect.fail(`no word about ${JSON.stringify(text)}`);
      for (const jail of jails) expect(jail.origin.size).to.be.at.most(jail.params.size);
    }
  });

  it('of one thing over and over takes long', () => {
    const size = 300_000;
    for (const scrap of [
      'a{',
      '}',
      ';',
      'a;',
      '{',
      '"',
      "'",
      '\\a',
      '$a',
      '${',
      'é ',
      '*{}a{}',
      'a=b,',
      'a{}',
      '\0',
      '/*',
      'a=1;b{}',
    ]) {
      const started = Date.now();
      compileText(scrap.repeat(size / scrap.length));
      expect(Date.now() - started, JSON.stringify(scrap)).to.be.below(10_000);
    }
  }).timeout(60_000);
});
