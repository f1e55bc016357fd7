import { expect } from 'chai';
import { visible, visibleLines, visibleMessage } from '../../src/config/visible.js';

describe('text by somebody else', () => {
  it('has what a terminal would obey in a form that can be seen', () => {
    expect(visible('a\u001b[31mb\u0007\r\u007f\t')).to.equal('a^[[31mb^G^M^?^I');
    expect(visible('\u009b2J \u202eabc\u2066')).to.equal('\\u009b2J \\u202eabc\\u2066');
  });

  it('keeps what is only text, in any language', () => {
    const text = 'zwölf Boxkämpfer\n漢字 😀 café';
    expect(visible(text)).to.equal(text);
  });

  it('shows bytes that belong to no character, but no half of one', () => {
    expect(visible('\udc9b2J \udcff 😀')).to.equal('\\x9b2J \\xff 😀');
  });

  it('may have tabs, and is one message though it has many lines', () => {
    expect(visibleLines('a\tb\n')).to.equal('a\tb\n');
    expect(visibleMessage('failed\nerror: forged')).to.equal('failed\n    error: forged');
  });
});
