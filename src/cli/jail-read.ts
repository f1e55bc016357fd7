import { resolve } from 'node:path';
import type { Compiled, Jail } from '../config/compile.js';
import { formatDiagnostic, type Diagnostic } from '../config/diagnostic.js';
import { configurationFiles, loadConfiguration } from '../config/load.js';
import { Refusal } from '../control/failure.js';
import type { CommandContext, CommandResult, DaemonContext } from './context.js';
import { exhibitLine } from './jail-exhibit.js';
import { selectNames, type Selection } from './jail-names.js';
import type { JailReport } from './jail-report.js';
import type { JailCall } from './jail-words.js';

function absolute(file: string, cwd: string): string {
  if (!file.startsWith('/') && cwd === '') throw new Refusal(1, `${file}: the working directory is gone`);
  return resolve(cwd, file);
}

/** Shows what is wrong with jails in the form that all commands have, after jail(8)'s own name. */
export function showDiagnostics(diagnostics: readonly Diagnostic[], { err, terminal }: CommandContext): void {
  const colour = terminal.colour && terminal.stderr;
  for (const one of diagnostics) err(`jail: ${formatDiagnostic(one, colour)}\n`);
}

/** Whether it keeps a jail from being started. */
export const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

/** The jails of the file, or of the files that jaild reads, as they are now; null when they cannot be understood. */
function readFiles(call: JailCall, context: DaemonContext, report: JailReport): Compiled | null {
  const { operations, cwd } = context;
  const compiled = operations.read(call.file === undefined ? undefined : absolute(call.file, cwd));
  if (compiled.ok) return compiled;
  report.failed = true;
  showDiagnostics(compiled.diagnostics.filter(isError), context);
  return null;
}

/** The files, and the jails of them that are named; null when they cannot be understood. */
export function readNamed(
  call: JailCall,
  context: DaemonContext,
  report: JailReport,
): { readonly jails: readonly Jail[]; readonly selection: Selection } | null {
  const compiled = readFiles(call, context, report);
  if (compiled === null) return null;
  const { jails } = compiled;
  const selection = selectNames(
    call.names,
    jails.map(({ name }) => name),
  );
  for (const word of selection.unknown) report.fail(`"${word}" not found`);
  return { jails, selection };
}

/** jail -e: what the files say, for everybody who can read them. */
export function exhibit(separator: string, file: string | undefined, context: CommandContext): CommandResult {
  const { instance, out } = context;
  const found = configurationFiles(instance.jailConf, instance.jailConfDirectory);
  const files = file === undefined ? (found.length === 0 ? [instance.jailConf] : found) : [file];
  const { ok, jails, diagnostics } = loadConfiguration(files);
  if (!ok) {
    showDiagnostics(diagnostics.filter(isError), context);
    return { exit: 1 };
  }
  showDiagnostics(
    jails.filter(({ failed }) => failed).flatMap((jail) => jail.diagnostics.filter(isError)),
    context,
  );
  out(jails.map((jail) => exhibitLine(jail, separator)).join(''));
  return { exit: 0 };
}
