import { describeParams } from '../manual/describe.js';
import { parameterOf } from '../params.js';
import { timeUnits } from '../values/quantity.js';

/** A parameter's name as files may have it. */
export interface WrittenName {
  readonly name: string;
  /** May have "no" before its last component. */
  readonly negatable: boolean;
}

/** The parameters that there are on FreeBSD too, or only here. */
export function namesOf(origin: 'freebsd' | 'linux'): readonly WrittenName[] {
  return describeParams()
    .filter((param) => param.origin === origin)
    .map(({ name }) => ({ name, negatable: parameterOf(name).type.negatable }));
}

/** Parameters of which any KEY may follow the dot. */
export const FREE_GROUPS = ['meta', 'env'] as const;

export const BOOLEANS = ['true', 'false'] as const;

/** The words that parameters of few values have, and those for no limit. */
export function valueWords(): readonly string[] {
  const words = describeParams()
    .filter(({ list, type }) => !list && type !== 'boolean')
    .flatMap(({ choices }) => choices ?? []);
  return [...new Set([...words, 'max', 'unlimited'])].sort();
}

/** What may follow a number: times, sizes, percent. Case matters only in those of time. */
export const units = { time: timeUnits, size: 'kmgtpe', percent: '%' } as const;

/** Characters that stand in a word without quotes, as a class of regular expressions lists them, without \ ] ^ -. */
export const WORD_CHARACTERS = 'A-Za-z0-9_!%&().:<>?@`|~';
