import { expect } from 'chai';
import { cpuTime } from '../../support/cpu-time.js';
import { expandPattern } from '../../../src/config/files/glob.js';

const tree: Readonly<Record<string, readonly string[]>> = {
  '.': ['b.conf', 'a.conf', '.hidden.conf', 'd', 'x[1].conf', 'a-b', '{a}'],
  'd/': ['2.conf', '10.conf', '1.conf', 'sub'],
  'd/sub/': ['z.conf'],
  '/etc/': ['jail.conf', 'jail.conf.d', 'jail.web.conf'],
  '/etc/jail.conf.d/': ['ü.conf', 'w.conf'],
};
const expand = (pattern: string): readonly string[] =>
  expandPattern(pattern, (directory) => tree[directory] ?? []);

describe('a pattern of included files', () => {
  const cases: readonly [pattern: string, found: readonly string[]][] = [
    ['*.conf', ['a.conf', 'b.conf', 'x[1].conf']],
    ['d/*.conf', ['d/1.conf', 'd/10.conf', 'd/2.conf']],
    ['*/1.conf', ['d/1.conf']],
    ['d/**.conf', ['d/1.conf', 'd/10.conf', 'd/2.conf']],
    ['**/z.conf', []],
    ['*/*/z.conf', ['d/sub/z.conf']],
    ['?.conf', ['a.conf', 'b.conf']],
    ['[ab].conf', ['a.conf', 'b.conf']],
    ['[!a]*.conf', ['b.conf', 'x[1].conf']],
    ['[^a].conf', ['b.conf']],
    ['[a-c].conf', ['a.conf', 'b.conf']],
    ['[[:digit:]]*.conf', []],
    ['d/[[:digit:]].conf', ['d/1.conf', 'd/2.conf']],
    ['a[.]conf', ['a.conf']],
    ['no[.]conf', []],
    ['.h*', ['.hidden.conf']],
    ['x\\[*', ['x[1].conf']],
    ['x[[]1].conf', ['x[1].conf']],
    ['{a,b}*', []],
    ['{a}*', ['{a}']],
    ['!(a)*', []],
    ['[z-a]*', []],
    ['[', []],
    ['a[', []],
    ['[]a].conf', ['a.conf']],
    ['/etc/jail.*.conf', ['/etc/jail.web.conf']],
    ['/etc/jail.conf.d/?.conf', ['/etc/jail.conf.d/w.conf', '/etc/jail.conf.d/ü.conf']],
    ['nosuch/*', []],
  ];
  for (const [pattern, found] of cases)
    it(`${pattern} ${found.length === 0 ? 'matches nothing' : `matches ${found.join(' ')}`}`, () => {
      expect(expand(pattern)).to.deep.equal(found);
    });

  it('of many stars takes no time', () => {
    const started = cpuTime();
    expandPattern(`${'*a'.repeat(100)}b`, () => ['a'.repeat(255)]);
    expect(cpuTime() - started).to.be.below(1000);
  });
});
