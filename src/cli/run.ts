import { resolve } from 'node:path';
import { compileChange, compileWords, type Compiled, type Jail } from '../config/compile.js';
import { formatDiagnostic } from '../config/diagnostic.js';
import { isStartable } from '../config/jail.js';
import { loadConfiguration } from '../config/load.js';
import { Refusal } from '../control/failure.js';
import { daemonCommand, fileOption } from './command.js';
import type { DaemonContext } from './context.js';
import { suggestion, wrongUse } from './words.js';

/** A word as the shell-like text of a `command` parameter that has only this one. */
function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Words for `command=`: several are an argument list, while one alone would be read as text with words in it. */
function commandWords(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv;
  if (first === undefined) return [];
  return rest.length === 0 ? [`command=${quoted(first)}`] : [`command=${first}`, ...rest];
}

/** The name of a jail made from parameters alone: no two clients that live at once have the same. */
function generatedName({ peer, operations }: DaemonContext): string {
  const base = `run-${peer?.pid ?? process.pid}`;
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!operations.has(name)) return name;
  }
}

function jailNamed(name: string, words: readonly string[], base: Compiled): Jail {
  const jail = base.jails.find((candidate) => candidate.name === name);
  const names = base.jails.map((candidate) => candidate.name);
  if (jail === undefined)
    throw new Refusal(
      4,
      `${name}: no such jail`,
      suggestion(name, names, 'or give PARAM=VALUE words: path=/jails/x'),
    );
  return words.length === 0 ? jail : compileChange(words, name, base);
}

/** The jail that the words describe: one of the files, or one of PARAM=VALUE words over their globals. */
export function jailFromWords(
  operands: readonly string[],
  command: readonly string[],
  base: Compiled,
  newName: () => string,
): Jail {
  const [first = '', ...more] = operands;
  const isName = operands.length === 1 ? !first.includes('=') : base.jails.some(({ name }) => name === first);
  if (isName) return jailNamed(first, [...more, ...commandWords(command)], base);
  const words = [...operands, ...commandWords(command)];
  const given = operands.find((word) => word.startsWith('name='))?.slice('name='.length);
  return compileWords(words, given ?? newName(), base);
}

function refuseMistakes(jail: Jail, { err, terminal }: DaemonContext): void {
  const colour = terminal.colour && terminal.stderr;
  for (const diagnostic of jail.diagnostics) err(`${formatDiagnostic(diagnostic, colour)}\n`);
  if (!isStartable(jail)) throw new Refusal(2, `${jail.name}: not started: its parameters are wrong`);
}

export const run = daemonCommand({
  name: 'run',
  summary: 'Run a jail in the foreground, on the standard input, output and error of the caller.',
  description:
    'The jail is one of the files or is made of the parameters given, as with jail(8) -c. It has no log and is not ' +
    'restarted; it is gone when its command ends, whose exit code is returned, or when the caller goes away.',
  operands: 'NAME|PARAM=VALUE... [-- COMMAND...]',
  count: [1, Infinity],
  completes: 'jail',
  options: {
    file: fileOption,
    tty: { type: 'boolean', short: 't', summary: 'Give the command a terminal of the jail.' },
  },
  needs: 'root',
  run: async (context, { options, operands, rest }) => {
    if (operands.some((word) => word.startsWith('command=')) && rest.length > 0)
      throw wrongUse('run: the command is given twice', 'either command= or the words after --');
    const base = configurationFor(context, options.file);
    const jail = jailFromWords(operands, rest, base, () => generatedName(context));
    refuseMistakes(jail, context);
    const { socket } = await context.operations.run(jail, options.tty);
    return { handOver: { socket, fields: ['attach', options.tty ? 'yes' : 'no'] } };
  },
});

/** What jaild has read, or what a file says that only root may have jaild read. */
export function configurationFor(context: DaemonContext, file: string | undefined): Compiled {
  if (file === undefined) return context.operations.configuration;
  if (context.right !== 'root') throw new Refusal(1, 'only root may have jaild read a file', 'leave out -f');
  if (!file.startsWith('/') && context.cwd === '')
    throw wrongUse(`-f ${file}: the working directory is gone`);
  return loadConfiguration([resolve(context.cwd, file)], context.instance.ruleFile, 'root');
}
