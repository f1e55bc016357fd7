import { expect } from 'chai';
import { textMateGrammar } from '../../../src/config/editor/textmate.js';
import { soundFiles } from '../../support/corpus.js';
import { commentsIn } from '../../support/format-promise.js';
import { knownNamesIn } from '../../support/names.js';
import { loadGrammar, type Scoped } from '../../support/textmate.js';

/** One text, without blanks: those at the ends of lines are no part of a comment. */
const joined = (parts: readonly string[]): string => parts.join('').replace(/\s/g, '');

describe('the TextMate grammar', () => {
  let scopesOf: (text: string) => readonly Scoped[];
  before(async () => (scopesOf = await loadGrammar(textMateGrammar())));

  /** Without blanks and punctuation. */
  const seen = (text: string): readonly Scoped[] =>
    scopesOf(text)
      .filter(([part, scope]) => part.trim() !== '' && !scope.startsWith('punctuation.'))
      .map(([part, scope]) => [part.trim(), scope]);

  it('tells the three kinds of comments, also in the middle of a word', () => {
    expect(seen('# a\npath//b\n/* c\nd */ = x#y\n;')).to.deep.equal([
      ['# a', 'comment.line.number-sign'],
      ['path', 'support.type.property-name.freebsd'],
      ['//b', 'comment.line.double-slash'],
      ['/*', 'comment.block'],
      ['c', 'comment.block'],
      ['d', 'comment.block'],
      ['*/', 'comment.block'],
      ['=', 'keyword.operator.assignment'],
      ['x', 'string.unquoted'],
      ['#y', 'comment.line.number-sign'],
    ]);
  });

  it('tells parameters of FreeBSD and of Linux, with their "no", from names it does not know', () => {
    expect(seen('path; allow.nomount; nopath; memory.max; memory.maxx; env.A; path.x;')).to.deep.equal([
      ['path', 'support.type.property-name.freebsd'],
      ['allow.nomount', 'support.type.property-name.freebsd'],
      ['nopath', ''],
      ['memory.max', 'support.type.property-name.linux'],
      ['memory.maxx', ''],
      ['env.A', 'support.type.property-name.freebsd'],
      ['path.x', ''],
    ]);
  });

  it('knows names only where names stand', () => {
    expect(seen('depend = path, persist; x vnet; path { }')).to.deep.equal([
      ['depend', 'support.type.property-name.freebsd'],
      ['=', 'keyword.operator.assignment'],
      ['path', 'string.unquoted'],
      ['persist', 'string.unquoted'],
      ['x', ''],
      ['vnet', 'string.unquoted'],
      ['path', 'entity.name.section'],
    ]);
  });

  it('tells jails and wildcards, with the brace on their line or the next', () => {
    expect(seen('* { "foo.*" /* x */ { } }\nweb\n{ }\n\'web*\' { }')).to.deep.equal([
      ['*', 'keyword.operator.wildcard'],
      ['foo.', 'entity.name.section'],
      ['*', 'keyword.operator.wildcard'],
      ['/*', 'comment.block'],
      ['x', 'comment.block'],
      ['*/', 'comment.block'],
      ['web', 'entity.name.section'],
      ['web*', 'entity.name.section'],
    ]);
  });

  it('tells escapes and variables in strings, and none of them between single quotes', () => {
    expect(seen(String.raw`$x = "a\x41${'${b.c}'}d\"$e\$f", '$g\n', h$i;`)).to.deep.equal([
      ['$x', 'variable.other'],
      ['=', 'keyword.operator.assignment'],
      ['a', 'string.quoted.double'],
      ['\\x41', 'constant.character.escape'],
      ['${b.c}', 'variable.other'],
      ['d', 'string.quoted.double'],
      ['\\"', 'constant.character.escape'],
      ['$e', 'variable.other'],
      ['\\$', 'constant.character.escape'],
      ['f', 'string.quoted.double'],
      ['$g', 'string.quoted.single'],
      ['\\n', 'constant.character.escape'],
      ['h', 'string.unquoted'],
      ['$i', 'variable.other'],
    ]);
  });

  it('tells numbers with their units, booleans and words of values when they are the whole value', () => {
    expect(seen('a += 512M, 1h30m, 50%, 10.0.0.1, TRUE, truer, inherit, 5x;')).to.deep.equal([
      ['a', ''],
      ['+=', 'keyword.operator.assignment.append'],
      ['512', 'constant.numeric'],
      ['M', 'keyword.other.unit'],
      ['1', 'constant.numeric'],
      ['h', 'keyword.other.unit'],
      ['30', 'constant.numeric'],
      ['m', 'keyword.other.unit'],
      ['50', 'constant.numeric'],
      ['%', 'keyword.other.unit'],
      ['10.0.0.1', 'string.unquoted'],
      ['TRUE', 'constant.language.boolean'],
      ['truer', 'string.unquoted'],
      ['inherit', 'support.constant.property-value'],
      ['5x', 'string.unquoted'],
    ]);
  });

  it('tells .include from a parameter of that name', () => {
    expect(seen('.include "a"; .include = b;')).to.deep.equal([
      ['.include', 'keyword.control.import'],
      ['a', 'string.quoted.double'],
      ['.include', ''],
      ['=', 'keyword.operator.assignment'],
      ['b', 'string.unquoted'],
    ]);
  });

  it('shows what cannot stand outside quotes', () => {
    expect(seen('é\n}')).to.deep.equal([
      ['é', 'invalid.illegal'],
      ['}', ''],
    ]);
  });

  for (const { name, text } of soundFiles())
    it(`sees in ${name} the comments and the names that the parser sees`, () => {
      const stretches = scopesOf(text);
      const textOf = (scope: string): readonly string[] =>
        stretches.flatMap(([part, own]) => (own.startsWith(scope) ? [part] : []));
      expect(joined(textOf('comment.'))).to.equal(joined(commentsIn(text)));
      expect(textOf('support.type.')).to.deep.equal(knownNamesIn(text));
    });
});
