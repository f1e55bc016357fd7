import { parseArgs } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import { Refusal } from '../control/failure.js';
import { usageOf, type Command, type CommandOptions, type Given, type OptionPlace } from './command.js';

/** Wrong use: exit code 2, with a hint how it is used. */
export function wrongUse(message: string, hint?: string): Refusal {
  return new Refusal(2, message, hint);
}

/** Longer words than this are no misspelt names, and are not compared with all there are. */
const MAX_NAME = 128;
/** Node's own parser takes a time that grows with the square of the words, and of the letters in one like -abc. */
const MAX_OPTION = 8192;
const MAX_WORDS = 16_384;

/** The one of `known` that was probably meant, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length > MAX_NAME) return undefined;
  const near = closest(word, known);
  return distance(word, near) <= Math.max(1, Math.ceil(word.length / 3)) ? near : undefined;
}

/** "did you mean …?", or what else to do. */
export function suggestion(word: string, known: readonly string[], otherwise: string): string {
  const near = nearest(word, known);
  return near === undefined ? otherwise : `did you mean "${near}"?`;
}

/** Reads the words after a command's name. Throws Refusal (exit code 2) for what the command does not have. */
export function parseWords(command: Command, words: readonly string[]): Given {
  const own = ownWords(command, words);
  if (own.length > MAX_WORDS) throw wrongUse(`${command.name}: more than ${MAX_WORDS} words`);
  if (own.some((word) => word.startsWith('-') && word.length > MAX_OPTION))
    throw wrongUse(`${command.name}: an option is too long`);
  const { before, operands, rest } = splitWords(command.options, words, command.optionPlace ?? 'anywhere');
  const parsed = parseOptions(command, before);
  // Only some commands take a command of the jail's behind `--`; for the others it ends the options (POSIX, guideline 10).
  const takesCommand = command.operands.includes('--');
  const all = [...parsed.positionals, ...operands, ...(takesCommand ? [] : rest)];
  checkCount(command, all);
  return { options: complete(command.options, parsed.values), operands: all, rest: takesCommand ? rest : [] };
}

/** The words among which options may stand, without those of a command for a jail. */
export function ownWords({ optionPlace }: Command, words: readonly string[]): readonly string[] {
  const end = words.findIndex(
    (word) => word === '--' || (optionPlace === 'before-operands' && !word.startsWith('-')),
  );
  return end < 0 ? words : words.slice(0, end);
}

function complete(options: CommandOptions, values: Readonly<Record<string, unknown>>): Given['options'] {
  const absent = (name: string): unknown => {
    const option = options[name];
    if (option?.type === 'boolean') return false;
    return option?.multiple ? [] : undefined;
  };
  const entries = Object.keys(options).map((name) => [name, values[name] ?? absent(name)]);
  // parseArgs() has given each option the type that its own entry in the table asks for.
  return Object.fromEntries(entries) as Given['options'];
}

function splitWords(options: CommandOptions, words: readonly string[], place: OptionPlace) {
  const end = words.indexOf('--');
  const { tokens } = parseArgs({
    args: end < 0 ? [...words] : words.slice(0, end),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const terminator = end < 0 ? words.length : end;
  const first = tokens.find((token) => token.kind === 'positional')?.index ?? words.length;
  if (place === 'anywhere' || terminator < first)
    return { before: words.slice(0, terminator), operands: [], rest: words.slice(terminator + 1) };
  const [name, ...after] = words.slice(first);
  const separated = after[0] === '--';
  if (!separated && after[0]?.startsWith('-'))
    throw wrongUse(`"${after[0]}" is in the wrong place`, `options go before ${name}, commands after --`);
  return {
    before: words.slice(0, first),
    operands: name === undefined ? [] : [name],
    rest: separated ? after.slice(1) : after,
  };
}

function parseOptions(command: Command, words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: command.options, strict: true, allowPositionals: true });
  } catch (error) {
    throw wrongUse(optionMistake(error, command.options), usageOf(command));
  }
}

/** Node's words for a wrong option explain its own API; ours name the option and the nearest one there is. */
function optionMistake(error: unknown, options: CommandOptions): string {
  const text = error instanceof Error ? error.message : String(error);
  const [, written] = /'([^']*)'/.exec(text) ?? [];
  if (written === undefined) return text;
  const [flag = written] = written.split(/[ ,]/).filter((part) => part.startsWith('--'));
  if (/argument missing|ambiguous/.test(text)) return `${written} needs a value`;
  if (/does not take/.test(text)) return `${written} takes no value`;
  const near = nearest(flag.replace(/^--/, ''), Object.keys(options));
  return `option ${flag} is not known${near === undefined ? '' : `, did you mean --${near}?`}`;
}

function checkCount(command: Command, operands: readonly string[]): void {
  const [least, most] = command.count ?? [0, Infinity];
  const usage = usageOf(command);
  if (operands.length < least) throw wrongUse(`${command.name}: ${missing(command, operands.length)}`, usage);
  const extra = operands[most];
  if (extra !== undefined) throw wrongUse(`${command.name}: "${extra}" is one word too many`, usage);
}

function missing({ completes, operands }: Command, given: number): string {
  if (given === 0 && completes === 'jail') return 'the name of a jail is missing';
  return `${operands.split(' ')[given]?.replace('...', '') ?? 'something'} is missing`;
}
