import { join } from 'node:path';
import { isStartable } from '../config/jail.js';
import { Refusal } from '../control/failure.js';
import { openNewest } from '../host/log-chain.js';
import { holdPath } from '../host/reach.js';
import { markReach, reachOf } from '../plan/reach.js';
import type { DaemonContext } from './context.js';
import { noSuchJail } from './jails.js';

/**
 * The file of a jail's log, with a double slash where links end (src/plan/reach.ts): of one that runs, of one that is
 * down, and of one that is in no file any more and has left a log in the usual place.
 * @param hasLog whether there is such a file
 * @throws Refusal when there is no such jail, or no log of it
 */
export async function logPathOf(
  name: string,
  context: DaemonContext,
  hasLog: (path: string) => Promise<boolean>,
): Promise<string> {
  const { operations } = context;
  const [status] = operations.has(name) ? operations.status([name]) : [];
  if (status?.log !== undefined && status.log !== null) return status.log;
  const usual = usualPath(name, context);
  if (status === undefined) {
    if (usual !== null && (await hasLog(usual))) return usual;
    throw noSuchJail(name, operations);
  }
  const definition = operations.definition(name);
  const targets: readonly string[] = definition?.values['log.target'] ?? ['file'];
  if (!targets.includes('file')) throw elsewhere(name, targets);
  const isOver = definition === null || status.jid !== null || usual === null;
  if (isOver) throw noLog(name);
  if (definition.values['exec.consolelog'] === undefined) return usual;
  if (!isStartable(definition)) throw noLog(name);
  return (await operations.plan(definition)).log ?? usual;
}

/** Whether there is a log at a path, or what rotation has made of one. */
export async function isThere(path: string): Promise<boolean> {
  const held = holdPath(path);
  try {
    const file = await openNewest(held.path);
    await file?.handle.close();
    return file !== null;
  } finally {
    held.letGo();
  }
}

/** The same for whoever is told of a jail anyway: null when there is no log, or none that can be found. */
export async function logIfAny(name: string, context: DaemonContext): Promise<string | null> {
  try {
    const path = await logPathOf(name, context, isThere);
    return (await isThere(path)) ? path : null;
  } catch {
    return null; // it has said nothing yet, or elsewhere
  }
}

/** Where the log of a jail is that says nothing about it; null for what no jail is called. */
function usualPath(name: string, { instance, operations }: DaemonContext): string | null {
  if (name === '' || /[/\0]/.test(name)) return null;
  const reach = operations.configuration.jails.flatMap(({ values }) => reachOf(values));
  return markReach(join(instance.logDirectory, `${name}.log`), new Set(reach));
}

const noLog = (name: string): Refusal =>
  new Refusal(1, `${name}: it has no log`, 'its output went to whoever ran it');

function elsewhere(name: string, targets: readonly string[]): Refusal {
  const where = targets.join(' and ');
  return new Refusal(
    1,
    `${name}: it has no log of its own: its output goes to ${where}`,
    whereElse(name, targets) ?? undefined,
  );
}

/** The commands that show what a jail says to targets that are no file; null when it has none of them. */
export function whereElse(name: string, targets: readonly string[]): string | null {
  if (targets.includes('journald')) return `journalctl ${quoted(`JAIL=${name}`)}`;
  if (!targets.includes('syslog')) return null;
  return `grep ${quoted(` ${name}: `)} /var/log/syslog, or journalctl -t ${quoted(name)} where journald takes what is sent to syslog`;
}

/** A word for a shell to take as it is. */
const quoted = (word: string): string =>
  /^[\w.=@%+:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
