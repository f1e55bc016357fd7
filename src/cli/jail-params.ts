import { amendJail, compileWords, type Jail } from '../config/compile.js';
import { isStartable } from '../config/jail.js';
import { commandArgv } from '../plan/command.js';
import { Refusal } from '../control/failure.js';
import type { CommandResult, DaemonContext } from './context.js';
import { freshEnvironment, handOver } from './exec.js';
import { isError, showDiagnostics } from './jail-read.js';
import { hostUserIds } from './host-user.js';
import { writeJidFile } from './jail-jids.js';
import { existing, existingNames, findJail } from './jail-names.js';
import { JailReport } from './jail-report.js';
import { stopJails } from './jail-remove.js';
import type { JailCall } from './jail-words.js';
import { statusOf } from './jails.js';

/** The value of the last PARAM=VALUE before the command. */
function valueOf(words: readonly string[], param: string): string | undefined {
  const end = words.findIndex((word) => word.startsWith('command='));
  const own = end < 0 ? words : words.slice(0, end);
  return own.findLast((word) => word.startsWith(`${param}=`))?.slice(param.length + 1);
}

const without = (words: readonly string[], ...params: readonly string[]): readonly string[] => {
  const end = words.findIndex((word) => word.startsWith('command='));
  return words.filter(
    (word, at) => (end >= 0 && at >= end) || !params.some((param) => word.startsWith(`${param}=`)),
  );
};

/** The smallest number that no jail has: it is the name of a jail that has been given none. */
function freeNumber({ operations }: DaemonContext): string {
  const taken = new Set(operations.glance().map(({ jid }) => jid));
  for (let jid = 1; ; jid++) if (!taken.has(jid) && !operations.has(String(jid))) return String(jid);
}

/** A jail of a command line is of it alone: it has nothing of the files, and is not started again unless that is said. */
function jailOfWords(words: readonly string[], name: string | undefined, context: DaemonContext): Jail {
  const number = valueOf(words, 'jid');
  const own = name ?? number ?? freeNumber(context);
  // Rules of rctl.conf(5) are about any jail of their name.
  const base = { ...context.operations.configuration, blocks: [] };
  const jail = compileWords(name === undefined ? without(words, 'jid') : words, own, base);
  return { ...jail, values: { restart: 'no', ...jail.values } };
}

function refuseMistakes(jail: Jail, call: JailCall, context: DaemonContext): void {
  const shown = jail.diagnostics.filter((one) => isError(one) || !call.quiet);
  showDiagnostics(shown, context);
  if (!isStartable(jail)) throw new Refusal(1, `${jail.name}: its parameters are wrong`);
  const there = existingNames(context.operations);
  const absent = jail.values.depend?.find((other) => !there.has(other));
  if (absent !== undefined) throw new Refusal(1, `${jail.name}: depends on nonexistent jail "${absent}"`);
}

/** The jail of which a command line says the name, or the number. */
function presentName(words: readonly string[], { operations }: DaemonContext): string | undefined {
  const word = valueOf(words, 'name') ?? valueOf(words, 'jid');
  return word === undefined ? undefined : findJail(word, existing(operations))?.name;
}

/** The words that make the jail, with the user that -u names. */
function wordsOf({ params, hostUser }: JailCall): readonly string[] {
  if (hostUser === undefined) return params ?? [];
  const ids = hostUserIds(hostUser);
  if (ids === null) throw new Refusal(1, `${hostUser}: no such user`);
  return [`exec.jail_user=${ids}`, ...(params ?? [])];
}

/** jail -c PARAM=VALUE..., and with m and r when there is a jail of the name already. */
export async function createFromParams(call: JailCall, context: DaemonContext): Promise<CommandResult> {
  const words = wordsOf(call);
  const name = valueOf(words, 'name');
  await context.operations.untilGone(name ?? '');
  const present = presentName(words, context);
  if (present !== undefined) {
    if (call.modify) return modifyFromParams(call, context);
    if (!call.remove) throw new Refusal(1, `"${present}" already exists`);
    const report = new JailReport(context, call);
    report.conclude(await stopJails([present], call, context, report), 'remove');
    if (report.failed) return { exit: 1 };
  }
  const jail = jailOfWords(words, name, context);
  refuseMistakes(jail, call, context);
  const report = new JailReport(context, call, name !== undefined);
  const { command = [], persist } = jail.values;
  if (command.length === 0) return createBehind(jail, jail, call, context, report);
  if (persist !== true) return createInFront(jail, call, context, report);
  const behind = jailOfWords(
    words.slice(
      0,
      words.findIndex((word) => word.startsWith('command=')),
    ),
    jail.name,
    context,
  );
  const made = await createBehind(behind, jail, call, context, report);
  return report.failed ? made : runInside(jail, context);
}

/** A jail that goes on by itself. */
async function createBehind(
  jail: Jail,
  written: Jail,
  call: JailCall,
  context: DaemonContext,
  report: JailReport,
): Promise<CommandResult> {
  const { name } = jail;
  const create = () => context.operations.create([jail], [name]);
  report.conclude(await report.during([name], false, create), 'create');
  if (!report.failed) writeJidFile(call, context, [written]);
  return { exit: report.failed ? 1 : 0 };
}

/** A jail whose command has the standard input, output and error of the caller, and which is gone when that ends. */
async function createInFront(
  jail: Jail,
  call: JailCall,
  context: DaemonContext,
  report: JailReport,
): Promise<CommandResult> {
  const { terminal, operations } = context;
  if (operations.has(jail.name))
    throw new Refusal(1, `${jail.name}: the files of jaild have a jail of that name`, 'give it another one');
  const run = () => operations.run(jail, terminal.stdin && terminal.stdout);
  const { socket } = await report.during([jail.name], false, run);
  writeJidFile(call, context, [jail]);
  return { handOver: { socket, fields: ['attach'] } };
}

/** The command of a jail that persists. */
function runInside(jail: Jail, context: DaemonContext): CommandResult {
  const { command = [], 'exec.jail_user': user = '', 'exec.workdir': workdir = '/' } = jail.values;
  const [text = ''] = command;
  const argv = command.length > 1 ? command : (commandArgv(text)?.argv ?? []);
  const { stdin, stdout, term } = context.terminal;
  const terminal = stdin && stdout;
  return handOver(context, statusOf(jail.name, context.operations), {
    ...{ user, workdir, terminal, login: true, argv },
    environment: freshEnvironment(terminal, term, [...(jail.values['exec.env'] ?? [])]),
  });
}

/** jail -m PARAM=VALUE..., jail -mr PARAM=VALUE... */
export async function modifyFromParams(call: JailCall, context: DaemonContext): Promise<CommandResult> {
  const words = wordsOf(call);
  const report = new JailReport(context, call);
  const name = presentName(words, context);
  if (name === undefined) {
    const word = valueOf(words, 'name') ?? valueOf(words, 'jid');
    throw new Refusal(1, word === undefined ? 'no jail specified' : `"${word}" not found`);
  }
  const amend = (running: Jail): Jail => {
    const jail = amendJail(running, without(words, 'name', 'jid'), context.operations.configuration.rules);
    const shown = jail.diagnostics.filter((one) => isError(one) || !call.quiet);
    showDiagnostics(shown, context);
    if (!isStartable(jail)) throw new Refusal(1, `${name}: nothing is changed`);
    return jail;
  };
  const outcome = await context.operations.change(name, amend, { restart: call.remove });
  report.conclude([outcome], 'update');
  return { exit: report.failed ? 1 : 0 };
}
