import { holdPath } from '../host/reach.js';
import { describeFailure, Refusal } from '../control/failure.js';
import { daemonCommand } from './command.js';
import type { CommandResult, DaemonContext } from './context.js';
import { asJson, asWritten, withNames } from './log-format.js';
import type { LogLine } from './log-lines.js';
import { isThere, logPathOf } from './log-paths.js';
import { showBytes, showLines, type ShowingLines, type ShownLog } from './log-show.js';
import { stampOf, type LogRange } from './log-start.js';
import { readMoment } from './moment.js';
import { wrongUse } from './words.js';

const hint = 'a span like 10m, 2h, 3d, or a time like 2026-11-22T03:16 or 03:16';
/** Each log takes a descriptor of jaild's while it is shown. */
const MAX_LOGS = 4096;
/** The longest text that is looked for, in bytes. */
const MAX_SOUGHT = 1024;

interface Wishes {
  readonly lines: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly stream: string | undefined;
  readonly grep: string | undefined;
  readonly 'ignore-case': boolean;
}

function readTime(flag: string, text: string | undefined, now: Date): Date | null {
  const moment = text === undefined ? null : readMoment(text, now);
  if (text !== undefined && moment === null) throw wrongUse(`${flag} ${text}: not a time`, hint);
  return moment;
}

function readWishes(wishes: Wishes, now: Date): { readonly range: LogRange; readonly until: string | null } {
  const { lines, stream } = wishes;
  if (lines !== undefined && !/^\d{1,9}$/.test(lines)) throw wrongUse(`-n ${lines}: not a number of lines`);
  if (stream !== undefined && stream !== 'stdout' && stream !== 'stderr')
    throw wrongUse(`--stream ${stream}: it is stdout or stderr`);
  const since = readTime('--since', wishes.since, now);
  const moment = readTime('--until', wishes.until, now);
  const until = moment === null ? null : stampOf(moment);
  const has = searchOf(wishes);
  const accepts = (line: LogLine): boolean =>
    (stream === undefined || line.stream === stream) && !isAfter(line, until) && has?.(line) !== false;
  const isFiltered = stream !== undefined || until !== null || has !== null;
  return {
    range: { lines: lines === undefined ? null : Number(lines), since, accepts: isFiltered ? accepts : null },
    until,
  };
}

/**
 * Whether a line has the text that is looked for; null when none is. A text and no pattern: jaild has one thread, and there
 * are patterns that take for ever.
 */
function searchOf({ grep, 'ignore-case': ignoreCase }: Wishes): ((line: LogLine) => boolean) | null {
  if (grep === undefined && ignoreCase) throw wrongUse('-i is for --grep');
  if (grep === undefined) return null;
  if (grep === '' || Buffer.byteLength(grep) > MAX_SOUGHT)
    throw wrongUse(`--grep: a text of 1 to ${MAX_SOUGHT} bytes`);
  if (!ignoreCase) return ({ text }) => text.includes(grep);
  const sought = grep.toLowerCase();
  return ({ text }) => text.toString().toLowerCase().includes(sought);
}

/** Down to milliseconds, as people write times. A line without one is never after anything. */
const isAfter = ({ at }: LogLine, until: string | null): boolean =>
  until !== null && at !== null && at.slice(0, until.length) > until;

/** Logs with paths that lead nowhere else while they are shown: they may lie where a jail can move directories. */
async function holdLogs(
  names: readonly string[],
  context: DaemonContext,
  complain: ShowingLines['complain'],
) {
  const held: (ShownLog & { readonly letGo: () => void })[] = [];
  for (const jail of names) {
    try {
      held.push({ jail, ...holdPath(await logPathOf(jail, context, isThere)) });
    } catch (error) {
      if (names.length === 1) throw error;
      complain(jail, error);
    }
  }
  return held;
}

function namesOf(names: readonly string[], all: boolean, { operations }: DaemonContext): readonly string[] {
  if (all && names.length > 0) throw wrongUse('logs: -a means all jails: it takes no names');
  if (!all && names.length === 0)
    throw wrongUse('logs: which jails?', 'jailctl logs NAME..., or jailctl logs -a for all');
  const found = all
    ? operations.status().flatMap((jail) => (jail.log === null && jail.jid !== null ? [] : jail.name))
    : names;
  if (found.length > MAX_LOGS) throw new Refusal(1, `logs: more than ${MAX_LOGS} at a time`);
  return [...new Set(found)];
}

export const logs = daemonCommand({
  name: 'logs',
  summary: 'Show what jails have said.',
  description:
    'Of one jail it is what the file has, byte for byte. Lines of several jails are in the order of their times, each behind ' +
    'the name of its jail. Logs that were rotated and compressed are read as well. A jail that is down, or in no file any ' +
    'more, has its log still.',
  operands: 'NAME...',
  completes: 'jail',
  options: {
    all: { type: 'boolean', short: 'a', summary: 'All jails.' },
    follow: { type: 'boolean', short: 'f', summary: 'Go on with what they say from now on.' },
    lines: { type: 'string', short: 'n', value: 'N', summary: 'The last N lines of each jail only.' },
    since: { type: 'string', value: 'T', summary: 'From T on: 10m, 2h, or a time like 2026-11-22T03:16.' },
    until: { type: 'string', value: 'T', summary: 'Up to T.' },
    stream: { type: 'string', value: 'STREAM', summary: 'What was said to stdout, or to stderr, alone.' },
    grep: {
      type: 'string',
      value: 'TEXT',
      summary: 'Lines with this text in them alone, which is no pattern.',
    },
    'ignore-case': {
      type: 'boolean',
      short: 'i',
      summary: 'With --grep: whether letters are large or small does not matter.',
    },
    json: { type: 'boolean', summary: 'One object for each line, for programs.' },
  },
  needs: 'operator',
  run: async (context, { options, operands }): Promise<CommandResult> => {
    const { range, until } = readWishes(options, context.now());
    if (options.follow) context.follows();
    const names = namesOf(operands, options.all, context);
    const isAlone = names.length === 1 && !options.all;
    let exit = 0;
    const complain = (jail: string, error: unknown): void => {
      const { text, code } = describeFailure(error);
      exit = Math.max(exit, code);
      // A refusal names the jail itself.
      context.err(error instanceof Refusal ? text : text.replace(/^error: /, `error: ${jail}: `));
    };
    const held = await holdLogs(names, context, complain);
    const how = { range, follow: options.follow, complain };
    try {
      const [only] = held;
      const isWhole = isAlone && !options.json && range.accepts === null;
      if (isWhole && only !== undefined) await showBytes(only, how, context);
      else if (held.length > 0) {
        const plain = isAlone ? asWritten(context.terminal) : withNames(names, context.terminal);
        const format = options.json ? asJson : plain;
        await showLines(held, { ...how, format, isPast: (line) => isAfter(line, until) }, context);
      }
    } finally {
      for (const { letGo } of held) letGo();
    }
    return { exit };
  },
});
