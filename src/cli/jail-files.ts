import type { Jail } from '../config/compile.js';
import { isStartable } from '../config/jail.js';
import type { Outcome } from '../supervise/operations.js';
import type { CommandResult, DaemonContext } from './context.js';
import { writeJidFile } from './jail-jids.js';
import { definitions, existingNames, inTurns, withDependencies } from './jail-names.js';
import { isError, readNamed, showDiagnostics } from './jail-read.js';
import { stopJails } from './jail-remove.js';
import { JailReport } from './jail-report.js';
import type { JailCall } from './jail-words.js';

/** What is to be done with a jail of the files. */
type Task = 'create' | 'update' | 'restart' | 'exists' | 'missing' | 'nothing';

function taskFor(exists: boolean, isWritten: boolean, call: JailCall): Task {
  if (exists) {
    if (call.modify) return 'update';
    if (call.remove) return 'restart';
    return isWritten ? 'exists' : 'nothing';
  }
  if (call.create) return 'create';
  return isWritten ? 'missing' : 'nothing';
}

/** jail -c, -m, -cm, -rc, -mr and -cmr, for jails of a file. */
export async function createFromFiles(call: JailCall, context: DaemonContext): Promise<CommandResult> {
  const { operations } = context;
  const report = new JailReport(context, call);
  const read = readNamed(call, context, report);
  if (read === null) return { exit: 1 };
  const { names, written } = read.selection;
  const there = existingNames(operations);
  const tasks = names.map((name) => [name, taskFor(there.has(name), written.has(name), call)] as const);
  const those = (task: Task): readonly string[] =>
    tasks.flatMap(([name, its]) => (its === task ? [name] : []));
  for (const name of those('exists')) report.fail(`"${name}" already exists`);
  if (!call.quiet) for (const name of those('missing')) report.fail(`"${name}" not found`);
  // Jails of no file that depend on one that is restarted come back as they were.
  const present = definitions(operations);
  const stopped = await stopForRestart(those('restart'), call, context, report);
  const listed = new Set(read.jails.map(({ name }) => name));
  const others = present.filter(({ name }) => !listed.has(name) && stopped.includes(name));
  const jails = [...read.jails, ...others];
  await createThese([...those('create'), ...stopped], jails, call, context, report);
  await updateThese(those('update'), read.jails, call, context, report);
  return { exit: report.failed ? 1 : 0 };
}

/** @returns the jails that are down now and are to be started again: those that depended on them, too */
async function stopForRestart(
  names: readonly string[],
  call: JailCall,
  context: DaemonContext,
  report: JailReport,
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const outcomes = await stopJails(names, call, context, report);
  report.conclude(outcomes, 'remove');
  return outcomes.filter(({ ok }) => ok).map(({ jail }) => jail);
}

async function createThese(
  names: readonly string[],
  jails: readonly Jail[],
  call: JailCall,
  context: DaemonContext,
  report: JailReport,
): Promise<void> {
  const { operations } = context;
  const all = withDependencies(names, jails);
  const concerned = new Set(all);
  const broken = jails.filter((jail) => concerned.has(jail.name) && !isStartable(jail));
  showDiagnostics(
    broken.flatMap(({ diagnostics }) => diagnostics.filter(isError)),
    context,
  );
  const wanted = new Set(names);
  const order = call.parallel === 0 ? names : all.filter((name) => wanted.has(name));
  const outcomes = await report.during(all, false, () =>
    inTurns(order, call.parallel, (some) => operations.create(jails, some)),
  );
  const told = new Set(broken.map(({ name }) => name));
  if (told.size > 0) report.failed = true;
  report.conclude(
    outcomes.filter(({ jail, ok }) => ok || !told.has(jail)),
    'create',
  );
  writeJidFile(
    call,
    context,
    [...report.created].flatMap((name) => operations.definition(name) ?? []),
  );
}

async function updateThese(
  names: readonly string[],
  jails: readonly Jail[],
  call: JailCall,
  context: DaemonContext,
  report: JailReport,
): Promise<void> {
  const { operations } = context;
  const byName = new Map(jails.map((jail) => [jail.name, jail]));
  const change = async (name: string): Promise<readonly Outcome[]> => {
    const jail = byName.get(name);
    if (jail === undefined) return [];
    if (isStartable(jail)) return [await operations.change(name, () => jail, { restart: call.remove })];
    showDiagnostics(jail.diagnostics.filter(isError), context);
    report.failed = true;
    return [];
  };
  const each = (some: readonly string[]) => Promise.all(some.map(change)).then((all) => all.flat());
  report.conclude(await inTurns(names, call.parallel, each), 'update');
}
