import { connect, type Socket } from 'node:net';
import { encodeFields, encodeFrame } from '../../src/control/frames.js';

export interface Reply {
  readonly out: string;
  readonly err: string;
  /** The last frame: its type and bytes; null when the connection ended without one. */
  readonly last: { readonly type: string; readonly bytes: Buffer } | null;
}

/** A request as jailctl sends it. */
export function requestFrame(words: readonly string[], name = 'jailctl'): Buffer {
  return encodeFrame('A', encodeFields(['1', name, '/', '80', '', '', 'dumb', ...words]));
}

/** Opens a connection that is ready to send. */
export function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** All that the server says until it ends the connection. */
export function listenTo(socket: Socket): Promise<Reply> {
  const pieces: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(readReply(Buffer.concat(pieces))));
  });
}

/** Sends one request and gives the reply. */
export async function ask(path: string, words: readonly string[], name = 'jailctl'): Promise<Reply> {
  const socket = await open(path);
  const reply = listenTo(socket);
  socket.write(requestFrame(words, name));
  return reply;
}

function readReply(bytes: Buffer): Reply {
  const said = { O: '', E: '' };
  let last: Reply['last'] = null;
  for (let at = 0; at + 5 <= bytes.length;) {
    const type = String.fromCharCode(bytes[at] ?? 0);
    const end = at + 5 + bytes.readUInt32LE(at + 1);
    const body = bytes.subarray(at + 5, end);
    if (type === 'O' || type === 'E') said[type] += body.toString();
    else last = { type, bytes: body };
    at = end;
  }
  return { out: said.O, err: said.E, last };
}
