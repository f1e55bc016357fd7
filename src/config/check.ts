import { closest, distance } from 'fastest-levenshtein';
import { keyOf } from './blocks.js';
import type { Diagnostic } from './diagnostic.js';
import type { Entry, MergedJail } from './merge.js';
import { findParam, parameterOf, params, type JailParams, type Mention } from './params.js';
import { diagnose, type Place } from './source.js';
import type { Substituted } from './substitute.js';
import type { Unconverted } from './values/type.js';

export interface Checked {
  readonly values: JailParams;
  readonly diagnostics: readonly Diagnostic[];
  /** By name in the table: where the value was written last. */
  readonly origin: ReadonlyMap<string, Place>;
}

type Verdict = { readonly value?: unknown; readonly diagnostics: readonly Diagnostic[] };

/** Turns strings into values by the table. One checker serves all jails: globals are converted once. */
export class Checker {
  private readonly verdicts = new Map<Place, Verdict>();
  private readonly suggestions = new Map<string, string | undefined>();

  check(jail: MergedJail, { strings }: Substituted): Checked {
    const values: Record<string, unknown> = {};
    const keyed = { meta: new Map<string, string>(), env: new Map<string, string>() };
    const origin = new Map<string, Place>();
    const diagnostics: Diagnostic[] = [];
    for (const [key, entry] of jail.entries) {
      if (entry.variable) continue;
      const texts = strings.get(key) ?? null;
      const mention = findParam(entry.name);
      const [, group, freeKey] = (mention === null && /^(meta|env)\.(.+)$/s.exec(entry.name)) || [];
      if (mention !== null) {
        const verdict = this.verdict(mention, entry, texts);
        if ('value' in verdict) values[mention.name] = verdict.value;
        diagnostics.push(...verdict.diagnostics);
        origin.set(mention.name, entry.place);
      } else if (freeKey !== undefined) {
        keyed[group === 'meta' ? 'meta' : 'env'].set(freeKey, texts?.at(-1) ?? '');
        diagnostics.push(...this.told(entry, { name: group === 'meta' ? 'meta' : 'env', negated: false }));
      } else diagnostics.push(this.unknown(entry));
    }
    if (keyed.meta.size > 0) values['metaKeys'] = Object.fromEntries(keyed.meta);
    if (keyed.env.size > 0) values['envKeys'] = Object.fromEntries(keyed.env);
    // Every value was made by the type of its entry in the table.
    return { values: values, diagnostics, origin };
  }

  /** The same words give the same verdict, unless variables make them differ from jail to jail. */
  private verdict(mention: Mention, entry: Entry, texts: readonly string[] | null): Verdict {
    if (!entry.shared || entry.texts === null) return judge(mention, entry, texts);
    const verdict = this.verdicts.get(entry.place) ?? judge(mention, entry, texts);
    this.verdicts.set(entry.place, verdict);
    return verdict;
  }

  /** What there is to say of env.KEY and meta.KEY, once for each place. */
  private told(entry: Entry, mention: Mention): readonly Diagnostic[] {
    const { diagnostics } = this.verdicts.get(entry.place) ?? {
      diagnostics: warningsOf(mention, entry, null),
    };
    this.verdicts.set(entry.place, { diagnostics });
    return diagnostics;
  }

  private unknown(entry: Entry): Diagnostic {
    const message = `unknown parameter "${entry.name}"`;
    return diagnose('error', 'unknown-parameter', entry.place, message, this.suggest(entry.name));
  }

  private suggest(name: string): string | undefined {
    if (name === '.include') return 'write .include "FILE"; without a sign';
    // Nobody misspells a thousand names; comparing each with the whole table would take seconds.
    if (name.length > 40 || this.suggestions.size > 1000) return this.suggestions.get(name);
    if (!this.suggestions.has(name)) {
      const nearest = closest(name, Object.keys(params));
      const isNear = distance(name, nearest) <= Math.max(2, name.length / 3);
      this.suggestions.set(name, isNear ? `did you mean "${nearest}"?` : undefined);
    }
    return this.suggestions.get(name);
  }
}

function judge(mention: Mention, entry: Entry, texts: readonly string[] | null): Verdict {
  const { type } = parameterOf(mention.name);
  const warnings = warningsOf(mention, entry, texts);
  if (type.emptyIsUnset && texts?.at(-1) === '') return { diagnostics: warnings };
  const converted = refuseString(texts) ?? type.convert(texts, mention.negated);
  if (converted.ok) {
    const { value } = converted;
    return { value, diagnostics: [...warnings, ...withoutEffect(mention, entry, value)] };
  }
  const code = converted.code ?? 'bad-value';
  const message = `${entry.name}: ${converted.message}`;
  const place = elementPlace(entry, texts, converted.index);
  return { diagnostics: [...warnings, diagnose('error', code, place, message, converted.hint)] };
}

/** Longest string that execve(2) passes on (MAX_ARG_STRLEN, less its NUL); no other value is longer. */
const MAX_CHARACTERS = 131_071;

/** Paths, commands and names all reach the kernel as C strings. */
function refuseString(texts: readonly string[] | null): Unconverted | null {
  const index = texts?.findIndex((text) => text.includes('\0') || text.length > MAX_CHARACTERS) ?? -1;
  if (index < 0) return null;
  const isLong = (texts?.[index]?.length ?? 0) > MAX_CHARACTERS;
  const message = isLong
    ? `a value of more than ${MAX_CHARACTERS} characters is too long`
    : 'a value cannot contain a NUL';
  return { ok: false, message, index };
}

/** The element that is wrong, as long as variables have not changed how many there are. */
export function elementPlace(entry: Entry, texts: readonly unknown[] | null, index = -1): Place {
  const aligned = entry.words !== null && entry.words.length === texts?.length;
  return (aligned ? entry.words.at(index) : undefined) ?? entry.place;
}

function warningsOf({ name }: Mention, entry: Entry, texts: readonly string[] | null): Diagnostic[] {
  const { onLinux, note, type } = parameterOf(name);
  const warnings: Diagnostic[] = [];
  const warn = (code: Diagnostic['code'], message: string, hint?: string): void =>
    void warnings.push(diagnose('warning', code, entry.place, message, hint));
  if (onLinux === 'ignored') warn('ignored-parameter', `"${entry.name}" means nothing on Linux`, note);
  if (onLinux === 'later') warn('later-parameter', `"${entry.name}" is known, but does nothing yet`, note);
  // A list of CPUs without quotes is several words to the parser, and one value to its type.
  if (!type.list && type.name !== 'CPU list' && (texts?.length ?? 0) > 1)
    warn('several-values', `"${entry.name}" takes one value: only the last of ${texts?.length} counts`);
  return warnings;
}

/** The warning for a value that does nothing yet, of a parameter whose other values work. */
function withoutEffect({ name }: Mention, entry: Entry, value: unknown): readonly Diagnostic[] {
  const { notYet } = parameterOf(name);
  if (notYet?.includes(value) !== true) return [];
  const message = `this value of "${entry.name}" is known, but does nothing yet`;
  return [diagnose('warning', 'later-parameter', entry.place, message, notYet.note)];
}

/** The place of a parameter in a jail, or of the jail's name when it was not written. */
export function placeOf(jail: MergedJail, name: string): Place {
  return jail.entries.get(keyOf({ name, variable: false }))?.place ?? jail.block.place;
}
