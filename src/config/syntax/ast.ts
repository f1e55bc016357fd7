import type { Place } from './source.js';

/** A variable in a word, to be replaced. */
export interface VariablePiece {
  readonly variable: string;
  /** keyOf the variable. */
  readonly key: string;
  readonly place: Place;
}

/** A part of a word: text as it is, or a variable. */
export type Piece = { readonly text: string } | VariablePiece;

/** One element of a list. */
export interface Word extends Place {
  /** The whole text, or null when there are variables in it. */
  readonly text: string | null;
  /** Empty when text is given. */
  readonly pieces: readonly Piece[];
}

/** `name;` `name = list;` `name += list;` `name value;`; its place is the name's. */
export interface ParamNode extends Place {
  readonly kind: 'param';
  readonly name: string;
  /** It defines a variable: `$name = list;` */
  readonly variable: boolean;
  /** By which two mentions are the same parameter (keyOf). */
  readonly key: string;
  readonly append: boolean;
  /** null when there is no value. */
  readonly words: readonly Word[] | null;
  /** There are no variables in the words. */
  readonly plain: boolean;
  /** There is a mistake of syntax in its value, so that nothing more can be said of it. */
  readonly lost?: true;
}

const hasNoVariables = ({ text }: Word): boolean => text !== null;

/** A parameter as it stands at a place. */
export function paramNode(
  { name, variable, key }: Pick<ParamNode, 'name' | 'variable' | 'key'>,
  words: ParamNode['words'],
  append: boolean,
  { source, start, end }: Place,
): ParamNode {
  const plain = words?.every(hasNoVariables) ?? true;
  return { kind: 'param', name, variable, key, append, words, plain, source, start, end };
}

/** `name { ... }`; its place is the name's. */
export interface BlockNode extends Place {
  readonly kind: 'block';
  readonly name: string;
  readonly items: readonly Item[];
}

/** `.include "file", ...;` */
export interface IncludeNode extends Place {
  readonly kind: 'include';
  readonly words: readonly Word[];
}

export type Item = ParamNode | BlockNode | IncludeNode;
