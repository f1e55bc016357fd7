import { connect } from 'node:net';
import { encodeFields, encodeFrame, HEADER_BYTES } from './frames.js';

/** Of a request that costs next to nothing. */
const REQUEST = encodeFrame('A', encodeFields(['1', 'jailctl', '/', '0', '', '1', 'dumb', 'version']));
const END = 'X'.charCodeAt(0);

/** Asks the control socket as jailctl does, and resolves when it was answered well: by way of accept, parser and command. */
export function proveControl(path: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect({ path, allowHalfOpen: true });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`${path}: ${why}`));
    };
    const timer = setTimeout(() => fail(`no answer in ${Math.round(timeoutMs)} ms`), timeoutMs);
    socket.on('connect', () => socket.write(REQUEST));
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', ({ message }) => fail(message));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      return endsWell(Buffer.concat(pieces)) ? resolve() : fail('not answered');
    });
  });
}

/** The last frame is that of an end with exit code 0. */
function endsWell(reply: Buffer): boolean {
  let at = 0;
  let last = -1;
  while (at + HEADER_BYTES <= reply.length) {
    last = at;
    at += HEADER_BYTES + reply.readUInt32LE(at + 1);
  }
  return last >= 0 && at === reply.length && reply[last] === END && reply[last + HEADER_BYTES] === 0;
}
