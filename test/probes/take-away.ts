import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import type { Edit, Removal } from './removal.js';
import { removals } from './removals.js';

const repository = join(import.meta.dirname, '../../..');
const parts = ['bin', 'dist', 'etc', 'native', 'package.json', 'src', 'test', 'tsconfig.json'];

/** A tree in which defences can be taken away without harm to this one. */
function scratchTree(): string {
  const tree = mkdtempSync(join(tmpdir(), 'jaild-take-away-'));
  for (const part of parts)
    cpSync(join(repository, part), join(tree, part), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(repository, 'node_modules'), join(tree, 'node_modules'));
  return tree;
}

/** @throws Error when the words are not in the text exactly once: the defence has moved, and its removal has to follow. */
function patched(text: string, { file, from, to }: Edit): string {
  const [before, after, ...more] = text.split(from);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`not once in ${file}: ${from.trim()}`);
  return `${before}${to}${after}`;
}

/** Makes of a source what jaild runs; a policy is compiled by jaild itself. */
function rebuild(tree: string, file: string): void {
  if (file.endsWith('.c')) {
    const { status, stderr } = spawnSync(
      'make',
      ['-s', '-C', join(tree, 'native'), 'CFLAGS=-std=c17 -D_GNU_SOURCE= -O1'],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
  }
  if (!file.endsWith('.ts')) return;
  const { outputText } = ts.transpileModule(readFileSync(join(tree, file), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    },
  });
  writeFileSync(join(tree, 'dist', file.replace(/ts$/, 'js')), outputText);
}

const isTest = (name: string): boolean => name.includes('.test.ts: ');
const PATIENCE_MS = 120_000;

/** Which of the probes fail now. @throws Error when they could not be made */
function failingProbes(tree: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const words = [join(tree, 'dist/test/probes/report.js'), ...names];
  const { stdout, stderr } = spawnSync('node', words, { encoding: 'utf8', timeout: PATIENCE_MS });
  if (!stdout.includes('by weight')) throw new Error(`the probes could not be made:\n${stderr}`);
  return names.filter((name) => new RegExp(`\\s${name}\\s`).test(stdout));
}

function testFails(tree: string, test: string): boolean {
  const [file = '', title = ''] = test.split(': ');
  const words = [join(tree, 'node_modules/.bin/mocha'), join('dist', file.replace(/ts$/, 'js')), '-g', title];
  const { status, stdout } = spawnSync('node', words, { encoding: 'utf8', timeout: PATIENCE_MS, cwd: tree });
  // One that waits for ever has failed as well.
  if (status !== null && !/\d+ (passing|failing)/.test(stdout))
    throw new Error(`the test could not be run:\n${stdout}`);
  return status !== 0;
}

/** What fails without the defence. */
function failuresWithout(tree: string, { edits, seenBy }: Removal): readonly string[] {
  const [first, ...rest] = edits;
  if (first !== undefined)
    return without(tree, first, () => failuresWithout(tree, { class: '', what: '', edits: rest, seenBy }));
  return [
    ...failingProbes(
      tree,
      seenBy.filter((name) => !isTest(name)),
    ),
    ...seenBy.filter((name) => isTest(name) && testFails(tree, name)),
  ];
}

/** Makes the edit, does something, and puts back what was there. */
function without<T>(tree: string, edit: Edit, act: () => T): T {
  const file = join(tree, edit.file);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, patched(text, edit));
  try {
    rebuild(tree, edit.file);
    return act();
  } finally {
    writeFileSync(file, text);
    rebuild(tree, edit.file);
  }
}

function line(removal: Removal, before: readonly string[]): string {
  const begin = `${removal.class.padEnd(16)}  ${removal.what.padEnd(40)}  `;
  try {
    const failed = failuresWithout(tree, removal).filter((name) => !before.includes(name));
    if (failed.length > 0) return begin + failed.join(' ');
    process.exitCode = 1;
    return `${begin}NOT SEEN by ${removal.seenBy.join(' ')}`;
  } catch (error) {
    process.exitCode = 1;
    return `${begin}ERROR ${error instanceof Error ? error.message : String(error)}`;
  }
}

/*
 * usage: scripts/take-away [CLASS...]
 * For each class of ways out one defence is taken away in a copy of the tree, and the probes of the class are made again.
 * Prints what was taken away and which probes failed; exits with 1 when none did, for then nothing tests the defence.
 */
const wanted = removals.filter(({ class: kind }) => process.argv.length === 2 || process.argv.includes(kind));
const tree = scratchTree();
try {
  const probes = wanted.flatMap(({ seenBy }) => seenBy).filter((name) => !isTest(name));
  // A probe that fails with all defences in place shows nothing when one is gone.
  const before = failingProbes(tree, [...new Set(probes)]);
  for (const removal of wanted) console.log(line(removal, before));
} finally {
  rmSync(tree, { recursive: true });
}
