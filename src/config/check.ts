import { isWildcard, keyOf, type Block } from './merge/blocks.js';
import { tellElement, type Resolved } from './culprit.js';
import { MAX_TOLD, type Diagnostic } from './diagnostic.js';
import type { Entry, JailEntries, MergedJail } from './merge/merge.js';
import { findParam, parameterOf, type JailParams, type Mention } from './params.js';
import { diagnose, type Place } from './syntax/source.js';
import { stringsOf, type Strings, type Substituted } from './merge/substitute.js';
import { Suggestions } from './suggest.js';
import type { Unconverted } from './values/type.js';

export interface Checked {
  readonly values: JailParams;
  readonly diagnostics: readonly Diagnostic[];
  readonly origin: Origins;
}

type Verdict = { readonly value?: unknown; readonly diagnostics: readonly Diagnostic[] };

/** What is not in the table: meta.KEY and env.KEY by KEY, and how many names are unknown. */
interface Free {
  readonly meta: [string, string][];
  readonly env: [string, string][];
  unknown: number;
}

const NOTHING: readonly Diagnostic[] = [];
const SILENCE: Verdict = { diagnostics: NOTHING };
/** Characters of a name that a message repeats. */
const SHOWN = 60;
/** Names for which a better one is looked for. */
const MAX_HINTS = 1000;

/** Turns strings into values by the table. One checker serves all jails: globals are converted once. */
export class Checker {
  /** Of what wildcards say; null until it is asked for. */
  private readonly verdicts = new Map<Place, Verdict | null>();
  private readonly suggestions = new Suggestions();
  private hints = 0;

  /** @param blocks those that jails share */
  constructor(blocks: readonly Block[] = []) {
    for (const { name, params: nodes } of blocks)
      if (isWildcard(name)) for (const node of nodes) this.verdicts.set(node, null);
  }

  check({ entries, index }: MergedJail, substituted: Substituted): Checked {
    const { replaced } = substituted;
    const resolved: Resolved = { entries, index, replaced };
    const values: Record<string, unknown> = {};
    const free: Free = { meta: [], env: [], unknown: 0 };
    const diagnostics: Diagnostic[] = [];
    entries.forEach((entry, at) => {
      if (entry.variable) return;
      const mention = findParam(entry.name);
      if (mention !== null && substituted.isSpoiled(at)) return;
      const verdict =
        mention === null
          ? this.freeVerdict(entry, stringsOf(entry, replaced[at]), free, resolved)
          : this.verdict(mention, entry, replaced[at], resolved);
      if (mention !== null && 'value' in verdict) values[mention.name] = verdict.value;
      if (verdict.diagnostics.length > 0) diagnostics.push(...verdict.diagnostics);
    });
    // fromEntries defines keys, so that one called __proto__ is one like any other.
    if (free.meta.length > 0) values['metaKeys'] = Object.fromEntries(free.meta);
    if (free.env.length > 0) values['envKeys'] = Object.fromEntries(free.env);
    // Every value was made by the type of its entry in the table.
    const origin = new Origins(entries);
    return { values, diagnostics: diagnostics.length === 0 ? NOTHING : diagnostics, origin };
  }

  /** The same words give the same verdict, unless variables make them differ from jail to jail. */
  private verdict(
    mention: Mention,
    entry: Entry,
    replaced: Strings | undefined,
    resolved: Resolved,
  ): Verdict {
    const ask = (): Verdict => judge(mention, entry, stringsOf(entry, replaced), resolved);
    return entry.plain ? this.once(entry, ask) : ask();
  }

  /** Asks for the verdict on what jails share once. */
  private once(entry: Entry, ask: () => Verdict): Verdict {
    const known = this.verdicts.get(entry);
    if (known !== null) return known ?? ask();
    const verdict = ask();
    this.verdicts.set(entry, verdict);
    return verdict;
  }

  /** meta.KEY and env.KEY, which are kept by their keys, or a name that means nothing. */
  private freeVerdict(entry: Entry, texts: Strings, free: Free, resolved: Resolved): Verdict {
    const [, group, key] = /^(meta|env)\.(.+)$/s.exec(entry.name) ?? [];
    if (group === undefined || key === undefined)
      return this.once(entry, () => this.unknown(entry, free, resolved));
    const refused = refuseString([key]) ?? refuseString(texts);
    if (refused !== null) return { diagnostics: [badValue(entry, refused, resolved)] };
    const name = group === 'meta' ? 'meta' : 'env';
    free[name].push([key, texts?.at(-1) ?? '']);
    return this.once(entry, () => ({ diagnostics: warningsOf({ name, negated: false }, entry, null) }));
  }

  private unknown(entry: Entry, free: Free, resolved: Resolved): Verdict {
    if (++free.unknown > MAX_TOLD) return SILENCE;
    const name = entry.name.length > SHOWN ? `${entry.name.slice(0, SHOWN)}...` : entry.name;
    const hint = this.hints++ < MAX_HINTS ? this.hintFor(entry.name, resolved) : undefined;
    return {
      diagnostics: [diagnose('error', 'unknown-parameter', entry, `unknown parameter "${name}"`, hint)],
    };
  }

