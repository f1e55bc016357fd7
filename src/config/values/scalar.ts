import { nearestOf } from '../nearest.js';
import {
  bad,
  good,
  listType,
  optional,
  scalarType,
  unseparated,
  type Converted,
  type ValueType,
} from './type.js';

const DECIMAL = /^[+-]?\d+$/;

/** true and false as jail(8) reads them: the words in any case or a number; "no" in the name turns them round. */
export const boolean: ValueType<boolean> = {
  name: 'boolean',
  list: false,
  separable: false,
  negatable: true,
  choices: ['true', 'false'],
  convert: (values, negated) => {
    const text = values?.at(-1) ?? 'true';
    const word = text.toLowerCase();
    if (word !== 'true' && word !== 'false' && !DECIMAL.test(word))
      return bad(`"${text}" is not a boolean`, 'write true or false, or the name alone for true');
    return good((word === 'true' || (word !== 'false' && Number(word) !== 0)) !== negated);
  },
};

/** Whole numbers, decimal, within bounds. */
export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): ValueType<number> {
  return { ...scalarType('integer', (text) => readInteger(text, min, max)), bounds: [min, max] };
}

/** Lists of whole numbers, such as exit codes. */
export function integers(min: number, max: number): ValueType<readonly number[]> {
  return { ...listType('list of integers', (text) => readInteger(text, min, max)), bounds: [min, max] };
}

/** Reads a decimal whole number within bounds. */
function readInteger(text: string, min: number, max: number): Converted<number> {
  if (!DECIMAL.test(text)) return bad(`"${text}" is not a whole number`);
  const value = Number(text);
  if (value < min) return bad(`${text} is less than ${min}`);
  if (value > max) return bad(`${text} is more than ${max}`);
  return good(value);
}

/** Any text; the last element counts. */
export const string: ValueType<string> = scalarType('string', good);

/** What uname(2) has room for: __NEW_UTS_LEN bytes. */
export const release: ValueType<string> = optional(
  scalarType('string', (text) =>
    Buffer.byteLength(text) > 64 ? bad(`"${text}" is too long`, 'at most 64 bytes') : good(text),
  ),
);

/** Any texts. */
export const strings: ValueType<readonly string[]> = listType('list of strings', good);

/** Commands: each element is one, and an empty one runs nothing, so that it can cancel a global. */
export const commands: ValueType<readonly string[]> = {
  ...unseparated(strings),
  name: 'list of commands',
  convert: (values) => good((values ?? []).filter((command) => command !== '')),
};

/** An absolute path of at most PATH_MAX bytes without a NUL (mount(2) and open(2) take no other). */
export function readPath(text: string): Converted<string> {
  if (text.includes('\0')) return bad('a path cannot contain a NUL');
  if (!text.startsWith('/')) return bad(`"${text}" is not an absolute path`, 'begin it with /');
  if (text.length > 4095) return bad(`a path of ${text.length} characters is too long`, 'at most 4095');
  return good(text);
}

/** A path that there has to be. */
export const requiredPath: ValueType<string> = scalarType('path', readPath);

/** A path; "" takes back what a global said. */
export const path: ValueType<string> = optional(requiredPath);

export const paths: ValueType<readonly string[]> = listType('list of paths', readPath);

/** Files of which an empty name is none (jail(8), mount.fstab). */
export const fstabFiles: ValueType<readonly string[]> = {
  ...paths,
  convert: (values, negated) => {
    const named = values?.filter((file) => file !== '') ?? null;
    return named?.length === 0 ? good([]) : paths.convert(named, negated);
  },
};

/** One of a few words. */
export function choice<const T extends readonly string[]>(...words: T): ValueType<T[number]> {
  return scalarType('choice', (text) => readChoice(text, words), words);
}

/** Any of a few words; each may be written more than once. */
export function choices<const T extends readonly string[]>(
  name: string,
  words: T,
): ValueType<readonly T[number][]> {
  return listType(name, (text) => readChoice(text, words), words);
}

function readChoice<const T extends readonly string[]>(text: string, words: T): Converted<T[number]> {
  const found = words.find((word) => word === text.toLowerCase());
  return found !== undefined ? good(found) : bad(`"${text}" is not known`, choiceHint(text, words));
}

/** More words than that are too many to list. */
const MAX_LISTED = 12;

function choiceHint(text: string, words: readonly string[]): string {
  const near = nearestOf(text, words);
  const listed = words.length <= MAX_LISTED ? `one of ${words.join(', ')}` : null;
  if (near === null) return listed ?? 'jail.conf(5) lists what there is';
  return listed === null ? `did you mean "${near}"?` : `did you mean "${near}"? It is ${listed}`;
}

const jailsysWords = ['disable', 'new', 'inherit'] as const;
export type JailSys = (typeof jailsysWords)[number];

/** disable, new or inherit, or their numbers 0, 1, 2; nothing at all means new (jail(8)). */
export const jailsys: ValueType<JailSys> = {
  name: 'jailsys',
  list: false,
  separable: false,
  negatable: true,
  choices: jailsysWords,
  convert: (values, negated) => {
    const text = values?.at(-1) ?? '';
    const word = text === '' ? 'new' : text.toLowerCase();
    const found = jailsysWords.find((name, index) => name === word || String(index) === word);
    if (found === undefined) return bad(`"${text}" is not known`, `one of ${jailsysWords.join(', ')}`);
    return good(negated ? 'disable' : found);
  },
};

/** The same for what no jail can be without (jail(8): host). */
export const newOrInherit: ValueType<'new' | 'inherit'> = {
  ...jailsys,
  negatable: false,
  choices: ['new', 'inherit'],
  convert: (values, negated) => {
    const converted = jailsys.convert(values, negated);
    if (!converted.ok) return { ...converted, hint: 'new or inherit' };
    if (converted.value === 'disable') return bad('a jail cannot be without it', 'write new or inherit');
    return good(converted.value);
  },
};

/** KEY=VALUE words for an environment. */
export const environment: ValueType<readonly string[]> = unseparated(
  listType('list of NAME=VALUE', (text) =>
    /^[^=\0]+=[^\0]*$/.test(text) ? good(text) : bad(`"${text}" is not NAME=VALUE`),
  ),
);
