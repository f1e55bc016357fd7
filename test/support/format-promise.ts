import { expect } from 'chai';
import type { Compiled } from '../../src/config/compile.js';
import { format } from '../../src/config/format/format.js';

/** Everything that is not a comment is matched first, and longest: strings, variables, escapes. */
const PARTS =
  /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\$\{[^\n{}]*\}|\\(?:\r\n|[^])|((?:#|\/\/)[^\n]*|\/\*[^]*?\*\/)|[^]/g;

/** The comments of a text in their order, without blanks at the ends of lines. It knows nothing of the formatter. */
export function commentsIn(text: string): readonly string[] {
  return [...text.matchAll(PARTS)].flatMap(([, comment]) =>
    comment === undefined ? [] : [comment.replace(/[ \t\r]+$/, '')],
  );
}

const meaningOf = ({ ok, jails }: Compiled) => ({
  ok,
  jails: jails.map(({ name, failed, params, values }) => ({ name, failed, params: [...params], values })),
});

/**
 * Formats a text and checks all that is promised of it. @returns null when the text has mistakes in its syntax
 * @param compile what reads the text as if it were the file
 */
export function formatAsPromised(text: string, compile: (text: string) => Compiled): string | null {
  const formatted = format({ file: 'jail.conf', text });
  if (!formatted.ok) return null;
  const again = format({ file: 'jail.conf', text: formatted.text });
  const shown = JSON.stringify(text);
  expect(again, shown).to.deep.equal(formatted);
  expect(commentsIn(formatted.text), shown).to.deep.equal(commentsIn(text));
  expect(meaningOf(compile(formatted.text)), shown).to.deep.equal(meaningOf(compile(text)));
  return formatted.text;
}
