import type { ParamNode } from './ast.js';
import { collectBlocks, isWildcard, lateGlobals, matchesWildcard, type Block } from './blocks.js';
import { Checker } from './check.js';
import type { Diagnostic, DiagnosticCode, Span } from './diagnostic.js';
import { readProgram } from './include.js';
import type { Compiled, FileAccess, Jail, RuleFiles } from './jail.js';
import { mergeJail, mergeJails, type MergedJail } from './merge.js';
import { Rules } from './rctl/rules-of-jail.js';
import { applyRules, type Draft } from './rules.js';
import { spanOf } from './source.js';
import { substitute, type Strings, type Substituted } from './substitute.js';
import { wordNodes } from './words.js';

export type { Compiled, FileAccess, Jail } from './jail.js';

/**
 * Files in, jails out, with every mistake there is in them. Reads nothing but through the access given, so that
 * `jailctl check`, the daemon and tests cannot disagree.
 * @param ruleFile a file in the syntax of rctl.conf(5) that counts when it is there
 */
export function compile(
  files: readonly string[],
  access: FileAccess,
  ruleFile: string | null = null,
): Compiled {
  const rules = new Rules(access, ruleFile);
  const program = readProgram(files, access);
  const blocks = collectBlocks(program.items);
  const merged = mergeJails(blocks);
  const own = [...program.diagnostics, ...merged.diagnostics];
  const ok = own.every(({ severity }) => severity === 'warning');
  const jails = finishJails(merged.jails, ok ? [] : ABSENCES, rules);
  const all = [
    ...own,
    ...lateGlobals(program.items),
    ...(ok && jails.length === 0 ? strangersIn(blocks) : []),
    ...jails.flatMap((jail) => jail.diagnostics),
    ...rules.diagnostics(merged.jails.map(({ block }) => block.name)),
  ];
  const read = [...program.files, ...rules.files];
  return {
    ok,
    diagnostics: inFileOrder(all, read),
    jails,
    files: read,
    blocks,
    rules,
  };
}

/**
 * A jail from the words of a command line, PARAM=VALUE, over the globals and wildcards of a configuration.
 * `command=` takes all the words after it, as jail(8) has it.
 */
export function compileWords(words: readonly string[], name: string, base: Compiled | null): Jail {
  return compileOver(
    words,
    name,
    (base?.blocks ?? []).filter(({ name: block }) => isCovering(block, name)),
    base?.rules ?? NO_RULES,
  );
}

/** A jail of the configuration with some parameters changed by the words of a command line. */
export function compileChange(words: readonly string[], name: string, base: Compiled): Jail {
  return compileOver(
    words,
    name,
    base.blocks.filter((block) => block.name === name || isCovering(block.name, name)),
    base.rules,
  );
}

const NO_RULES: RuleFiles = { resolve: (_jail, checked) => checked };

const isCovering = (block: string, name: string): boolean =>
  isWildcard(block) && matchesWildcard(block, name);

function compileOver(
  words: readonly string[],
  name: string,
  layers: readonly Block[],
  rules: RuleFiles,
): Jail {
  const { nodes, place } = wordNodes(words);
  const isOwnName = (node: ParamNode): boolean => node.name === 'name' && node.words?.at(-1)?.text === name;
  const block: Block = { name, place, params: nodes.filter((node) => !isOwnName(node)) };
  const [jail] = finishJails([mergeJail(block, [...layers, block])], ['undefined-dependency'], rules);
  if (jail === undefined) throw new Error('one block made no jail');
  return jail;
}

/** Mistakes of one jail that are told. */
const MAX_DIAGNOSTICS = 50;

/** What is missing may be in what could not be read. */
const ABSENCES: readonly DiagnosticCode[] = ['missing-path', 'nothing-to-run', 'undefined-dependency'];

/** @param silent what the rules may not complain about */
function finishJails(
  merged: readonly MergedJail[],
  silent: readonly DiagnosticCode[],
  rules: RuleFiles,
): readonly Jail[] {
  const checker = new Checker();
  const drafts = merged.map((jail) => draftOf(jail, checker, rules));
  const broken = applyRules(drafts.map(({ draft }) => draft));
  return drafts.map(({ draft, substituted }) => {
    const found = (broken.get(draft) ?? []).filter(({ code }) => !silent.includes(code));
    return jailOf(draft, substituted, found);
  });
}

function jailOf(draft: Draft, substituted: Substituted, rules: readonly Diagnostic[]): Jail {
  const failures = [...draft.merged.failures, ...substituted.failures];
  let origin: ReadonlyMap<string, Span> | null = null;
  return {
    name: draft.name,
    failed: failures.length > 0,
    diagnostics: errorsFirst([...failures, ...draft.diagnostics, ...rules]).slice(0, MAX_DIAGNOSTICS),
    params: paramsOf(draft.merged, substituted),
    values: draft.values,
    // Looking up lines takes longer than all the rest, and hardly anybody asks.
    get origin() {
      return (origin ??= new Map([...draft.origin].map(([name, place]) => [name, spanOf(place)])));
    },
  };
}

/** So that a limit on their number never hides that the jail cannot start. */
function errorsFirst(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.length <= MAX_DIAGNOSTICS) return diagnostics;
  return diagnostics.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
}

/** Misspelt parameters of a file of globals alone: no jail is there to show them. */
function strangersIn(blocks: readonly Block[]): readonly Diagnostic[] {
  const checker = new Checker();
  return blocks.flatMap((block) => {
    const merged = mergeJail(block, [block]);
    return checker
      .check(merged, substitute(merged))
      .diagnostics.filter(({ code }) => code === 'unknown-parameter');
  });
}

function draftOf(
  merged: MergedJail,
  checker: Checker,
  rules: RuleFiles,
): { draft: Draft; substituted: Substituted } {
  const substituted = substitute(merged);
  const checked = rules.resolve(merged, checker.check(merged, substituted));
  return { draft: { name: merged.block.name, merged, ...checked }, substituted };
}

function paramsOf(merged: MergedJail, { strings }: Substituted): ReadonlyMap<string, Strings> {
  const params = new Map<string, Strings>();
  for (const [key, entry] of merged.entries)
    if (!entry.variable) params.set(entry.name, strings.get(key) ?? null);
  return params;
}

/** One mistake in a global belongs to every jail, and is told once. */
function inFileOrder(diagnostics: readonly Diagnostic[], files: readonly string[]): readonly Diagnostic[] {
  const fileIndex = new Map(files.map((file, index) => [file, index]));
  const unique = new Map(diagnostics.map((d) => [`${placeKey(d)} ${d.code} ${d.message}`, d]));
  const rank = ({ span }: Diagnostic): readonly number[] =>
    span === null ? [-1, 0, 0] : [fileIndex.get(span.file) ?? 0, span.line, span.column];
  return [...unique.values()]
    .map((d) => ({ d, rank: rank(d) }))
    .sort((a, b) => a.rank.reduce((order, n, i) => order || n - (b.rank[i] ?? 0), 0))
    .map(({ d }) => d);
}

const placeKey = ({ span }: Diagnostic): string =>
  span === null ? '' : `${span.file}:${span.line}:${span.column}`;
