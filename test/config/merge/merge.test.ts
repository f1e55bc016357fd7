import { expect } from 'chai';
import { codes, compileText, onlyJail, paramOf } from '../../support/compile-text.js';

const valueIn = (text: string, jail: string, param: string): readonly string[] | null | undefined =>
  compileText(text)
    .jails.find(({ name }) => name === jail)
    ?.params.get(param);

describe('globals and wildcards', () => {
  it('form one block at the place of the first loose parameter', () => {
    const text = 'securelevel = 4; foo { securelevel = 5; } securelevel = 6; bar { }';
    expect([valueIn(text, 'foo', 'securelevel'), valueIn(text, 'bar', 'securelevel')]).to.deep.equal([
      ['5'],
      ['6'],
    ]);
  });

  it('warn where FreeBSD 13 would let the later one win', () => {
    const { diagnostics } = compileText('a = 4; foo { a = 5; } a = 6;');
    expect(codes(diagnostics.filter(({ severity }) => severity === 'warning'))).to.deep.equal([
      '1:23 late-global',
    ]);
  });

  it('win over a block by standing after it, not by being general', () => {
    expect(valueIn('foo { a = own; } * { a = star; }', 'foo', 'a')).to.deep.equal(['star']);
    expect(valueIn('* { a = star; } foo { a = own; }', 'foo', 'a')).to.deep.equal(['own']);
  });

  const patterns: readonly [pattern: string, name: string, covers: boolean][] = [
    ['a.*', 'a', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a.b.c', true],
    ['*.b', 'a.b', true],
    ['*.b', 'a.x.b', false],
    ['a.*.c', 'a.b.c', true],
    ['web*', 'web1', false],
  ];
  for (const [pattern, name, covers] of patterns)
    it(`"${pattern}" ${covers ? 'covers' : 'does not cover'} ${name}`, () => {
      expect(valueIn(`"${pattern}" { a = 1; } ${name} { }`, name, 'a')).to.deep.equal(
        covers ? ['1'] : undefined,
      );
    });

  it('are no jails', () => {
    expect(compileText('* { } a.b { } "a.*" { } "web*" { }').jails.map(({ name }) => name)).to.deep.equal([
      'a.b',
      'web*',
    ]);
  });
});

describe('a parameter written again', () => {
  it('drops what was there, also with += before', () => {
    expect(paramOf('a += 1; a += 2; a = 3;', 'a')).to.deep.equal(['3']);
  });

  it('extends the global list with += without changing it for others', () => {
    const text = 'a = 1; foo { a += 2; a += 3; } bar { }';
    expect([valueIn(text, 'foo', 'a'), valueIn(text, 'bar', 'a')]).to.deep.equal([['1', '2', '3'], ['1']]);
  });

  it('takes the last spelling, keeps its first place, and loses its value when it stands alone', () => {
    const { params } = onlyJail(
      'x { allow.mount = 1; persist; allow.nomount; mount.devfs = true; mount.nodevfs; }',
    );
    expect([...params]).to.deep.equal([
      ['name', ['x']],
      ['allow.nomount', null],
      ['persist', null],
      ['mount.nodevfs', null],
    ]);
  });

  it('fails the jail when it is its name or number', () => {
    const { jails, ok } = compileText('a { name = b; } c { jid = 7; jid = 8; } d { jid = 9; }');
    expect({ ok, failed: jails.map(({ failed }) => failed) }).to.deep.equal({
      ok: true,
      failed: [true, true, false],
    });
  });
});

describe('the name of a block', () => {
  it('is the number of a jail when it is one', () => {
    expect([...onlyJail('101 { path = "/j/$name"; }').params]).to.deep.equal([
      ['jid', ['101']],
      ['path', ['/j/101']],
      ['name', ['101']],
    ]);
  });

  it('is a name with letters in it, or when it is zero', () => {
    for (const name of ['0x1', '12ab', '0'])
      expect([...onlyJail(`${name} { }`).params]).to.deep.equal([['name', [name]]]);
  });

  it('is not merged with another block of the same name', () => {
    const { jails } = compileText('foo { path = /a; persist; }\nfoo { path = /b; persist; }');
    expect(jails.map(({ params }) => params.get('path'))).to.deep.equal([['/a'], ['/b']]);
    expect(jails.map(({ diagnostics }) => codes(diagnostics))).to.deep.equal([[], ['2:1 duplicate-jail']]);
  });
});
