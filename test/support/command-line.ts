import type { CommandContext } from '../../src/cli/context.js';
import { runCommand } from '../../src/cli/dispatch.js';
import type { Answer } from '../../src/control/connection.js';
import { describeFailure } from '../../src/control/failure.js';
import { instanceBelow } from '../../src/plan/instance.js';
import type { Operations } from '../../src/supervise/operations.js';

/** The moment at which the commands of a test run. */
export const NOW = new Date('2026-11-22T12:00:00.000Z');

export interface Said {
  readonly out: string;
  readonly err: string;
  readonly result: Answer;
}

/** Runs a command as jaild would and gives all that it says. */
export async function say(
  operations: Operations | null,
  words: readonly string[],
  more: Partial<CommandContext> = {},
): Promise<Said> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const context: CommandContext = {
    calledAs: 'jailctl',
    words,
    cwd: '/',
    terminal: { columns: 0, stdin: false, stdout: false, stderr: false, colour: false, term: '' },
    peer: { pid: 4711, uid: 0, gid: 0 },
    right: 'root',
    out: (text) => out.push(Buffer.from(text)),
    err: (text) => err.push(Buffer.from(text)),
    drained: () => Promise.resolve(),
    follows: () => undefined,
    takeTerminal: null,
    signal: new AbortController().signal,
    now: () => NOW,
    instance: instanceBelow('/tmp/nowhere'),
    operations,
    ...more,
  };
  const result = await runCommand(context).catch((error: unknown): Answer => {
    const { text, code } = describeFailure(error);
    context.err(text);
    return { exit: code };
  });
  return { out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString(), result };
}

/** The same for what is only looked at: text and exit code. */
export async function code(
  operations: Operations | null,
  words: readonly string[],
): Promise<number | string> {
  const { result } = await say(operations, words);
  return typeof result === 'object' && 'exit' in result ? result.exit : JSON.stringify(result);
}
