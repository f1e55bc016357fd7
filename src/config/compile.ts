import type { ParamNode } from './syntax/ast.js';
import { collectBlocks, isWildcard, lateGlobals, matchesWildcard, type Block } from './merge/blocks.js';
import { Checker, Origins } from './check.js';
import { MAX_TOLD, type Diagnostic, type DiagnosticCode, type Span } from './diagnostic.js';
import type { Draft } from './rules/draft.js';
import { readProgram } from './files/include.js';
import type { Compiled, FileAccess, Jail, RuleFiles } from './jail.js';
import { LazyMap } from './lazy-map.js';
import { mergeJail } from './merge/merge.js';
import type { JailParams } from './params.js';
import { Rules } from './rctl/rules-of-jail.js';
import { applyRules } from './rules/rules.js';
import { diagnose, spanOf, type Place } from './syntax/source.js';
import { stackBlocks, type Stack } from './merge/stacks.js';
import { stringsOf, substitute, type Strings } from './merge/substitute.js';
import { inFileOrder } from './told.js';
import { checkUncovered, unusedVariables } from './unused.js';
import { blockOf, COMMAND_LINE, wordNodes } from './words.js';
import { findParam, isParamName } from './params.js';

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
  const stacked = stackBlocks(blocks);
  const drafted = draftJails(stacked.stacks, new Checker(blocks), rules);
  const own = [...program.diagnostics, ...stacked.diagnostics, ...drafted.diagnostics];
  const broken = own.filter(({ severity }) => severity === 'error');
  const ok = broken.length === 0;
  const jails = judgeJails(drafted.drafts, ok ? [] : ABSENCES);
  const all = [
    ...own,
    ...lateGlobals(program.items),
    ...checkUncovered(blocks, stacked.covered),
    ...(ok && jails.length > 0 ? unusedVariables(blocks) : []),
    ...jails.flatMap((jail) => jail.diagnostics),
    ...moreMistakes(jails),
    ...rules.diagnostics(jails.map(({ name }) => name)),
  ];
  const read = [...program.files, ...rules.files];
  return { ok, broken, diagnostics: inFileOrder(all, read), jails, files: read, blocks, rules };
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

/**
 * A jail as it is, with some parameters changed by the words of a command line. What it has from elsewhere than its
 * parameters (defaults of the host) stays.
 */
export function amendJail(jail: Jail, words: readonly string[], rules: RuleFiles): Jail {
  const amended = compileOver(words, jail.name, [blockOf(jail)], rules);
  const written = new Set([...jail.params.keys()].flatMap((name) => findParam(name)?.name ?? []));
  const own = Object.entries(jail.values).filter(([name]) => isParamName(name) && !written.has(name));
  const isNew = ({ span }: Diagnostic): boolean => span?.file === COMMAND_LINE;
  const origin = new Map([
    ...jail.origin,
    ...[...amended.origin].filter(([, span]) => span.file === COMMAND_LINE),
  ]);
  return {
    ...amended,
    diagnostics: amended.diagnostics.filter((one) => one.severity === 'error' || isNew(one)),
    values: { ...Object.fromEntries(own), ...amended.values },
    origin,
    ...(jail.block && { block: jail.block }),
  };
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
  const draft = draftOf({ block, layers: [...layers, block] }, new Checker(), rules);
  const [jail] = judgeJails([draft], ['undefined-dependency']);
  if (jail === undefined) throw new Error('one block made no jail');
  return jail;
}

/** What is missing may be in what could not be read. */
const ABSENCES: readonly DiagnosticCode[] = ['missing-path', 'nothing-to-run', 'undefined-dependency'];

/** What the variables of all jails together may be replaced by, in bytes, and of each of them besides. */
const MAX_MADE = 1 << 25;
const MAX_MADE_EACH = 4096;
/** What a parameter that is not in the table takes, which a jail may have thousands of: a place in a hash table is large. */
const KEY_BYTES = 128;
/** When so many mistakes are told, only the first of each other jail is. */
const MANY_TOLD = 10_000;

