import { expect } from 'chai';
import { formatBytes } from '../../../src/config/format/bytes.js';
import { compileText } from '../../support/compile-text.js';
import { formatAsPromised } from '../../support/format-promise.js';

/** A formatted text, of which every promise is checked as well. */
function formatted(text: string): string {
  const result = formatAsPromised(text, compileText);
  if (result === null) throw new Error(`it does not parse: ${text}`);
  return result;
}

const long = (letter: string): string => `"/bin/${letter.repeat(29)}"`;

describe('the canonical style', () => {
  it('has one statement on a line, a tab for each block, and one blank around signs', () => {
    expect(formatted('a{b=c;d   +=   e ;f;}  g=1,2 ,3;')).to.equal(
      'a {\n\tb = c;\n\td += e;\n\tf;\n}\ng = 1, 2, 3;\n',
    );
  });

  it('writes "=" between a name and its value', () => {
    expect(formatted('a { vnet new; $x y; }')).to.equal('a {\n\tvnet = new;\n\t$x = y;\n}\n');
  });

  it('leaves .include without a sign, with which it would be a parameter', () => {
    expect(formatted('".include"   "/none/*" ; a { .include = b; }')).to.equal(
      '.include "/none/*";\na {\n\t.include = b;\n}\n',
    );
  });

  it('keeps one empty line between statements, and none at the ends of blocks and files', () => {
    expect(formatted('\n\na = 1;\n\n\n\nb {\n\n\nc;\n\n}\n\nd { e;\n\n f; }\n\n')).to.equal(
      'a = 1;\n\nb {\n\tc;\n}\n\nd {\n\te;\n\n\tf;\n}\n',
    );
  });

  it('writes blocks in blocks, and empty ones on one line', () => {
    expect(formatted('a { b { c; } * {\n} }')).to.equal('a {\n\tb {\n\t\tc;\n\t}\n\t* { }\n}\n');
  });

  it('leaves out semicolons that end nothing', () => {
    expect(formatted(';;a;; b { ; } ; # c\n')).to.equal('a;\nb { } # c\n');
  });

  it('ends lines with a line feed, and begins without a byte order mark', () => {
    expect(formatted('\ufeffa;  \r\n# c \t\r\n')).to.equal('a;\n# c\n');
  });

  it('makes nothing of nothing', () => expect(formatted(' \n\n')).to.equal(''));
});

describe('a list in the canonical style', () => {
  it('is split, one value a line, when its line would be longer than 80 columns', () => {
    expect(formatted(`a = ${long('x')}, ${long('y')};`)).to.equal(`a = ${long('x')}, ${long('y')};\n`);
    expect(formatted(`a { bc = ${long('x')}, ${long('y')}; }`)).to.equal(
      `a {\n\tbc =\n\t\t${long('x')},\n\t\t${long('y')};\n}\n`,
    );
  });

  it('stays on several lines when it was, and keeps empty ones between values', () => {
    expect(formatted('a = 1,\n 2, 3;')).to.equal('a =\n\t1,\n\t2,\n\t3;\n');
    expect(formatted('a = 1\n,2\n\n\n,  \n\n3;')).to.equal('a =\n\t1,\n\t2,\n\n\t3;\n');
  });

  it('of one value stays with its name, however long', () => {
    expect(formatted(`a =\n "${'x'.repeat(100)}";`)).to.equal(`a = "${'x'.repeat(100)}";\n`);
  });
});

