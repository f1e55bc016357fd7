import { expect } from 'chai';
import { cpuTime } from '../support/cpu-time.js';
import type { Compiled } from '../../src/config/compile.js';
import { formatDiagnostic, type Diagnostic, type Note } from '../../src/config/diagnostic.js';
import { compileText } from '../support/compile-text.js';
import { corpusFiles } from '../support/corpus.js';
import { mutate, numbers } from '../support/mutate.js';

const seeds = [...new Set(corpusFiles().map(({ text }) => text))];
const included = 'path = /in; b { persist; }\n"*.c" { $x = 1; }';

/** JAILD_FUZZ_SECONDS and JAILD_FUZZ_SEED make it look longer, and elsewhere; else every run looks at the same texts. */
const seconds = Number(process.env['JAILD_FUZZ_SECONDS'] ?? 0);
const seed = Number(process.env['JAILD_FUZZ_SEED'] ?? 20_251_122);
const ROUNDS = 600;
const LONGEST = 5000;

const filesOf = (text: string): Readonly<Record<string, string>> => ({
  'in.conf': included,
  'jail.conf': text,
});

/** What is wrong with the place of a diagnostic, if anything. */
function misplaced(
  { span, excerpt, excerptFrom = 1 }: Pick<Note, 'excerpt' | 'excerptFrom'> & Pick<Diagnostic, 'span'>,
  text: string,
): string | null {
  if (span === null) return 'it has no place';
  const line = filesOf(text)[span.file]?.split('\n')[span.line - 1];
  if (line === undefined) return 'there is no such line';
  if (span.column < 1 || span.length < 1) return 'it begins before the line';
  if (span.column - 1 + span.length > line.length + 1) return 'it ends after the line';
  const shown = (excerpt ?? '').slice(span.column - excerptFrom);
  return line.slice(span.column - 1).startsWith(shown.trimEnd()) ? null : 'its excerpt is from elsewhere';
}

const essence = ({ ok, diagnostics, jails }: Compiled, lines = 0) => ({
  ok,
  found: diagnostics.map(({ code, span }) => {
    const moved = span?.file === 'jail.conf' ? lines : 0;
    return `${code} ${span?.file}:${(span?.line ?? 0) - moved}:${span?.column}`;
  }),
  jails: jails.map(({ name, failed, params }) => ({ name, failed, params: [...params] })),
});

/** What a text breaks of what holds for all texts. */
function brokenBy(text: string): string | null {
  const started = cpuTime();
  const compiled = compileText(text, { 'in.conf': included });
  const took = cpuTime() - started;
  if (took > LONGEST) return `it takes ${Math.round(took)} ms`;
  const { ok, diagnostics, jails } = compiled;
  for (const d of diagnostics) {
    for (const place of [d, ...(d.notes ?? [])]) {
      const wrong = misplaced(place, text);
      if (wrong !== null) return `${wrong}: ${JSON.stringify(d)}`;
    }
    if (/[^\n\P{Cc}]|[\u202a-\u202e]/u.test(formatDiagnostic(d)))
      return `it shows control characters: ${d.code}`;
  }
  if (ok === diagnostics.some(({ severity, code }) => severity === 'error' && SYNTAX.has(code)))
    return 'ok is not what it is';
  if (ok && jails.some(({ params }) => JSON.stringify([...params]).includes('\ufffd')))
    return 'it passes on U+FFFD';
  const again = compileText(text, { 'in.conf': included });
  if (JSON.stringify(essence(again)) !== JSON.stringify(essence(compiled)))
    return 'it differs the second time';
  if (text.startsWith('\ufeff')) return null;
  const moved = compileText(`\n${text}`, { 'in.conf': included });
  return JSON.stringify(essence(moved, 1)) === JSON.stringify(essence(compiled))
    ? null
    : 'an empty line before it changes it';
}

const SYNTAX = new Set([
  ...[
    'syntax-error',
    'unexpected-character',
    'unexpected-end',
    'unterminated-string',
    'unterminated-comment',
  ],
  ...[
    'unterminated-variable',
    'nesting-too-deep',
    'include-variable',
    'include-depth',
    'include-loop',
    'too-large',
  ],
  ...['unreadable-file'],
]);

describe('no text', () => {
  it('breaks the compiler: mistakes have places, the same text means the same, bytes are not changed', () => {
    const next = numbers(seed);
    const end = Date.now() + seconds * 1000;
    for (let round = 0; round < ROUNDS || Date.now() < end; round++) {
      const text = mutate(seeds[round % seeds.length] ?? '', next, seeds);
      const broken = brokenBy(text);
      if (broken !== null) expect.fail(`${broken}\n${JSON.stringify(text)}`);
    }
  }).timeout(seconds * 1000 + 20_000);

  const found: readonly [what: string, text: string][] = [
    ['being read again for ever after a forgotten quote', 'x { path = a b"c;\npersist; }'],
    ['a forgotten quote with a mistake before it', 'path = ü "/p;\npersist;\n'],
    [
      'a forgotten quote whose line is shown as it is not',
      'a { exec.stalt += "bar;\n.include "$d/one.conf";\n }',
    ],
    ['braces one in another without names', '{'.repeat(3000)],
    ['a line of control characters', '\u001b]0;x\u0007 = "\u009b\u202e";\n'],
    ['an octal number beyond a byte', 'x { path = "/1\\777"; }'],
    ['bytes of UTF-8 that do not belong together', 'x { path = "/\\377", /\\303"\\274"; }'],
  ];
  for (const [what, text] of found) it(`breaks it by ${what}`, () => expect(brokenBy(text)).to.equal(null));

  const scraps = [
    'a{',
    '}',
    ';',
    'a;',
    '{',
    '"',
    "'",
    '\\a',
    '$a',
    '${',
    'é ',
    '*{}a{}',
    'a=b,',
    'a{}',
    '\0',
    '/*',
  ];
  for (const scrap of [
    ...scraps,
    'a=1;b{}',
    '"\n',
    '";\n"',
    "';\n",
    'a b\n',
    'a\n=',
    '“',
    '“”',
    '\\377',
    'x{a=$a;}',
    '$a=$a;',
    '#\n',
    '//',
    'a=b//c\n;',
    '[a]\n',
    '{"a":',
    'a.*{}',
    ':=',
    'a==',
  ]) {
    it(`of ${JSON.stringify(scrap)} over and over takes long`, () => {
      const started = Date.now();
      compileText(scrap.repeat(300_000 / scrap.length));
      expect(Date.now() - started).to.be.below(10_000);
    });
  }
});
