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

/** The list of commands for jailctl(8), in mdoc(7): one entry for each, its options below it. */
export function commandsAsRoff(): string {
  return ['.Bl -tag -width indent', ...commands.map(commandAsRoff), '.El'].join('\n');
}
