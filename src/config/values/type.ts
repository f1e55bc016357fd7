/** What a list of strings became, or what is wrong with it. */
export type Converted<T> = { readonly ok: true; readonly value: T } | Unconverted;

export interface Unconverted {
  readonly ok: false;
  readonly message: string;
  readonly hint?: string;
  /** Which element is wrong; the last one when it is not given. */
  readonly index?: number;
  /** A kind of mistake of its own. */
  readonly code?: 'schedule-never';
  /** Further elements that are wrong. */
  readonly others?: readonly Unconverted[];
}

/** How the strings of a parameter become a value of the program. */
export interface ValueType<T> {
  /** The word manuals use for it: "seconds", "list of addresses". */
  readonly name: string;
  /** All elements count, not only the last one. */
  readonly list: boolean;
  /** On a command line, commas separate its elements. */
  readonly separable: boolean;
  /** "" is as if the parameter had not been written. */
  readonly emptyIsUnset?: true;
  /** May be written with "no" before its last component. */
  readonly negatable: boolean;
  /** The values the type is limited to, for completion and manuals. */
  readonly choices?: readonly string[];
  /** The least and the most of a number, for manuals. */
  readonly bounds?: readonly [least: number, most: number];
  /** @param values the strings as written; null when the parameter stands without a value */
  readonly convert: (values: readonly string[] | null, negated: boolean) => Converted<T>;
}

/** A conversion that went well. */
export function good<T>(value: T): Converted<T> {
  return { ok: true, value };
}

/** A conversion that did not, with what to write instead. */
export function bad(message: string, hint?: string): Unconverted {
  return hint === undefined ? { ok: false, message } : { ok: false, message, hint };
}

/** A type whose last element counts; a missing value is a mistake. */
export function scalarType<T>(
  name: string,
  convertOne: (text: string) => Converted<T>,
  choices?: readonly string[],
): ValueType<T> {
  return {
    name,
    list: false,
    separable: false,
    negatable: false,
    ...(choices && { choices }),
    convert: (values) => {
      const text = values?.at(-1);
      return text === undefined
        ? bad('needs a value', `write: = ${choices?.[0] ?? 'VALUE'};`)
        : convertOne(text);
    },
  };
}

/** A type of which every element counts; "" or "-" alone is the empty list, as jail(8) has it. */
export function listType<T>(
  name: string,
  convertOne: (text: string) => Converted<T>,
  choices?: readonly string[],
): ValueType<readonly T[]> {
  return {
    name,
    list: true,
    separable: true,
    negatable: false,
    ...(choices && { choices }),
    convert: (values) => {
      if (values === null) return bad('needs a value', 'write: = VALUE, VALUE...;');
      if (values.length === 1 && (values[0] === '' || values[0] === '-')) return good([]);
      return convertEach(values, convertOne);
    },
  };
}

/** Mistakes of one list that are told. */
const MAX_WRONG = 20;

/** Converts all elements, or tells of all that are wrong. */
function convertEach<T>(
  texts: readonly string[],
  convertOne: (text: string) => Converted<T>,
): Converted<readonly T[]> {
  const result: T[] = [];
  const wrong: Unconverted[] = [];
  for (const [index, text] of texts.entries()) {
    const one = convertOne(text);
    if (one.ok) result.push(one.value);
    else if (wrong.push({ ...one, index }) === MAX_WRONG) break;
  }
  const [first, ...others] = wrong;
  if (first === undefined) return good(result);
  return others.length === 0 ? first : { ...first, others };
}

/** The same list of elements that contain commas themselves: one word of a command line is one element. */
export function unseparated<T>(type: ValueType<T>): ValueType<T> {
  return { ...type, separable: false };
}

/** The same type, with "" for nothing at all: it takes back what a global said. */
export function optional<T>(type: ValueType<T>): ValueType<T> {
  return { ...type, emptyIsUnset: true };
}
