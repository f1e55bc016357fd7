import type { Right } from '../control/access.js';
import type { CommandContext, CommandResult, DaemonContext } from './context.js';

export interface CommandOption {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** May be given more than once. */
  readonly multiple?: true;
  /** What manuals call the value: FILE, SIGNAL. */
  readonly value?: string;
  readonly summary: string;
}

/** -f of the commands that work on what jaild has read, or on a file instead. */
export const fileOption = {
  type: 'string',
  short: 'f',
  value: 'FILE',
  summary: 'Read this file instead of what jaild has read.',
} as const;

export type CommandOptions = Readonly<Record<string, CommandOption>>;

type ValueOf<O extends CommandOption> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? readonly string[]
    : string | undefined;

/** What was given on the command line: options by their long names, and the words that are none. */
export interface Given<O extends CommandOptions = CommandOptions> {
  readonly options: { readonly [K in keyof O]: ValueOf<O[K]> };
  readonly operands: readonly string[];
  /** The words after `--`. */
  readonly rest: readonly string[];
}

/** Where options may stand: anywhere before `--`, or only before the first operand because a command follows it. */
export type OptionPlace = 'anywhere' | 'before-operands';

interface Description<O extends CommandOptions> {
  readonly name: string;
  readonly summary: string;
  /** The operands, as manuals show them. */
  readonly operands: string;
  /** How many operands there may be. */
  readonly count?: readonly [least: number, most: number];
  /** What an operand is, for completion. */
  readonly completes?: 'jail' | 'file' | 'parameter' | 'command' | 'shell';
  readonly options: O;
  readonly optionPlace?: OptionPlace;
  readonly needs: Right;
  /** Paragraphs for the manual. */
  readonly description?: string;
}

/** A command that asks the running jaild. */
export interface DaemonCommand<O extends CommandOptions = CommandOptions> extends Description<O> {
  readonly where: 'daemon';
  readonly run: (context: DaemonContext, given: Given<O>) => CommandResult | Promise<CommandResult>;
}

/** A command that needs no jaild: `local` is one that reads files with the rights of the caller. */
export interface LocalCommand<O extends CommandOptions = CommandOptions> extends Description<O> {
  readonly where: 'local' | 'anywhere';
  readonly run: (context: CommandContext, given: Given<O>) => CommandResult | Promise<CommandResult>;
}

export type Command = DaemonCommand | LocalCommand;

/** Gives a command of jaild the types that its own options call for. */
export function daemonCommand<const O extends CommandOptions>(
  command: Omit<DaemonCommand<O>, 'where'>,
): DaemonCommand {
  // Given<O> is made by parseWords() from the very same options, so the wider type is safe to call.
  return { ...command, where: 'daemon' } as unknown as DaemonCommand;
}

/** Gives a command that needs no jaild the types that its own options call for. */
export function localCommand<const O extends CommandOptions>(command: LocalCommand<O>): LocalCommand {
  return command as unknown as LocalCommand; // as above
}

/** The line that says how a command is used: "jailctl logs [-f] [-n N] NAME". */
export function usageOf(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => {
    const flag = option.short === undefined ? `--${name}` : `-${option.short}`;
    const text = option.value === undefined ? flag : `${flag} ${option.value}`;
    return option.multiple ? `[${text}]...` : `[${text}]`;
  });
  return ['jailctl', command.name, ...options, command.operands].filter((part) => part !== '').join(' ');
}
