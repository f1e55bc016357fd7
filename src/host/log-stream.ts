import { openOldest, openSuccessor } from './log-chain.js';
import type { LogFile } from './log-file.js';
import { BLOCK_BYTES, readText, type TextReader } from './log-text.js';

const NEWLINE = 0x0a;

/** A place in a log: a file, which is held open, and a byte of its text. */
export interface LogPlace {
  readonly file: LogFile;
  readonly offset: number;
}

/** The text of a log from a place on, over all of its files and across rotations. One file is open at a time. */
export class LogStream {
  private file: LogFile | null;
  private reader: TextReader | null;
  /** The file after the current one, which is final since there is one. */
  private next: LogFile | null = null;
  private isWithinLine = false;

  /**
   * @param path that of the file being written
   * @param from null when there is no file yet
   * @param complain told of a file that cannot be read to its end; the others are read
   */
  constructor(
    private readonly path: string,
    from: LogPlace | null,
    private readonly complain: (error: unknown) => void,
    private readonly blockBytes = BLOCK_BYTES,
  ) {
    this.file = from?.file ?? null;
    this.reader = from === null ? null : readText(from.file, from.offset, blockBytes);
  }

  /** The next block; empty when there is no more for now. Rejects with the system's error when a file can't be opened. */
  async read(): Promise<Buffer> {
    for (;;) {
      const block = await this.readCurrent();
      if (block.length > 0) return block;
      if (this.next !== null) {
        await this.moveOn(this.next);
        continue;
      }
      // Its writer may have added to it after we looked and before it was rotated: it is read once more.
      this.next = await (this.file === null ? openOldest(this.path) : openSuccessor(this.path, this.file));
      if (this.next === null) return block;
    }
  }

  async close(): Promise<void> {
    const open = [this.file, this.next];
    [this.file, this.next, this.reader] = [null, null, null];
    for (const file of open) await file?.handle.close();
  }

  private async readCurrent(): Promise<Buffer> {
    try {
      const block = (await this.reader?.next()) ?? Buffer.alloc(0);
      this.isWithinLine = (block.at(-1) ?? (this.isWithinLine ? 0 : NEWLINE)) !== NEWLINE;
      return block;
    } catch (error) {
      this.complain(error);
      // What is left of a line is no beginning of the next one.
      const end = Buffer.alloc(this.isWithinLine ? 1 : 0, '\n');
      this.isWithinLine = false;
      return end;
    }
  }

  private async moveOn(next: LogFile): Promise<void> {
    const { file } = this;
    [this.file, this.next] = [next, null];
    this.reader = readText(next, 0, this.blockBytes);
    await file?.handle.close();
  }
}
