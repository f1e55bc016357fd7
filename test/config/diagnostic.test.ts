import { expect } from 'chai';
import { formatDiagnostic, type Diagnostic } from '../../src/config/diagnostic.js';
import { compileText } from '../support/compile-text.js';

/** The last mistake of a text, as people see it. */
function shown(text: string, ofCode = ''): readonly string[] {
  const found = compileText(text).diagnostics.filter(({ code }) => code.startsWith(ofCode));
  const last = found.at(-1);
  if (last === undefined) throw new Error('nothing was found');
  return formatDiagnostic(last).split('\n');
}

const plain = (message: string, rest: Partial<Diagnostic> = {}): Diagnostic => ({
  ...{ code: 'bad-value', severity: 'error', span: null, message },
  ...rest,
});

/** Columns of a terminal before a text in a line, where the characters given take two and accents none. */
function columnsBefore(line: string, text: string): number {
  const before = line.slice(0, line.indexOf(text)).replace(/\p{Mn}/gu, '');
  return [...before].reduce((sum, c) => sum + (/[\p{Script=Han}\p{Emoji_Presentation}]/u.test(c) ? 2 : 1), 0);
}

describe('a mistake as people see it', () => {
  it('has its place, its line with carets, and what to do', () => {
    expect(shown('x {\n\tpath = /p; persist;\n\texec.strat = "/bin/sh";\n}', 'unknown')).to.deep.equal([
      'jail.conf:3:2: error: unknown parameter "exec.strat" [unknown-parameter]',
      ' 3 |  exec.strat = "/bin/sh";',
      '   |  ^^^^^^^^^^',
      'hint: did you mean "exec.start"?',
    ]);
  });

  it('shows a second place where there is one', () => {
    expect(shown('web {\n persist;\n', 'unexpected-end')).to.deep.equal([
      'jail.conf:3:1: error: the file ends inside the block "web" [unexpected-end]',
      'jail.conf:1:1: note: it begins here',
      ' 1 | web {',
      '   | ^^^',
      'hint: close it with "}"',
    ]);
  });

  for (const [what, before] of [
    ['tabs', '\t\t"a"\t'],
    ['wide characters', '"漢字😀" '],
    ['accents that combine', '"cafe\u0301 u\u0308" '],
    ['characters beyond the first plane', '"𝄞𝄞" '],
  ] as const)
    it(`has its caret under the word when ${what} come before`, () => {
      const [, line = '', caret = ''] = shown(`x { path = ${before}nosuch; }`, 'syntax');
      expect(columnsBefore(line, 'nosuch')).to.equal(caret.indexOf('^'));
    });

  it('has as many carets as the word has columns', () => {
    expect(shown('x { path = "漢字"; }', 'bad-value')[2]).to.equal(`   | ${' '.repeat(11)}^^^^^^`);
  });

  it('is cut around the caret when its line has ten thousand characters', () => {
    for (const [before, after] of [
      [5000, 5000],
      [9990, 0],
      [0, 9990],
    ] as const) {
      const text = `x { exec.start = "${'y'.repeat(before)}"; nosuch; meta = "${'z'.repeat(after)}"; }`;
      const [, line = '', caret = ''] = shown(text, 'unknown');
      expect([line.length, caret.length].every((length) => length <= 84)).to.equal(true);
      expect(line.slice(caret.indexOf('^')).startsWith('nosuch')).to.equal(true);
      expect(caret.trimEnd().endsWith(' ^^^^^^')).to.equal(true);
    }
  });

  it('shows an end of the file without an empty line', () => {
    expect(shown('x {\n', 'unexpected-end')[1]).to.match(/note:/);
  });

  it('passes nothing to a terminal that it would obey', () => {
    const text = 'x { nosuch\u001b]0;t\u0007 = "\u009b2J\u202e\u2066"; }';
    const all = compileText(text, {})
      .diagnostics.map((one) => formatDiagnostic(one))
      .join('\n');
    expect(all.replace(/\n/g, '')).to.not.match(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    const hidden = plain('a\u001b[2J', {
      hint: 'b\u0007',
      span: { file: 'c\u001b', line: 1, column: 1, length: 1 },
    });
    expect(formatDiagnostic(hidden)).to.equal('c :1:1: error: a [2J [bad-value]\nhint: b ');
  });

  it('is coloured when that is asked for', () => {
    expect(formatDiagnostic(plain('a'), true)).to.equal('\u001b[1;31merror:\u001b[0m a [bad-value]');
  });
});