  private hintFor(name: string, { entries }: Resolved): string | undefined {
    if (/^\W?include$/.test(name)) return 'write .include "FILE";';
    const isUsed = entries.some(({ words }) =>
      words?.some(({ pieces }) => pieces.some((piece) => 'variable' in piece && piece.variable === name)),
    );
    if (isUsed) return `write $${name} to define a variable`;
    const nearest = this.suggestions.for(name);
    return nearest === null ? undefined : `did you mean "${nearest}"?`;
  }
}

function judge(mention: Mention, entry: Entry, texts: Strings, resolved: Resolved): Verdict {
  const { type } = parameterOf(mention.name);
  const warnings = warningsOf(mention, entry, texts);
  if (type.emptyIsUnset && texts?.at(-1) === '') return { diagnostics: warnings };
  const converted = refuseString(texts) ?? type.convert(texts, mention.negated);
  if (converted.ok) {
    const { value } = converted;
    const idle = withoutEffect(mention, entry, value);
    return { value, diagnostics: idle === null ? warnings : [...warnings, idle] };
  }
  const wrong = [converted, ...(converted.others ?? [])];
  return { diagnostics: [...warnings, ...wrong.map((one) => badValue(entry, one, resolved))] };
}

function badValue(
  entry: Entry,
  { code, message, hint, index = -1 }: Unconverted,
  resolved: Resolved,
): Diagnostic {
  return tellElement(entry, index, message, resolved, (place) =>
    diagnose('error', code ?? 'bad-value', place, `${entry.name}: ${message}`, hint),
  );
}

/** Longest string that execve(2) passes on (MAX_ARG_STRLEN, less its NUL); no other value is longer. */
const MAX_CHARACTERS = 131_071;

/** Paths, commands and names all reach the kernel as C strings. */
function refuseString(texts: Strings): Unconverted | null {
  const index = texts?.findIndex((text) => text.length > MAX_CHARACTERS || text.includes('\0')) ?? -1;
  if (index < 0) return null;
  const isLong = (texts?.[index]?.length ?? 0) > MAX_CHARACTERS;
  const message = isLong
    ? `a value of more than ${MAX_CHARACTERS} characters is too long`
    : 'a value cannot contain a NUL';
  return { ok: false, message, index };
}

function warningsOf({ name, negated }: Mention, entry: Entry, texts: Strings): Diagnostic[] {
  const { onLinux, note, type, readOnly } = parameterOf(name);
  const warnings: Diagnostic[] = [];
  // No jail has what Linux cannot permit: refusing it is no mistake, and jls -s writes it.
  const idle = onLinux === 'ignored' && !(negated && name.startsWith('allow.'));
  const warn = (code: Diagnostic['code'], message: string, hint?: string): void =>
    void warnings.push(diagnose('warning', code, entry, message, hint));
  if (readOnly === true) warn('ignored-parameter', `"${entry.name}" is not for setting`, note);
  else if (idle) warn('ignored-parameter', `"${entry.name}" means nothing on Linux`, note);
  if (onLinux === 'later') warn('later-parameter', `"${entry.name}" is known, but does nothing yet`, note);
  // A list of CPUs without quotes is several words to the parser, and one value to its type.
  if (!type.list && type.name !== 'CPU list' && (texts?.length ?? 0) > 1)
    warn('several-values', `"${entry.name}" takes one value: only the last of ${texts?.length} counts`);
  return warnings;
}

/** The warning for a value that does nothing, of a parameter whose other values work. */
function withoutEffect({ name }: Mention, entry: Entry, value: unknown): Diagnostic | null {
  const { notYet, meaningless } = parameterOf(name);
  const warn = (code: Diagnostic['code'], what: string, hint: string): Diagnostic =>
    diagnose('warning', code, entry, `this value of "${entry.name}" ${what}`, hint);
  if (notYet?.includes(value) === true)
    return warn('later-parameter', 'is known, but does nothing yet', notYet.note);
  if (meaningless?.includes(value) === true)
    return warn('ignored-parameter', 'means nothing on Linux', meaningless.note);
  return null;
}

/** The place of a parameter in a jail, or of the jail's name when it was not written. */
export function placeOf({ entries, block }: JailEntries, name: string): Place {
  const key = keyOf({ name, variable: false });
  return entries.find((entry) => entry.key === key) ?? block.place;
}

/** The place of one of a parameter's values in a jail, as long as variables have not changed how many there are. */
export function placeOfElement(jail: JailEntries, name: string, index: number, count: number): Place {
  const key = keyOf({ name, variable: false });
  const words = jail.entries.find((entry) => entry.key === key)?.words ?? [];
  return (words.length === count ? words[index] : undefined) ?? placeOf(jail, name);
}

/** Where parameters of a jail were written last, by their names in the table. */
export class Origins {
  constructor(private readonly entries: readonly Entry[]) {}

  get(name: string): Place | undefined {
    const key = keyOf({ name, variable: false });
    return this.entries.find((entry) => entry.key === key && findParam(entry.name)?.name === name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  all(): ReadonlyMap<string, Place> {
    return new Map(this.entries.flatMap((entry) => this.originOf(entry)));
  }

  private originOf(entry: Entry): readonly (readonly [string, Place])[] {
    if (entry.variable) return [];
    const mention = findParam(entry.name);
    if (mention !== null) return [[mention.name, entry]];
    return /^(meta|env)\./.test(entry.name) ? [[entry.name, entry]] : [];
  }
}
