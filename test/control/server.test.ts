import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { randomBytes, randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Credentials } from '../../src/control/access.js';
import type { Answer, Conversation, Dispatch } from '../../src/control/connection.js';
import { Refusal } from '../../src/control/failure.js';
import { serveControl, type ControlOptions, type ControlServer } from '../../src/control/server.js';
import { SystemError } from '../../src/host/error.js';
import { patience } from '../support/patience.js';
import { ask, listenTo, open, requestFrame } from '../support/control-client.js';

const root: Credentials = { pid: process.pid, uid: 0, gid: 0, groups: [], isForeign: false };
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

  it('answers whoever came before it is suspended, and leaves others waiting', async () => {
    let finish: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => (finish = resolve));
    let heard = 0;
    await serve(async (conversation) => {
      heard++;
      await hold;
      return echo(conversation);
    });
    const before = ask(path, ['before']);
    while (heard < 1) await sleep(5);
    const descriptor = server?.suspend() ?? -1;
    const after = ask(path, ['after']);
    let isQuiet = false;
    const quiet = server?.untilQuiet(60_000 * patience).then(() => (isQuiet = true));
    await sleep(50);
    expect({ heard, isQuiet }).to.deep.equal({ heard: 1, isQuiet: false });
    finish();
    await quiet;
    expect({ ...(await before), heard }).to.deep.equal({ out: 'before\n', err: '', last: exit(7), heard: 1 });
    await server?.resume(descriptor);
    expect(await after).to.deep.equal({ out: 'after\n', err: '', last: exit(7) });
  });

  it('waits for nobody who follows', async () => {
    let followed: () => void = () => undefined;
    const isFollowed = new Promise<void>((resolve) => (followed = resolve));
    await serve(({ follows, signal }) => {
      follows();
      followed();
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ exit: 1 })));
    });
    const socket = await open(path);
    socket.write(requestFrame([]));
    await isFollowed;
    await server?.untilQuiet(60_000 * patience);
    expect(socket.readableEnded).to.equal(false);
    socket.destroy();
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

  it('tells root, operators and anyone apart, by who they are on the host', async () => {
    const groupFile = join(directory, 'group');
    writeFileSync(groupFile, 'jaild:x:4711:\n');
    const seen: string[] = [];
    const note: Dispatch = ({ right }) => Promise.resolve({ exit: seen.push(right) });
    const alice = { ...root, uid: 1000, gid: 1000 };
    for (const [group, peer] of [
      ['jaild', root],
      ['jaild', { ...alice, groups: [20, 4711] }],
      ['jaild', { ...alice, gid: 4711 }],
      ['jaild', { ...alice, groups: [4710] }],
      ['jaild', { ...alice, groups: [4711], isForeign: true }],
      ['jaild', { ...root, isForeign: true }],
      ['other', { ...alice, groups: [4711] }],
    ] as const) {
      await serve(note, { groupFile, group, credentials: () => peer });
      await ask(path, []);
      await server?.close();
    }
    expect(seen).to.deep.equal([
      ...['root', 'operator', 'operator'],
      ...['anyone', 'anyone', 'anyone', 'anyone'],
    ]);
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
    while (finished.length === 0) await sleep(5);
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

  /** A dispatch whose commands go on until they are let go. */
  function holding() {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const dispatch: Dispatch = ({ request }) =>
      request.words[0] === 'hold' ? held.then(() => ({ exit: 0 })) : Promise.resolve({ exit: 7 });
    return { dispatch, release };
  }
  const hold = async () => {
    const socket = await open(path);
    const reply = listenTo(socket);
    socket.write(requestFrame(['hold']));
    return reply;
  };

  it('has a bound for each user, and turns whoever wants more away with a word', async () => {
    const { dispatch, release } = holding();
    let [uid, asked] = [1000, 0];
    const credentials = () => ({ ...root, uid, pid: ++asked });
    const untilAsked = async (count: number): Promise<void> => {
      while (asked < count) await sleep(5);
    };
    await serve(dispatch, { credentials, places: { root: 4, user: 8, others: 10 } });
    const all = Array.from({ length: 12 }, hold);
    await untilAsked(12);
    uid = 1001;
    all.push(...Array.from({ length: 4 }, hold));
    await untilAsked(16);
    uid = 0; // root's places are its own
    all.push(...Array.from({ length: 5 }, hold));
    await untilAsked(21);
    release();
    const turnedAway = (await Promise.all(all)).map(({ err }) =>
      /too many connections|others wait/.test(err),
    );
    const count = (from: number, to: number): number => turnedAway.slice(from, to).filter(Boolean).length;
    expect([count(0, 12), count(12, 16), count(16, 21)]).to.deep.equal([4, 2, 1]);
    await sleep(50);
    expect((await ask(path, [])).last).to.deep.equal(exit(7));
  });

  it('takes places from those that say nothing', async () => {
    const { dispatch, release } = holding();
    await serve(dispatch, { places: { root: 4, user: 4, others: 4 } });
    const idle = await Promise.all(Array.from({ length: 4 }, () => open(path)));
    const begun = performance.now();
    const told = idle.map(listenTo);
    expect((await ask(path, [])).last).to.deep.equal(exit(7));
    expect(performance.now() - begun).to.be.below(5000 * patience);
    expect((await told[0])?.err).to.include('others wait');
    release();
  });

  it('logs ten refusals of a user a minute and counts the others', async () => {
    const refuse: Dispatch = ({ refused }) => {
      refused('shutdown', 'root');
      return Promise.resolve({ exit: 1 });
    };
    await serve(refuse, { credentials: () => ({ ...root, uid: 1000 }) });
    for (let n = 0; n < 25; n++) await ask(path, []);
    const line = `warn control: process ${process.pid} of uid 1000: shutdown refused: it needs root`;
    expect(logged).to.deep.equal(Array<string>(10).fill(line));
    await server?.close();
    server = undefined;
    expect(logged.at(-1)).to.equal('warn control: uid 1000: 15 more such requests within 60 s');
  });

  it('costs little for a request that comes byte by byte, or is no text at all', async () => {
    await serve(echo);
    const before = process.memoryUsage().rss;
    const socket = await open(path);
    const reply = listenTo(socket);
    const frame = requestFrame(['x'.repeat(30_000)]);
    for (const byte of frame) socket.write(Buffer.of(byte));
    expect((await reply).out).to.have.length(30_001);
    expect(process.memoryUsage().rss - before).to.be.below(100 << 20);
    const begun = performance.now();
    await askRaw(Buffer.alloc(900_000, 0xff));
    expect(performance.now() - begun).to.be.below(5000 * patience);
  });

  async function askRaw(word: Buffer): Promise<void> {
    const socket = await open(path);
    const reply = listenTo(socket);
    const frame = Buffer.concat([requestFrame(['']).subarray(0, -1), word, Buffer.of(0)]);
    frame.writeUInt32LE(frame.length - 5, 1);
    socket.write(frame);
    expect((await reply).last).to.deep.equal(exit(7));
  }

  it('removes its socket when it closes', async () => {
    await serve(echo);
    chmodSync(directory, 0o700);
    await server?.close();
    expect(statSync(path, { throwIfNoEntry: false })).to.equal(undefined);
    server = undefined;
  });
});
