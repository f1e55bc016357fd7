import { resolve } from 'node:path';
import type { Compiled, Jail } from '../config/compile.js';
import { formatDiagnostic, type Diagnostic } from '../config/diagnostic.js';
import { configAsJson } from '../config/json.js';
import { Origins } from '../config/origin.js';
import { configurationFiles, loadConfiguration } from '../config/load.js';
import { errorText, Refusal } from '../control/failure.js';
import { localCommand } from './command.js';
import { jailAsConf, resolvedAsText } from './config-text.js';
import { done, type CommandContext, type CommandResult } from './context.js';
import { json } from './render.js';
import { suggestion } from './words.js';

export const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

export function load(context: CommandContext, files: readonly string[]): Compiled {
  if (files.length > 0) return loadConfiguration(filesToRead(context, files));
  return loadConfiguration(filesToRead(context, files), context.instance.ruleFile, 'root');
}

/** The files named, or those of the host. Throws Refusal when there are none at all. */
export function filesToRead({ instance, cwd }: CommandContext, files: readonly string[]): readonly string[] {
  if (files.length > 0) return files.map((file) => nameFile(file, cwd));
  const found = configurationFiles(instance.jailConf, instance.jailConfDirectory);
  if (found.length > 0) return found;
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

export function showDiagnostics(context: CommandContext, diagnostics: readonly Diagnostic[]): void {
  const colour = context.terminal.colour && context.terminal.stderr;
  for (const diagnostic of diagnostics) context.err(`${formatDiagnostic(diagnostic, colour)}\n`);
}

/** The errors that concern the jails shown: their own, and those of no jail, which concern all. */
function mistakesIn({ diagnostics, jails }: Compiled, shown: readonly Jail[]): readonly Diagnostic[] {
  if (shown.length === jails.length) return diagnostics.filter(isError);
  const isShown = new Set(shown);
  const others = new Set(jails.filter((jail) => !isShown.has(jail)).flatMap(mistakeKeys));
  const own = new Set(shown.flatMap(mistakeKeys));
  return diagnostics.filter((one) => isError(one) && (own.has(keyOf(one)) || !others.has(keyOf(one))));
}

/** A mistake in a global is told once, and belongs to many jails. */
const keyOf = ({ span, code, message }: Diagnostic): string =>
  [span?.file, span?.line, span?.column, code, message].join(' ');
const mistakeKeys = ({ diagnostics }: Jail): readonly string[] => diagnostics.map(keyOf);

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
    origin: {
      type: 'boolean',
      summary: 'Where each value comes from: the file and line, the wildcard block, the variables.',
    },
  },
  needs: 'anyone',
  run: (context, { options, operands }): CommandResult => {
    const compiled = load(context, options.file);
    const wanted = new Set(operands);
    const shown = wanted.size === 0 ? compiled.jails : compiled.jails.filter(({ name }) => wanted.has(name));
    const names = compiled.jails.map(({ name }) => name);
    const known = new Set(names);
    const unknown = [...wanted].filter((name) => !known.has(name));
    if (options.json) {
      const only = wanted.size === 0 ? {} : { names: operands };
      const { resolved, origin } = options;
      context.out(json(configAsJson(compiled, { resolved, origin, ...only })));
    } else {
      showDiagnostics(context, mistakesIn(compiled, shown));
      const origins = options.origin ? new Origins(compiled) : null;
      const text = options.resolved
        ? shown.map((jail) => resolvedAsText(compiled, jail, origins))
        : shown.map((jail) => jailAsConf(jail, origins));
      context.out(text.join('\n'));
    }
    for (const name of unknown)
      context.err(errorText(`${name}: no such jail`, suggestion(name, names, 'jailctl config shows all')));
    if (!compiled.ok || shown.some(({ failed }) => failed)) return { exit: 2 };
    return unknown.length > 0 ? { exit: 4 } : done;
  },
});
