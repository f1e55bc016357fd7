import { expect } from 'chai';
import { codes, compileText, paramOf } from '../../support/compile-text.js';

describe('the words of jail.conf', () => {
  it('join pieces that touch', () => {
    expect(paramOf(`a = one"two"'three'four;`, 'a')).to.deep.equal(['onetwothreefour']);
  });

  it('end at a comment in the middle of an unquoted word', () => {
    expect(paramOf('a = b#c\n; d = e//f\n; g = h/*i*/;', 'a')).to.deep.equal(['b']);
    expect(paramOf('a = b#c\n; d = e//f\n; g = h/*i*/;', 'd')).to.deep.equal(['e']);
    expect(paramOf('a = b#c\n; d = e//f\n; g = h/*i*/;', 'g')).to.deep.equal(['h']);
  });

  it('keep comment signs inside quotes', () => {
    expect(paramOf(`a = "b#c//d/*e*/";`, 'a')).to.deep.equal(['b#c//d/*e*/']);
  });

  it('take backslashes in single quotes, and leave dollar signs alone there', () => {
    expect(paramOf(String.raw`a = 'it\'s $x\tok';`, 'a')).to.deep.equal(["it's $x\tok"]);
  });

  it('read octal, hexadecimal and letter escapes in every form', () => {
    expect(paramOf(String.raw`a = "\101\x42\n", '\101\x42\n', \101\x42\n;`, 'a')).to.deep.equal([
      'AB\n',
      'AB\n',
      'AB\n',
    ]);
  });

  it('join a line that ends with a backslash', () => {
    expect(paramOf('a = "one\\\ntwo", \'one\\\r\ntwo\', one\\\ntwo;', 'a')).to.deep.equal([
      'onetwo',
      'onetwo',
      'onetwo',
    ]);
  });

  it('make one character of the escaped bytes of UTF-8', () => {
    expect(paramOf(String.raw`a = "\303\274 \xe2\x82\xac";`, 'a')).to.deep.equal(['ü €']);
  });

  it('end a variable without braces at a dot, and let one in braces have dots', () => {
    expect(paramOf('host.hostname = h; a = "$name.d ${host.hostname}";', 'a')).to.deep.equal(['x.d h']);
  });

  it('keep a dollar sign that begins no variable', () => {
    expect(paramOf('a = "$1 $(cmd) $? \\$name $";', 'a')).to.deep.equal(['$1 $(cmd) $? $name $']);
    expect(paramOf('a = $1$;', 'a')).to.deep.equal(['$1$']);
  });

  it('may span lines in quotes', () => {
    expect(paramOf('a = "1\n2";', 'a')).to.deep.equal(['1\n2']);
  });

  it('are one empty string when only quotes are there', () => {
    expect(paramOf(`a = ""; b = '';`, 'a')).to.deep.equal(['']);
    expect(paramOf(`a = ""; b = '';`, 'b')).to.deep.equal(['']);
  });

  it('do not contain += where no blank is before it', () => {
    expect(paramOf('a=b; a+=c; d+=e;', 'a')).to.deep.equal(['b', 'c']);
  });

  it('begin after a byte order mark and end at carriage returns', () => {
    expect(codes(compileText('\ufeff* {\r\n persist;\r\n}\r\n').diagnostics)).to.deep.equal([]);
  });
});

describe('a mistake in the words', () => {
  const mistakes: readonly [title: string, text: string, found: readonly string[]][] = [
    [
      'is a string without an end, told where it begins',
      'x {\n path = "/b;\n}\n',
      ['2:9 unterminated-string'],
    ],
    ['is a comment without an end', 'a = b; /* c', ['1:8 unterminated-comment']],
    ['is a variable without an end', 'a = "${b";', ['1:6 unterminated-variable']],
    ['is a character that only quotes may hold', 'a = über;', ['1:5 unexpected-character']],
    ['is a byte that is not UTF-8, in quotes', 'a = "x\ufffd";', ['1:7 unexpected-character']],
  ];
  for (const [title, text, found] of mistakes)
    it(title, () => {
      const { ok, diagnostics } = compileText(text);
      const ofText = diagnostics.filter(({ code }) => code !== 'unknown-parameter');
      expect({ ok, found: codes(ofText) }).to.deep.equal({ ok: false, found });
    });

  it('in UTF-8 before it does not move the column', () => {
    expect(codes(compileText('a = "ü€😀" b;').diagnostics.slice(1))).to.deep.equal(['1:12 syntax-error']);
  });
});
