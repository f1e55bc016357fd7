import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureCheckOf } from '../support/measured-check.js';

const MB = 1024 * 1024;
const LARGE = 50 * MB;
const MAX_PEAK_MB = 200;
const PATIENCE_MS = 60_000;
const GOOD = 'path = /; persist;\n';

const many = (count: number, text: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => text(n)).join('');
const jails = (count: number): string => many(count, (n) => `j${n} { }\n`);

/** What is read, the file, and the first that is said of it. */
const cases: readonly (readonly [string, () => string | Buffer, RegExp])[] = [
  ['50 MB of garbage', () => randomBytes(LARGE), /^error: cannot read .* larger than 32 MB with characters/],
  ['50 MB of NUL bytes', () => Buffer.alloc(LARGE), /^F:1:1: error: .*\[unexpected-character\]$/],
  ['one word of 50 MB', () => Buffer.alloc(LARGE, 'a'), /^F:1:1: error: .*\[value-too-long\]$/],
  [
    'a quote that is open for 50 MB',
    () => Buffer.concat([Buffer.from(`${GOOD}exec.start = "`), Buffer.alloc(LARGE, 'a ')]),
    /^F:2:14: error: .*\[(?:value-too-long|unterminated-string)\]$/,
  ],
  ['a comment of 50 MB', () => Buffer.alloc(LARGE, '#'), /^0 jails in 1 file: no mistakes$/],
  ['50 MB of "a=b;"', () => Buffer.alloc(LARGE, 'a=b;'), /^F:1:400001: error: .*\[too-large\]$/],
  ['50 MB of "a{}"', () => Buffer.alloc(LARGE, 'a{}'), /^F:1:450003: error: .*\[too-large\]$/],
  ['10 MB of "{"', () => Buffer.alloc(10 * MB, '{'), /^F:1:1: error: .*\[syntax-error\]$/],
  ['10 MB of ";"', () => Buffer.alloc(10 * MB, ';'), /^0 jails in 1 file: no mistakes$/],
  ['50 MB of lines', () => Buffer.concat([Buffer.alloc(LARGE, '\n'), Buffer.from('x')]), /^F:52428801:/],
  ['50 MB of .include', () => Buffer.alloc(LARGE, '.include "/no";\n'), /\[too-large\]$/],
  [
    '10,000 variables in each other',
    () =>
      `${many(10_000, (n) => `$a${n} = $a${n + 1};\n`)}$a10000 = /bin/true;\npath = /;\nx { command = $a0; }`,
    /^1 jail in 1 file: no mistakes$/,
  ],
  [
    'variables that double sixty times',
    () => `${GOOD}$a0 = ha;\n${many(60, (n) => `$a${n + 1} = "$a${n}$a${n}";\n`)}x { exec.start = "$a60"; }`,
    /^F:22:8: error: "a20" has more than 1048576 characters \[value-too-long\]$/,
  ],
  [
    'large values of 10,000 jails',
    () =>
      `${GOOD}$a0 = ha;\n${many(15, (n) => `$a${n + 1} = "$a${n}$a${n}";\n`)}exec.start = "$name$a15";\n${jails(10_000)}`,
    /^F:\d+:1: error: .* make more than 33554432 bytes \[too-large\]$/,
  ],
  [
    '10,000 globals for 10,000 jails',
    () => `${many(10_000, (n) => `meta.k${n} = $name;\n`)}${GOOD}${jails(10_000)}`,
    /^F:\d+:1: error: .* make more than \d+ (?:parameters|bytes) \[too-large\]$/,
  ],
  [
    '10,000 wildcards for 10,000 jails',
    () => `${GOOD}${many(10_000, (n) => `* { pids.max = ${n + 1}; }\n`)}${jails(10_000)}`,
    /^F:\d+:1: error: .* make more than 4000000 parameters \[too-large\]$/,
  ],
  [
    'a wildcard of 100 components',
    () =>
      `${GOOD}"${'*.'.repeat(99)}*" { pids.max = 1; }\n${many(1000, (n) => `"${'a.'.repeat(50)}${n}" { }\n`)}`,
    /pids.max|no mistakes|covers/,
  ],
  [
    '10,000 jails of one name',
    () => `${GOOD}${many(10_000, () => 'x { }\n')}`,
    /^F:3:1: error: .*\[duplicate-jail\]$/,
  ],
];

describe('the compiler in 200 MB', () => {
  let folder = '';
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'jaild-bounds-'))));
  after(() => rmSync(folder, { recursive: true }));
  for (const [what, text, said] of cases)
    it(`reads ${what}`, () => {
      const file = join(folder, 'F');
      writeFileSync(file, text());
      const { firstLine, peakMb, status } = measureCheckOf(file, PATIENCE_MS);
      expect(firstLine.replaceAll(file, 'F')).to.match(said);
      expect(status).to.equal(/no mistakes/.test(firstLine) ? 0 : 2);
      expect(peakMb, 'MB').to.be.within(1, MAX_PEAK_MB);
    }).timeout(PATIENCE_MS);
});
