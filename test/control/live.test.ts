import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Dispatch } from '../../src/control/connection.js';
import { encodeFields, encodeFrame, MalformedFrame } from '../../src/control/frames.js';
import { GestureReader, type Gesture } from '../../src/control/live.js';
import { serveControl, type ControlServer } from '../../src/control/server.js';
import { listenTo, open } from '../support/control-client.js';

const HEADER_BYTES = 5;

/** A frame of the client, whatever its type. */
function frame(type: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(type, 'latin1');
  header.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}
const typed = (text: string): Buffer => frame('I', Buffer.from(text));
const sized = (...fields: readonly string[]): Buffer => frame('W', encodeFields(fields));

describe('what is said at a terminal that a command has taken', () => {
  it('is read from pieces of any size', () => {
    const all = Buffer.concat([
      sized('80', '24', 'C'),
      typed('q'),
      typed('\u001b[A'),
      sized('200', '50', ''),
    ]);
    const expected: readonly Gesture[] = [
      { kind: 'window', columns: 80, rows: 24, locale: 'C' },
      { kind: 'typed', bytes: Buffer.from('q') },
      { kind: 'typed', bytes: Buffer.from('\u001b[A') },
      { kind: 'window', columns: 200, rows: 50, locale: '' },
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(all.length)), (cuts) => {
        const reader = new GestureReader();
        const ends = [...cuts.sort((a, b) => a - b), all.length];
        const gestures = ends.flatMap((end, i) => reader.push(all.subarray(ends[i - 1] ?? 0, end)));
        expect(gestures).to.deep.equal(expected);
      }),
    );
  });

  for (const [what, bytes] of [
    ['another request', encodeFrame('A', encodeFields(['1']))],
    ['no keys at all', frame('I', Buffer.alloc(0))],
    ['more keys than anybody has', frame('I', Buffer.alloc(4097))],
    ['a count that lies', Buffer.from('I\xff\xff\xff\xff', 'latin1')],
    ['a window without rows', sized('80')],
    ['a window without a locale', sized('80', '24')],
    ['a window with too much', sized('80', '24', 'C', '1')],
    ['a window of no number', sized('80', '-1', 'C')],
    ['a window that does not end', frame('W', Buffer.from('80\0' + '24'))],
  ] as const)
    it(`is refused when it is ${what}`, () => {
      expect(() => new GestureReader().push(bytes)).to.throw(MalformedFrame);
    });

  it('is refused or understood, and nothing else, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        const reader = new GestureReader();
        try {
          for (const piece of pieces) reader.push(Buffer.from(piece));
        } catch (error) {
          expect(error).to.be.instanceOf(MalformedFrame);
        }
      }),
    );
  });
});

describe('the terminal of a client', () => {
  let directory: string;
  let path: string;
  let server: ControlServer;
  let logged: string[];
  let gestures: Gesture[];
  let isGone: boolean;

  /** Takes the terminal until a "q" is typed. */
  const live: Dispatch = async ({ takeTerminal, signal, out }) => {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
      takeTerminal({ first: '<', last: '>' }, (gesture) => {
        gestures.push(gesture);
        if (gesture.kind === 'typed' && gesture.bytes.includes('q')) resolve();
      });
      out('frame');
    });
    isGone = signal.aborted;
    return { exit: 5 };
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'jaild-live-'));
    path = join(directory, 'jaild.sock');
    logged = [];
    gestures = [];
    isGone = false;
    server = await serveControl({
      socket: path,
      group: 'nobody-has-this-group',
      dispatch: live,
      log: (level, message) => logged.push(`${level} ${message}`),
      credentials: () => ({ pid: 1, uid: 0, gid: 0, groups: [], isForeign: false }),
    });
  });
  afterEach(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  async function call(terminals: string): Promise<readonly [Socket, Promise<readonly string[]>]> {
    const socket = await open(path);
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', () => undefined);
    const over = new Promise<readonly string[]>((resolve) => {
      socket.on('end', () => socket.end());
      socket.on('close', () => resolve(framesOf(Buffer.concat(pieces))));
    });
    socket.write(frame('A', encodeFields(['1', 'jailctl', '/', '80', terminals, '', 'xterm'])));
    // Nothing may be said before it is taken.
    await new Promise((resolve) => socket.once('data', resolve));
    return [socket, over];
  }
  function framesOf(bytes: Buffer): readonly string[] {
    const frames: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + HEADER_BYTES + bytes.readUInt32LE(at + 1);
      frames.push(`${String.fromCharCode(bytes[at] ?? 0)} ${bytes.toString('latin1', at + 5, end)}`);
      at = end;
    }
    return frames;
  }

  it('is taken, listened to, and given back before the last word', async () => {
    const [socket, over] = await call('012');
    socket.write(Buffer.concat([sized('80', '24', 'C'), typed('x')]));
    socket.write(typed('q'));
    expect(await over).to.deep.equal(['T <\0>\0', 'O frame', 'T ', 'X \u0005']);
    expect(gestures).to.deep.equal([
      { kind: 'window', columns: 80, rows: 24, locale: 'C' },
      { kind: 'typed', bytes: Buffer.from('x') },
      { kind: 'typed', bytes: Buffer.from('q') },
    ]);
    expect(logged).to.deep.equal([]);
  });

  it('is not taken where there is none', async () => {
    const [, over] = await call('12');
    const [error = '', last] = await over;
    expect(error).to.include('there is no terminal to take');
    expect(last).to.equal('X \u0001');
  });

  it('is lost to who says what nobody understands, and he is named in the log', async () => {
    const [socket, over] = await call('012');
    socket.write(frame('A', Buffer.of(0)));
    expect(await over).to.deep.equal(['T <\0>\0', 'O frame']);
    while (!isGone) await sleep(5);
    expect(logged).to.deep.equal(['warn control: process 1 of uid 0: neither keys nor the size of a window']);
  });

  it('is listened to at the pace of people', async () => {
    const [socket] = await call('012');
    const flood = Buffer.concat(Array.from({ length: 30_000 }, () => typed('x')));
    socket.write(flood);
    while (gestures.length === 0) await sleep(5);
    await sleep(300);
    expect(gestures.length).to.be.within(1, 15_000);
    socket.destroy();
  });

  it('hears nothing that is said without one', async () => {
    await server.close();
    let isOver = false;
    const wait: Dispatch = async ({ signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      isOver = true;
      return { exit: 0 };
    };
    server = await serveControl({
      socket: path,
      group: 'nobody-has-this-group',
      dispatch: wait,
      log: () => undefined,
      credentials: () => ({ pid: 1, uid: 0, gid: 0, groups: [], isForeign: false }),
    });
    const socket = await open(path);
    const reply = listenTo(socket);
    socket.write(frame('A', encodeFields(['1', 'jailctl', '/', '80', '012', '', 'xterm'])));
    await sleep(20);
    socket.write(typed('q'));
    expect((await reply).last).to.equal(null);
    while (!isOver) await sleep(5);
  });
});
