import { BOOLEANS, FREE_GROUPS, namesOf, units, valueWords, WORD_CHARACTERS } from './vocabulary.js';

/* A syntax file for Vim (its help: usr_44, syntax). Of two matches at one place the one defined last counts. */

const escape = (text: string): string => text.replace(/[.*^$~[\]\\/]/g, '\\$&');
const anyOf = (texts: readonly string[]): string => `\\%(${texts.map(escape).join('\\|')}\\)`;

const CHARACTER = `[]${WORD_CHARACTERS}^[-]`;
/** A run of what stands in a word without quotes; "$" and "+" begin something else with what follows them. */
const BARE = `\\%(${CHARACTER}\\|\\*\\|\\/[/*]\\@!\\|+=\\@!\\|\\$[A-Za-z_{]\\@!\\)\\+`;
const WORD_BEGINS = '\\%(^\\|[[:space:],=]\\|\\*\\/\\)\\@2<=';
const WORD_ENDS = '\\%([[:space:];,={}#]\\|+=\\|\\/[/*]\\|$\\)\\@=';
const GAP = '\\%(\\_s\\|#.*\\n\\|\\/\\/.*\\n\\|\\/\\*\\_.\\{-}\\*\\/\\)';
const BEFORE_BLOCK = `\\%(${GAP}*{\\)\\@=`;
const VARIABLE = '\\$\\h\\w*\\|\\${[^{}]*}';

const HEAD = `" Vim syntax file
" Language: jail.conf(5) of FreeBSD and of jaild
" Printed from the table of parameters by "npm run man" in jaild.

if exists('b:current_syntax')
  finish
endif
let s:cpo = &cpo
set cpo&vim

syntax case match
syntax sync fromstart
`;

const FOOT = `
highlight default link jailconfComment Comment
highlight default link jailconfTodo Todo
highlight default link jailconfString String
highlight default link jailconfBareword String
highlight default link jailconfEscape SpecialChar
highlight default link jailconfVariable Identifier
highlight default link jailconfDefinition jailconfVariable
highlight default link jailconfQuotedVariable jailconfVariable
highlight default link jailconfOperator Operator
highlight default link jailconfDelimiter Delimiter
highlight default link jailconfInclude Include
highlight default link jailconfJail Function
highlight default link jailconfWildcard Special
highlight default link jailconfFreebsdParameter Statement
highlight default link jailconfLinuxParameter Type
highlight default link jailconfNumber Number
highlight default link jailconfUnit Number
highlight default link jailconfBoolean Boolean
highlight default link jailconfConstant Constant

let b:current_syntax = 'jailconf'
let &cpo = s:cpo
unlet s:cpo
`;

/** What stands anywhere. */
const lexical = `
syntax keyword jailconfTodo TODO FIXME XXX contained
syntax match jailconfComment /#.*/ contains=jailconfTodo,@Spell
syntax match jailconfComment /\\/\\/.*/ contains=jailconfTodo,@Spell
syntax region jailconfComment start=/\\/\\*/ end=/\\*\\// contains=jailconfTodo,@Spell

syntax match jailconfEscape /\\\\\\%(\\o\\{1,3}\\|x\\x\\{0,2}\\|.\\|$\\)/ contained
syntax match jailconfDefinition /${VARIABLE}/ nextgroup=jailconfValue
syntax match jailconfVariable /${VARIABLE}/ contained
syntax match jailconfQuotedVariable /${VARIABLE.replace('{}]', '{}"]')}/ contained
syntax region jailconfString start=/"/ skip=/\\\\./ end=/"/ contains=jailconfEscape,jailconfQuotedVariable
syntax region jailconfString start=/'/ skip=/\\\\./ end=/'/ contains=jailconfEscape
`;

function values(): string {
  const unit = `${anyOf(units.time)}\\|[${units.size}${units.size.toUpperCase()}][iI]\\=[bB]\\=\\|[bB]\\|${units.percent}`;
  const number = `[+-]\\=\\%(\\d\\+\\%(\\.\\d\\+\\)\\=\\%(${unit}\\)\\=\\)\\+`;
  return `
syntax cluster jailconfValues contains=jailconfComment,jailconfString,jailconfVariable,jailconfEscape
syntax cluster jailconfValues add=jailconfBareword,jailconfNumber,jailconfBoolean,jailconfConstant
syntax match jailconfBareword /${BARE}/ contained
syntax match jailconfUnit /[A-Za-z%]\\+/ contained
syntax match jailconfNumber /${WORD_BEGINS}${number}${WORD_ENDS}/ contained contains=jailconfUnit
syntax match jailconfConstant /\\c${WORD_BEGINS}${anyOf(valueWords())}${WORD_ENDS}/ contained
syntax match jailconfBoolean /\\c${WORD_BEGINS}${anyOf(BOOLEANS)}${WORD_ENDS}/ contained

" From a sign, or from the blank behind a name, to the semicolon.
syntax region jailconfValue matchgroup=jailconfOperator start=/+\\==/
  \\ matchgroup=jailconfDelimiter end=/;/ matchgroup=NONE end=/[{}]\\@=/ contains=@jailconfValues
syntax region jailconfValue start=/\\_s\\+\\%([^[:space:];,={}+#\\/]\\|\\/[/*]\\@!\\)\\@=/
  \\ matchgroup=jailconfDelimiter end=/;/ matchgroup=NONE end=/[{}]\\@=/ contained contains=@jailconfValues
`;
}

function parameters(group: string, patterns: readonly string[]): string {
  const list = patterns.map((pattern) => `  \\ '${pattern}',`).join('\n');
  return `
let s:names = [
${list}
  \\ ]
execute 'syntax match ${group} /\\%(' . join(s:names, '\\|') . '\\)${WORD_ENDS}/ nextgroup=jailconfValue'
unlet s:names
`;
}

function patternsOf(origin: 'freebsd' | 'linux'): readonly string[] {
  return namesOf(origin).map(({ name, negatable }) => {
    const last = name.lastIndexOf('.') + 1;
    return `${escape(name.slice(0, last))}${negatable ? '\\%(no\\)\\=' : ''}${escape(name.slice(last))}`;
  });
}

const jails = `
syntax match jailconfInclude /\\.include${WORD_ENDS}\\%(\\_s*+\\==\\)\\@!/ nextgroup=jailconfValue
syntax match jailconfDelimiter /[{};]/
syntax match jailconfJail /${BARE}${BEFORE_BLOCK}/
syntax match jailconfJail /"\\%([^"\\\\]\\|\\\\.\\)*"${BEFORE_BLOCK}/ contains=jailconfWildcard,jailconfEscape
syntax match jailconfJail /'\\%([^'\\\\]\\|\\\\.\\)*'${BEFORE_BLOCK}/ contains=jailconfWildcard,jailconfEscape
syntax match jailconfWildcard /["'.]\\@1<=\\*["'.]\\@=/ contained
syntax match jailconfWildcard /\\*${BEFORE_BLOCK}/
`;

/** The text of etc/editor/vim/syntax/jailconf.vim. */
export function vimSyntax(): string {
  const free = `\\%(${FREE_GROUPS.join('\\|')}\\)\\.${CHARACTER}\\+`;
  return [
    HEAD,
    lexical,
    values(),
    '\n" A name that is not known has no colour, and what follows it is no name.\n',
    `syntax match jailconfStranger /${BARE}/ nextgroup=jailconfValue\n`,
    parameters('jailconfFreebsdParameter', [...patternsOf('freebsd'), free]),
    parameters('jailconfLinuxParameter', patternsOf('linux')),
    jails,
    FOOT,
  ].join('');
}
