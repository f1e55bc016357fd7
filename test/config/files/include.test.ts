import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compile } from '../../../src/config/compile.js';
import { loadConfiguration } from '../../../src/config/load.js';
import { codes, compileText } from '../../support/compile-text.js';

const namesOf = (text: string, others: Readonly<Record<string, string>>): readonly string[] =>
  compileText(text, others).jails.map(({ name }) => name);

describe('an included file', () => {
  it('gives a block its parameters, and its jails become children of the block', () => {
    const { jails } = compileText('a { .include "in"; }', { in: 'path = /p; b { persist; } c.d { }' });
    expect(jails.map(({ name, params }) => [name, params.get('path')])).to.deep.equal([
      ['a', ['/p']],
      ['a.b', undefined],
      ['a.c.d', undefined],
    ]);
  });

  it('gives a block wildcards for its children', () => {
    const { jails } = compileText('a { .include "in"; b { } c { d { } } } b { }', { in: '* { path = /w; }' });
    expect(jails.map(({ name, params }) => [name, params.get('path')])).to.deep.equal([
      ['a', undefined],
      ['a.b', ['/w']],
      ['a.c', ['/w']],
      ['a.c.d', ['/w']],
      ['b', undefined],
    ]);
  });

  it('has its loose parameters in the one block of globals', () => {
    const text = 'a { securelevel = 1; } .include "in"; b { }';
    const { jails } = compileText(text, { in: 'securelevel = 2; path = /p;' });
    expect(jails.map(({ params }) => params.get('securelevel'))).to.deep.equal([['2'], ['2']]);
  });

  it('stands where it is included: order of blocks goes through files', () => {
    const text = 'a { securelevel = 1; } .include "in";';
    expect(
      compileText(text, { in: '* { securelevel = 2; }' }).jails[0]?.params.get('securelevel'),
    ).to.deep.equal(['2']);
  });

  it('may be one of several, listed with commas or written without quotes', () => {
    expect(
      namesOf('.include "one", two; .include three;', { one: 'a {}', two: 'b {}', three: 'c {}' }),
    ).to.deep.equal(['a', 'b', 'c']);
  });

  it('may be included twice', () => {
    expect(namesOf('x { .include "in"; } y { .include "in"; }', { in: 'b { }' })).to.deep.equal([
      'x',
      'x.b',
      'y',
      'y.b',
    ]);
  });

  it('has names relative to itself', () => {
    const others = {
      'd/in': '.include "../e/in";',
      'e/in': '.include "f/in";',
      'd/../e/in': '.include "f/in";',
      'd/../e/f/in': 'deep { }',
    };
    expect(namesOf('.include "d/in";', others)).to.deep.equal(['deep']);
  });

  it('cannot be named by a variable, whatever its quotes', () => {
    for (const name of ['"$d/in"', '$d', 'a$d', '"a${d}"', '"a" , "$d"'])
      expect(
        codes(compileText(`$d = in;\n.include ${name};`, { a: '' }).diagnostics).filter(
          (code) => !/unused/.test(code),
        ),
      ).to.have.length(1);
  });

  it('may have a name with a dollar sign in it', () => {
    expect(namesOf('.include \'$d\', "\\$e";', { $d: 'a { }', $e: 'b { }' })).to.deep.equal(['a', 'b']);
  });

  it('needs a name', () => {
    expect(codes(compileText('.include;').diagnostics)).to.deep.equal(['1:1 unknown-parameter']);
  });

  it('is told of its own mistakes in its own lines', () => {
    const { ok, diagnostics } = compileText('.include "in";\nb { path = /p; persist; }', {
      in: '\n a { path /p persist; }',
    });
    expect({
      ok,
      found: diagnostics.map(({ span, code }) => `${span?.file}:${span?.line}:${span?.column} ${code}`),
    }).to.deep.equal({
      ok: false,
      found: ['in:2:14 syntax-error'],
    });
  });

  it('may be 32 files deep and no deeper', () => {
    const chain = (length: number): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length }, (_, i) => [`f${i}`, i === length - 1 ? 'end { }' : `.include "f${i + 1}";`]),
      );
    expect(namesOf('.include "f0";', chain(31))).to.deep.equal(['end']);
    expect(compileText('.include "f0";', chain(32)).diagnostics.map(({ code }) => code)).to.deep.equal([
      'include-depth',
    ]);
  });

  it('that includes itself by way of others is told with the way', () => {
    const { diagnostics } = compileText('.include "a";', { a: '.include "b";', b: '.include "a";' });
    expect(diagnostics.map(({ message }) => message)).to.deep.equal([
      'a includes itself: jail.conf -> a -> b -> a',
    ]);
  });

  it('that nobody may read is told where it is included', () => {
    const refused = Object.assign(new Error("EACCES: permission denied, open 'in'"), { code: 'EACCES' });
    const { diagnostics } = compile(['jail.conf'], {
      readFile: (path) => {
        if (path === 'in') throw refused;
        return 'a { }\n.include "in";';
      },
      glob: () => [],
    });
    expect(diagnostics.map(({ span, message }) => [span?.line, span?.column, message])).to.deep.equal([
      [2, 10, 'cannot read in: permission denied'],
    ]);
  });
});

