import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { randomBytes, randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Peer } from '../../src/control/access.js';
import type { Answer, Conversation, Dispatch } from '../../src/control/connection.js';
import { Refusal } from '../../src/control/failure.js';
import { serveControl, type ControlOptions, type ControlServer } from '../../src/control/server.js';
import { SystemError } from '../../src/host/error.js';
import { ask, listenTo, open, requestFrame } from '../support/control-client.js';

const root: Peer = { pid: process.pid, uid: 0, gid: 0 };
const exit = (code: number) => ({ type: 'X', bytes: Buffer.of(code) });

describe('the control socket', () => {
  let directory: string;
  let path: string;
  let server: ControlServer | undefined;
  let logged: string[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'jaild-control-'));
    path = join(directory, 'run', 'jaild.sock');
    logged = [];
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    rmSync(directory, { recursive: true });
  });

  async function serve(dispatch: Dispatch, options: Partial<ControlOptions> = {}): Promise<void> {
    server = await serveControl({
      socket: path,
      group: 'nobody-has-this-group',
      dispatch,
      log: (level, message) => logged.push(`${level} ${message}`),
      credentials: () => root,
      ...options,
    });
  }
  const echo: Dispatch = ({ request, out }) => {
    out(`${request.words.join(' ')}\n`);
    return Promise.resolve({ exit: 7 });
  };

  it('answers with what the command says and its exit code', async () => {
    await serve(echo);
    expect(await ask(path, ['a', 'b'])).to.deep.equal({ out: 'a b\n', err: '', last: exit(7) });
  });

  it('sends a command back to the client, or on to a jailer', async () => {
    const answers: Answer[] = ['local', { handOver: { socket: '/run/x.sock', fields: ['exec', ''] } }];
    await serve(() => Promise.resolve(answers.shift() ?? { exit: 0 }));
    expect((await ask(path, [])).last).to.deep.equal({ type: 'L', bytes: Buffer.alloc(0) });
    expect((await ask(path, [])).last).to.deep.equal({
      type: 'H',
      bytes: Buffer.from('/run/x.sock\0exec\0\0'),
    });
  });

  it('comes back when its file is removed, and calls under way go on', async () => {
    let finish: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => (finish = resolve));
    let isHeard = false;
    const dispatch: Dispatch = async (conversation) => {
      if (!isHeard) {
        isHeard = true;
        await hold;
      }
      return echo(conversation);
    };
    await serve(dispatch, { lookMs: 5 });
    const slow = ask(path, ['a']);
    while (!isHeard) await sleep(5);
    rmSync(path);
    while (!existsSync(path)) await sleep(5);
    expect(await ask(path, ['b'])).to.deep.equal({ out: 'b\n', err: '', last: exit(7) });
    finish();
    expect(await slow).to.deep.equal({ out: 'a\n', err: '', last: exit(7) });
    expect(logged).to.deep.equal([`warn ${path} has gone, making it anew`]);
  });

  it('is for root alone without the group, and for the group where there is one', async () => {
    const groupFile = join(directory, 'group');
    writeFileSync(groupFile, 'root:x:0:\njaild:x:4711:alice\n');
    await serve(echo, { groupFile });
    const { mode, gid } = statSync(path);
    expect([mode & 0o777, gid]).to.deep.equal([0o600, 0]);
    await server?.close();
    await serve(echo, { groupFile, group: 'jaild' });
    const shared = statSync(path);
    expect([shared.mode & 0o777, shared.uid, shared.gid]).to.deep.equal([0o660, 0, 4711]);
  });

  it('tells root, operators and anyone apart', async () => {
    const groupFile = join(directory, 'group');
    writeFileSync(groupFile, 'jaild:x:4711:\n');
    const seen: string[] = [];
    const note: Dispatch = ({ right }) => Promise.resolve({ exit: seen.push(right) });
    for (const [group, uid] of [
      ['jaild', 0],
      ['jaild', 1000],
      ['other', 1000],
    ] as const) {
      await serve(note, { groupFile, group, credentials: () => ({ pid: 1, uid, gid: 5 }) });
      await ask(path, []);
      await server?.close();
    }
    expect(seen).to.deep.equal(['root', 'operator', 'anyone']);
  });

  it('replaces the socket that a dead jaild left', async () => {
    await serve(echo);
    const abandoned = server;
    server = undefined;
    await serve(echo);
    expect((await ask(path, ['x'])).out).to.equal('x\n');
    await abandoned?.close();
  });

  it('does not take the place of a file that is no socket', async () => {
    await serve(echo);
    await server?.close();
    writeFileSync(path, 'precious');
    const refusal = await serve(echo).then(String, String);
    expect(refusal).to.equal(`Error: ${path} exists and is not a socket`);
  });

  it('says what failed: refusals, failures of the system, and its own mistakes, which it logs', async () => {
    const thrown = [
      new Refusal(4, 'web: no such jail', 'try web2'),
      new SystemError('open', 13, '/x'),
      new Error('oops'),
    ];
    await serve(() => Promise.reject(thrown.shift() ?? new Error()));
    expect(await ask(path, [])).to.deep.equal({
      out: '',
      err: 'error: web: no such jail\nhint: try web2\n',
      last: exit(4),
    });
    expect((await ask(path, [])).err).to.equal('error: open /x: Permission denied\n');
    expect(logged).to.deep.equal([]);
    expect((await ask(path, [])).err).to.match(/^error: a mistake in jaild itself: oops\n/);
    expect(logged).to.have.length(1);
  });

  it('refuses a request that is too long without reading it', async () => {
    await serve(echo);
    const socket = await open(path);
    const reply = listenTo(socket);
    socket.write(Buffer.from('A\xff\xff\xff\x7f', 'latin1'));
    expect((await reply).last).to.deep.equal(exit(1));
    expect(logged).to.have.length(1);
  });

  it('gives a silent client up', async () => {
    await serve(echo, { requestTimeoutMs: 50 });
    const socket = await open(path);
    const reply = listenTo(socket);
    socket.write(requestFrame(['x']).subarray(0, 9));
    expect((await reply).err).to.include('no request came in time');
  });

  it('answers a client that has ended its own side', async () => {
    await serve(echo);
    const socket = await open(path);
    const reply = listenTo(socket);
    socket.end(requestFrame(['half']));
    expect((await reply).out).to.equal('half\n');
  });

  it('tells a command that its client has gone, and lets it finish', async () => {
    const finished: boolean[] = [];
    let begun = (): void => undefined;
    const started = new Promise<void>((resolve) => (begun = resolve));
    await serve(async ({ signal, out }) => {
      begun();
      await once(signal, 'abort');
      await sleep(20);
      out('into the void');
      finished.push(true);
      return { exit: 0 };
    });
    const socket = await open(path);
    socket.write(requestFrame(['wait']));
    await started;
    socket.destroy();
    await sleep(100);
    expect(finished).to.deep.equal([true]);
    expect((await listenAfter(path)).last).to.equal(null);
  });

  async function listenAfter(to: string) {
    const socket = await open(to);
    const reply = listenTo(socket);
    socket.destroy();
    return reply;
  }

  it('holds much output back until the client reads, and loses none of it', async () => {
    const line = 'x'.repeat(999) + '\n';
    let waited = 0;
    await serve(async ({ out, drained }: Conversation) => {
      for (let n = 0; n < 8000; n++) {
        out(line);
        const before = performance.now();
        await drained();
        if (performance.now() - before > 50) waited++;
      }
      return { exit: 0 };
    });
    const socket = await open(path);
    socket.write(requestFrame([]));
    socket.pause();
    await sleep(200);
    const listening = listenTo(socket);
    socket.resume();
    const reply = await listening;
    expect(reply.out.length).to.equal(8_000_000);
    expect(waited).to.be.greaterThan(0);
  });

  it('survives random bytes, half frames and clients that vanish', async () => {
    await serve(echo);
    const frame = requestFrame(['some', 'words']);
    for (let round = 0; round < 200; round++) {
      const socket = await open(path);
      socket.on('error', () => undefined);
      const kind = round % 4;
      if (kind === 0) socket.write(randomBytes(randomInt(1, 4096)));
      if (kind === 1) socket.write(frame.subarray(0, randomInt(1, frame.length)));
      if (kind === 2) socket.write(Buffer.concat([Buffer.from('A'), randomBytes(randomInt(1, 64))]));
      if (kind === 3) socket.write(frame);
      if (round % 3 === 0) await sleep(1);
      socket.destroy();
    }
    expect((await ask(path, ['alive'])).out).to.equal('alive\n');
    expect(logged.filter((line) => line.startsWith('error'))).to.deep.equal([]);
  });

  it('serves 256 clients at once and turns the others away with a word', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await serve(async () => {
      await held;
      return { exit: 0 };
    });
    const hold = async () => {
      const socket = await open(path);
      const reply = listenTo(socket);
      socket.write(requestFrame(['hold']));
      return reply;
    };
    const all = Promise.all(Array.from({ length: 300 }, hold));
    await sleep(300);
    release();
    const replies = await all;
    expect(replies.filter((r) => r.err.includes('too many connections'))).to.have.length(44);
    expect(replies.filter((r) => r.last?.bytes[0] === 0)).to.have.length(256);
    await sleep(50);
    expect((await ask(path, [])).last).to.deep.equal(exit(0));
  });

  it('removes its socket when it closes', async () => {
    await serve(echo);
    chmodSync(directory, 0o700);
    await server?.close();
    expect(statSync(path, { throwIfNoEntry: false })).to.equal(undefined);
    server = undefined;
  });
});
