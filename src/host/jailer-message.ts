import type { LogTarget } from '../plan/log.js';
import type { InsideArgs, LaunchRecord } from '../plan/step.js';
import type { Check, Ended, JailerEvent, JailerPhase } from './host.js';

/* The words between jaild and a jailer, as bytes. Pure. native/PROTOCOL.md §1–§3. */

export interface Hello {
  readonly kind: 'hello';
  readonly launch: string;
  readonly pid: number;
  readonly initPid: number;
  readonly netlinkFd: number;
  readonly phase: JailerPhase;
}

/** What a jailer may say; `error` explains the `exited` that follows it. */
export type JailerMessage =
  | Exclude<JailerEvent, { readonly kind: 'lost' }>
  | Hello
  | { readonly kind: 'error'; readonly ended: Ended }
  | { readonly kind: 'exec-exit'; readonly id: string; readonly ended: Ended }
  | { readonly kind: 'check-exit'; readonly id: string; readonly ended: Ended; readonly output: string };

export interface ExitRecord {
  readonly launch: string;
  readonly ended: Ended;
  readonly at: Date;
}

/** Bytes. */
const LONGEST = 1 << 20;
const COUNT = 4;

const fieldBytes = (fields: readonly string[]): Buffer =>
  Buffer.from(fields.map((field) => `${field}\0`).join(''));

/** A launch plan as the jailer reads it. */
export function encodePlan(records: readonly LaunchRecord[]): Buffer {
  return Buffer.from(records.map((record) => `${record.join('\0')}\0`).join(''));
}

/** One message: its type and its fields. */
export function encodeMessage(...fields: readonly string[]): Buffer {
  const body = fieldBytes(fields);
  const count = Buffer.alloc(COUNT);
  count.writeUInt32LE(body.length);
  return Buffer.concat([count, body]);
}

/** The `exec` message, whose time limit is of whole seconds. Its environment comes on top of the plan's. */
export function encodeExec(id: string, request: InsideArgs): Buffer {
  return encodeMessage('exec', id, `${Math.ceil(request.timeout)}`, ...execFields(request));
}

/** The `check` message. */
export function encodeCheck(id: string, check: Check): Buffer {
  const head = ['check', id, `${check.timeout}`, check.kind];
  switch (check.kind) {
    case 'command':
      return encodeMessage(...head, ...execFields(check));
    case 'tcp':
      return encodeMessage(...head, check.host, `${check.port}`);
    case 'http':
      return encodeMessage(...head, check.host, `${check.port}`, check.path);
  }
}

function execFields({ user, argv, environment: variables }: InsideArgs): readonly string[] {
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const [workdir, terminal, login] = ['/', 'no', 'yes'];
  return [
    ...[user ?? '', workdir, terminal, login],
    ...[`${argv.length}`, ...argv],
    ...[`${environment.length}`, ...environment],
  ];
}

/** The whole messages at the beginning of `bytes`, and what is left. Throws Error for what no jailer says. */
export function splitMessages(bytes: Buffer): {
  readonly messages: readonly (readonly string[])[];
  readonly rest: Buffer;
} {
  const messages: string[][] = [];
  let at = 0;
  while (at + COUNT <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (length > LONGEST) throw new Error(`a jailer's message of ${length} bytes`);
    if (at + COUNT + length > bytes.length) break;
    const fields = bytes.toString('utf8', at + COUNT, at + COUNT + length).split('\0');
    messages.push(fields.slice(0, -1)); // behind the last NUL is nothing
    at += COUNT + length;
  }
  return { messages, rest: bytes.subarray(at) };
}

const ended = (how = 'error', code = '0'): Ended => ({ how: how as Ended['how'], code: Number(code) }); // PROTOCOL.md's words are Ended's

/** How the building of a jail failed. */
const failed = (step: string, subject: string, errno: string): Ended => ({
  ...ended('error', errno),
  step,
  subject,
});

/** A message's fields, understood; null for a message that a later jailer may have learned. */
export function readMessage([type = '', ...fields]: readonly string[]): JailerMessage | null {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = fields;
  switch (type) {
    case 'hello': {
      const [pid, initPid, netlinkFd] = [Number(second), Number(third), Number(fourth)];
      return { kind: 'hello', launch: first, pid, initPid, netlinkFd, phase: fifth as JailerPhase }; // the same words
    }
    case 'error':
      return { kind: 'error', ended: failed(first, second, third) };
    case 'warning':
      return { kind: 'warning', step: first, subject: second, errno: Number(third) };
    case 'built':
      return { kind: 'built' };
    case 'start':
      return { kind: 'start', index: Number(first), ended: ended(second, third) };
    case 'running':
      return { kind: 'running', pid: Number(first) };
    case 'main':
      return { kind: 'main', ended: ended(first, second) };
    case 'exec.exit':
      return { kind: 'exec-exit', id: first, ended: ended(second, third) };
    case 'check.exit':
      return { kind: 'check-exit', id: first, ended: ended(second, third), output: fourth };
    case 'notify':
      return { kind: 'notify', fields };
    case 'log.dropped':
      return {
        kind: 'log-dropped',
        lines: Number(first),
        bytes: Number(second),
        target: third as LogTarget, // the same words
      };
    case 'log.limited':
      return { kind: 'log-limited', lines: Number(first), bytes: Number(second) };
    case 'log.rotated':
      return { kind: 'log-rotated', inode: Number(first) };
    case 'exited':
      return { kind: 'exited', ended: ended(first, second) };
    default:
      return null;
  }
}

/** The text of an exit record. */
export function readRecord(text: string): ExitRecord {
  const lines = text.split('\n').filter((line) => line !== '');
  const values = new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const [how, code, step] = [values.get('how'), values.get('code'), values.get('step')];
  return {
    launch: values.get('launch') ?? '',
    ended: step === undefined ? ended(how, code) : failed(step, values.get('subject') ?? '', code ?? ''),
    at: new Date(Number(values.get('at')) * 1000),
  };
}
