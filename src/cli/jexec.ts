import { visible } from '../config/visible.js';
import { Refusal } from '../control/failure.js';
import type { CommandResult, DaemonContext } from './context.js';
import { freshEnvironment, handOver } from './exec.js';
import { getopt } from './getopt.js';
import { hostUserIds } from './host-user.js';
import { findJail } from './jails.js';

const USAGE =
  'usage: jexec [-l] [-d working-directory] [-e name=value] [-u username | -U username] jail [command ...]';

/** What FreeBSD's jexec says before it ends with 1: its own words, without "error:". */
class JexecFailure extends Refusal {}

/**
 * jexec(8) of FreeBSD. What differs: the environment is never the caller's, and without a command the shell is the
 * jail's /bin/sh, for jaild does not know the caller's.
 */
export function runJexec(context: DaemonContext): CommandResult {
  try {
    return hand(context);
  } catch (error) {
    if (!(error instanceof JexecFailure)) throw error;
    context.err(`${visible(error.message).slice(0, 1024)}\n`);
    return { exit: error.code };
  }
}

function hand(context: DaemonContext): CommandResult {
  // -n was "the jail is given by name", and is still accepted.
  const { options, operands, wrong } = getopt(context.words, 'd:e:lnu:U:');
  const [word, ...command] = operands;
  const values = (letter: string): string[] =>
    options.flatMap(([name, value]) => (name === letter ? [value] : []));
  const [hostUser, jailUser] = [values('u').at(-1), values('U').at(-1)];
  if (wrong !== null || word === undefined || (hostUser !== undefined && jailUser !== undefined))
    throw new JexecFailure(1, USAGE);
  const jail = findJail(word, context.operations);
  if (jail === undefined || context.operations.exec(jail.name) === null)
    throw new JexecFailure(1, `jexec: jail "${word}" not found`);
  const terminal = context.terminal.stdin && context.terminal.stdout;
  const user = hostUser === undefined ? (jailUser ?? '0:0') : hostIds(hostUser);
  return handOver(context, jail, {
    user,
    workdir: values('d').at(-1) ?? (values('l').length > 0 ? '' : '/'),
    terminal,
    login: true,
    argv: command.length > 0 ? command : ['/bin/sh', '-i'],
    environment: freshEnvironment(terminal, context.terminal.term, values('e')),
  });
}

/** Throws JexecFailure when the host has no such user. */
function hostIds(name: string): string {
  const ids = hostUserIds(name);
  if (ids === null) throw new JexecFailure(1, `jexec: ${name}: no such user`);
  return ids;
}
