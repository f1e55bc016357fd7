import { readSeconds } from '../config/values/quantity.js';
import { visible } from '../config/visible.js';
import { errorText } from '../control/failure.js';
import type { Operations, Outcome } from '../supervise/operations.js';
import { daemonCommand } from './command.js';
import type { CommandResult, DaemonContext } from './context.js';
import { sortNames, statusOf } from './jails.js';
import { printable } from './render.js';
import { signalNumber } from './signal.js';
import { wrongUse } from './words.js';

/** Prints what became of each jail, failures last; the exit code is the highest that any calls for. */
export function report(
  context: DaemonContext,
  outcomes: readonly Outcome[],
  unknown: readonly { readonly message: string; readonly hint: string | undefined }[] = [],
): CommandResult {
  for (const { jail, message } of outcomes.filter(({ ok }) => ok))
    context.out(`${printable(jail)} ${visible(message)}\n`);
  for (const { jail, message, hint } of outcomes.filter(({ ok }) => !ok))
    context.err(errorText(`${printable(jail)}: ${message}`, hint));
  for (const { message, hint } of unknown) context.err(errorText(message, hint));
  return { exit: Math.max(0, ...outcomes.map(({ code }) => code), ...unknown.map(() => 4)) };
}

type Work = (operations: Operations, names: readonly string[]) => Promise<readonly Outcome[]>;

/** Does the work for the jails named; those that there are not are told last and keep no other from it. */
async function forEach(context: DaemonContext, names: readonly string[], work: Work): Promise<CommandResult> {
  const { known, unknown } = sortNames(names, context.operations);
  const outcomes = known.length === 0 ? [] : await work(context.operations, known);
  return report(context, outcomes, unknown);
}

function chooseNames(
  command: string,
  names: readonly string[],
  all: boolean,
  every: () => readonly string[],
) {
  if (all && names.length > 0) throw wrongUse(`${command}: -a means all jails: it takes no names`);
  if (!all && names.length === 0)
    throw wrongUse(
      `${command}: which jails?`,
      `jailctl ${command} NAME..., or jailctl ${command} -a for all`,
    );
  return all ? every() : names;
}

/** Tells on a terminal what is being waited for, in one line that is gone when there is a result. */
function progressLine({ terminal, err }: DaemonContext) {
  const room = terminal.columns > 0 ? terminal.columns - 1 : 79;
  let shown = false;
  return {
    show: (line: string, seconds?: number): void => {
      if (!terminal.stderr) return;
      const text = printable(line);
      shown = true;
      err(`\r\u001b[K${(seconds === undefined ? text : `${text}, ${seconds} s …`).slice(0, room)}`);
    },
    clear: (): void => {
      if (shown) err('\r\u001b[K');
    },
  };
}

/** @returns milliseconds */
function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = readSeconds(text);
  if (!time.ok || time.value <= 0) throw wrongUse(`--timeout ${text}: not a span of time`, 'write 30s or 2m');
  return time.value * 1000;
}

const all = { type: 'boolean', short: 'a', summary: 'All jails.' } as const;
const jails = { operands: 'NAME...', completes: 'jail', needs: 'operator' } as const;

export const start = daemonCommand({
  ...jails,
  name: 'start',
  summary: 'Start jails, and those that they depend on, and wait until they are ready.',
  options: {
    all,
    timeout: {
      type: 'string',
      value: 'SPAN',
      summary: 'Wait no longer than 30s, 2m; what is not ready by then goes on starting.',
    },
    'no-wait': { type: 'boolean', summary: 'Do not wait.' },
  },
  run: async (context, { options, operands }) => {
    const { operations } = context;
    const every = () => [...new Set(operations.configuration.jails.map(({ name }) => name))];
    const names = chooseNames('start', operands, options.all, every);
    const timeoutMs = readTimeout(options.timeout);
    const how = { wait: !options['no-wait'], ...(timeoutMs !== undefined && { timeoutMs }) };
    const progress = progressLine(context);
    return forEach(context, names, (to, known) =>
      to.start(known, progress.show, how).finally(progress.clear),
    );
  },
});

export const stop = daemonCommand({
  ...jails,
  name: 'stop',
  summary: 'Stop jails and wait until nothing of them is left.',
  options: {
    all,
    force: { type: 'boolean', short: 'f', summary: 'Kill at once instead of asking to end.' },
    cascade: { type: 'boolean', summary: 'Stop the jails that depend on them first.' },
  },
  run: async (context, { options, operands }) => {
    const every = () => context.operations.status().map(({ name }) => name);
    const names = chooseNames('stop', operands, options.all, every);
    const how = { force: options.force, cascade: options.cascade || options.all };
    return forEach(context, names, (to, known) => to.stop(known, how));
  },
});

export const restart = daemonCommand({
  ...jails,
  name: 'restart',
  summary: 'Stop jails and start them again, as the files describe them now.',
  description: 'With -a these are the jails that are meant to run.',
  options: { all },
  run: async (context, { options, operands }) => {
    const { operations } = context;
    const meant = () => operations.status().flatMap(({ name, want }) => (want === 'up' ? [name] : []));
    const names = chooseNames('restart', operands, options.all, meant);
    return forEach(context, names, (to, known) => to.restart(known));
  },
});

export const pause = daemonCommand({
  ...jails,
  name: 'pause',
  summary: 'Freeze all processes of a jail.',
  operands: 'NAME',
  count: [1, 1],
  options: {},
  run: async (context, { operands: [name = ''] }) => {
    statusOf(name, context.operations);
    return report(context, [await context.operations.pause(name)]);
  },
});

export const resume = daemonCommand({
  ...jails,
  name: 'resume',
  summary: 'Let a paused jail go on.',
  operands: 'NAME',
  count: [1, 1],
  options: {},
  run: async (context, { operands: [name = ''] }) => {
    statusOf(name, context.operations);
    return report(context, [await context.operations.resume(name)]);
  },
});

export const kill = daemonCommand({
  ...jails,
  name: 'kill',
  summary: 'Send a signal to every process of a jail.',
  operands: 'NAME',
  count: [1, 1],
  options: {
    signal: {
      type: 'string',
      short: 's',
      value: 'SIGNAL',
      summary: 'By name or number; TERM when not given.',
    },
  },
  run: (context, { options, operands: [name = ''] }) => {
    const signal = signalNumber(options.signal ?? 'TERM');
    statusOf(name, context.operations);
    return report(context, [context.operations.signal(name, signal)]);
  },
});

export const shutdown = daemonCommand({
  name: 'shutdown',
  summary: 'Stop every jail, in reverse order of dependency, and then jaild.',
  operands: '',
  count: [0, 0],
  options: {},
  needs: 'root',
  run: async (context) => report(context, await context.operations.shutdown()),
});