describe('a file of the host that is included', () => {
  let folder = '';
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'jaild-include-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const load = (text: string) => {
    const { ok, jails, diagnostics } = loadConfiguration([file('jail.conf', text)]);
    const messages = diagnostics
      .filter(
        ({ severity, code }) => severity === 'error' && code !== 'missing-path' && code !== 'nothing-to-run',
      )
      .map(({ message }) => message.replaceAll(folder, ''));
    return { ok, names: jails.map(({ name }) => name), messages };
  };

  it('may be a symbolic link', () => {
    file('real/in', 'a { }');
    symlinkSync('real/in', join(folder, 'link'));
    expect(load('.include "link";')).to.deep.equal({ ok: true, names: ['a'], messages: [] });
  });

  it('that is a link to itself, or to nothing, is told', () => {
    symlinkSync('self', join(folder, 'self'));
    symlinkSync('nothing', join(folder, 'gone'));
    expect(load('.include "self", "gone";').messages).to.deep.equal([
      'cannot read /self: too many symbolic links encountered',
      'cannot read /gone: no such file or directory',
    ]);
  });

  it('that leads back to the file through links ends', () => {
    symlinkSync('jail.conf', join(folder, 'again'));
    const { ok, messages } = load('.include "again";');
    expect({ ok, told: messages.length }).to.deep.equal({ ok: false, told: 1 });
  });

  it('that is a directory, or a device, is told', () => {
    mkdirSync(join(folder, 'd'));
    expect(load('.include "d"; .include "/dev/zero";').messages).to.deep.equal([
      'cannot read /d: is a directory',
      'cannot read /dev/zero: not a file or a pipe',
    ]);
  });

  it('that matches a pattern and is a directory is told, too', () => {
    mkdirSync(join(folder, 'd/x.conf'), { recursive: true });
    file('d/a.conf', 'a { }');
    expect(load('.include "d/*.conf";')).to.deep.equal({
      ok: false,
      names: ['a'],
      messages: ['cannot read /d/x.conf: is a directory'],
    });
  });

  for (const name of ['-', '/dev/stdin'])
    it(`may be standard input, ${name}`, () => {
      const module = new URL('../../../src/config/load.js', import.meta.url).href;
      const script = `import { loadConfiguration } from '${module}';
        console.log(loadConfiguration(['${name}']).jails.map(({ name }) => name).join());`;
      const words = ['--input-type=module', '-e', script];
      const pipe = ['-c', 'echo "a { }" | "$0" "$@"', process.execPath, ...words];
      expect(execFileSync('sh', pipe, { encoding: 'utf8' })).to.equal('a\n');
    });
});
