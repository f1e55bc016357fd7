import { expect } from 'chai';
import { codes, compileText, onlyJail, paramOf } from '../../support/compile-text.js';

const failures = (text: string): readonly string[] =>
  codes(
    onlyJail(text).diagnostics.filter(
      ({ code }) =>
        ![
          'missing-path',
          'nothing-to-run',
          'unknown-parameter',
          'ignored-parameter',
          'later-parameter',
        ].includes(code),
    ),
  );

describe('a variable', () => {
  it('has its final value wherever it was used', () => {
    expect(paramOf('a = "$v-$path"; $v = 1; path = /p; $v = 2;', 'a')).to.deep.equal(['2-/p']);
  });

  it('is replaced for each jail on its own', () => {
    const { jails } = compileText('path = "/j/$name"; a { } b { }');
    expect(jails.map(({ params }) => params.get('path'))).to.deep.equal([['/j/a'], ['/j/b']]);
  });

  it('is found by its exact spelling only', () => {
    expect(failures('x {\na = "${allow.mount}"; allow.nomount = 1; }')).to.deep.equal([
      '2:6 undefined-variable',
    ]);
  });

  it('that is not defined fails its jail and no other', () => {
    const { ok, jails } = compileText('a { b = "x${no}y"; } c { }');
    expect({ ok, failed: jails.map(({ failed }) => failed) }).to.deep.equal({
      ok: true,
      failed: [true, false],
    });
    expect(jails[0]?.params.get('b')).to.deep.equal(['xy']);
  });

  it('that is not used fails every jail when it cannot be resolved', () => {
    expect(compileText('$bad = "$no"; a { } b { }').jails.map(({ failed }) => failed)).to.deep.equal([
      true,
      true,
    ]);
  });

  it('without a value cannot be used', () => {
    expect(failures('x { persist; a = $persist; }')).to.deep.equal(['1:18 undefined-variable']);
  });

  it('may be empty', () => {
    expect(paramOf('$e = ""; a = "x${e}y";', 'a')).to.deep.equal(['xy']);
  });

  it('that is defined by itself is told and replaced by nothing', () => {
    expect(failures('x { $a = "$b"; $b = "$a"; path = "$path/x"; }')).to.deep.equal([
      '1:22 variable-loop',
      '1:35 variable-loop',
    ]);
  });

  it('with several elements stands for all of them as a whole word', () => {
    expect(paramOf('$v = 1, 2; a = 0, $v, "$v", 3;', 'a')).to.deep.equal(['0', '1', '2', '1', '2', '3']);
  });

  it('with several elements cannot stand inside a text', () => {
    expect(failures('x { $v = 1, 2; a = "x$v"; }')).to.deep.equal(['1:20 array-inline']);
  });

  it('is not looked for in what another one gave', () => {
    expect(paramOf(String.raw`$v = "\$name"; a = "$v";`, 'a')).to.deep.equal(['$name']);
  });

  it('cannot have the name of a parameter that jail(8) or the jail has', () => {
    expect(failures('x { $interface = 1; }')).to.deep.equal(['1:5 variable-named-like-parameter']);
    expect(failures('x { $nopersist = 1; }')).to.deep.equal(['1:5 variable-named-like-parameter']);
    expect(failures('x { $own = 1; own = 2; }')).to.deep.equal(['1:15 variable-named-like-parameter']);
    expect(failures('x { $id = 1; $base = 2; $ip4 = 3; }')).to.deep.equal([]);
  });

  it('may be nested ten thousand deep', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => `$v${i} = "$v${i + 1}";`).join('');
    expect(paramOf(`${chain} $v10000 = end; a = $v0;`, 'a')).to.deep.equal(['end']);
  });

  it('that doubles sixty times is refused before it fills the memory', () => {
    const doubling = Array.from({ length: 60 }, (_, i) => `$v${i} = "$v${i + 1}$v${i + 1}";`).join('');
    expect(
      failures(`x { ${doubling} $v60 = xxxx; }`).every((code) => code.endsWith('value-too-long')),
    ).to.equal(true);
    expect(onlyJail(`x { ${doubling} $v60 = xxxx; }`).failed).to.equal(true);
  });
});
