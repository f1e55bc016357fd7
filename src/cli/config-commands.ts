import { resolve } from 'node:path';
import type { Compiled } from '../config/compile.js';
import { formatDiagnostic, type Diagnostic } from '../config/diagnostic.js';
import { configAsJson } from '../config/json.js';
import { configurationFiles, loadConfiguration } from '../config/load.js';
import { errorText, Refusal } from '../control/failure.js';
import { localCommand } from './command.js';
import { jailAsConf, resolvedAsText } from './config-text.js';
import { done, type CommandContext, type CommandResult } from './context.js';
import { json, paint } from './render.js';
import { suggestion } from './words.js';

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

/** The files named, or those of the host. Throws Refusal when there are none at all. */
function load({ instance, cwd }: CommandContext, files: readonly string[]): Compiled {
  if (files.length > 0) return loadConfiguration(files.map((file) => nameFile(file, cwd)));
  const found = configurationFiles(instance.jailConf, instance.jailConfDirectory);
  if (found.length > 0) return loadConfiguration(found, instance.ruleFile);
  throw new Refusal(
    2,
    `${instance.jailConf}: there is no such file`,
    `write it, or name one: jailctl check FILE`,
  );
}

/** The name as it was written where that is enough, so that messages show what the user knows. */
function nameFile(file: string, cwd: string): string {
  return file === '-' || cwd === process.cwd() ? file : resolve(cwd, file);
}

function showDiagnostics(context: CommandContext, diagnostics: readonly Diagnostic[]): void {
  const colour = context.terminal.colour && context.terminal.stderr;
  for (const diagnostic of diagnostics) context.err(`${formatDiagnostic(diagnostic, colour)}\n`);
}

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

function verdict({ jails, files, diagnostics }: Compiled, context: CommandContext): string {
  const errors = diagnostics.filter(isError).length;
  const warnings = diagnostics.length - errors;
  const what = `${count(jails.length, 'jail')} in ${count(files.length, 'file')}`;
  if (errors > 0) return `${what}: ${paint(context.terminal, 'red', count(errors, 'mistake'))}\n`;
  const remark = warnings > 0 ? ` (${count(warnings, 'warning')})` : '';
  return `${what}: ${paint(context.terminal, 'green', 'no mistakes')}${remark}\n`;
}

export const check = localCommand({
  name: 'check',
  where: 'local',
  summary: 'Find every mistake in the files at once.',
  description: 'Without FILE these are the files that jaild reads. A FILE of - is standard input.',
  operands: '[FILE...]',
  completes: 'file',
  options: { json: { type: 'boolean', summary: 'The answer for programs, as config --json gives it.' } },
  needs: 'anyone',
  run: (context, { options, operands }): CommandResult => {
    const compiled = load(context, operands);
    if (options.json) context.out(json(configAsJson(compiled, { resolved: false })));
    else {
      showDiagnostics(context, compiled.diagnostics);
      context.out(verdict(compiled, context));
    }
    return { exit: compiled.diagnostics.some(isError) || !compiled.ok ? 2 : 0 };
  },
});

export const config = localCommand({
  name: 'config',
  where: 'local',
  summary: 'Show what the files say of each jail, with globals, wildcards and variables put in.',
  operands: '[NAME...]',
  completes: 'jail',
  options: {
    file: {
      type: 'string',
      short: 'f',
      value: 'FILE',
      multiple: true,
      summary: 'Read this file; - is standard input.',
    },
    json: { type: 'boolean', summary: 'The answer for programs.' },
    resolved: { type: 'boolean', summary: 'Values after types, defaults and units.' },
    origin: { type: 'boolean', summary: 'Where each value is set.' },
  },
  needs: 'anyone',
  run: (context, { options, operands }): CommandResult => {
    const compiled = load(context, options.file);
    const names = compiled.jails.map(({ name }) => name);
    const unknown = operands.filter((name) => !names.includes(name));
    const shown =
      operands.length === 0 ? compiled.jails : compiled.jails.filter(({ name }) => operands.includes(name));
    if (options.json) {
      const only = operands.length === 0 ? {} : { names: operands };
      context.out(json(configAsJson(compiled, { resolved: options.resolved, ...only })));
    } else {
      showDiagnostics(context, compiled.diagnostics.filter(isError));
      const text = options.resolved
        ? shown.map(({ name }) => resolvedAsText(compiled, name))
        : shown.map((jail) => jailAsConf(jail, options.origin));
      context.out(text.join('\n'));
    }
    for (const name of unknown)
      context.err(errorText(`${name}: no such jail`, suggestion(name, names, 'jailctl config shows all')));
    if (!compiled.ok || shown.some(({ failed }) => failed)) return { exit: 2 };
    return unknown.length > 0 ? { exit: 4 } : done;
  },
});