interface Drafted {
  readonly drafts: readonly Draft[];
  readonly diagnostics: readonly Diagnostic[];
}

function draftJails(stacks: readonly Stack[], checker: Checker, rules: RuleFiles): Drafted {
  const drafts: Draft[] = [];
  let left = MAX_MADE;
  let told = 0;
  for (const stack of stacks) {
    const draft = draftOf(stack, checker, rules, told < MANY_TOLD ? MAX_TOLD : 1);
    told += draft.diagnostics.length;
    left += MAX_MADE_EACH - draft.made;
    if (left < 0) {
      const message = `the variables of the jails down to this one make more than ${MAX_MADE} bytes`;
      return { drafts, diagnostics: [diagnose('error', 'too-large', stack.block.place, message)] };
    }
    drafts.push(draft);
  }
  return { drafts, diagnostics: [] };
}

/** @param most mistakes that are told */
function draftOf(stack: Stack, checker: Checker, rules: RuleFiles, most = MAX_TOLD): Draft {
  const merged = mergeJail(stack);
  const substituted = substitute(merged);
  const { values, diagnostics, origin } = rules.resolve(merged, checker.check(merged, substituted));
  const failures = [...merged.failures, ...substituted.failures];
  const { block, entries } = merged;
  return {
    name: block.name,
    stack,
    merged: { block, entries },
    made: substituted.made + KEY_BYTES * freeKeysOf(values),
    failed: failures.length > 0,
    values,
    origin,
    diagnostics: mostGrave([...failures, ...diagnostics], most),
  };
}

const freeKeysOf = ({ metaKeys = {}, envKeys = {} }: JailParams): number =>
  Object.keys(metaKeys).length + Object.keys(envKeys).length;

/** @param silent what the rules may not complain about */
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

function moreMistakes(jails: readonly Jail[]): readonly Diagnostic[] {
  if (jails.reduce((sum, { diagnostics }) => sum + diagnostics.length, 0) < MANY_TOLD) return [];
  const message = `there are too many mistakes: of most jails only the first is told`;
  return [{ code: 'more-mistakes', severity: 'warning', span: null, message }];
}

function jailOf({ name, failed, stack, values }: Draft, diagnostics: readonly Diagnostic[]): Jail {
  const params = new LazyMap(() => paramsOf(stack));
  const origin = new LazyMap(() => spansOf(new Origins(mergeJail(stack).entries).all()));
  return { name, failed, diagnostics, params, values, origin, block: spanOf(stack.block.place) };
}

const spansOf = (places: ReadonlyMap<string, Place>): ReadonlyMap<string, Span> =>
  new Map([...places].map(([name, place]) => [name, spanOf(place)]));

/** Errors first, so that a limit on their number never hides that the jail cannot start. */
function mostGrave(diagnostics: readonly Diagnostic[], most: number): readonly Diagnostic[] {
  if (diagnostics.length <= most) return diagnostics;
  const sorted = diagnostics
    .filter(({ code }) => code !== 'more-mistakes')
    .sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  const told = sorted.slice(0, most);
  const next = sorted[most] ?? diagnostics.find(({ code }) => code === 'more-mistakes');
  return most === 1 || next === undefined ? told : [...told, moreAfter(next)];
}

/** Stands for a mistake that is not told, and for those after it. */
function moreAfter({ severity, span, excerpt, excerptFrom }: Diagnostic): Diagnostic {
  const message = 'there are more mistakes in this jail, which are not told';
  const picture = {
    ...(excerpt !== undefined && { excerpt }),
    ...(excerptFrom !== undefined && { excerptFrom }),
  };
  return { code: 'more-mistakes', severity, span, message, ...picture };
}

function paramsOf(stack: Stack): ReadonlyMap<string, Strings> {
  const merged = mergeJail(stack);
  const { replaced } = substitute(merged);
  const params = new Map<string, Strings>();
  merged.entries.forEach((entry, index) => {
    if (!entry.variable) params.set(entry.name, stringsOf(entry, replaced[index]));
  });
  return params;
}
