import { expect } from 'chai';
import { attachedText } from '../../src/config/keyed.js';
import { onlyJail } from '../support/compile-text.js';

const envOf = (body: string): string => attachedText(onlyJail(`x { ${body} }`).values, 'env');

describe('the text attached to a jail', () => {
  it('is what is written, as it is', () => {
    expect(envOf('env = "any\\ntext";')).to.equal('any\ntext');
    expect(envOf('meta = other;')).to.equal('');
  });

  it('has a line for each key', () => {
    expect(envOf('env.a = 1; env.b = ""; meta.c = 3;')).to.equal('a=1\nb=\n');
  });

  it('has its own lines replaced by keys of that name', () => {
    expect(envOf('env = "a=1\\nab=2\\nfree"; env.a = 3; env.z = 4;')).to.equal('a=3\nab=2\nfree\nz=4\n');
  });
});
