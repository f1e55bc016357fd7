import type { Socket } from 'node:net';
import type { Peer, Right } from './access.js';
import { Audience } from './audience.js';
import type { Complaints, Log } from './complaints.js';
import type { Guest } from './door.js';
import { describeFailure, errorText } from './failure.js';
import { encodeFields, encodeFrame, encodeText, MalformedFrame, type FrameType } from './frames.js';
import type { TakeTerminal } from './live.js';
import { REQUEST, RequestReader, ROOT_REQUEST, type Request } from './request.js';

/** How a command ends: with an exit code, by being run in the client's own process, or by a jailer taking over. */
export type Answer =
  | { readonly exit: number }
  | { readonly handOver: { readonly socket: string; readonly fields: readonly string[] } }
  | 'local';

/** A request, and the way back to the one who made it. What is said after the client has gone is dropped. */
export interface Conversation {
  readonly request: Request;
  readonly peer: Peer;
  readonly right: Right;
  /** Logs that the peer may not do this, which needs that right. */
  readonly refused: (what: string, needs: Right) => void;
  /** Aborted when the client goes away. An operation under way is better completed. */
  readonly signal: AbortSignal;
  readonly out: (text: string | Buffer) => void;
  readonly err: (text: string | Buffer) => void;
  /** Resolves when the client has taken what was said, or has gone: whoever says much waits for it. */
  readonly drained: () => Promise<void>;
  /** Once, where stdin and stdout of the client are terminals. Follows, too. */
  readonly takeTerminal: TakeTerminal;
  /** It shows how things go on, and ends with jaild: nobody waits for its answer. */
  readonly follows: () => void;
}

export type Dispatch = (conversation: Conversation) => Promise<Answer>;

export interface ConnectionOptions {
  readonly dispatch: Dispatch;
  readonly log: Log;
  readonly complaints: Complaints;
  readonly peer: Peer;
  readonly right: Right;
  /** Milliseconds that a client has to say what it wants. */
  readonly requestTimeoutMs: number;
  readonly follows: () => void;
}

/** A client copies frames through a buffer of its own: short ones keep both ends moving. */
const CHUNK_BYTES = 64 * 1024;
/** How long the last frames may wait for a client that does not read, in milliseconds. */
const LAST_WORD_MS = 10_000;

/** One client: hears one request, answers it, and is gone. No fault of a client leaves this class. */
export class Connection implements Guest {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader: RequestReader;
  readonly #gone = new AbortController();
  readonly #deadline: NodeJS.Timeout;
  #heard = false;
  #audience: Audience | null = null;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new RequestReader(options.right === 'root' ? ROOT_REQUEST : REQUEST);
    this.#deadline = setTimeout(() => this.#refuse('no request came in time'), options.requestTimeoutMs);
    socket.on('data', (piece: Buffer) => this.#hear(piece));
    // A client that is killed and one that only ends its side look the same; answers are still written to the latter.
    socket.on('end', () => (this.#heard ? this.#gone.abort() : this.close()));
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
  }

  get uid(): number {
    return this.#options.peer.uid;
  }

  get isHeard(): boolean {
    return this.#heard;
  }

  /** Ends a connection that has not been heard, for one that may be. */
  giveWay(): void {
    this.#refuse('it has not said what it wants, and others wait');
  }

  /** Ends the connection at once. */
  close(): void {
    clearTimeout(this.#deadline);
    this.#gone.abort();
    this.#socket.destroy();
  }

  #hear(piece: Buffer): void {
    if (this.#audience !== null) return this.#attend(this.#audience, piece);
    if (this.#heard) return this.close(); // The client has said all that it may.
    try {
      const request = this.#reader.push(piece);
      if (request === null) return;
      this.#heard = true;
      clearTimeout(this.#deadline);
      void this.#answer(request);
    } catch (error) {
      this.#refuse(error instanceof MalformedFrame ? error.message : String(error));
    }
  }

  #attend(audience: Audience, piece: Buffer): void {
    try {
      audience.hear(piece);
    } catch (error) {
      if (error instanceof MalformedFrame) this.#complain(error.message);
      else this.#tell(error);
      this.close();
    }
  }

  #refuse(reason: string): void {
    this.#heard = true;
    clearTimeout(this.#deadline);
    this.#complain(reason);
    this.#send('E', encodeText(errorText(`jaild does not understand: ${reason}`)));
    this.#end('X', Buffer.of(1));
  }

  #complain(what: string): void {
    const { complaints, peer } = this.#options;
    complaints.about(peer.uid, `control: process ${peer.pid} of uid ${peer.uid}: ${what}`);
  }

  async #answer(request: Request): Promise<void> {
    try {
      this.#conclude(await this.#options.dispatch(this.#conversation(request)));
    } catch (error) {
      const failure = describeFailure(error);
      // Whoever finds one can have it as often as he likes: root's are told each time.
      if (failure.bug) this.#tell(error);
      this.#audience?.dismiss();
      this.#say('E', failure.text);
      this.#end('X', Buffer.of(failure.code));
    }
  }

  #tell(error: unknown): void {
    const mistake = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (this.#options.right === 'root') this.#options.log('error', mistake);
    else this.#complain(mistake);
  }

  #conclude(answer: Answer): void {
    this.#audience?.dismiss();
    if (answer === 'local') this.#end('L', Buffer.alloc(0));
    else if ('exit' in answer) this.#end('X', Buffer.of(answer.exit));
    else this.#end('H', encodeFields([answer.handOver.socket, ...answer.handOver.fields]));
  }

  #conversation(request: Request): Conversation {
    const { peer, right, follows } = this.#options;
    return {
      request,
      peer,
      right,
      refused: (what, needs) => this.#complain(`${what} refused: it needs ${needs}`),
      signal: this.#gone.signal,
      out: (text) => this.#say('O', text),
      err: (text) => this.#say('E', text),
      drained: () => this.#drained(),
      follows,
      takeTerminal: (screen, listener) => {
        const { stdin, stdout } = request.terminals;
        if (this.#audience !== null || !stdin || !stdout) throw new Error('there is no terminal to take');
        const audience = new Audience(this.#socket, screen, listener);
        this.#audience = audience;
        follows();
        return () => audience.dismiss();
      },
    };
  }

  #say(type: 'O' | 'E', text: string | Buffer): void {
    const bytes = typeof text === 'string' ? encodeText(text) : text;
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
      this.#send(type, bytes.subarray(at, at + CHUNK_BYTES));
  }

  #send(type: FrameType, bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame(type, bytes));
  }

  #end(type: FrameType, bytes: Uint8Array): void {
    this.#send(type, bytes);
    this.#socket.end();
    setTimeout(() => this.close(), LAST_WORD_MS).unref();
  }

  #drained(): Promise<void> {
    const socket = this.#socket;
    if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        socket.off('drain', settle);
        socket.off('close', settle);
        resolve();
      };
      socket.on('drain', settle);
      socket.on('close', settle);
    });
  }
}
