import { openSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { InsideArgs, LaunchRecord } from '../plan/step.js';
import { SystemError } from './error.js';
import { readText, systemError } from './files.js';
import type { Ended, Host, JailerEvent, JailerHandle, JailerPhase } from './host.js';
import {
  decodeJailerMessage,
  encodeExec,
  encodeMessage,
  encodePlan,
  MessageReader,
  type Hello,
  type JailerMessage,
} from './jailer-message.js';
import { closeFd, listenUnix, memfd, memfdSealed, posixSpawn, waitpid } from './libc.js';

const binary = join(import.meta.dirname, '../../../native/build/jailer');
/** Descriptors that the jailer finds at its start (native/PROTOCOL.md). */
const PLAN_FD = 3;
const SOCKET_FD = 4;
const BACKLOG = 64;
/** Milliseconds between looks for a jailer that is ending, and how many. */
const REAP_EVERY = 20;
const REAP_TRIES = 250;

export const jailerSocket = (rundir: string): string => `${rundir}/jailer.sock`;

let sealed: number | null = null;

/** The jailer's program as a sealed file in memory: nothing inside a jail can reach a copy that can be written to. */
function jailerBinary(): number {
  try {
    sealed ??= memfdSealed('jailer', readFileSync(binary));
    return sealed;
  } catch (error) {
    throw systemError(error, binary, 'run "npm run setup", which compiles it');
  }
}

/** A connection to a jailer. */
class Jailer implements JailerHandle {
  launch = '';
  pid = 0;
  initPid = 0;
  netlinkFd = -1;
  phase: JailerPhase = 'created';
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly #execs = new Map<number, (ended: Ended) => void>();
  #lastExec = 0;
  #listener: ((event: JailerEvent) => void) | null = null;
  #early: JailerEvent[] = [];
  /** Why building failed; `exited`, which follows, carries it. */
  #failure: Ended | null = null;
  #hasExited = false;
  #greeted: ((hello: Hello) => void) | null = null;
  #refused: ((error: Error) => void) | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => undefined); // `close` follows and says it all
    socket.on('close', () => this.#lose());
  }

  /** Asks to be the monitor; resolves with the jailer's answer. */
  greet(): Promise<void> {
    this.#socket.write(encodeMessage(['monitor']));
    return new Promise((resolve, reject) => {
      this.#greeted = (hello) => {
        Object.assign(this, hello);
        resolve();
      };
      this.#refused = reject;
    });
  }

  go(): void {
    this.#send('go');
  }

  signal(signal: number): void {
    this.#send('signal', String(signal));
  }

  kill(): void {
    this.#send('kill');
  }

  exec(request: InsideArgs): Promise<Ended> {
    this.#lastExec += 1;
    const id = this.#lastExec;
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve({ how: 'signal', code: 9 });
      this.#execs.set(id, resolve);
      this.#socket.write(encodeExec(id, request));
    });
  }

  listen(listener: (event: JailerEvent) => void): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const event of early) listener(event);
  }

  #send(...fields: readonly string[]): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeMessage(fields));
  }

  #take(bytes: Buffer): void {
    try {
      for (const fields of this.#reader.take(bytes)) {
        const message = decodeJailerMessage(fields);
        if (message !== null) this.#handle(message);
      }
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : undefined);
    }
  }

  #handle(message: JailerMessage): void {
    switch (message.kind) {
      case 'hello':
        this.#greeted?.(message.hello);
        this.#greeted = null;
        break;
      case 'failed':
        this.#failure = message.ended;
        this.#refused?.(failureOf(message.ended));
        break;
      case 'exec-ended':
        this.#execs.get(message.id)?.(message.ended);
        this.#execs.delete(message.id);
        break;
      case 'event':
        this.#emit(message.event);
        break;
    }
  }

  #emit(event: JailerEvent): void {
    if (event.kind === 'built') this.phase = 'starting';
    if (event.kind === 'running') this.phase = 'running';
    if (event.kind === 'exited') {
      this.phase = 'exited';
      this.#hasExited = true;
      const ended = event.ended.how === 'error' ? (this.#failure ?? event.ended) : event.ended;
      this.#tell({ kind: 'exited', ended });
      return;
    }
    this.#tell(event);
  }

  #tell(event: JailerEvent): void {
    if (this.#listener === null) this.#early.push(event);
    else this.#listener(event);
  }

  #lose(): void {
    for (const resolve of this.#execs.values()) resolve({ how: 'signal', code: 9 });
    this.#execs.clear();
    this.#refused?.(new SystemError('jailer', 104, `process ${this.pid}`, 'it ended before it answered'));
    if (!this.#hasExited) {
      this.phase = 'exited';
      this.#tell({ kind: 'lost' });
    }
  }
}

function failureOf({ code, step = 'jailer', subject = '' }: Ended): SystemError {
  return new SystemError(step, code, subject);
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function monitor(rundir: string): Promise<Jailer> {
  const jailer = new Jailer(await connected(jailerSocket(rundir)));
  await jailer.greet();
  return jailer;
}

/** A jailer that has ended is a zombie until it is waited for; libuv waits for its own children only. */
function reap(pid: number, tries = REAP_TRIES): void {
  if (tries === 0 || waitpid(pid) !== null) return;
  setTimeout(() => reap(pid, tries - 1), REAP_EVERY).unref();
}

/**
 * Starts a jailer with its plan and becomes its monitor; resolves when its jail's namespaces are there.
 * @throws SystemError of the step that failed, with its subject.
 */
export async function spawnJailer(rundir: string, records: readonly LaunchRecord[]): Promise<JailerHandle> {
  const program = jailerBinary();
  const plan = memfd('plan', encodePlan(records));
  const socket = listenUnix(jailerSocket(rundir), BACKLOG);
  const nowhere = openNowhere();
  let pid: number;
  try {
    pid = posixSpawn(`/proc/self/fd/${program}`, ['jailer', rundir], {}, [
      [nowhere, 0],
      [nowhere, 1],
      [nowhere, 2],
      [plan, PLAN_FD],
      [socket, SOCKET_FD],
    ]);
  } finally {
    closeFd(plan);
    closeFd(socket);
  }
  const connection = await connected(jailerSocket(rundir));
  connection.once('close', () => reap(pid));
  const jailer = new Jailer(connection);
  await jailer.greet();
  return jailer;
}

let nowhereFd: number | null = null;

function openNowhere(): number {
  nowhereFd ??= openSync('/dev/null', 'r+');
  return nowhereFd;
}

/** Becomes the monitor of a jailer that runs already; null when there is none alive behind the socket. */
export async function connectJailer(rundir: string): Promise<JailerHandle | null> {
  try {
    return await monitor(rundir);
  } catch {
    return null;
  }
}

/** What a jailer wrote down at its end (native/PROTOCOL.md §3), or null. */
export function readExitRecord(rundir: string): ReturnType<Host['exitRecord']> {
  const text = readText(`${rundir}/exit`);
  if (text === null) return null;
  const fields = new Map(text.split('\n').map((line) => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)] as const;
  }));
  const how = fields.get('how');
  const ended: Ended = {
    how: how === 'exit' || how === 'signal' || how === 'timeout' ? how : 'error',
    code: Number(fields.get('code') ?? 0),
    ...(how === 'error' && { step: fields.get('step') ?? '', subject: fields.get('subject') ?? '' }),
  };
  return { launch: fields.get('launch') ?? '', ended, at: new Date(Number(fields.get('at') ?? 0) * 1000) };
}
