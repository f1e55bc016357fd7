import { resolve } from 'node:path';
import type { CommandContext } from './cli/context.js';
import { runCommand } from './cli/dispatch.js';
import { describeFailure, errorText, Refusal } from './control/failure.js';
import { calledAs } from './control/request.js';
import { instanceBelow, type Instance } from './plan/instance.js';

/*
 * The commands that need no jaild, in the process of the one who calls: the native client comes here when jaild says
 * so, and when it cannot reach jaild.
 */

/** Takes --prefix out of the words; JAILD_PREFIX holds without it. */
function chooseInstance(words: readonly string[]): {
  readonly instance: Instance;
  readonly words: readonly string[];
} {
  const [first = '', second = ''] = words;
  const [prefix, rest] =
    first === '--prefix'
      ? [second, words.slice(2)]
      : first.startsWith('--prefix=')
        ? [first.slice('--prefix='.length), words.slice(1)]
        : [process.env['JAILD_PREFIX'] ?? '', words];
  const absolute = prefix === '' ? '' : resolve(prefix);
  return { instance: instanceBelow(absolute === '/' ? '' : absolute), words: rest };
}

/** stdout and stderr may be files, pipes and terminals: what waits in them is written before the process ends. */
function contextOf(instance: Instance, words: readonly string[]): CommandContext {
  const { stdin, stdout, stderr, env } = process;
  const noColor = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    calledAs: calledAs(env['JAILD_CALLED_AS'] ?? 'jailctl'),
    words,
    cwd: process.cwd(),
    terminal: {
      columns: stdout.isTTY ? stdout.columns : 0,
      stdin: stdin.isTTY ?? false,
      stdout: stdout.isTTY ?? false,
      stderr: stderr.isTTY ?? false,
      colour: (stdout.isTTY ?? false) && !noColor,
      term: env['TERM'] ?? '',
    },
    peer: null,
    right: process.getuid?.() === 0 ? 'root' : 'anyone',
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    drained: () => Promise.resolve(),
    follows: () => undefined,
    takeTerminal: null,
    signal: new AbortController().signal,
    now: () => new Date(),
    instance,
    operations: null,
  };
}

/** Says why jaild did not answer, and what to do about it. */
function unreachable({ socket, prefix }: Instance): string {
  const reason = process.env['JAILD_UNREACHABLE'] ?? 'this program does not ask it: use bin/jailctl';
  const start = prefix === '' ? 'systemctl start jaild, or jaild in a terminal' : `jaild --prefix ${prefix}`;
  const hint = /permission|EACCES/i.test(reason)
    ? 'be root, or a member of the group jaild'
    : `start it with: ${start}`;
  return errorText(`jaild is not reachable at ${socket}: ${reason}`, hint);
}

async function main(): Promise<number> {
  const { instance, words } = chooseInstance(process.argv.slice(2));
  const context = contextOf(instance, words);
  try {
    const result = await runCommand(context);
    return typeof result === 'object' && 'exit' in result ? result.exit : 1;
  } catch (error) {
    const { text, code } = describeFailure(error);
    const told = error instanceof Refusal && code === 3 ? unreachable(instance) : text;
    // jail(8) begins its messages with its name, and ends with 0 or 1.
    const isJail = context.calledAs === 'jail';
    context.err(isJail ? told.replace(/^error: /, 'jail: ') : told);
    return isJail ? 1 : code;
  }
}

// A reader that goes away, as head(1) does, is no failure of ours.
process.stdout.on('error', () => process.exit(141));
process.exitCode = await main();
