import { decodeFields, HEADER_BYTES, MalformedFrame } from './frames.js';

/** What a terminal shall show for as long as a command has it; each is printed as it is. */
export interface Screen {
  /** When the command gets it, and again after the client was stopped. */
  readonly first: string;
  /** When it is the caller's again, however that comes about. */
  readonly last: string;
}

/** Columns and rows are 0 where they are not known; the locale is that of characters, as in "C.UTF-8". */
export interface Window {
  readonly kind: 'window';
  readonly columns: number;
  readonly rows: number;
  readonly locale: string;
}

/** What comes from the one at the terminal: keys, and the size of his window. */
export type Gesture = { readonly kind: 'typed'; readonly bytes: Buffer } | Window;

/** Gives a command the client's terminal, which its stdin and stdout must be; the result gives it back. */
export type TakeTerminal = (screen: Screen, listener: (gesture: Gesture) => void) => () => void;

/** The most that a frame of the client may have once its request is heard. */
export const MAX_GESTURE_BYTES = 4096;

const decoders: Readonly<Record<string, (bytes: Buffer) => Gesture>> = {
  I: (bytes) => ({ kind: 'typed', bytes }),
  W: (bytes) => {
    const [columns = '', rows = '', locale, ...more] = decodeFields(bytes);
    if (locale === undefined || more.length > 0 || ![columns, rows].every((size) => /^\d{1,5}$/.test(size)))
      throw new MalformedFrame('a window has columns, rows and a locale');
    return { kind: 'window', columns: Number(columns), rows: Number(rows), locale };
  },
};

/** Reads what a client says while a command has its terminal, from pieces of any size; holds one frame at most. */
export class GestureReader {
  #rest = Buffer.alloc(0);

  /** What is complete. Throws MalformedFrame, as early as it can be known. */
  push(piece: Buffer): readonly Gesture[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const gestures: Gesture[] = [];
    let at = 0;
    for (;;) {
      const end = endOfFrame(bytes, at);
      if (end === null || end > bytes.length) break;
      const decode = decoders[String.fromCharCode(bytes[at] ?? 0)];
      if (decode !== undefined) gestures.push(decode(bytes.subarray(at + HEADER_BYTES, end)));
      at = end;
    }
    // A copy: what is left of a piece would keep all of it.
    this.#rest = Buffer.from(bytes.subarray(at));
    return gestures;
  }
}

/** Where the frame that begins here ends, or null when that can't be said yet. */
function endOfFrame(bytes: Buffer, at: number): number | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const type = String.fromCharCode(first);
  if (!Object.hasOwn(decoders, type)) throw new MalformedFrame('neither keys nor the size of a window');
  if (bytes.length < at + HEADER_BYTES) return null;
  const length = bytes.readUInt32LE(at + 1);
  if (length === 0 || length > MAX_GESTURE_BYTES)
    throw new MalformedFrame(`a frame of ${length} bytes at the terminal`);
  return at + HEADER_BYTES + length;
}
