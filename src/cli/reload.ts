import { formatDiagnostic } from '../config/diagnostic.js';
import { errorText } from '../control/failure.js';
import type { ReloadResult } from '../supervise/operations.js';
import { daemonCommand } from './command.js';
import { done, type CommandResult, type DaemonContext } from './context.js';
import { causeLines, reloadLine, reloadReply } from './reload-text.js';
import { json } from './render.js';

export const reload = daemonCommand({
  name: 'reload',
  summary: 'Read the files again. Nothing changes when there is a mistake in them.',
  description:
    'What can change while a jail runs is changed, all of it or nothing; for the rest a running jail is restarted, and ' +
    'no other one is. A jail that no file describes any more goes on until it is stopped; a new one is started by hand, or ' +
    'with jaild when it has auto. Commands that stop a jail, and all else of its end, are those that it was started with or ' +
    'that a reload has changed on it.',
  operands: '',
  count: [0, 0],
  options: {
    'dry-run': {
      type: 'boolean',
      short: 'n',
      summary: 'Show what would happen, each parameter with its cause, and do nothing.',
    },
    json: { type: 'boolean', summary: 'The answer for programs.' },
  },
  needs: 'root',
  run: async (context, { options }) => {
    const dryRun = options['dry-run'];
    const result = await context.operations.reload(dryRun, context.peer?.uid ?? null);
    if (options.json) context.out(json(reloadReply(result, dryRun)));
    else tell(result, dryRun, context);
    return exitOf(result);
  },
});

function exitOf({ ok, changes }: ReloadResult): CommandResult {
  if (!ok) return { exit: 2 };
  return changes.some(({ failure }) => failure !== undefined) ? { exit: 1 } : done;
}

function tell({ ok, changes, diagnostics }: ReloadResult, dryRun: boolean, context: DaemonContext): void {
  const colour = context.terminal.colour && context.terminal.stderr;
  for (const diagnostic of diagnostics) context.err(`${formatDiagnostic(diagnostic, colour)}\n`);
  if (!ok) {
    context.err(errorText('not reloaded: nothing has changed', 'jailctl check shows the mistakes'));
    return;
  }
  const told = changes.filter(({ failure }) => failure === undefined);
  const lines = told.flatMap((one) => [reloadLine(one, dryRun), ...(dryRun ? causeLines(one) : [])]);
  context.out(changes.length === 0 ? 'nothing changed\n' : lines.map((line) => `${line}\n`).join(''));
  for (const { jail, change, failure } of changes) {
    if (failure === undefined) continue;
    const what = change === 'restart' ? 'not restarted' : 'not changed';
    context.err(errorText(`${jail}: ${what}: ${failure.message}`, failure.hint));
  }
}
