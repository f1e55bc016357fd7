import { BOOLEANS, FREE_GROUPS, namesOf, units, valueWords, WORD_CHARACTERS } from './vocabulary.js';

/*
 * A grammar for editors that read TextMate's (manual.macromates.com, "Language Grammars"): regular expressions of
 * Oniguruma, scopes by the common naming. Engines see one line at a time.
 */

interface Rule {
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly captures?: Captures;
  readonly beginCaptures?: Captures;
  readonly endCaptures?: Captures;
  readonly patterns?: readonly Rule[];
  readonly include?: string;
}

type Captures = Readonly<Record<string, { readonly name?: string; readonly patterns?: readonly Rule[] }>>;

const LANGUAGE = 'jail-conf';
const scope = (name: string): string => `${name}.${LANGUAGE}`;
const include = (...names: readonly string[]): readonly Rule[] =>
  names.map((name) => ({ include: `#${name}` }));
const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const anyOf = (texts: readonly string[]): string => `(?:${texts.map(escape).join('|')})`;

const CHARACTER = `[${WORD_CHARACTERS}\\-\\[\\]^]`;
/** A run of what stands in a word without quotes; "$" and "+" begin something else with what follows them. */
const BARE = `(?:${CHARACTER}|\\*|/(?![/*])|\\+(?!=)|\\$(?![A-Za-z_{]))+`;
const WORD_ENDS = '(?=[\\s;,={}#]|\\+=|//|/\\*|$)';
const WORD_BEGINS = '(?:(?<![^\\s,=])|(?<=\\*/))';
const BEFORE_BLOCK = '(?=(?:\\s|/\\*.*?\\*/)*\\{)';
const ENDS_LINE = '(?=\\s*(?:$|#|//))';
const VARIABLE = '\\$[A-Za-z_][A-Za-z0-9_]*|\\$\\{[^{}]*\\}';
const STATEMENT_END = '(;)|(?=[{}])';

const comments: Rule = {
  patterns: [
    { name: scope('comment.line.number-sign'), match: '#.*$' },
    { name: scope('comment.line.double-slash'), match: '//.*$' },
    { name: scope('comment.block'), begin: '/\\*', end: '\\*/' },
  ],
};

const escapes: Rule = {
  name: scope('constant.character.escape'),
  match: '\\\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{0,2}|.|$)',
};

const variables: Rule = { name: scope('variable.other'), match: VARIABLE };

function string(kind: 'single' | 'double', quote: string, inside: readonly Rule[]): Rule {
  return {
    name: scope(`string.quoted.${kind}`),
    begin: quote,
    end: quote,
    beginCaptures: { 0: { name: scope('punctuation.definition.string.begin') } },
    endCaptures: { 0: { name: scope('punctuation.definition.string.end') } },
    patterns: inside,
  };
}

const quotedVariables: Rule = { ...variables, match: VARIABLE.replace('{}]', '{}"]') };
const strings: Rule = {
  patterns: [string('double', '"', [escapes, quotedVariables]), string('single', "'", [escapes])],
};

function numbers(): Rule {
  const unit = `${anyOf(units.time)}|(?i:[${units.size}]i?b?|b)|${units.percent}`;
  const quantity = `\\d+(?:\\.\\d+)?(?:${unit})?`;
  const parts: readonly Rule[] = [
    { name: scope('constant.numeric'), match: '[+-]?\\d+(?:\\.\\d+)?' },
    { name: scope('keyword.other.unit'), match: '[A-Za-z%]+' },
  ];
  const match = `${WORD_BEGINS}([+-]?(?:${quantity})+)${WORD_ENDS}`;
  return { match, captures: { 1: { patterns: parts } } };
}

