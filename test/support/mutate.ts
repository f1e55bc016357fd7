/** The same numbers every time (mulberry32), so that a failure can be seen again. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let n = Math.imul(state ^ (state >>> 15), 1 | state);
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
    return ((n ^ (n >>> 14)) >>> 0) % below;
  };
}

type Next = (below: number) => number;
type Mutation = (text: string, next: Next, others: readonly string[]) => string;

const pick = <T>(list: readonly T[], next: Next, fallback: T): T => list[next(list.length)] ?? fallback;

const scraps = [
  ...[
    '{',
    '}',
    ';',
    ',',
    '=',
    '+=',
    '"',
    "'",
    '\\',
    '$',
    '${',
    '}',
    '/*',
    '*/',
    '//',
    '#',
    '\n',
    '\r\n',
    '\0',
  ],
  ...[
    'ü',
    '😀',
    '\ufffd',
    '\u202e',
    '\u001b[2J',
    'e\u0301',
    '漢',
    '*',
    '.include',
    '$name',
    'a.*',
    '\\x',
    '\\377',
  ],
  ...[
    '\\303\\274',
    '“',
    '”',
    '==',
    ':=',
    '->',
    '[web]',
    '{"a": 1}',
    ' ',
    '\t',
    '%',
    '`',
    'no',
    '-',
    '""',
    "''",
  ],
];
/** Statements of all kinds, right and wrong ones. */
const statements = [
  ...[
    'persist;',
    'nopersist = 0;',
    'path = "/j/$name";',
    'allow.nomount;',
    'mount += "/a $path/b nullfs rw 0 0";',
  ],
  ...[
    '$v = 1, 2;',
    '$v += $v;',
    '$w = "$v";',
    'ip4.addr = $v;',
    'ip4.addr = "lo1|${ip}/24", 10.0.0.300;',
    'x.y;',
  ],
  ...[
    'a { * { b; } c { } }',
    '"a.*" { exec.start += x; }',
    '* { name = y; }',
    '007 { }',
    'jid = 5;',
    'name = z;',
  ],
  ...[
    '.include "nosuch*";',
    '.include "in.conf";',
    '.include "$x";',
    '.include;',
    'exec.start = /bin/sh /etc/rc;',
  ],
  ...[
    'depend = a, b, c;',
    'restart = on_failure;',
    'host.hostname = a, b;',
    'schedule.start = "0 0 31 2 *";',
  ],
  ...[
    'memory.max = 5x;',
    'meta.k = "v\\0";',
    'env.k = \\xff;',
    'securelevel = -9;',
    'web = {',
    '= x;',
    'a b c;',
  ],
];

/** The text cut into words, blanks and signs. */
const wordsOf = (text: string): string[] => text.match(/\s+|[\w.$]+|[^]/gu) ?? [];

const mutations: readonly Mutation[] = [
  function insertScrap(text, next) {
    const at = next(text.length + 1);
    return text.slice(0, at) + pick(scraps, next, '') + text.slice(at);
  },
  function insertStatement(text, next) {
    const places = [...text.matchAll(/[;{}\n]/g)].map(({ index }) => index + 1);
    const at = pick(places, next, 0);
    return `${text.slice(0, at)} ${pick(statements, next, '')} ${text.slice(at)}`;
  },
  function cut(text, next) {
    const at = next(text.length + 1);
    return text.slice(0, at) + text.slice(at + next(20));
  },
  function dropSign(text, next) {
    const places = [...text.matchAll(/[;{}"'=,$\\]/g)].map(({ index }) => index);
    const at = pick(places, next, text.length);
    return text.slice(0, at) + text.slice(at + 1);
  },
  function swapWords(text, next) {
    const words = wordsOf(text);
    const [a, b] = [next(words.length + 1), next(words.length + 1)];
    [words[a], words[b]] = [words[b] ?? '', words[a] ?? ''];
    return words.join('');
  },
  function repeatPart(text, next) {
    const at = next(text.length + 1);
    const part = text.slice(at, at + next(60));
    return text.slice(0, at) + part.repeat(1 + next(4)) + text.slice(at);
  },
  function splice(text, next, others) {
    const other = pick(others, next, '');
    return text.slice(0, next(text.length + 1)) + other.slice(next(other.length + 1));
  },
  function spliceLines(text, next, others) {
    const lines = text.split('\n');
    const other = pick(others, next, '').split('\n');
    const at = next(other.length + 1);
    lines.splice(next(lines.length + 1), next(3), ...other.slice(at, at + next(6)));
    return lines.join('\n');
  },
  function flipByte(text, next) {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) bytes[next(bytes.length)] = next(256);
    return bytes.toString('utf8');
  },
  function wrap(text, next) {
    return pick([`a { ${text} }`, `* { ${text} }`, `"${text}"`, `/* ${text}`, `$a = ${text};`], next, text);
  },
];

/** A text changed in a few ways that parsers are afraid of. */
export function mutate(text: string, next: Next, others: readonly string[]): string {
  let result = text;
  for (let n = 1 + next(6); n > 0; n--) {
    result = (mutations[next(mutations.length)] ?? ((same) => same))(result, next, others);
    if (result.length > 20_000) result = result.slice(next(10_000), 10_000);
  }
  return result;
}
