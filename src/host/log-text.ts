import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { StepFailure } from './error.js';
import { readBlock, type LogFile } from './log-file.js';

/** Reads the text of one file of a log, block by block. */
export interface TextReader {
  /**
   * The next block, empty at the end: more may come to a file that is being written.
   * Rejects with StepFailure, once, where a compressed file is damaged: all that is before that has been read by then.
   */
  next(): Promise<Buffer>;
}

export const BLOCK_BYTES = 64 * 1024;
/** gzip makes of this at most a thousand times as much, which is what is held at a time. */
const COMPRESSED_BLOCK = 4096;
const NOTHING = Buffer.alloc(0);

/** @param offset where to begin, in bytes of the text */
export function readText(file: LogFile, offset = 0, blockBytes = BLOCK_BYTES): TextReader {
  return file.isCompressed ? new CompressedText(file, offset) : new PlainText(file, offset, blockBytes);
}

class PlainText implements TextReader {
  constructor(
    private readonly file: LogFile,
    private offset: number,
    private readonly blockBytes: number,
  ) {}

  async next(): Promise<Buffer> {
    let block = await readBlock(this.file, this.offset, this.blockBytes);
    if (block.length === 0 && this.offset > (await this.file.handle.stat()).size) {
      // A file that became shorter was truncated: what it has now is new.
      this.offset = 0;
      block = await readBlock(this.file, 0, this.blockBytes);
    }
    this.offset += block.length;
    return block;
  }
}

/**
 * Not a pipe of streams: when one of those fails it forgets what it has read and not passed on, and people want the last
 * readable line of a damaged file most of all.
 */
class CompressedText implements TextReader {
  private readonly gunzip = createGunzip();
  private readonly ready: Buffer[] = [];
  private at = 0;
  private isOver = false;
  private failure: Error | null = null;
  private wake: () => void = () => undefined;

  constructor(
    private readonly file: LogFile,
    private left: number,
  ) {
    this.gunzip.on('data', (bytes: Buffer) => this.ready.push(bytes));
    this.gunzip.on('end', () => this.end(null));
    this.gunzip.on('error', (error) => this.end(error));
  }

  private end(failure: Error | null): void {
    this.isOver = true;
    this.failure = failure;
    this.wake();
  }

  async next(): Promise<Buffer> {
    for (;;) {
      const block = this.take();
      if (block.length > 0) return block;
      if (this.isOver) return this.finish();
      await this.feed();
    }
  }

  /** What is ready, but for that before the place where reading begins. */
  private take(): Buffer {
    const bytes = this.ready.length === 0 ? NOTHING : Buffer.concat(this.ready.splice(0));
    const skipped = Math.min(this.left, bytes.length);
    this.left -= skipped;
    return bytes.subarray(skipped);
  }

  private finish(): Buffer {
    const { failure } = this;
    this.failure = null;
    this.gunzip.destroy();
    if (failure === null) return NOTHING;
    throw new StepFailure('', basename(this.file.path), `it is damaged (${failure.message})`);
  }

  private async feed(): Promise<void> {
    const block = await readBlock(this.file, this.at, COMPRESSED_BLOCK);
    this.at += block.length;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (block.length === 0) this.gunzip.end();
      else this.gunzip.write(block, () => resolve());
    });
  }
}

/** Whether the compressed file holds the text of the other one, which has lost its name. */
export async function isTwin(plain: LogFile, compressed: LogFile): Promise<boolean> {
  const { size } = await compressed.handle.stat();
  // RFC 1952: the last four bytes are the size of the text, by 2^32.
  const trailer = await readBlock(compressed, Math.max(0, size - 4), 4);
  const text = await plain.handle.stat();
  if (trailer.length < 4 || trailer.readUInt32LE() !== text.size % 2 ** 32) return false;
  const head = await readText(compressed)
    .next()
    .catch(() => NOTHING);
  const own = await readBlock(plain, 0, Math.min(head.length, HEAD_BYTES));
  return own.equals(head.subarray(0, HEAD_BYTES));
}

/** The time, down to microseconds, of the first line and some of its text. */
const HEAD_BYTES = 256;
