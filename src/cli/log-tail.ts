import { holdPath } from '../host/reach.js';
import { openLogs, sendFrom, startOfLines } from './log-files.js';

/** Characters of a line that are shown. */
const LONGEST = 300;
/** Bytes that are read at most: lines can be long. */
const MOST = 64 * 1024;

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
  const files = await openLogs(held.path).finally(() => held.letGo());
  const blocks: Buffer[] = [];
  const enough = new AbortController();
  const out = (bytes: Buffer): void => {
    blocks.push(bytes);
    if (blocks.reduce((sum, block) => sum + block.length, 0) >= MOST) enough.abort();
  };
  try {
    const from = await startOfLines(files, count);
    await sendFrom(files, from, { out, drained: () => Promise.resolve(), signal: enough.signal });
  } finally {
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
  const lines = Buffer.concat(blocks).toString('utf8').split('\n');
  const told = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  return told.slice(-count).map((line) => line.slice(0, LONGEST));
}
