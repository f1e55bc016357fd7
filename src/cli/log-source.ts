import { LogStream, type LogPlace } from '../host/log-stream.js';
import { LineSplitter, parseLine, type LogLine } from './log-lines.js';

export interface SourceOptions {
  /** Told of what cannot be read. */
  readonly complain: (error: unknown) => void;
  readonly blockBytes: number;
  /** More may come. */
  readonly isFollowed: boolean;
}

/** One jail's lines of a merge, in their order. */
export class LogSource {
  private readonly stream: LogStream;
  private readonly options: SourceOptions;
  /** It can't be read any further. */
  private isBroken = false;
  private readonly splitter = new LineSplitter();
  /** The line that comes next, if it has been read. */
  head: LogLine | null = null;
  /** The time by which the next line takes its turn: a line without one follows that before it. */
  turn = '';

  constructor(
    readonly jail: string,
    readonly path: string,
    from: LogPlace | null,
    options: SourceOptions,
  ) {
    this.options = options;
    this.stream = new LogStream(path, from, options.complain, options.blockBytes);
  }

  /** Makes the next line the head, reading more where it must; null when there is none for now. */
  async advance(): Promise<void> {
    while (!this.step()) {
      const block = await this.read();
      // A line that has no end may get one, where somebody waits for it.
      if (block.length === 0) return this.options.isFollowed ? undefined : this.setHead(this.splitter.end());
      this.splitter.push(block);
    }
  }

  private async read(): Promise<Buffer> {
    try {
      if (!this.isBroken) return await this.stream.read();
    } catch (error) {
      this.isBroken = true;
      this.options.complain(error);
    }
    return Buffer.alloc(0);
  }

  /** The same from what has been read. @returns whether there was one */
  step(): boolean {
    this.setHead(this.splitter.shift());
    return this.head !== null;
  }

  private setHead(bytes: Buffer | null): void {
    this.head = bytes === null ? null : parseLine(bytes);
    this.turn = this.head?.at ?? this.turn;
  }

  close(): Promise<void> {
    return this.stream.close();
  }
}
