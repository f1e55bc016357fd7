import { allows, type Right } from '../control/access.js';
import type { Dispatch, Log } from '../control/connection.js';
import { Refusal } from '../control/failure.js';
import type { Instance } from '../plan/instance.js';
import type { Operations } from '../supervise/operations.js';
import type { Command, Given } from './command.js';
import { commands, findCommand } from './commands.js';
import type { CommandContext, CommandResult, DaemonContext } from './context.js';
import { commandHelp, overview } from './help.js';
import { runJail } from './jail.js';
import { runJexec } from './jexec.js';
import { runJls } from './jls.js';
import { parseWords, wrongUse } from './words.js';

/** What the commands of a running jaild work on. */
export interface Services {
  readonly instance: Instance;
  readonly operations: Operations;
  readonly log: Log;
  readonly now?: () => Date;
}

/** Answers requests of the control socket by the table of commands. */
export function dispatchCommands({ instance, operations, log, now = () => new Date() }: Services): Dispatch {
  return async ({ request, peer, right, signal, out, err, drained }) => {
    const { calledAs, words, cwd, columns, terminals, noColor, term } = request;
    const terminal = { ...terminals, columns, term, colour: terminals.stdout && !noColor && term !== 'dumb' };
    const refuse = (what: string): void =>
      log('warn', `${what} refused to process ${peer.pid} of uid ${peer.uid}: it needs ${needed(what)}`);
    return runCommand(
      { calledAs, words, cwd, terminal, peer, right, out, err, drained, signal, now, instance, operations },
      refuse,
    );
  };
}

const needed = (name: string): Right => commands.find((command) => command.name === name)?.needs ?? 'root';

/** Runs the command that the words name. Rejects with Refusal, or what the supervisor throws. */
export async function runCommand(
  context: CommandContext,
  refused: (command: string) => void = () => undefined,
): Promise<CommandResult> {
  const { calledAs } = context;
  if (calledAs === 'jail') return runJail(context, () => refused(calledAs));
  if (calledAs !== 'jailctl') {
    permit(context, calledAs, calledAs === 'jls' ? 'anyone' : 'root', refused);
    const daemon = withOperations(context);
    return calledAs === 'jls' ? runJls(daemon) : runJexec(daemon);
  }
  const [name, ...words] = withoutPrefix(context.words);
  if (name === undefined) throw wrongUse('the command is missing', 'jailctl help shows those there are');
  if (name === '--help' || name === '-h') return say(context, overview(commands, context.terminal));
  const command = findCommand(name === '--version' ? 'version' : name);
  if (asksForHelp(command, words)) return say(context, commandHelp(command, context.terminal));
  if (command.where === 'local' && context.operations !== null) return 'local';
  const given = parseWords(command, words);
  permit(context, command.name, command.needs, refused);
  return perform(command, context, given);
}

function perform(
  command: Command,
  context: CommandContext,
  given: Given,
): CommandResult | Promise<CommandResult> {
  return command.where === 'daemon'
    ? command.run(withOperations(context), given)
    : command.run(context, given);
}

function withOperations(context: CommandContext): DaemonContext {
  if (context.operations === null) throw new Refusal(3, 'jaild is not reachable');
  return { ...context, operations: context.operations };
}

/** The client takes --prefix for itself; a request made by other means may still have it. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  if (words[0] === '--prefix') return words.slice(2);
  return words[0]?.startsWith('--prefix=') ? words.slice(1) : words;
}

function asksForHelp(command: Command, words: readonly string[]): boolean {
  const end = words.findIndex(
    (word) => word === '--' || (command.optionPlace === 'before-operands' && !word.startsWith('-')),
  );
  const own = end < 0 ? words : words.slice(0, end);
  return own.includes('--help') || own.includes('-h');
}

function say(context: CommandContext, text: string): CommandResult {
  context.out(text);
  return { exit: 0 };
}

function permit(
  context: CommandContext,
  name: string,
  needs: Right,
  refused: (command: string) => void,
): void {
  if (context.operations === null || allows(context.right, needs)) return;
  refused(name);
  const who = needs === 'root' ? 'root' : "root and members of the socket's group";
  throw new Refusal(1, `${name} is for ${who} only`, needs === 'root' ? `sudo jailctl ${name} …` : undefined);
}
