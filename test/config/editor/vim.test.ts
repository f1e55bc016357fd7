import { expect } from 'chai';
import { join } from 'node:path';
import { vimSyntax } from '../../../src/config/editor/vim.js';
import { soundFiles } from '../../support/corpus.js';
import { commentsIn } from '../../support/format-promise.js';
import { knownNamesIn } from '../../support/names.js';
import { openInVim, type Grouped } from '../../support/vim.js';

/** One text, without blanks: those at the ends of lines are no part of a comment. */
const joined = (parts: readonly string[]): string => parts.join('').replace(/\s/g, '');

const directory = join(import.meta.dirname, '../../../../etc/editor/vim');

/** Without blanks and signs. */
const seen = (text: string): readonly Grouped[] =>
  openInVim(directory, 'jail.conf', text)
    .stretches.filter(([part, group]) => part.trim() !== '' && group !== 'Value' && group !== 'Delimiter')
    .map(([part, group]) => [part.trim(), group]);

describe('the Vim syntax', () => {
  it('is that of jail.conf, its parts and the files of single jails, and of no other', () => {
    const typeOf = (name: string): string => openInVim(directory, name, '').filetype;
    expect(['jail.conf', 'jail.web.conf', 'jail.conf.d/web.conf'].map(typeOf)).to.deep.equal([
      'jailconf',
      'jailconf',
      'jailconf',
    ]);
    expect(typeOf('some.conf')).to.equal('');
  });

  it('tells the three kinds of comments, also in the middle of a word', () => {
    expect(seen('# a\npath//b\n/* c\nd */ = x#y\n;')).to.deep.equal([
      ['# a', 'Comment'],
      ['path', 'FreebsdParameter'],
      ['//b', 'Comment'],
      ['/* c', 'Comment'],
      ['d */', 'Comment'],
      ['=', 'Operator'],
      ['x', 'Bareword'],
      ['#y', 'Comment'],
    ]);
  });

  it('tells parameters of FreeBSD and of Linux, with their "no", from names it does not know', () => {
    expect(seen('path; allow.nomount; nopath; memory.max; memory.maxx; env.A; path.x;')).to.deep.equal([
      ['path', 'FreebsdParameter'],
      ['allow.nomount', 'FreebsdParameter'],
      ['nopath', 'Stranger'],
      ['memory.max', 'LinuxParameter'],
      ['memory.maxx', 'Stranger'],
      ['env.A', 'FreebsdParameter'],
      ['path.x', 'Stranger'],
    ]);
    expect(vimSyntax()).not.to.include('link jailconfStranger');
  });

  it('knows names only where names stand', () => {
    expect(seen('depend = path, persist; x vnet; path { }\n$y = $z , path; path;')).to.deep.equal([
      ['depend', 'FreebsdParameter'],
      ['=', 'Operator'],
      ['path', 'Bareword'],
      ['persist', 'Bareword'],
      ['x', 'Stranger'],
      ['vnet', 'Bareword'],
      ['path', 'Jail'],
      ['$y', 'Definition'],
      ['=', 'Operator'],
      ['$z', 'Variable'],
      ['path', 'Bareword'],
      ['path', 'FreebsdParameter'],
    ]);
  });

  it('tells jails and wildcards, with the brace on their line or the next', () => {
    expect(seen('* { "foo.*" /* x */ { } }\nweb # y\n{ }\n\'web*\' { }')).to.deep.equal([
      ['*', 'Wildcard'],
      ['"foo.', 'Jail'],
      ['*', 'Wildcard'],
      ['"', 'Jail'],
      ['/* x */', 'Comment'],
      ['web', 'Jail'],
      ['# y', 'Comment'],
      ["'web*'", 'Jail'],
    ]);
  });

  it('tells escapes and variables in strings, and no variables between single quotes', () => {
    expect(seen(String.raw`a = "a\x41${'${b.c}'}d\"$e\$f", '$g\n', h$i;`)).to.deep.equal([
      ['a', 'Stranger'],
      ['=', 'Operator'],
      ['"a', 'String'],
      ['\\x41', 'Escape'],
      ['${b.c}', 'QuotedVariable'],
      ['d', 'String'],
      ['\\"', 'Escape'],
      ['$e', 'QuotedVariable'],
      ['\\$', 'Escape'],
      ['f"', 'String'],
      ["'$g", 'String'],
      ['\\n', 'Escape'],
      ["'", 'String'],
      ['h', 'Bareword'],
      ['$i', 'Variable'],
    ]);
  });

  it('tells numbers with their units, booleans and words of values when they are the whole value', () => {
    expect(seen('a += 512M, 1h30m, 50%, 10.0.0.1, TRUE, truer, inherit, 5x;')).to.deep.equal([
      ['a', 'Stranger'],
      ['+=', 'Operator'],
      ['512', 'Number'],
      ['M', 'Unit'],
      ['1', 'Number'],
      ['h', 'Unit'],
      ['30', 'Number'],
      ['m', 'Unit'],
      ['50', 'Number'],
      ['%', 'Unit'],
      ['10.0.0.1', 'Bareword'],
      ['TRUE', 'Boolean'],
      ['truer', 'Bareword'],
      ['inherit', 'Constant'],
      ['5x', 'Bareword'],
    ]);
  });

  it('tells .include from a parameter of that name', () => {
    expect(seen('.include "a"; .include = b;')).to.deep.equal([
      ['.include', 'Include'],
      ['"a"', 'String'],
      ['.include', 'Stranger'],
      ['=', 'Operator'],
      ['b', 'Bareword'],
    ]);
  });

  for (const { name, text } of soundFiles())
    it(`sees in ${name} the comments and the names that the parser sees`, () => {
      const { stretches } = openInVim(directory, 'jail.conf', text);
      const textOf = (group: RegExp): readonly string[] =>
        stretches.flatMap(([part, own]) => (group.test(own) ? [part] : []));
      expect(joined(textOf(/^(?:Comment|Todo)$/))).to.equal(joined(commentsIn(text)));
      expect(textOf(/Parameter$/)).to.deep.equal(knownNamesIn(text));
    });
});
