import { audit } from './audit.js';
import { localCommand, type Command } from './command.js';
import { completionScript, shells, type Shell } from './completion.js';
import { check } from './check.js';
import { config } from './config-commands.js';
import { done } from './context.js';
import { events } from './events.js';
import { exec } from './exec.js';
import { fmt } from './fmt.js';
import { commandHelp, overview } from './help.js';
import { kill, pause, restart, resume, shutdown, start, stop } from './lifecycle.js';
import { list } from './list.js';
import { logs } from './logs.js';
import { metrics } from './metrics.js';
import { paramsCommand } from './params-command.js';
import { plan } from './plan.js';
import { reload } from './reload.js';
import { run } from './run.js';
import { schedule } from './schedule.js';
import { set } from './set.js';
import { stats } from './stats.js';
import { status } from './status.js';
import { top } from './top/top.js';
import { version } from './version.js';
import { suggestion, wrongUse } from './words.js';

const completion = localCommand({
  name: 'completion',
  where: 'anywhere',
  summary: 'Print a script that makes a shell complete the words of jailctl.',
  description: 'For bash: source <(jailctl completion bash).',
  operands: 'bash|zsh|fish',
  count: [1, 1],
  completes: 'shell',
  options: {},
  needs: 'anyone',
  run: ({ out }, { operands: [word = ''] }) => {
    if (!isShell(word)) throw wrongUse(`there is no completion for "${word}"`, 'one of bash, zsh, fish');
    out(completionScript(word, commands));
    return done;
  },
});

const isShell = (word: string): word is Shell => Object.hasOwn(shells, word);

const help = localCommand({
  name: 'help',
  where: 'anywhere',
  summary: 'Tell what there is, or all about one command.',
  operands: '[COMMAND]',
  count: [0, 1],
  completes: 'command',
  options: {},
  needs: 'anyone',
  run: ({ out, terminal }, { operands: [name] }) => {
    out(name === undefined ? overview(commands, terminal) : commandHelp(findCommand(name), terminal));
    return done;
  },
});

/** THE TABLE: every command of jailctl, in the order manuals show them. */
export const commands: readonly Command[] = [
  ...[start, stop, restart, status, list, schedule, stats, top, logs, events, metrics],
  ...[run, exec, set, kill, pause, resume],
  ...[audit, check, config, fmt, plan, reload, shutdown],
  ...[paramsCommand, completion, version, help],
];

/** The command of this name. Throws Refusal with the nearest one when there is none. */
export function findCommand(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name);
  throw wrongUse(
    `there is no command "${name}"`,
    suggestion(name, names, 'jailctl help shows those there are'),
  );
}
