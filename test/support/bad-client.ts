import type { Socket } from 'node:net';
import { encodeFields, encodeFrame } from '../../src/control/frames.js';
import { open } from './control-client.js';
import type { numbers } from './mutate.js';

type Next = ReturnType<typeof numbers>;

/** Requests that change nothing, whatever becomes of them. */
const REQUESTS = [
  ['jailctl', 'list', '--json'],
  ['jailctl', 'status', 'a'],
  ['jailctl', 'logs', '-n', '3', 'a'],
  ['jailctl', 'logs', '--since', '10m', 'a'],
  ['jailctl', 'plan', 'a', '--json'],
  ['jailctl', 'params', '--json'],
  ['jailctl', 'audit', 'a'],
  ['jailctl', 'help', 'exec'],
  ['jls', '-n', '-h', 'name', 'path'],
  ['jexec', 'nobody', 'true'],
] as const;

const WORDS = [
  '\u001b[2J\u001b]0;title\u0007',
  '\u009b31m',
  '\u202e',
  '\r\nerror: forged',
  '\ud800',
  '\udcff',
  '--',
  '-',
  '--json=1',
  '-n',
  '__proto__',
  '../../etc/passwd',
  'x'.repeat(20_000),
  `-${'j'.repeat(20_000)}`,
] as const;

function bytesOf(next: Next, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => next(256)));
}

function request(next: Next): Buffer {
  const [name = 'jailctl', ...words] = REQUESTS[next(REQUESTS.length)] ?? [];
  const more = Array.from({ length: next(3) }, () => WORDS[next(WORDS.length)] ?? '');
  return encodeFrame('A', encodeFields(['1', name, '/', '80', '012', '', 'vt100', ...words, ...more]));
}

/** Bytes changed, taken out, put in or doubled; the count of the header is right again half of the time. */
function mutated(next: Next): Buffer {
  let bytes = request(next);
  for (let n = next(4); n >= 0; n--) {
    const at = next(bytes.length);
    const end = at + next(Math.min(64, bytes.length - at) + 1);
    const changes = [
      () => Buffer.concat([bytes.subarray(0, at), bytesOf(next, end - at), bytes.subarray(end)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]),
      () => Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]),
      () => Buffer.concat([bytes.subarray(0, at), Buffer.alloc(next(2000)), bytes.subarray(at)]),
      () => bytes.subarray(0, Math.max(1, at)),
    ];
    bytes = changes[next(changes.length)]?.() ?? bytes;
  }
  if (next(2) === 0 && bytes.length >= 5) {
    bytes = Buffer.concat([Buffer.from('A'), bytes.subarray(1)]);
    bytes.writeUInt32LE(bytes.length - 5, 1);
  }
  return bytes;
}

function lying(next: Next): Buffer {
  const bytes = Buffer.concat([request(next), bytesOf(next, next(2000))]);
  const lengths = [0xffff_ffff, 0x7fff_ffff, 1 << 20, (1 << 20) + 1, 0, 1, bytes.length - 4];
  bytes.writeUInt32LE(lengths[next(lengths.length)] ?? 0, 1);
  return bytes;
}

/** As many words, or as much that is no text, as a request may have, and more. */
function huge(next: Next): Buffer {
  const head = request(next);
  const fill = [
    Buffer.alloc(200_000),
    Buffer.alloc(900_000, 0xff),
    Buffer.alloc(100_000, 'x\0'),
    Buffer.alloc(1 << 21, 'y'),
  ];
  const bytes = Buffer.concat([head, fill[next(fill.length)] ?? head, Buffer.of(0)]);
  bytes.writeUInt32LE(bytes.length - 5, 1);
  return bytes;
}

/** What somebody sends who means no good. */
export function badBytes(next: Next): Buffer {
  const kinds = [
    () => bytesOf(next, 1 + next(4096)),
    () => request(next),
    () => mutated(next),
    () => mutated(next),
    () => lying(next),
    () => huge(next),
  ];
  return kinds[next(kinds.length)]?.() ?? Buffer.alloc(1);
}

/** How somebody behaves who means no good: gives the connection that is to be ended later, or null when it has gone. */
export async function misbehave(path: string, bytes: Buffer, next: Next): Promise<Socket | null> {
  const socket = await open(path);
  socket.on('error', () => undefined);
  const half = bytes.subarray(0, 1 + next(bytes.length));
  switch (next(6)) {
    case 0: // never reads what it asked for
      socket.pause();
      socket.write(bytes);
      return socket;
    case 1: // never ends what it has begun to say
      socket.write(half);
      return socket;
    case 2: // ends its side
      socket.resume();
      socket.end(bytes);
      return socket;
    case 3: // is gone before the answer
      socket.write(bytes, () => socket.destroy());
      return null;
    case 4: // in pieces
      socket.resume();
      socket.write(half);
      setImmediate(() => socket.write(bytes.subarray(half.length)));
      return socket;
    default:
      socket.resume();
      socket.write(bytes);
      return socket;
  }
}
