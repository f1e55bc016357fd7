import { roff } from '../config/manual/roff.js';
import type { Command, CommandOption } from './command.js';
import { commands } from './commands.js';

function optionMacro(name: string, option: CommandOption): string {
  const value = option.value === undefined ? '' : ` Ar ${option.value}`;
  const short = option.short === undefined ? '' : `Fl ${option.short} , `;
  return `.It ${short}Fl Fl ${name}${value}`;
}

function operandMacros({ operands, name }: Command): string {
  return [`.It Cm ${name}`, ...(operands === '' ? [] : [`Ar ${roff(operands)}`])].join(' ');
}

function commandAsRoff(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) =>
    [optionMacro(name, option), roff(option.summary)].join('\n'),
  );
  return [
    operandMacros(command),
    roff(command.summary),
    ...(command.description === undefined ? [] : [roff(command.description)]),
    ...(command.needs === 'root' ? ['For root only.'] : []),
    ...(options.length === 0 ? [] : ['.Bl -tag -width indent -compact', ...options, '.El']),
  ].join('\n');
}

/** The commands by what it takes to have jaild do them; the client does the others itself, as its caller. */
function whoMay(title: string, are: (command: Command) => boolean, more: readonly string[] = []): string {
  const names = commands.filter(are).map(({ name }) => name);
  return `.It ${title}\n${roff([...names, ...more].join(', '))}`;
}

/** The table of who may do what, for jaild(8), in mdoc(7). */
export function rightsAsRoff(): string {
  const isAsked = ({ where }: Command): boolean => where === 'daemon';
  return [
    '.Bl -tag -width "everybody" -compact',
    whoMay('the group', (one) => isAsked(one) && one.needs === 'operator', ['jls']),
    whoMay('root only', (one) => isAsked(one) && one.needs === 'root', ['jexec', 'jail']),
    whoMay('everybody', (one) => !isAsked(one)),
    '.El',
  ].join('\n');
}

/** The list of commands for jailctl(8), in mdoc(7): one entry for each, its options below it. */
export function commandsAsRoff(): string {
  return ['.Bl -tag -width indent', ...commands.map(commandAsRoff), '.El'].join('\n');
}
