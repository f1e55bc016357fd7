import { formatDiagnostic } from '../config/diagnostic.js';
import type { ReloadChange } from '../supervise/operations.js';
import { errorText } from '../control/failure.js';
import { daemonCommand } from './command.js';
import { done } from './context.js';
import { printable } from './render.js';

function changeText({ jail, change, parameters, failure }: ReloadChange, dryRun: boolean): string {
  const what = parameters.join(', ');
  if (failure !== undefined) return '';
  const words = {
    new: dryRun ? 'is new' : 'added',
    removed: 'is in no file any more; if it runs, it goes on until it is stopped',
    live: `${dryRun ? 'would change' : 'changed'}: ${what}`,
    restart: `${dryRun ? 'would be restarted' : 'restarted'} for ${what}`,
  };
  return `${printable(jail)} ${words[change]}\n`;
}

export const reload = daemonCommand({
  name: 'reload',
  summary: 'Read the files again. Nothing changes when there is a mistake in them.',
  description:
    'What can change while a jail runs is changed, all of it or nothing; for the rest a running jail is restarted. A jail ' +
    'that no file describes any more goes on until it is stopped.',
  operands: '',
  count: [0, 0],
  options: {
    'dry-run': { type: 'boolean', short: 'n', summary: 'Show what would happen and do nothing.' },
  },
  needs: 'root',
  run: async (context, { options }) => {
    const dryRun = options['dry-run'];
    const { ok, changes, diagnostics } = await context.operations.reload(dryRun, context.peer?.uid ?? null);
    const colour = context.terminal.colour && context.terminal.stderr;
    for (const diagnostic of diagnostics) context.err(`${formatDiagnostic(diagnostic, colour)}\n`);
    if (!ok) {
      context.err(errorText('not reloaded: nothing has changed', 'jailctl check shows the mistakes'));
      return { exit: 2 };
    }
    context.out(
      changes.length === 0 ? 'nothing changed\n' : changes.map((one) => changeText(one, dryRun)).join(''),
    );
    const failed = changes.filter(({ failure }) => failure !== undefined);
    for (const { jail, change, failure = { message: '' } } of failed) {
      const what = change === 'restart' ? 'not started again' : 'not changed';
      context.err(errorText(`${jail}: ${what}: ${failure.message}`, failure.hint));
    }
    return failed.length > 0 ? { exit: 1 } : done;
  },
});
