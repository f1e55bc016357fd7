import type { Item } from '../../src/config/syntax/ast.js';
import { findParam } from '../../src/config/params.js';
import { parse } from '../../src/config/syntax/parser.js';

/** The names of known parameters, as they are written without quotes, in the order of the text. */
export function knownNamesIn(text: string): readonly string[] {
  const namesIn = (items: readonly Item[]): readonly string[] =>
    items.flatMap((item) => {
      if (item.kind === 'block') return namesIn(item.items);
      if (item.kind === 'include' || item.variable) return [];
      const isKnown = findParam(item.name) !== null || /^(?:meta|env)\../.test(item.name);
      return isKnown && text.startsWith(item.name, item.start) ? [item.name] : [];
    });
  return namesIn(parse({ file: 'jail.conf', text }).items);
}
