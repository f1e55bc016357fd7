import type { InsideArgs, LaunchRecord } from '../plan/step.js';
import type { Ended, JailerEvent, JailerPhase } from './host.js';

/** The longest message that either side takes, in bytes (native/PROTOCOL.md §2). */
export const MESSAGE_MAX = 1024 * 1024;
const LENGTH_BYTES = 4;

/** Fields, each with a NUL byte behind it. */
export function encodeFields(fields: readonly string[]): Buffer {
  return Buffer.from(fields.map((field) => `${field}\0`).join(''));
}

/** A message: its length, a `u32` little-endian, and its fields. */
export function encodeMessage(fields: readonly string[]): Buffer {
  const body = encodeFields(fields);
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

/** The launch plan as the jailer reads it from descriptor 3 (native/PROTOCOL.md §1). */
export function encodePlan(records: readonly LaunchRecord[]): Buffer {
  return encodeFields(records.flat());
}

/** The words of an `exec` for jaild's own commands, whose output goes to the jail's log. */
export function encodeExec(id: number, request: InsideArgs): Buffer {
  const environment = Object.entries(request.environment).map(([name, value]) => `${name}=${value}`);
  return encodeMessage([
    ...['exec', String(id), String(request.timeout)],
    ...[request.user ?? '', '', 'no', 'yes'],
    ...[String(request.argv.length), ...request.argv],
    ...[String(environment.length), ...environment],
  ]);
}

/** Takes complete messages out of a stream of bytes. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Throws an Error for a message over MESSAGE_MAX: the other side is not a jailer. */
  take(bytes: Buffer): readonly (readonly string[])[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: (readonly string[])[] = [];
    while (this.#rest.length >= LENGTH_BYTES) {
      const length = this.#rest.readUInt32LE();
      if (length > MESSAGE_MAX) throw new Error(`a jailer's message of ${length} bytes`);
      if (this.#rest.length < LENGTH_BYTES + length) break;
      messages.push(this.#rest.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + length).split('\0').slice(0, -1));
      this.#rest = this.#rest.subarray(LENGTH_BYTES + length);
    }
    return messages;
  }
}

/** What a jailer says of itself to a new monitor. */
export interface Hello {
  readonly launch: string;
  readonly pid: number;
  readonly initPid: number;
  readonly netlinkFd: number;
  readonly phase: JailerPhase;
}

/** What a message says, or null for one that this jaild does not know (a newer jailer's). */
export type JailerMessage =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'event'; readonly event: JailerEvent }
  | { readonly kind: 'failed'; readonly ended: Ended }
  | { readonly kind: 'exec-ended'; readonly id: number; readonly ended: Ended };

const phases: readonly string[] = ['created', 'building', 'starting', 'running', 'exited'];
const endings: readonly string[] = ['exit', 'signal', 'error', 'timeout'];

function isPhase(text: string): text is JailerPhase {
  return phases.includes(text);
}

function isEnding(text: string): text is Ended['how'] {
  return endings.includes(text);
}

function readEnded(how: string, code: string): Ended {
  return { how: isEnding(how) ? how : 'error', code: Number(code) };
}

const event = (value: JailerEvent): JailerMessage => ({ kind: 'event', event: value });

/** The jailer's messages by their types (native/PROTOCOL.md §2). */
const readers: Readonly<Record<string, (...fields: readonly string[]) => JailerMessage>> = {
  hello: (launch = '', pid, initPid, netlinkFd, phase = '') => ({
    kind: 'hello',
    hello: {
      launch,
      pid: Number(pid),
      initPid: Number(initPid),
      netlinkFd: Number(netlinkFd),
      phase: isPhase(phase) ? phase : 'created',
    },
  }),
  error: (step = '', subject = '', errno) => ({
    kind: 'failed',
    ended: { how: 'error', code: Number(errno), step, subject },
  }),
  warning: (step = '', subject = '', errno) => event({ kind: 'warning', step, subject, errno: Number(errno) }),
  built: () => event({ kind: 'built' }),
  start: (index, how = '', code = '') => event({ kind: 'start', index: Number(index), ended: readEnded(how, code) }),
  running: (pid) => event({ kind: 'running', pid: Number(pid) }),
  main: (how = '', code = '') => event({ kind: 'main', ended: readEnded(how, code) }),
  'exec.exit': (id, how = '', code = '') => ({ kind: 'exec-ended', id: Number(id), ended: readEnded(how, code) }),
  'log.dropped': (bytes) => event({ kind: 'log-dropped', bytes: Number(bytes) }),
  exited: (how = '', code = '') => event({ kind: 'exited', ended: readEnded(how, code) }),
};

export function decodeJailerMessage([type = '', ...fields]: readonly string[]): JailerMessage | null {
  return Object.hasOwn(readers, type) ? (readers[type]?.(...fields) ?? null) : null;
}
