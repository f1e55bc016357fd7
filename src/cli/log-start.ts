import { openNewest, openPredecessor, openSuccessor } from '../host/log-chain.js';
import { readBlock, type LogFile } from '../host/log-file.js';
import type { LogPlace } from '../host/log-stream.js';
import { BLOCK_BYTES, readText } from '../host/log-text.js';
import { LineSplitter, parseLine, type LogLine } from './log-lines.js';

/** What part of a log is wanted. */
export interface LogRange {
  /** The last lines only; null for all. */
  readonly lines: number | null;
  /** Lines from this moment on. */
  readonly since: Date | null;
  /** Which lines count; null for all of them. */
  readonly accepts: ((line: LogLine) => boolean) | null;
}

/** Characters of a time down to milliseconds. */
const STAMP_LENGTH = 23;

/** A moment down to milliseconds, as lines begin with it. */
export const stampOf = (moment: Date): string => moment.toISOString().slice(0, STAMP_LENGTH);

/**
 * Finds where a range begins, from the newest file backwards; null when there is no log. The caller closes the file.
 * @param signal nobody wants to know any more: the place is any place then. Where a jail can change the files of its log,
 * they may be without end
 */
export async function findStart(
  path: string,
  range: LogRange,
  signal: AbortSignal,
): Promise<LogPlace | null> {
  const newest = await openNewest(path);
  if (newest === null) return null;
  const search = new Search(path, newest, signal);
  try {
    const offset = await search.goBack(range);
    const place = { file: search.file, offset };
    return range.since === null ? place : await search.goOnTo(offset, stampOf(range.since));
  } catch (error) {
    await search.file.handle.close();
    throw error;
  }
}

/** Walks along the files of a log, one of them open at a time. */
class Search {
  constructor(
    private readonly path: string,
    public file: LogFile,
    private readonly signal: AbortSignal,
  ) {}

  private async moveTo(file: LogFile): Promise<void> {
    const before = this.file;
    this.file = file;
    await before.handle.close();
  }

  /** To where the last lines begin, or to the beginning of the oldest file that may have lines of the range. */
  async goBack({ lines, since, accepts }: LogRange): Promise<number> {
    let left = lines ?? Infinity;
    for (;;) {
      if (lines !== null) {
        const found = await lastLines(this.file, left, accepts, this.signal);
        if ('offset' in found) return found.offset;
        left -= found.count;
      }
      if (this.signal.aborted) return 0;
      const before = await openPredecessor(this.path, this.file);
      if (before === null) return 0;
      if (since !== null && before.changedAt < since) {
        await before.handle.close();
        return 0;
      }
      await this.moveTo(before);
    }
  }

  /** To the first line from the offset on that is not before `stamp`. */
  async goOnTo(offset: number, stamp: string): Promise<LogPlace> {
    for (;;) {
      const found = await firstLineSince(this.file, offset, stamp, this.signal);
      if ('offset' in found) return { file: this.file, offset: found.offset };
      const next = this.signal.aborted ? null : await openSuccessor(this.path, this.file);
      if (next === null) return { file: this.file, offset: found.end };
      await this.moveTo(next);
      offset = 0;
    }
  }
}

type LastLines = { readonly offset: number } | { readonly count: number };

/** Where the last `wanted` lines of a file begin; or how many there are, when that is fewer. */
function lastLines(
  file: LogFile,
  wanted: number,
  accepts: LogRange['accepts'],
  signal: AbortSignal,
): Promise<LastLines> {
  return file.isCompressed || accepts !== null
    ? lastLinesForwards(file, wanted, accepts ?? (() => true), signal)
    : lastLinesBackwards(file, wanted, signal);
}

async function lastLinesBackwards(file: LogFile, wanted: number, signal: AbortSignal): Promise<LastLines> {
  const { size } = await file.handle.stat();
  if (wanted === 0) return { offset: size };
  let count = 0;
  let end = size;
  while (end > 0 && !signal.aborted) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = await readBlock(file, start, end - start);
    for (let at = block.length - 1; at >= 0; at--) {
      // The newline at the very end ends the last line and begins none.
      if (block[at] !== 0x0a || start + at + 1 === size) continue;
      if (++count === wanted) return { offset: start + at + 1 };
    }
    end = start;
  }
  if (size > 0) count++;
  return count === wanted ? { offset: 0 } : { count };
}

/** Compressed text can't be read from its end, and of what has to be counted first only a number is kept. */
async function lastLinesForwards(
  file: LogFile,
  wanted: number,
  accepts: (line: LogLine) => boolean,
  signal: AbortSignal,
): Promise<LastLines> {
  let count = 0;
  const end = await eachLine(file, 0, signal, (line) => {
    if (accepts(line)) count++;
    return true;
  });
  if (wanted === 0) return { offset: end };
  if (count < wanted) return { count };
  let left = count - wanted;
  return { offset: await eachLine(file, 0, signal, (line) => !accepts(line) || left-- > 0) };
}

/** @returns the place of the first line from `offset` on that is not before `stamp`, else the end of the file */
async function firstLineSince(
  file: LogFile,
  offset: number,
  stamp: string,
  signal: AbortSignal,
): Promise<{ readonly offset: number } | { readonly end: number }> {
  let isFirst = offset === 0;
  let isFound = false;
  const at = await eachLine(file, offset, signal, ({ at: time }) => {
    // Lines are in order of time. A log without times counts as a whole.
    isFound = time === null ? isFirst : time.slice(0, STAMP_LENGTH) >= stamp;
    isFirst = false;
    return !isFound;
  });
  return isFound ? { offset: at } : { end: at };
}

/**
 * Goes through lines until `goesOn` says no. A file that is damaged ends there: whoever shows it says so.
 * @returns the offset of the line it said no to, or of the end
 */
async function eachLine(
  file: LogFile,
  offset: number,
  signal: AbortSignal,
  goesOn: (line: LogLine) => boolean,
): Promise<number> {
  const reader = readText(file, offset);
  const splitter = new LineSplitter();
  let at = offset;
  for (;;) {
    const block = await reader.next().catch(() => Buffer.alloc(0));
    splitter.push(block);
    for (;;) {
      const line = splitter.shift() ?? (block.length === 0 ? splitter.end() : null);
      if (line === null) break;
      if (!goesOn(parseLine(line))) return at;
      at += line.length;
    }
    if (block.length === 0 || signal.aborted) return at;
  }
}
