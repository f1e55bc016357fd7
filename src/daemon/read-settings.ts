import { closest, distance } from 'fastest-levenshtein';
import { parse } from 'ini';
import type { Diagnostic, Span } from '../config/diagnostic.js';
import type { Compiled, Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import { sectionNames, settings, type Setting, type SettingName, type Settings } from './settings.js';

/** The settings of a file; with mistakes in it, the defaults stand for what is wrong. */
export interface SettingsRead {
  readonly settings: Settings;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads jaild.ini. Every mistake comes back at once, with its line. */
export function readSettings(text: string, file: string): SettingsRead {
  const diagnostics: Diagnostic[] = [];
  const places = placesIn(text, file);
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(settings).map(([name, one]) => [name, one.default]),
  );
  for (const [name, written] of entriesOf(parse(text))) {
    const known = isSettingName(name);
    const problem = known ? convert(settings[name], name, written, values) : unknownName(name);
    if (problem === null) continue;
    const { span = null, excerpt } = places.get(name) ?? {};
    diagnostics.push({ ...problem, severity: 'error', span, ...(excerpt !== undefined && { excerpt }) });
  }
  // Each value is the default of its setting or came from its type.
  return { settings: values as Settings, diagnostics };
}

type Problem = Pick<Diagnostic, 'code' | 'message' | 'hint'>;

/** SECTION.KEY and what is written there; a section that nothing is in stands for itself. */
function entriesOf(parsed: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(parsed).flatMap(([section, content]): (readonly [string, unknown])[] => {
    if (typeof content !== 'object' || content === null) return [[section, content]];
    if (!sectionNames.includes(section)) return [[`[${section}]`, content]];
    return Object.entries(content).map(([key, value]) => [`${section}.${key}`, value]);
  });
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

function convert(
  { type }: Setting<unknown>,
  name: SettingName,
  written: unknown,
  values: Record<string, unknown>,
): Problem | null {
  const key = name.slice(name.indexOf('.') + 1);
  const texts = (Array.isArray(written) ? written : [written]).map(String);
  if (texts.length > 1) return { code: 'several-values', message: `${key} takes one value` };
  const converted = type.convert(texts, false);
  if (converted.ok) {
    values[name] = converted.value;
    return null;
  }
  const { message, hint } = converted;
  return { code: 'bad-value', message: `${key}: ${message}`, ...(hint !== undefined && { hint }) };
}

function unknownName(name: string): Problem {
  const section = /^\[(.*)\]$/.exec(name)?.[1];
  if (section !== undefined)
    return withNearest(`unknown section [${section}]`, section, sectionNames, (near) => `[${near}]`);
  const [inSection = '', key] = name.includes('.') ? split(name) : ['', name];
  const keys = Object.keys(settings).filter((one) => one.startsWith(`${inSection}.`));
  if (inSection === '')
    return {
      code: 'unknown-parameter',
      message: `"${name}" is in no section`,
      hint: 'write [SECTION] above it',
    };
  const known = keys.map((one) => split(one)[1]);
  return withNearest(`unknown setting "${key}" in [${inSection}]`, key ?? '', known, (near) => `"${near}"`);
}

function split(name: string): readonly [section: string, key: string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function withNearest(
  message: string,
  word: string,
  known: readonly string[],
  show: (near: string) => string,
): Problem {
  const near = closest(word, known);
  const hint = distance(word, near) <= 3 ? `did you mean ${show(near)}?` : `one of ${known.join(', ')}`;
  return { code: 'unknown-parameter', message, hint };
}

interface Place {
  readonly span: Span;
  readonly excerpt: string;
}

/** Where each setting and section is written last: the ini package does not tell. */
function placesIn(text: string, file: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let section = '';
  text.split(/\r?\n/).forEach((excerpt, index) => {
    const header = /^\s*\[([^\]]*)\]/.exec(excerpt)?.[1];
    const key = /^\s*([^;#[=\s][^=]*?)\s*(?:\[\])?\s*(?:=|$)/.exec(excerpt)?.[1];
    if (header !== undefined) section = header.trim();
    const word = header === undefined ? key : `[${header}]`;
    if (word === undefined) return;
    const span = { file, line: index + 1, column: excerpt.indexOf(word) + 1, length: word.length };
    const name = header === undefined && section !== '' ? `${section}.${word}` : word;
    places.set(header === undefined ? name : `[${section}]`, { span, excerpt });
  });
  return places;
}

/** The jails with the defaults of [jails] where they set nothing themselves. */
export function withDefaults(compiled: Compiled, chosen: Settings): Compiled {
  const defaults: JailParams = Object.fromEntries(
    Object.entries(chosen)
      .filter(([name, value]) => name.startsWith('jails.') && value !== null)
      .map(([name, value]) => [name.slice('jails.'.length), value]),
  );
  if (Object.keys(defaults).length === 0) return compiled;
  const jails = compiled.jails.map((jail): Jail => ({ ...jail, values: { ...defaults, ...jail.values } }));
  return { ...compiled, jails };
}
