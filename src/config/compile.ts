import type { ParamNode } from './ast.js';
import { collectBlocks, isWildcard, lateGlobals, matchesWildcard, type Block } from './blocks.js';
import { Checker, originsOf } from './check.js';
import { MAX_TOLD, type Diagnostic, type DiagnosticCode, type Span } from './diagnostic.js';
import { readProgram } from './include.js';
import type { Compiled, FileAccess, Jail } from './jail.js';
import { LazyMap } from './lazy-map.js';
import { mergeJail, mergeJails, type MergedJail } from './merge.js';
import { applyRules, type Draft } from './rules.js';
import { diagnose, spanOf, type Place } from './source.js';
import { substitute, type Strings, type Substituted } from './substitute.js';
import { checkUncovered, unusedVariables } from './unused.js';
import { wordNodes } from './words.js';

export type { Compiled, FileAccess, Jail } from './jail.js';

/**
 * Files in, jails out, with every mistake there is in them. Reads nothing but through the access given, so that
 * `jailctl check`, the daemon and tests cannot disagree.
 */
export function compile(files: readonly string[], access: FileAccess): Compiled {
  const program = readProgram(files, access);
  const blocks = collectBlocks(program.items);
  const merged = mergeJails(blocks);
  const silent = isSound(program) && isSound(merged) ? [] : ABSENCES;
  const { jails, diagnostics } = finishJails(merged.jails, silent, new Checker(blocks));
  const own = [...program.diagnostics, ...merged.diagnostics, ...diagnostics];
  const ok = isSound({ diagnostics: own });
  const all = [
    ...own,
    ...lateGlobals(program.items),
    ...checkUncovered(blocks, merged.covered),
    ...(ok ? unusedVariables(blocks) : []),
    ...jails.flatMap((jail) => jail.diagnostics),
  ];
  return { ok, diagnostics: inFileOrder(all, program.files), jails, files: program.files, blocks };
}

const isSound = ({ diagnostics }: { readonly diagnostics: readonly Diagnostic[] }): boolean =>
  diagnostics.every(({ severity }) => severity === 'warning');

/**
 * A jail from the words of a command line, PARAM=VALUE, over the globals and wildcards of a configuration.
 * `command=` takes all the words after it, as jail(8) has it.
 */
export function compileWords(words: readonly string[], name: string, base: Compiled | null): Jail {
  return compileOver(
    words,
    name,
    (base?.blocks ?? []).filter(({ name: block }) => isCovering(block, name)),
  );
}

/** A jail of the configuration with some parameters changed by the words of a command line. */
export function compileChange(words: readonly string[], name: string, base: Compiled): Jail {
  return compileOver(
    words,
    name,
    base.blocks.filter((block) => block.name === name || isCovering(block.name, name)),
  );
}

const isCovering = (block: string, name: string): boolean =>
  isWildcard(block) && matchesWildcard(block, name);

function compileOver(words: readonly string[], name: string, layers: readonly Block[]): Jail {
  const { nodes, place } = wordNodes(words);
  const isOwnName = (node: ParamNode): boolean => node.name === 'name' && node.words?.at(-1)?.text === name;
  const block: Block = { name, place, params: nodes.filter((node) => !isOwnName(node)) };
  const merged = mergeJail(block, [...layers, block]);
  const [jail] = judgeJails([draftOf(merged, substitute(merged), new Checker())], ['undefined-dependency']);
  if (jail === undefined) throw new Error('one block made no jail');
  return jail;
}

/** What is missing may be in what could not be read. */
const ABSENCES: readonly DiagnosticCode[] = ['missing-path', 'nothing-to-run', 'undefined-dependency'];

/** What the variables of all jails together may be replaced by, in bytes, and of each of them besides. */
const MAX_MADE = 1 << 25;
const MAX_MADE_EACH = 4096;
/** When so many mistakes are told, only the first of each other jail is. */
const MANY_TOLD = 50_000;

interface Finished {
  readonly jails: readonly Jail[];
  readonly diagnostics: readonly Diagnostic[];
}

