import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { visibleLines } from '../config/visible.js';
import { LogStream } from '../host/log-stream.js';
import { LogWatch } from '../host/log-watch.js';
import type { DaemonContext } from './context.js';
import type { LineFormat } from './log-format.js';
import type { LogLine } from './log-lines.js';
import { mergeLines } from './log-merge.js';
import { LogSource } from './log-source.js';
import { findStart, type LogRange } from './log-start.js';

/** A log to be shown. */
export interface ShownLog {
  readonly jail: string;
  /** That of the file being written, as it is opened. */
  readonly path: string;
}

export interface Showing {
  readonly range: LogRange;
  readonly follow: boolean;
  /** Told of a file that cannot be read. */
  readonly complain: (jail: string, error: unknown) => void;
}

/** Lines are made in pieces of this size, with a turn for others after each. */
const PIECE_BYTES = 32 * 1024;
/** What many logs together may take to be read. */
const BLOCKS_BYTES = 4 * 1024 * 1024;
const [LEAST_BLOCK, MOST_BLOCK] = [8 * 1024, 64 * 1024];
/** Lines of several jails that come within this time are put in the order of theirs, in ms. */
const WINDOW_MS = 50;

/** What a jail has said, byte for byte; on a terminal without power over it. */
export async function showBytes(log: ShownLog, how: Showing, context: DaemonContext): Promise<void> {
  const { terminal, signal, drained } = context;
  const decoder = new StringDecoder('utf8'); // characters may be cut by the end of a block
  const out = (bytes: Buffer): void =>
    context.out(terminal.stdout ? visibleLines(decoder.write(bytes)) : bytes);
  const from = await findStart(log.path, how.range, signal);
  const stream = new LogStream(log.path, from, (error) => how.complain(log.jail, error));
  const changes = how.follow ? new LogWatch([log.path], signal) : null;
  try {
    while (!signal.aborted) {
      const block = await stream.read();
      if (block.length > 0) {
        out(block);
        await drained();
      } else if (changes === null) return;
      else await changes.next();
    }
  } finally {
    changes?.close();
    await stream.close();
  }
}

export interface ShowingLines extends Showing {
  readonly format: LineFormat;
  /** A line after which there is none that is wanted. */
  readonly isPast: (line: LogLine) => boolean;
}

/** The lines of several jails in the order of their times. */
export async function showLines(
  logs: readonly ShownLog[],
  how: ShowingLines,
  context: DaemonContext,
): Promise<void> {
  const { signal } = context;
  const changes = how.follow
    ? new LogWatch(
        logs.map(({ path }) => path),
        signal,
      )
    : null;
  const sources = await openSources(logs, how, signal);
  const over = new Set<LogSource>();
  const printer = new Printer(how, context);
  const take = async (source: LogSource): Promise<boolean> => {
    const goesOn = await printer.print(source);
    if (!goesOn) over.add(source);
    return goesOn;
  };
  try {
    let next: readonly LogSource[] = sources;
    for (;;) {
      await mergeLines(next, take, signal);
      await printer.flush();
      if (changes === null || signal.aborted || over.size === sources.length) return;
      const changed = await changes.next();
      await sleep(WINDOW_MS);
      next = sources.filter((source) => changed.includes(source.path) && !over.has(source));
    }
  } finally {
    changes?.close();
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** One whose log cannot be read is told of, and keeps no other from being shown. */
async function openSources(
  logs: readonly ShownLog[],
  { range, follow, complain }: ShowingLines,
  signal: AbortSignal,
): Promise<readonly LogSource[]> {
  const blockBytes = Math.max(LEAST_BLOCK, Math.min(MOST_BLOCK, Math.floor(BLOCKS_BYTES / logs.length)));
  const sources: LogSource[] = [];
  for (const { jail, path } of logs) {
    const options = { complain: (error: unknown) => complain(jail, error), blockBytes, isFollowed: follow };
    try {
      sources.push(new LogSource(jail, path, await findStart(path, range, signal), options));
    } catch (error) {
      complain(jail, error);
    }
  }
  return sources;
}

/** Says lines in pieces, as fast as the client takes them. */
class Printer {
  private readonly pieces: Buffer[] = [];
  private length = 0;

  constructor(
    private readonly how: ShowingLines,
    private readonly context: DaemonContext,
  ) {}

  /** @returns whether there may be more of this source that is wanted */
  async print({ jail, head }: LogSource): Promise<boolean> {
    const { range, format, isPast } = this.how;
    if (head === null) return true;
    if (isPast(head)) return false;
    if (range.accepts?.(head) === false) return true;
    const bytes = Buffer.from(format(jail, head));
    this.pieces.push(bytes);
    this.length += bytes.length;
    if (this.length >= PIECE_BYTES) await this.flush();
    return true;
  }

  async flush(): Promise<void> {
    if (this.length > 0) this.context.out(Buffer.concat(this.pieces.splice(0)));
    this.length = 0;
    await this.context.drained();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
