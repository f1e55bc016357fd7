import { expect } from 'chai';
import { adviceOn } from '../../support/advice.js';

const jail = (name: string, path: string, more = '') => `${name} { path = ${path}; persist; ${more} }\n`;

describe('the root of a jail', () => {
  it('is a directory of this host', () => {
    expect(
      adviceOn(jail('a', '/j/a') + jail('b', '/j/b'), { '/j/a': 'dir', '/j/b': 'a file' }),
    ).to.deep.equal(['2:12 error: /j/b is not a directory [no-such-path]']);
    expect(adviceOn(jail('a', '/j/a'), {})).to.deep.equal(['1:12 error: there is no /j/a [no-such-path]']);
    expect(adviceOn(jail('a', '/j/a'), { '/j/a': '-> /k', '/k': 'dir' })).to.deep.equal([]);
  });

  it('may be missing when exec.prepare tells that it makes it, and perhaps when it does not tell', () => {
    const made = jail('a', '/j/a', 'exec.prepare = "/bin/mkdir /j/a";');
    expect(adviceOn(made, { '/bin/mkdir': 'a program' })).to.deep.equal([]);
    const other = jail('a', '/j/a', 'exec.prepare = /bin/clone;');
    expect(adviceOn(other, { '/bin/clone': 'a program' })).to.deep.equal([
      '1:12 warning: there is no /j/a [no-such-path]',
    ]);
  });

  it('is not in the root of a jail that is not above it by name', () => {
    const files = { '/j/a/b': 'dir', '/j/a/c': 'dir' };
    expect(
      adviceOn(jail('a', '/j/a/') + jail('b', '"/j//a/b"') + jail('a.c', '/j/a/c'), files),
    ).to.deep.equal([
      '2:12 warning: /j/a/b lies in the root of jail "a", which can change all of it [nested-path]',
    ]);
  });

  it('belongs to one jail, unless all only read it', () => {
    const two = jail('a', '/j') + jail('b', '/j') + jail('c', '/j');
    expect(adviceOn(two, { '/j': 'dir' })).to.deep.equal([
      '2:12 warning: /j is the root of jail "a", too and of 1 more jails: they write to the same files [shared-path]',
    ]);
    expect(adviceOn(`readonly; ${two}`, { '/j': 'dir' })).to.deep.equal([]);
  });

  it('is not where users of the host come to its set-user-ID programs, once for each directory', () => {
    const three = jail('a', '/j/a') + jail('b', '/j/b') + jail('c', '/k/c') + jail('d', '/j/d', 'readonly;');
    const files = { '/j/a': 'dir', '/j/b': 'dir', '/k/c': 'dir', '/j/d': 'dir' };
    const setsIds = (): boolean => true;
    const words = 'a set-user-ID program there makes them root [open-path]';
    expect(adviceOn(three, files, { setsIds })).to.deep.equal([
      `1:12 warning: users of this host reach the root of jail "a" and of 1 more: ${words}`,
      `3:12 warning: users of this host reach the root of jail "c": ${words}`,
    ]);
    expect(adviceOn(three, files)).to.deep.equal([]);
    const closed = { text: 'dir', mode: 0o700 };
    expect(adviceOn(three, { ...files, '/j': closed, '/k': closed }, { setsIds })).to.deep.equal([]);
    expect(adviceOn(three, { ...files, '/': closed }, { setsIds })).to.deep.equal([]);
    expect(adviceOn(`readonly; ${three}`, files, { setsIds })).to.deep.equal([]);
  });

  it('is passed over where nobody may look', () => {
    expect(adviceOn(jail('a', '/j/a', 'exec.start = /x;'), { '/j/a': 'closed' })).to.deep.equal([]);
  });

  it('is told of three jails and counted for the others, when a wildcard gives it', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const text = `path = "/j/$name"; persist;\n${names.map((name) => `${name} { }`).join('\n')}`;
    expect(adviceOn(text, {})).to.deep.equal([
      '1:8 error: there is no /j/a [no-such-path]',
      '1:8 error: there is no /j/b [no-such-path]',
      '1:8 error: there is no /j/c [no-such-path]',
      '1:8 error: the same goes for 5 more: d, e, f, ... [no-such-path]',
    ]);
  });
});
