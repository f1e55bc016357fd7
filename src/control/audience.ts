import type { Socket } from 'node:net';
import { encodeFields, encodeFrame } from './frames.js';
import { GestureReader, type Gesture, type Screen } from './live.js';

/** Nobody types or moves his window more often than so in a span; the rest waits. */
const GESTURES = 50;
const SPAN_MS = 100;
const PATIENCE_MS = 1000;

/** The one at a terminal that a command has taken: what he does is passed on, no faster than a person does it. */
export class Audience {
  readonly #socket: Socket;
  readonly #reader = new GestureReader();
  #listener: (gesture: Gesture) => void;
  #span: NodeJS.Timeout | null = null;
  #heard = 0;
  #isOver = false;

  constructor(socket: Socket, screen: Screen, listener: (gesture: Gesture) => void) {
    this.#socket = socket;
    this.#listener = listener;
    this.#send(encodeFields([screen.first, screen.last]));
  }

  /** Throws MalformedFrame. */
  hear(piece: Buffer): void {
    const gestures = this.#reader.push(piece);
    for (const gesture of gestures) this.#listener(gesture);
    this.#heard += gestures.length;
    this.#span ??= setTimeout(() => (this.#span = this.#begin()), SPAN_MS).unref();
    if (this.#heard <= GESTURES || this.#socket.isPaused()) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), PATIENCE_MS).unref();
  }

  /** The terminal is the caller's again. What he did before he knew is for nobody. */
  dismiss(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener = () => undefined;
    this.#send(Buffer.alloc(0));
  }

  #begin(): null {
    this.#heard = 0;
    return null;
  }

  #send(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame('T', bytes));
  }
}
