import { paramNode, type ParamNode, type Word } from './syntax/ast.js';
import { keyOf, type Block } from './merge/blocks.js';
import type { Jail } from './jail.js';
import { findParam, parameterOf } from './params.js';
import type { Place, Source } from './syntax/source.js';

/** The file of what words of a command line say. */
export const COMMAND_LINE = '<command line>';

/** A jail's parameters as a block of their own, without variables. */
export function blockOf({ name, params }: Jail): Block {
  // What the block's own name says is not said again: a name, or a number for a jid.
  const given = /^\d+$/.test(name) ? 'jid' : 'name';
  const texts = [...params].filter(([param]) => param !== given);
  const source: Source = { file: `<jail ${name}>`, text: name };
  const place = { source, start: 0, end: name.length };
  const nodes = texts.map(([param, values]) => {
    const words = values && values.map((text): Word => ({ ...place, text, pieces: [] }));
    const key = keyOf({ name: param, variable: false });
    return paramNode({ name: param, variable: false, key }, words, false, place);
  });
  return { name, place, params: nodes };
}

/** Reads PARAM, PARAM=VALUE and PARAM+=VALUE words. Their source is the command line they make together. */
export function wordNodes(words: readonly string[]): {
  readonly nodes: readonly ParamNode[];
  readonly place: Place;
} {
  const source: Source = { file: COMMAND_LINE, text: words.join(' ') };
  const nodes: ParamNode[] = [];
  let start = 0;
  for (const [index, word] of words.entries()) {
    const command = /^command=/.test(word);
    nodes.push(command ? commandNode(words.slice(index), source, start) : wordNode(word, source, start));
    if (command) break;
    start += word.length + 1;
  }
  return { nodes, place: { source, start: 0, end: words[0]?.length ?? 0 } };
}

function commandNode([first = '', ...rest]: readonly string[], source: Source, start: number): ParamNode {
  const value = first.slice('command='.length);
  const end = start + first.length;
  const words = [value, ...rest].map((text): Word => ({ source, start, end, text, pieces: [] }));
  return paramNode({ name: 'command', variable: false, key: 'command' }, words, false, {
    source,
    start,
    end,
  });
}

function wordNode(word: string, source: Source, start: number): ParamNode {
  const [, name = word, sign, value = ''] = /^([^=]*?)(\+?=)(.*)$/s.exec(word) ?? [];
  const end = start + name.length;
  const words = sign === undefined ? null : splitValue(name, value, source, end + sign.length);
  const key = keyOf({ name, variable: false });
  return paramNode({ name, variable: false, key }, words, sign === '+=', { source, start, end });
}

/** Lists are separated by commas, except where a comma is part of one element: fstab options, commands, cron. */
function splitValue(name: string, value: string, source: Source, start: number): Word[] {
  const mention = findParam(name);
  const type = mention && parameterOf(mention.name).type;
  const texts = type?.list === true && type.separable ? value.split(',') : [value];
  let at = start;
  return texts.map((text) => {
    const word: Word = { source, start: at, end: at + text.length, text, pieces: [] };
    at = word.end + 1;
    return word;
  });
}
