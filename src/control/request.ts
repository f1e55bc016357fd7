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

/** How much a request may have. */
export interface RequestLimits {
  readonly bytes: number;
  readonly words: number;
}

/** As much as a message to a jailer may have; nobody but root has commands passed on. */
export const ROOT_REQUEST: RequestLimits = { bytes: MAX_REQUEST_BYTES, words: 65_536 };
export const REQUEST: RequestLimits = { bytes: 128 * 1024, words: 4096 };

const FIRST_BYTES = 4096;
const NUL = 0;

/** Collects the one request of a connection from pieces of any size, and never holds more than twice what has come. */
export class RequestReader {
  readonly #limits: RequestLimits;
  #bytes = Buffer.alloc(0);
  #size = 0;

  constructor(limits: RequestLimits = ROOT_REQUEST) {
    this.#limits = limits;
  }

  /** The request, once all of it is there. Throws MalformedFrame, as early as it can be known. */
  push(piece: Buffer): Request | null {
    this.#add(piece);
    if (this.#bytes[0] !== 0x41) throw new MalformedFrame('not a request');
    if (this.#size < HEADER_BYTES) return null;
    const length = this.#bytes.readUInt32LE(1);
    if (length > this.#limits.bytes) throw new MalformedFrame(`a request of ${length} bytes is too long`);
    if (this.#size < HEADER_BYTES + length) return null;
    if (this.#size > HEADER_BYTES + length) throw new MalformedFrame('something follows the request');
    return this.#decode(this.#bytes.subarray(HEADER_BYTES, this.#size));
  }

  /** In one buffer that doubles: a request sent byte by byte costs no more than any other. */
  #add(piece: Buffer): void {
    const size = this.#size + piece.length;
    if (size > this.#bytes.length) {
      const bytes = Buffer.allocUnsafe(Math.max(size, 2 * this.#bytes.length, FIRST_BYTES));
      this.#bytes.copy(bytes, 0, 0, this.#size);
      this.#bytes = bytes;
    }
    piece.copy(this.#bytes, this.#size);
    this.#size = size;
  }

  #decode(bytes: Buffer): Request {
    let fields = 0;
    for (let at = bytes.indexOf(NUL); at >= 0; at = bytes.indexOf(NUL, at + 1))
      if (++fields > this.#limits.words) throw new MalformedFrame('a request of too many words');
    return decodeRequest(bytes);
  }
}
