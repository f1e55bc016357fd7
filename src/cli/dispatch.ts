import { allows, type Right } from '../control/access.js';
import type { Dispatch } from '../control/connection.js';
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
import { ownWords, parseWords, wrongUse } from './words.js';

/** What the commands of a running jaild work on. */
export interface Services {
  readonly instance: Instance;
  readonly operations: Operations;
  readonly metrics?: () => Promise<string>;
  readonly now?: () => Date;
}

/** Answers requests of the control socket by the table of commands. */
export function dispatchCommands({ now = () => new Date(), ...services }: Services): Dispatch {
  return async ({ request, peer, right, refused, signal, out, err, drained, takeTerminal, follows }) => {
    const { calledAs, words, cwd, columns, terminals, noColor, term } = request;
    const terminal = { ...terminals, columns, term, colour: terminals.stdout && !noColor && term !== 'dumb' };
    return runCommand(
      {
        ...{ calledAs, words, cwd, terminal, peer, right, out, err, drained, takeTerminal, follows, signal },
        ...{ now, ...services },
      },
      refused,
    );
  };
}

/** Runs the command that the words name. Rejects with Refusal, or what the supervisor throws. */
export async function runCommand(
  context: CommandContext,
  refused: (command: string, needs: Right) => void = () => undefined,
): Promise<CommandResult> {
  const { calledAs } = context;
  if (calledAs === 'jail') return runJail(context, () => refused(calledAs, 'root'));
  if (calledAs !== 'jailctl') {
    permit(context, calledAs, calledAs === 'jls' ? 'operator' : 'root', refused);
    const daemon = withOperations(context);
    return calledAs === 'jls' ? runJls(daemon) : runJexec(daemon);
  }
  const [name, ...words] = withoutPrefix(context.words);
  if (name === undefined) throw wrongUse('the command is missing', 'jailctl help shows those there are');
  if (name === '--help' || name === '-h') return say(context, overview(commands, context.terminal));
  const command = findCommand(name === '--version' ? 'version' : name);
  if (asksForHelp(command, words)) return say(context, commandHelp(command, context.terminal));
  if (command.where === 'local' && context.operations !== null) return 'local';
  // Rights first: who may not have it done has no time spent on his words.
  permit(context, command.name, command.needs, refused);
  return perform(command, context, parseWords(command, words));
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
  const { operations, peer } = context;
  return { ...context, operations: peer === null ? operations : operations.behalfOf(peer.pid) };
}

/** The client takes --prefix for itself; a request made by other means may still have it. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  if (words[0] === '--prefix') return words.slice(2);
  return words[0]?.startsWith('--prefix=') ? words.slice(1) : words;
}

function asksForHelp(command: Command, words: readonly string[]): boolean {
  const own = ownWords(command, words);
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
  refused: (command: string, needs: Right) => void,
): void {
  if (context.operations === null || allows(context.right, needs)) return;
  refused(name, needs);
  const who = needs === 'root' ? 'root' : "root and members of the socket's group";
  throw new Refusal(1, `${name} is for ${who} only`, needs === 'root' ? `sudo jailctl ${name} …` : undefined);
}
