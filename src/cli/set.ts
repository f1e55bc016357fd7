import { amendJail, type Jail } from '../config/compile.js';
import { formatDiagnostic } from '../config/diagnostic.js';
import { isStartable } from '../config/jail.js';
import { Refusal } from '../control/failure.js';
import { daemonCommand } from './command.js';
import { noSuchJail } from './jails.js';
import { report } from './lifecycle.js';
import { wrongUse } from './words.js';

export const set = daemonCommand({
  name: 'set',
  summary: 'Change parameters of a running jail: all of them, or none when there is a mistake.',
  description:
    'Only what can change while a jail runs, as jailctl params tells. The files are not changed: what was set holds, also ' +
    'when the jail fails and is started again and over a reload, until the jail is stopped or restarted by hand or its ' +
    'files say something else of it than they did.',
  operands: 'NAME PARAM=VALUE...',
  count: [2, Infinity],
  completes: 'jail',
  options: {},
  needs: 'root',
  run: async (context, { operands: [name = '', ...words] }) => {
    const { operations, terminal, err } = context;
    if (!operations.has(name)) throw noSuchJail(name, operations);
    if (words.some((word) => /^(name|jid)\+?=/.test(word)))
      throw wrongUse('set: a running jail keeps its name and its number');
    const amend = (running: Jail): Jail => {
      const jail = amendJail(running, words, operations.configuration.rules);
      const colour = terminal.colour && terminal.stderr;
      for (const one of jail.diagnostics) err(`${formatDiagnostic(one, colour)}\n`);
      if (!isStartable(jail)) throw new Refusal(2, `${name}: not changed: the parameters are wrong`);
      return jail;
    };
    return report(context, [await operations.change(name, amend, { restart: false })]);
  },
});
