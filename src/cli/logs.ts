import { StringDecoder } from 'node:string_decoder';
import { visibleLines } from '../config/visible.js';
import { Refusal } from '../control/failure.js';
import { holdPath } from '../host/reach.js';
import { daemonCommand } from './command.js';
import { done, type DaemonContext } from './context.js';
import { statusOf } from './jails.js';
import { later, openLogs, type Reader, sendFrom, startOfLines, startOfTime } from './log-files.js';
import { followLog } from './log-follow.js';
import { readMoment } from './moment.js';
import { wrongUse } from './words.js';

const hint = 'a span like 10m, 2h, 3d, or a time like 2026-11-22T03:16 or 03:16';

/** Sends the last lines of a log, or those from a moment on, then what is added. */
async function show(
  log: string,
  { lines, moment }: { readonly lines: number | null; readonly moment: Date | null },
  follow: boolean,
  reader: Reader,
): Promise<void> {
  const files = await openLogs(log);
  let end = 0;
  try {
    const tail = lines === null ? null : await startOfLines(files, lines);
    const from = later(tail, moment === null ? null : await startOfTime(files, moment));
    end = await sendFrom(files, from, reader);
  } finally {
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
  if (follow) await followLog(log, files.at(-1)?.inode ?? null, end, reader);
}

/** What a jail has said, byte for byte; on a terminal without power over it. */
function outputOf({ terminal, out }: DaemonContext): (bytes: Buffer) => void {
  if (!terminal.stdout) return out;
  const decoder = new StringDecoder('utf8'); // characters may be cut by the end of a block
  return (bytes) => out(visibleLines(decoder.write(bytes)));
}

export const logs = daemonCommand({
  name: 'logs',
  summary: 'Show what a jail has said.',
  operands: 'NAME',
  count: [1, 1],
  completes: 'jail',
  options: {
    follow: { type: 'boolean', short: 'f', summary: 'Go on with what it says from now on.' },
    lines: { type: 'string', short: 'n', value: 'N', summary: 'The last N lines only.' },
    since: { type: 'string', value: 'T', summary: 'From T on: 10m, 2h, or a time like 2026-11-22T03:16.' },
  },
  needs: 'operator',
  run: async (context, { options, operands: [name = ''] }) => {
    const { lines, since } = options;
    if (lines !== undefined && !/^\d{1,9}$/.test(lines)) throw wrongUse(`-n ${lines}: not a number of lines`);
    const moment = since === undefined ? null : readMoment(since, context.now());
    if (since !== undefined && moment === null) throw wrongUse(`--since ${since}: not a time`, hint);
    const { log } = statusOf(name, context.operations);
    if (log === null)
      throw new Refusal(
        1,
        `${name}: it has no log`,
        'it has not been started yet, or its output went to whoever ran it',
      );
    // It may lie where a jail can move directories.
    const held = holdPath(log);
    const from = { lines: lines === undefined ? null : Number(lines), moment };
    try {
      await show(held.path, from, options.follow, { ...context, out: outputOf(context) });
    } finally {
      held.letGo();
    }
    return done;
  },
});
