import { LogStream } from '../host/log-stream.js';
import { holdPath } from '../host/reach.js';
import { findStart } from './log-start.js';

/** Characters of a line that are shown. */
const LONGEST = 300;
/** Bytes that are read at most: lines can be long. */
const MOST = 64 * 1024;
/** Milliseconds that they are looked for. */
const PATIENCE = 1000;

/** The last lines of a log; none when there is no log, or none that can be read. */
export async function lastLines(log: string, count: number): Promise<readonly string[]> {
  try {
    return await readLines(log, count);
  } catch {
    return []; // whoever asks how a jail does is told all the rest of it
  }
}

async function readLines(log: string, count: number): Promise<readonly string[]> {
  // It may lie where a jail can move directories.
  const held = holdPath(log);
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const from = await findStart(held.path, { lines: count, since: null, accepts: null }, signal);
    if (signal.aborted) {
      await from?.file.handle.close();
      return [];
    }
    const stream = new LogStream(held.path, from, () => undefined);
    const bytes = await readSome(stream).finally(() => stream.close());
    const lines = bytes.toString('utf8').split('\n');
    const told = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
    return told.slice(-count).map((line) => line.slice(0, LONGEST));
  } finally {
    held.letGo();
  }
}

async function readSome(stream: LogStream): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let size = 0;
  for (let block = await stream.read(); block.length > 0 && size < MOST; block = await stream.read()) {
    blocks.push(Buffer.from(block));
    size += block.length;
  }
  return Buffer.concat(blocks);
}
