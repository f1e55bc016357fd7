import { describeFailure, Refusal } from '../control/failure.js';
import type { CommandContext, CommandResult, DaemonContext } from './context.js';
import { createFromFiles } from './jail-files.js';
import { createFromParams, modifyFromParams } from './jail-params.js';
import { exhibit } from './jail-read.js';
import { removeJails, cleanUpJails } from './jail-remove.js';
import { callWithInput } from './jail-stdin.js';
import { JailUsage, readJailWords, type JailCall } from './jail-words.js';

const USAGE = `usage: jail [-dhilqv] [-J jid_file] [-n name] [-s securelevel] [-u username | -U username]
            -[cmr] param=value ... [command=command ...]
       jail [-dqv] [-f file] [-p limit] -[cmr] [jail]
       jail [-qv] [-f file] [-p limit] -[rR] ['*' | jail ...]
       jail [-qv] [-f file] -C ['*' | jail ...]
       jail [-f file] -e separator
       jail [-dhilqv] [-J jid_file] [-n name] [-s securelevel] [-u username | -U username]
            path hostname [ip[,...]] command ...
`;

/** What jail(8) says before it ends with 1: no line of it begins with anything but its name. */
function tell(error: unknown, { err }: CommandContext): CommandResult {
  if (error instanceof JailUsage) err(USAGE);
  else {
    const { text, bug } = describeFailure(error);
    if (bug) throw error;
    err(text.replace(/^error: /, 'jail: '));
  }
  return { exit: 1 };
}

/**
 * jail(8) of FreeBSD: its options, its words, its exit codes.
 * @param refused told when somebody asks who may not
 */
export async function runJail(context: CommandContext, refused: () => void): Promise<CommandResult> {
  try {
    const call = readJailWords(context.words);
    const isLocal = call.separator !== undefined || call.file === '-';
    if (isLocal) return context.operations === null ? runHere(call, context) : 'local';
    if (context.operations === null) throw new Refusal(3, 'jaild is not reachable');
    if (context.right !== 'root') {
      refused();
      throw new Refusal(1, 'only root may do that');
    }
    return await runThere(call, { ...context, operations: context.operations });
  } catch (error) {
    if (error instanceof Refusal && error.code === 3) throw error;
    return tell(error, context);
  }
}

/** In the process of the one who calls: only there are standard input, and files that jaild does not read for everybody. */
function runHere(call: JailCall, context: CommandContext): CommandResult {
  return call.separator === undefined
    ? callWithInput(context.words)
    : exhibit(call.separator, call.file, context);
}

function runThere(call: JailCall, context: DaemonContext): Promise<CommandResult> {
  if (call.params !== null)
    return call.create || !call.modify ? createFromParams(call, context) : modifyFromParams(call, context);
  if (call.create || call.modify) return createFromFiles(call, context);
  return call.cleanUp ? cleanUpJails(call, context) : removeJails(call, context);
}