describe('a word in the canonical style', () => {
  const value = (written: string): string => formatted(`a = ${written};`).slice(4, -2);
  const name = (written: string): string => formatted(`${written} { }`).slice(0, -5);

  it('keeps its quotes or their absence', () => {
    for (const word of ['b', '"b"', '/jails/$name', '"/jails/$name"', '"a"\'b\'c', '${x}', 'a\\ b'])
      expect(value(word)).to.equal(word);
  });

  it('has double quotes where single ones do nothing', () => {
    expect(value("'a b#c'")).to.equal('"a b#c"');
    for (const word of ["'$a'", "'\\n'", '\'say "a"\'']) expect(value(word)).to.equal(word);
  });

  it('has no quotes when it is a name that needs none', () => {
    for (const [written, shown] of [
      ['"web"', 'web'],
      ["'a.b'", 'a.b'],
      ['"*"', '*'],
      ['"foo.*"', '"foo.*"'],
      ["'my jail'", '"my jail"'],
      ['""', '""'],
      ['"a//b"', '"a//b"'],
    ] as const)
      expect(name(written)).to.equal(shown);
    expect(formatted('a { "allow.mount" = 1; }')).to.include('\tallow.mount = 1;');
  });

  it('is one piece when it is a name: FreeBSD takes no other', () => {
    expect(name('we"b"')).to.equal('web');
    expect(name('a/b')).to.equal('"a/b"');
    expect(name('a"b c"\'"\'')).to.equal('"ab c\\""');
    expect(name('"foo".\'*\'')).to.equal('"foo.*"');
  });

  it('keeps line ends within quotes', () => {
    expect(value('"a  \n\n\n\t b"')).to.equal('"a  \n\n\n\t b"');
  });
});

describe('a comment in the canonical style', () => {
  it('stays behind its statement, or on its own line', () => {
    expect(formatted('# a\n\n\n  // b\na; # c\n  /* d */  \nb { # e\n # f\nc;\n # g\n } // h\n# i')).to.equal(
      '# a\n\n// b\na; # c\n/* d */\nb { # e\n\t# f\n\tc;\n\t# g\n} // h\n# i\n',
    );
  });

  it('stays before what follows it on its line, and within a statement', () => {
    expect(formatted('/* a */ b; /* c */ d; e { /* f */ }')).to.equal(
      '/* a */ b; /* c */\nd;\ne { /* f */\n}\n',
    );
    expect(formatted('a /* 1 */ = /* 2 */ b /* 3 */, /* 4 */ c /* 5 */ ; e /* 6 */ { }')).to.equal(
      'a /* 1 */ = /* 2 */ b /* 3 */, /* 4 */ c /* 5 */;\ne /* 6 */ { }\n',
    );
  });

  it('stays with its value in a list', () => {
    expect(formatted('a = # 0\n"b", # 1\n # 2\n /* 3 */ "c" # 4\n, "d" # 5\n; # 6')).to.equal(
      'a = # 0\n\t"b", # 1\n\t# 2\n\t/* 3 */ "c", # 4\n\t"d"; # 5\n# 6\n',
    );
  });

  it('stays before a semicolon when it has a line of its own', () => {
    expect(formatted('a = b # 1\n # 2\n;')).to.equal('a = b # 1\n\t# 2\n\t;\n');
    expect(formatted('a\n# 1\n;')).to.equal('a\n\t# 1\n\t;\n');
  });

  it('goes behind a sign that would else have to stand on the next line', () => {
    expect(formatted('web # a\n# b\n{ c # d\n = e # f\n; }')).to.equal(
      'web { # a\n\t# b\n\tc = # d\n\t\te; # f\n}\n',
    );
  });

  it('of several lines is as it was inside', () => {
    expect(formatted('a {\n    /* one\n       two  \r\n\n */\n b; }')).to.equal(
      'a {\n\t/* one\n       two  \r\n\n */\n\tb;\n}\n',
    );
  });

  it('in another encoding keeps its bytes', () => {
    const bytes = Buffer.from('a   = "b"; # \xe9\xa0 \n', 'latin1');
    const after = Buffer.from('a = "b"; # \xe9\xa0\n', 'latin1');
    expect(formatBytes('jail.conf', bytes)).to.deep.equal({ ok: true, bytes: after });
  });
});

describe('a file with mistakes in its syntax', () => {
  it('is not formatted', () => {
    const result = formatBytes('jail.conf', Buffer.from('a = b c;'));
    expect(result).to.include({ ok: false }).and.not.to.have.property('bytes');
  });
});
