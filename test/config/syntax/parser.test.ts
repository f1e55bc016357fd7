import { expect } from 'chai';
import { codes, compileText, onlyJail, paramOf } from '../../support/compile-text.js';

describe('the grammar of jail.conf', () => {
  it('takes a value without a sign', () => {
    expect(paramOf('vnet new; a "b", c;', 'vnet')).to.deep.equal(['new']);
    expect(paramOf('vnet new; a "b", c;', 'a')).to.deep.equal(['b', 'c']);
  });

  it('takes a name without a value', () => {
    expect(paramOf('persist;', 'persist')).to.equal(null);
  });

  it('takes semicolons where nothing is', () => {
    expect(compileText(';;x{;;persist;;};;').ok).to.equal(true);
  });

  it('joins pieces of a name', () => {
    expect(onlyJail(`we"b"'1' { exec."start" = a; }`).params.get('exec.start')).to.deep.equal(['a']);
    expect(onlyJail(`we"b"'1' { }`).name).to.equal('web1');
  });

  it('names nested blocks by their parents', () => {
    expect(compileText('a { b { c { } } }').jails.map(({ name }) => name)).to.deep.equal([
      'a',
      'a.b',
      'a.b.c',
    ]);
  });
});

describe('a mistake of syntax', () => {
  const mistakes: readonly [title: string, text: string, found: readonly string[]][] = [
    [
      'is a missing semicolon, told at the next word',
      'x {\n path = "/x"\n persist;\n}',
      ['3:2 syntax-error'],
    ],
    ['is a missing semicolon before the end of a block', 'x { persist }', ['1:13 syntax-error']],
    ['is a command without quotes', 'x { exec.start = /bin/sh /etc/rc; }', ['1:26 syntax-error']],
    ['is a wildcard without quotes', 'a.* { persist; }', ['1:3 syntax-error']],
    ['is a variable as the name of a jail', '$x { }', ['1:1 syntax-error']],
    ['is a name with a variable in it', 'a$x = 1;', ['1:1 syntax-error']],
    ['is a block without an end', 'x {\n persist;\n', ['3:1 unexpected-end']],
    ['is an end without a block', 'persist; }', ['1:10 syntax-error']],
    ['is a list with nothing after a comma', 'meta = b,;', ['1:10 syntax-error']],
    ['is a sign without a name', '= b; persist;', ['1:1 syntax-error']],
    ['is a block too deep', 'a{'.repeat(102) + '}'.repeat(102), ['1:202 nesting-too-deep']],
  ];
  for (const [title, text, found] of mistakes)
    it(title, () => {
      const { ok, diagnostics } = compileText(text);
      const syntax = diagnostics.filter(({ code }) => code !== 'bad-name' && code !== 'bad-value');
      expect({ ok, found: codes(syntax) }).to.deep.equal({ ok: false, found });
    });

  it('is not hidden by the warning about a comment before it', () => {
    const { ok, diagnostics } = compileText("a = b#c\n;d' e;\n");
    expect(ok).to.equal(false);
    expect(codes(diagnostics)).to.include('2:3 unterminated-string');
  });

  it('does not hide the ones after it', () => {
    const text = 'x {\n path = /a /b;\n memory.max = huge;\n exec.start = "a"\n nosuch;\n}\n}\n';
    expect(codes(compileText(text).diagnostics)).to.deep.equal([
      '2:12 syntax-error',
      '3:15 bad-value',
      '5:2 syntax-error',
      '5:2 unknown-parameter',
      '7:1 syntax-error',
    ]);
  });
});

describe('.include', () => {
  it('puts parameters and jails of a file where it stands', () => {
    const { ok, jails } = compileText('a { .include "in.conf"; }', { 'in.conf': 'path = /p; b { }' });
    expect(ok).to.equal(true);
    expect(jails.map(({ name }) => name)).to.deep.equal(['a', 'a.b']);
    expect(jails[0]?.params.get('path')).to.deep.equal(['/p']);
  });

  it('takes names relative to the file they stand in, and patterns in sorted order', () => {
    const others = { 'd/one.conf': '.include "b*.conf";', 'd/b2.conf': 'two {}', 'd/b1.conf': 'one {}' };
    const { jails, files } = compileText('.include "d/one.conf";', others);
    expect(jails.map(({ name }) => name)).to.deep.equal(['one', 'two']);
    expect(files).to.deep.equal(['jail.conf', 'd/one.conf', 'd/b1.conf', 'd/b2.conf']);
  });

  it('is quiet about a pattern that matches nothing', () => {
    expect(compileText('.include "no*", "no[.]conf";').diagnostics).to.deep.equal([]);
  });

  it('is a parameter like any other with a sign', () => {
    expect(paramOf('.include = "x";', '.include')).to.deep.equal(['x']);
  });

  it('refuses a file that is not there, variables, and files that include themselves', () => {
    const text = '$d = x;\n.include "no.conf";\n.include "$d/y";\n.include "jail.conf";';
    expect(codes(compileText(text).diagnostics)).to.deep.equal([
      '2:10 unreadable-file',
      '3:10 include-variable',
      '4:10 include-loop',
    ]);
  });

  it('ends at a depth of 32 files', () => {
    const chain = Array.from({ length: 40 }, (_, i) => [`f${i}`, `.include "f${i + 1}";`]);
    const { diagnostics } = compileText(
      '.include "f0";',
      Object.fromEntries(chain) as Record<string, string>,
    );
    expect(diagnostics.map(({ code, span }) => `${span?.file} ${code}`)).to.deep.equal(['f30 include-depth']);
  });
});
