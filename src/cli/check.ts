import { readFileSync } from 'node:fs';
import type { Compiled } from '../config/compile.js';
import type { Diagnostic } from '../config/diagnostic.js';
import { judge, type Verdict } from '../config/finding.js';
import { distrustAt, STDIN } from '../config/load.js';
import { verdictAsJson } from '../config/json.js';
import { readSettings, type SettingsRead } from '../daemon/read-settings.js';
import { localCommand } from './command.js';
import { isError, load, showDiagnostics } from './config-commands.js';
import type { CommandContext, CommandResult } from './context.js';
import { json, paint } from './render.js';

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

function summary(
  { jails, files }: Compiled,
  diagnostics: readonly Diagnostic[],
  context: CommandContext,
): string {
  const errors = diagnostics.filter(isError).length;
  const warnings = diagnostics.length - errors;
  const mistakes =
    errors > 0
      ? paint(context.terminal, 'red', count(errors, 'mistake'))
      : paint(context.terminal, 'green', 'no mistakes');
  const remark = warnings > 0 ? `, ${paint(context.terminal, 'yellow', count(warnings, 'warning'))}` : '';
  return `${count(jails.length, 'jail')} in ${count(files.length, 'file')}: ${mistakes}${remark}\n`;
}

/** What the host adds to what the files say, and what of it could not be looked at. */
async function lookAtHost(
  compiled: Compiled,
  { instance }: CommandContext,
  { settings }: SettingsRead,
): Promise<{ readonly verdict: Verdict; readonly unseen: readonly string[] }> {
  // Netlink needs a library that takes 30 ms to load, which no other command here has to wait for, nor jaild for advice.
  const { openHostView } = await import('../host/view.js');
  const { adviseOn } = await import('../plan/advice/advice.js');
  const host = openHostView({
    instance,
    cgroupRoot: settings['cgroup.root'] === '' ? null : settings['cgroup.root'],
    uids: { base: settings['uids.base'], count: settings['uids.count'] },
    logSockets: { journald: settings['targets.journald'], syslog: settings['targets.syslog'] },
  });
  return { verdict: judge(compiled, adviseOn(compiled.jails, host)), unseen: host.unseen() };
}

function settingsOf({ instance: { settingsFile } }: CommandContext): SettingsRead {
  try {
    const read = readSettings(readFileSync(settingsFile, 'utf8'), settingsFile);
    const distrust = distrustAt(settingsFile);
    if (distrust === null) return read;
    const { reason, hint } = distrust;
    const message = `cannot read ${settingsFile}: ${reason}`;
    const refused = { code: 'unreadable-file', severity: 'error', span: null, message, hint } as const;
    return { ...read, diagnostics: [refused, ...read.diagnostics] };
  } catch (error) {
    if (error instanceof Error && 'code' in error) return readSettings('', settingsFile); // none, or not for us
    throw error;
  }
}

/** Of files that root names: jaild would take nothing from them. */
function distrusted({ files }: Compiled): readonly Diagnostic[] {
  return files.flatMap((file): readonly Diagnostic[] => {
    const distrust = file === STDIN ? null : distrustAt(file);
    if (distrust === null) return [];
    const message = `jaild does not read ${file}: ${distrust.reason}`;
    return [{ code: 'unreadable-file', severity: 'warning', span: null, message, hint: distrust.hint }];
  });
}

/** Paths of which nothing was said, in one line. */
function unseenNote(unseen: readonly string[], isRoot: boolean): string {
  const [first, ...others] = unseen;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` and ${count(others.length, 'path')} more`;
  return `not checked: ${first}${more}${isRoot ? '' : ', which needs root'}\n`;
}

export const check = localCommand({
  name: 'check',
  where: 'local',
  summary: 'Find every mistake in the files, and what would fail on this host, at once.',
  description:
    'Without FILE these are the files that jaild reads, its settings among them. A FILE of - is standard input. ' +
    'What is certain to keep a jail from starting is an error, and what may be meant is a warning. ' +
    'Nothing is done and no jaild is needed; what only root may look at is left out for others.',
  operands: '[FILE...]',
  completes: 'file',
  options: {
    file: {
      type: 'string',
      short: 'f',
      value: 'FILE',
      multiple: true,
      summary: 'Read this file, as if it stood without -f.',
    },
    'no-host': {
      type: 'boolean',
      summary: 'Look at the files alone: they are for another host.',
    },
    json: {
      type: 'boolean',
      summary: 'The answer for programs: what config --json gives, with what is found on the host.',
    },
  },
  needs: 'anyone',
  run: async (context, { options, operands }): Promise<CommandResult> => {
    const files = [...options.file, ...operands];
    const compiled = load(context, files);
    const settings = settingsOf(context);
    const { verdict, unseen } = options['no-host']
      ? { verdict: judge(compiled, []), unseen: [] }
      : await lookAtHost(compiled, context, settings);
    const others = context.right === 'root' ? distrusted(compiled) : [];
    const diagnostics = [...(files.length === 0 ? settings.diagnostics : others), ...verdict.diagnostics];
    if (options.json) context.out(json(verdictAsJson(compiled, { ...verdict, diagnostics }, unseen)));
    else {
      showDiagnostics(context, diagnostics);
      context.err(unseenNote(unseen, context.right === 'root'));
      context.out(summary(compiled, diagnostics, context));
    }
    return { exit: diagnostics.some(isError) || !compiled.ok ? 2 : 0 };
  },
});