/** @param silent what the rules may not complain about */
function finishJails(
  merged: readonly MergedJail[],
  silent: readonly DiagnosticCode[],
  checker: Checker,
): Finished {
  const drafts: Draft[] = [];
  const diagnostics: Diagnostic[] = [];
  let left = MAX_MADE;
  for (const jail of merged) {
    const substituted = substitute(jail);
    left += MAX_MADE_EACH - substituted.made;
    if (left < 0) {
      const message = `the variables of the jails down to this one make more than ${MAX_MADE} bytes`;
      diagnostics.push(diagnose('error', 'too-large', jail.block.place, message));
      break;
    }
    drafts.push(draftOf(jail, substituted, checker));
  }
  return { jails: judgeJails(drafts, silent), diagnostics };
}

function judgeJails(drafts: readonly Draft[], silent: readonly DiagnosticCode[]): readonly Jail[] {
  const broken = applyRules(drafts);
  let told = 0;
  return drafts.map((draft): Jail => {
    const rules = (broken.get(draft) ?? []).filter(({ code }) => !silent.includes(code));
    const all = rules.length === 0 ? draft.diagnostics : [...draft.diagnostics, ...rules];
    const diagnostics = mostGrave(all, told < MANY_TOLD ? MAX_TOLD : 1);
    told += diagnostics.length;
    return jailOf(draft, diagnostics);
  });
}

function jailOf({ name, failed, merged, values }: Draft, diagnostics: readonly Diagnostic[]): Jail {
  const params = new LazyMap(() => paramsOf(merged));
  const origin = new LazyMap(() => spansOf(originsOf(merged)));
  return { name, failed, diagnostics, params, values, origin };
}

const spansOf = (places: ReadonlyMap<string, Place>): ReadonlyMap<string, Span> =>
  new Map([...places].map(([name, place]) => [name, spanOf(place)]));

/** So that a limit on their number never hides that the jail cannot start. */
function mostGrave(diagnostics: readonly Diagnostic[], most: number): readonly Diagnostic[] {
  if (diagnostics.length <= most) return diagnostics;
  return diagnostics
    .toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
    .slice(0, most);
}

function draftOf(merged: MergedJail, substituted: Substituted, checker: Checker): Draft {
  const { failures } = substituted;
  const { values, diagnostics } = checker.check(merged, substituted);
  const all = [...merged.failures, ...failures, ...diagnostics];
  const failed = merged.failures.length + failures.length > 0;
  return { name: merged.block.name, merged, failed, values, diagnostics: mostGrave(all, MAX_TOLD) };
}

function paramsOf(merged: MergedJail): ReadonlyMap<string, Strings> {
  const { strings } = substitute(merged);
  const params = new Map<string, Strings>();
  for (const [index, { name, variable }] of merged.entries.entries())
    if (!variable) params.set(name, strings[index] ?? null);
  return params;
}

/** One mistake in a global belongs to every jail, and is told once. */
function inFileOrder(diagnostics: readonly Diagnostic[], files: readonly string[]): readonly Diagnostic[] {
  const fileIndex = new Map(files.map((file, index) => [file, index]));
  const unique = new Map(diagnostics.map((d) => [`${placeKey(d)} ${d.code} ${d.message}`, d]));
  const rank = ({ span }: Diagnostic): readonly number[] =>
    span === null ? [-1, 0, 0] : [fileIndex.get(span.file) ?? 0, span.line, span.column];
  return withoutRepetition([...unique.values()])
    .map((d) => ({ d, rank: rank(d) }))
    .sort((a, b) => a.rank.reduce((order, n, i) => order || n - (b.rank[i] ?? 0), 0))
    .map(({ d }) => d);
}

const placeKey = ({ span }: Diagnostic): string =>
  span === null ? '' : `${span.file}:${span.line}:${span.column}`;

/** A value of a global may be wrong in every jail in another way, "/j/$name": the first of them stands for all. */
function withoutRepetition(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const groups = new Map<string, Diagnostic[]>();
  for (const d of diagnostics) {
    const key = d.code === 'bad-value' ? placeKey(d) : `${placeKey(d)} ${d.code} ${d.message}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [d]);
    else group.push(d);
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined || others.length === 0) return first ?? [];
    const message = `${first.message}, and ${others.length} more like that in other jails`;
    return { ...first, message };
  });
}
