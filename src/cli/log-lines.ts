/** One line of a log (native/PROTOCOL.md §4), or a piece of one. */
export interface LogLine {
  /** All of it as it is in the file, with the newline where it has one. */
  readonly bytes: Buffer;
  /** When it was said, in UTC: "2026-11-22T03:16:56.123456Z"; null for a line without a time of jaild's. */
  readonly at: string | null;
  readonly stream: 'stdout' | 'stderr' | null;
  /** It goes on in the next line of that stream, or had no end when the jail ended. */
  readonly partial: boolean;
  /** What the jail said, without the newline. */
  readonly text: Buffer;
}

const HEAD = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (stdout|stderr)(\+?) /;
/** Characters that the longest head has. */
const HEAD_LENGTH = 36;
const NEWLINE = 0x0a;
/** A longer line is taken in pieces; jaild's own are at most 16 KiB. */
const MAX_LINE = 64 * 1024;

export function parseLine(bytes: Buffer): LogLine {
  const isWhole = bytes.at(-1) === NEWLINE;
  const end = bytes.length - (isWhole ? 1 : 0);
  const found = HEAD.exec(bytes.toString('latin1', 0, Math.min(end, HEAD_LENGTH)));
  if (found === null)
    return { bytes, at: null, stream: null, partial: !isWhole, text: bytes.subarray(0, end) };
  const [head, at = '', stream, more] = found;
  const text = bytes.subarray(head.length, end);
  return { bytes, at, stream: stream === 'stderr' ? 'stderr' : 'stdout', partial: more === '+', text };
}

/** Takes blocks of a log and gives its lines. */
export class LineSplitter {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;

  push(block: Buffer): void {
    const rest = this.bytes.subarray(this.at);
    this.bytes = rest.length === 0 ? block : Buffer.concat([rest, block]);
    this.at = 0;
  }

  /** The next line with its newline; null when more is needed for that. */
  shift(): Buffer | null {
    const newline = this.bytes.indexOf(NEWLINE, this.at);
    const left = this.bytes.length - this.at;
    if (newline < 0) return left > MAX_LINE ? this.take(MAX_LINE) : null;
    return this.take(Math.min(newline + 1 - this.at, MAX_LINE));
  }

  /** What is left without a newline; null for nothing. */
  end(): Buffer | null {
    const left = this.bytes.length - this.at;
    return left === 0 ? null : this.take(left);
  }

  private take(length: number): Buffer {
    const line = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return line;
  }
}
