import type { Outcome } from '../supervise/operations.js';
import type { CommandResult, DaemonContext } from './context.js';
import { readNamed } from './jail-read.js';
import { existingNames, inTurns, selectPresent, withDependants } from './jail-names.js';
import { JailReport } from './jail-report.js';
import type { JailCall } from './jail-words.js';
import { isWildcard } from '../config/merge/blocks.js';

/** Stops jails, those that depend on them first, and tells it. */
export async function stopJails(
  names: readonly string[],
  call: JailCall,
  context: DaemonContext,
  report: JailReport,
): Promise<readonly Outcome[]> {
  const { operations } = context;
  const all = withDependants(names, operations);
  const how = { cascade: true, ...(!call.hooks && { hooks: false, force: true }) };
  const order = call.parallel === 0 ? names : all.filter((name) => names.includes(name));
  return report.during(all, true, () => inTurns(order, call.parallel, (some) => operations.stop(some, how)));
}

/** jail -r, jail -R */
export async function removeJails(call: JailCall, context: DaemonContext): Promise<CommandResult> {
  const [only = '', ...others] = call.names;
  // What jail(8) takes out of the kernel alone, it says nothing about.
  const isTold = call.hooks || others.length > 0 || isWildcard(only);
  const report = new JailReport(context, call, isTold);
  const { names, unknown } = selectPresent(call.names, context.operations);
  const outcomes = await stopJails(names, call, context, report);
  report.conclude(outcomes, 'remove');
  if (!call.quiet) for (const word of unknown) report.fail(`"${word}" not found`);
  return { exit: report.failed ? 1 : 0 };
}

/** jail -C */
export async function cleanUpJails(call: JailCall, context: DaemonContext): Promise<CommandResult> {
  const { operations } = context;
  const report = new JailReport(context, call);
  const read = readNamed(call, context, report);
  if (read === null) return { exit: 1 };
  const { names, written } = read.selection;
  const there = existingNames(operations);
  for (const name of names.filter((one) => written.has(one) && there.has(one)))
    report.fail(`"${name}" already exists`);
  const gone = read.jails.filter(({ name }) => names.includes(name) && !there.has(name));
  const outcomes = await report.during(
    gone.map(({ name }) => name),
    false,
    () => Promise.all(gone.map((jail) => operations.cleanUp(jail))),
  );
  report.conclude(outcomes, 'clean');
  return { exit: report.failed ? 1 : 0 };
}