const values = (): Rule => ({
  patterns: [
    ...include('comments', 'strings', 'variables', 'escapes', 'numbers'),
    {
      name: scope('constant.language.boolean'),
      match: `${WORD_BEGINS}(?i:${BOOLEANS.join('|')})${WORD_ENDS}`,
    },
    {
      name: scope('support.constant.property-value'),
      match: `${WORD_BEGINS}(?i:${valueWords().map(escape).join('|')})${WORD_ENDS}`,
    },
    { name: scope('keyword.operator.assignment.append'), match: '\\+=' },
    { name: scope('keyword.operator.assignment'), match: '=' },
    { name: scope('punctuation.separator.list'), match: ',' },
    { name: scope('string.unquoted'), match: BARE },
    ...include('illegal'),
  ],
});

/** A name and all up to its semicolon. */
function statement(name: string | null, begin: string): Rule {
  return {
    begin,
    end: STATEMENT_END,
    ...(name !== null && { beginCaptures: { 1: { name: scope(name) } } }),
    endCaptures: { 1: { name: scope('punctuation.terminator.statement') } },
    patterns: include('values'),
  };
}

function parameters(origin: 'freebsd' | 'linux'): Rule {
  const names = namesOf(origin).map(({ name, negatable }) => {
    const last = name.lastIndexOf('.') + 1;
    return negatable ? `${escape(name.slice(0, last))}(?:no)?${escape(name.slice(last))}` : escape(name);
  });
  const free = origin === 'freebsd' ? [`(?:${FREE_GROUPS.join('|')})\\.${CHARACTER}+`] : [];
  return statement(
    `support.type.property-name.${origin}`,
    `((?:${[...names, ...free].join('|')})${WORD_ENDS})`,
  );
}

const stars: readonly Rule[] = [
  { name: scope('keyword.operator.wildcard'), match: '(?<=["\'.])\\*(?=["\'.]|$)' },
  ...include('escapes'),
];

function quotedName(quote: string): Rule {
  return {
    match: `(${quote})((?:[^${quote}\\\\]|\\\\.)*)(${quote})${BEFORE_BLOCK}`,
    captures: {
      1: { name: scope('punctuation.definition.string.begin') },
      2: { name: scope('entity.name.section'), patterns: stars },
      3: { name: scope('punctuation.definition.string.end') },
    },
  };
}

const jailNames: Rule = {
  patterns: [
    { name: scope('keyword.operator.wildcard'), match: `\\*${BEFORE_BLOCK}` },
    { name: scope('entity.name.section'), match: `${BARE}${BEFORE_BLOCK}` },
    quotedName('"'),
    quotedName("'"),
  ],
};

const block: Rule = {
  name: scope('meta.block'),
  begin: '\\{',
  end: '\\}',
  beginCaptures: { 0: { name: scope('punctuation.section.block.begin') } },
  endCaptures: { 0: { name: scope('punctuation.section.block.end') } },
  patterns: include('statements'),
};

const statements: Rule = {
  patterns: [
    ...include('comments', 'jail-names', 'block'),
    statement('keyword.control.import', `(\\.include${WORD_ENDS})(?!\\s*\\+?=)`),
    ...include('freebsd-parameters', 'linux-parameters'),
    statement('variable.other', `(${VARIABLE})${WORD_ENDS}`),
    // A strange name alone on its line is a jail whose brace follows, for nobody ends parameters so.
    { match: `^\\s*(${BARE})${ENDS_LINE}`, captures: { 1: { name: scope('entity.name.section') } } },
    statement(null, BARE),
    statement(null, '(?=["\'\\\\])'),
    { name: scope('punctuation.terminator.statement'), match: ';' },
    ...include('illegal'),
  ],
};

/** The text of etc/editor/jail.conf.tmLanguage.json. */
export function textMateGrammar(): string {
  const grammar = {
    name: 'jail.conf',
    scopeName: `source.${LANGUAGE}`,
    fileTypes: ['jail.conf'],
    patterns: include('statements'),
    repository: {
      statements,
      block,
      comments,
      strings,
      variables,
      escapes,
      'jail-names': jailNames,
      'freebsd-parameters': parameters('freebsd'),
      'linux-parameters': parameters('linux'),
      values: values(),
      numbers: numbers(),
      illegal: { name: scope('invalid.illegal'), match: '[^\\s;{}]' },
    },
  };
  return `${JSON.stringify(grammar, null, 2)}\n`;
}
