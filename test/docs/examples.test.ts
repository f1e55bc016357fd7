import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { adviceOn } from '../support/advice.js';
import { compileText } from '../support/compile-text.js';

const repository = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const files = [
  'etc/jail.conf',
  ...readdirSync(join(repository, 'jails')).map((name) => `jails/${name}`),
].filter((name) => name.endsWith('.conf'));

/** The blocks of jail.conf(5) that show a network and are whole files. */
const shown = (): readonly string[] =>
  [...read('man/jail.conf.5.in').matchAll(/^\.Bd -literal -offset indent\n([^]*?)^\.Ed$/gm)]
    .map(([, text = '']) => text)
    .filter((text) => /bridge|rdr|ip4\.addr/.test(text) && !/^file {2}=/m.test(text));

describe('an example', () => {
  it('is there', () => expect(files).to.include.members(['etc/jail.conf', 'jails/network.conf']));

  for (const file of files)
    it(`has no mistake in it: ${file}`, () => expect(compileText(read(file)).diagnostics).to.deep.equal([]));

  it('of a network is refused by no host that has nft', () => {
    const roots = ['shop.db', 'shop.web', 'customer.a', 'customer.b'].map(
      (name) => `/usr/local/jails/${name}`,
    );
    const found = adviceOn(read('jails/network.conf'), {
      ...Object.fromEntries(roots.map((root) => [`${root}/bin/httpd`, 'a program'])),
      '/usr/sbin/nft': 'a program',
    });
    expect(found).to.deep.equal([]);
  });

  it('of the manual makes jails: of networks all are read', () =>
    expect(shown().length).to.be.greaterThan(4));

  for (const text of shown())
    it(`of the manual has no mistake in it: ${text.trim().split('\n', 1)[0]}`, () => {
      const { diagnostics } = compileText(`path = "/j/$name"; persist;\n${text}`);
      expect(diagnostics.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
    });
});
