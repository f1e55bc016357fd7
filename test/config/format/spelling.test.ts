import { expect } from 'chai';
import { confName, confString } from '../../../src/config/format/spelling.js';
import { paramOf } from '../../support/compile-text.js';

describe('a text that jailctl writes into a jail.conf', () => {
  for (const text of [
    'web',
    '/jails/web',
    'http://x/',
    'a b',
    '',
    '"$x" \\',
    '\t\n\0\x7f',
    '*/',
    '/*',
    'é',
    '#',
  ])
    it(`is read back as it was: ${JSON.stringify(text)}`, () => {
      expect(paramOf(`meta = ${confString(text)};`, 'meta')).to.deep.equal([text]);
    });

  it('has quotes only where it needs them', () => {
    expect(['/jails/web', 'a//b', 'a b'].map(confString)).to.deep.equal(['/jails/web', '"a//b"', '"a b"']);
    expect(['web', '*', 'web.*', 'a/b'].map(confName)).to.deep.equal(['web', '*', '"web.*"', '"a/b"']);
  });
});
