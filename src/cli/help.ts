import { usageOf, type Command, type CommandOption } from './command.js';
import type { Terminal } from './context.js';
import { paint, wrap } from './render.js';

/** "-s, --signal SIGNAL": an option with all its spellings. */
function optionWords(name: string, { short, value }: CommandOption): string {
  const words = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? words : `${words} ${value}`;
}

const widthOf = ({ columns, stdout }: Terminal): number =>
  stdout && columns > 20 ? Math.min(columns, 100) : 80;

function rows(entries: readonly (readonly [string, string])[], terminal: Terminal): string {
  const column = Math.max(...entries.map(([term]) => term.length)) + 4;
  return entries
    .map(
      ([term, text]) => `  ${term.padEnd(column - 2)}${wrap(text, widthOf(terminal), ' '.repeat(column))}\n`,
    )
    .join('');
}

/** What `jailctl help COMMAND` says. */
export function commandHelp(command: Command, terminal: Terminal): string {
  const options = Object.entries(command.options).map(
    ([name, option]) => [optionWords(name, option), option.summary] as const,
  );
  const width = widthOf(terminal);
  return [
    `${paint(terminal, 'bold', usageOf(command))}\n`,
    `\n${wrap(command.summary, width, '')}\n`,
    command.description === undefined ? '' : `${wrap(command.description, width, '')}\n`,
    options.length === 0 ? '' : `\n${rows(options, terminal)}`,
  ].join('');
}

/** What `jailctl help` says. */
export function overview(commands: readonly Command[], terminal: Terminal): string {
  const list = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    `${paint(terminal, 'bold', 'jailctl [--prefix DIR] COMMAND')}\n\n`,
    rows(list, terminal),
    '\njailctl help COMMAND tells more. Exit codes: 0 done, 1 failed, 2 wrong use or configuration,\n',
    '3 jaild not reachable, 4 no such jail; exec and run return what their command does.\n',
  ].join('');
}
