import { constants } from 'node:os';
import { Socket } from 'node:net';
import type { InsideArgs } from '../plan/step.js';
import type { Check, CheckResult, Ended, JailerEvent, JailerHandle, JailerPhase } from './host.js';
import { encodeCheck, encodeExec, encodeMessage, readMessage, splitMessages } from './jailer-message.js';
import type { Hello, JailerMessage } from './jailer-message.js';

/** The phase that an event brings. */
const PHASE_AFTER: Readonly<Partial<Record<JailerEvent['kind'], JailerPhase>>> = {
  built: 'starting',
  running: 'running',
  exited: 'exited',
};

/** What an `exec` is said to have come to when the jail went before it. */
const GONE_WITH_JAIL: Ended = { how: 'signal', code: constants.signals.SIGKILL };

/** The conversation with one jailer over its socket. */
export class JailerConnection implements JailerHandle {
  readonly #socket: Socket;
  readonly #queue: JailerEvent[] = [];
  readonly #execs = new Map<string, (ended: Ended) => void>();
  readonly #checks = new Map<string, (result: CheckResult) => void>();
  #listener: ((event: JailerEvent) => void) | null = null;
  #received = Buffer.alloc(0);
  #nextExec = 1;
  #hello: Hello | null = null;
  #phase: JailerPhase = 'created';
  #failure: Ended | null = null;
  #greet: (built: Ended | null) => void = () => undefined;

  /** Resolves when the jailer has introduced itself: null, or how it has already failed. Rejects when it is gone before. */
  readonly introduced: Promise<Ended | null>;

  /** Takes over `fd`, a connected socket. `closed` is called when the conversation is over. */
  constructor(fd: number, closed: () => void) {
    this.#socket = new Socket({ fd });
    this.introduced = new Promise((resolve, reject) => {
      this.#greet = resolve;
      this.#socket.on('close', () => reject(new Error('the jailer is gone')));
    });
    this.introduced.catch(() => undefined); // whoever waits for it hears of it
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    this.#socket.on('error', () => this.#socket.destroy()); // 'close' follows, and says all
    this.#socket.on('close', () => {
      this.#lose();
      closed();
    });
    this.#socket.write(encodeMessage('monitor'));
  }

  get launch(): string {
    return this.#hello?.launch ?? '';
  }
  get pid(): number {
    return this.#hello?.pid ?? 0;
  }
  get initPid(): number {
    return this.#hello?.initPid ?? 0;
  }
  get netlinkFd(): number {
    return this.#hello?.netlinkFd ?? -1;
  }
  get phase(): JailerPhase {
    return this.#phase;
  }

  go(): void {
    this.#phase = 'building';
    this.#socket.write(encodeMessage('go'));
  }

  signal(signal: number): void {
    this.#socket.write(encodeMessage('signal', `${signal}`));
  }

  kill(): void {
    this.#socket.write(encodeMessage('kill'));
  }

  exec(request: InsideArgs): Promise<Ended> {
    if (this.#socket.destroyed) return Promise.resolve(GONE_WITH_JAIL);
    const id = `${this.#nextExec++}`;
    return new Promise((resolve) => {
      this.#execs.set(id, resolve);
      this.#socket.write(encodeExec(id, request));
    });
  }

  check(check: Check): Promise<CheckResult> {
    if (this.#socket.destroyed) return Promise.resolve({ ended: GONE_WITH_JAIL, output: '' });
    const id = `${this.#nextExec++}`;
    return new Promise((resolve) => {
      this.#checks.set(id, resolve);
      this.#socket.write(encodeCheck(id, check));
    });
  }

  replaceLog(inode: bigint, file: string): void {
    this.#socket.write(encodeMessage('log.replace', `${inode}`, file));
  }

  boundLog(bounds: readonly string[]): void {
    this.#socket.write(encodeMessage('log.reopen', ...bounds));
  }

  listen(listener: (event: JailerEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#queue.splice(0)) listener(event);
  }

  /** Ends the conversation; the jailer goes on without. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    const { messages, rest } = splitMessages(Buffer.concat([this.#received, bytes]));
    this.#received = Buffer.from(rest);
    for (const fields of messages) {
      const message = readMessage(fields);
      if (message !== null) this.#hear(message);
    }
  }

  #hear(message: JailerMessage): void {
    switch (message.kind) {
      case 'hello':
        this.#hello = message;
        this.#phase = message.phase;
        // Without a process in the jail the building has failed, and an `error` is on its way.
        if (message.initPid > 0) this.#greet(null);
        return;
      case 'error':
        this.#failure = message.ended;
        this.#greet(message.ended);
        return;
      case 'exec-exit':
        this.#execs.get(message.id)?.(message.ended);
        this.#execs.delete(message.id);
        return;
      case 'check-exit':
        this.#checks.get(message.id)?.(message);
        this.#checks.delete(message.id);
        return;
      case 'exited':
        this.#greet(message.ended);
        return this.#tell({ kind: 'exited', ended: this.#failure ?? message.ended });
      case 'warning':
      case 'built':
      case 'start':
      case 'running':
      case 'main':
      case 'log-dropped':
      case 'log-limited':
      case 'log-rotated':
      case 'notify':
        return this.#tell(message);
    }
  }

  #tell(event: JailerEvent): void {
    this.#phase = PHASE_AFTER[event.kind] ?? this.#phase;
    if (this.#listener === null) this.#queue.push(event);
    else this.#listener(event);
  }

  #lose(): void {
    for (const resolve of this.#execs.values()) resolve(GONE_WITH_JAIL);
    this.#execs.clear();
    for (const resolve of this.#checks.values()) resolve({ ended: GONE_WITH_JAIL, output: '' });
    this.#checks.clear();
    if (this.#phase !== 'exited') this.#tell({ kind: 'lost' });
  }
}
