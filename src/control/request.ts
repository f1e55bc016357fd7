import { decodeFields, HEADER_BYTES, MalformedFrame, MAX_REQUEST_BYTES } from './frames.js';

/** What a client asks for, and what it knows of its terminal (native/PROTOCOL.md §5, frame A). */
export interface Request {
  readonly calledAs: CalledAs;
  /** Empty when the client's working directory has no name any more. */
  readonly cwd: string;
  /** Width of the terminal in characters, 0 when there is none. */
  readonly columns: number;
  readonly terminals: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly noColor: boolean;
  /** $TERM */
  readonly term: string;
  readonly words: readonly string[];
}

const names = ['jailctl', 'jail', 'jls', 'jexec'] as const;
export type CalledAs = (typeof names)[number];

/** The commands' name that a program was called by: that of its file, `jailctl` for any other. */
export function calledAs(name: string): CalledAs {
  return names.find((known) => known === name.slice(name.lastIndexOf('/') + 1)) ?? 'jailctl';
}

/** Reads the fields of an A frame. Throws MalformedFrame. */
export function decodeRequest(bytes: Buffer): Request {
  const [version, name, cwd, columns, terminals, noColor, term, ...words] = decodeFields(bytes);
  if (version !== '1') throw new MalformedFrame(`version ${JSON.stringify(version ?? '')} is not known`);
  if (term === undefined) throw new MalformedFrame('a field is missing');
  return {
    calledAs: calledAs(name ?? ''),
    cwd: cwd ?? '',
    columns: /^\d{1,5}$/.test(columns ?? '') ? Number(columns) : 0,
    terminals: {
      stdin: terminals?.includes('0') ?? false,
      stdout: terminals?.includes('1') ?? false,
      stderr: terminals?.includes('2') ?? false,
    },
    noColor: noColor !== '',
    term,
    words,
  };
}

/** Collects the one request of a connection from pieces of any size, and never more than it may have. */
export class RequestReader {
  #pieces: Buffer[] = [];
  #size = 0;

  /** The request, once all of it is there. Throws MalformedFrame, as early as it can be known. */
  push(piece: Buffer): Request | null {
    this.#pieces.push(piece);
    this.#size += piece.length;
    const [first] = this.#pieces;
    if (first?.[0] !== 0x41) throw new MalformedFrame('not a request');
    if (this.#size < HEADER_BYTES) return null;
    const length = this.#length();
    if (length > MAX_REQUEST_BYTES) throw new MalformedFrame(`a request of ${length} bytes is too long`);
    if (this.#size < HEADER_BYTES + length) return null;
    if (this.#size > HEADER_BYTES + length) throw new MalformedFrame('something follows the request');
    return decodeRequest(Buffer.concat(this.#pieces).subarray(HEADER_BYTES));
  }

  #length(): number {
    // Only the header is joined, else a request sent byte by byte would be copied as often as it has bytes.
    const header = Buffer.concat(this.#pieces.slice(0, HEADER_BYTES), HEADER_BYTES);
    return header.readUInt32LE(1);
  }
}
