import { expect } from 'chai';
import type { NewEvent } from '../../src/supervise/events/journal.js';
import { Journal } from '../../src/supervise/events/journal.js';
import { code, NOW, say } from '../support/command-line.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';

const event = (jail: string | null, more: Partial<NewEvent> = {}): NewEvent => ({
  ...{ kind: 'state', at: NOW, jail, from: 'starting', to: 'running', cause: 'up', detail: '' },
  ...more,
});

class Told extends FakeOperations {
  override readonly journal: Journal;
  constructor(size = 100, ...events: readonly NewEvent[]) {
    super([stoppedJail('web'), stoppedJail('db')]);
    this.journal = new Journal({ size, bootId: 'b0-07', monotonic: () => 42 });
    for (const one of events) this.journal.append(one);
  }
}

const minutesAgo = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
const some = (): Told =>
  new Told(
    100,
    event(null, { kind: 'jaild', from: null, to: null, cause: 'started', detail: '1.0', at: minutesAgo(60) }),
    event('web', { at: minutesAgo(30) }),
    event('db', {
      kind: 'limit',
      from: 'running',
      cause: 'rctl',
      detail: 'too\u001b[2Jmuch',
      data: { amount: 5 },
    }),
    event('web', { from: 'running', to: 'failed', cause: 'exit 3', detail: 'no file' }),
  );

const seqs = (out: string): number[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { readonly seq: number }).seq);
const shown = async (...words: readonly string[]): Promise<number[]> =>
  seqs((await say(some(), ['events', '--json', ...words])).out);

/** A terminal or program that follows: what it was told, and the ways to go on. */
function follower(operations: FakeOperations, ...words: readonly string[]) {
  const gone = new AbortController();
  let text = '';
  let take = (): void => undefined;
  let isSlow = false;
  const ended = say(operations, ['events', '-f', '--json', ...words], {
    signal: gone.signal,
    out: (piece) => (text += String(piece)),
    drained: () => (isSlow ? new Promise((resolve) => (take = resolve)) : Promise.resolve()),
  });
  const pass = () => new Promise((resolve) => setImmediate(resolve));
  return {
    ended,
    pass,
    lines: () => text.split('\n').filter((line) => line !== ''),
    slow: (slow: boolean) => ((isSlow = slow), take()),
    leave: () => gone.abort(),
  };
}

describe('jailctl events', () => {
  it('says each thing once, in one line', async () => {
    const told = new Told(
      100,
      event('web', { kind: 'exit', to: 'starting', cause: 'exit', detail: 'exit 3' }),
      event('web', { kind: 'exit', to: 'starting', cause: 'stop', detail: 'signal 15 (SIGTERM)' }),
      event('web', { kind: 'oom', to: 'starting', cause: 'out of memory', detail: 'out of memory' }),
      event('web', { kind: 'health', to: 'starting', cause: 'unhealthy', detail: 'refused\nagain\n' }),
    );
    const { out } = await say(told, ['events']);
    const words = out.split('\n').map((line) => line.split(/ {2,}/).slice(2).join(': '));
    expect(words.slice(0, -1)).to.deep.equal([
      'exit: exit 3',
      'exit: stop: signal 15 (SIGTERM)',
      'oom: out of memory',
      'health: unhealthy: refused | again',
    ]);
  });

  it('shows what is kept, one in a line', async () => {
    const two = (n: number): string => String(n).padStart(2, '0');
    const time = (date: Date): string =>
      `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    const { out, err } = await say(some(), ['events']);
    expect(err).to.equal('');
    expect(out).to.equal(
      [
        `${time(minutesAgo(60))}  -      jaild     started: 1.0\n`,
        `${time(minutesAgo(30))}  web    state     starting -> running (up)\n`,
        `${time(NOW)}  db     limit     rctl: too?[2Jmuch\n`,
        `${time(NOW)}  web    state     running -> failed (exit 3): no file\n`,
      ].join(''),
    );
  });

  it('gives programs a line of JSON for each', async () => {
    const { out } = await say(some(), ['events', '--json', '-n', '2']);
    expect(
      out
        .split('\n')
        .slice(0, 1)
        .map((line) => JSON.parse(line) as unknown),
    ).to.deep.equal([
      {
        ...{ version: 1, seq: 3, at: NOW.toISOString(), boot_id: 'b0-07', monotonic_ms: 42 },
        ...{ kind: 'limit', jail: 'db', from: 'running', to: 'running', cause: 'rctl' },
        ...{ detail: 'too\u001b[2Jmuch', amount: 5 },
      },
    ]);
  });

  it('is of the jails, kinds, number and time that are asked for', async () => {
    expect(await shown()).to.deep.equal([1, 2, 3, 4]);
    expect(await shown('web')).to.deep.equal([2, 4]);
    expect(await shown('--kind', 'limit', '--kind', 'jaild')).to.deep.equal([1, 3]);
    expect(await shown('-n', '1', 'web')).to.deep.equal([4]);
    expect(await shown('-n', '0')).to.deep.equal([]);
    expect(await shown('--since', '2')).to.deep.equal([3, 4]);
    expect(await shown('--since', '4')).to.deep.equal([]);
    expect(await shown('--since', '45m')).to.deep.equal([2, 3, 4]);
    expect(await shown('--since', '45m', '-n', '2')).to.deep.equal([3, 4]);
  });

  it('shows all to whoever goes on from a number of another boot', async () => {
    expect(await shown('--since', '9000')).to.deep.equal([1, 2, 3, 4]);
  });

  it('says how many are not kept any more', async () => {
    const operations = new Told(3, ...['a', 'b', 'c', 'd', 'e'].map((cause) => event('web', { cause })));
    const { out } = await say(operations, ['events', '--json', '--since', '1']);
    expect(out.split('\n')[0]).to.equal('{"version":1,"seq":2,"kind":"skipped","skipped":1}');
    expect(seqs(out)).to.deep.equal([2, 3, 4, 5]);
    expect((await say(operations, ['events', '--since', '0'])).out).to.match(
      /^\.\.\. 2 events are not kept any more\n/,
    );
  });

  it('refuses what it does not understand', async () => {
    const wrong = [['--since', 'yesterday'], ['-n', 'x'], ['--kind', 'crash'], ['nobody']];
    const codes = await Promise.all(wrong.map((words) => code(some(), ['events', ...words])));
    expect(codes).to.deep.equal([2, 2, 2, 4]);
  });

  it('knows jails that are gone by what is kept of them', async () => {
    const operations = new Told(100, event('gone'));
    expect(seqs((await say(operations, ['events', '--json', 'gone'])).out)).to.deep.equal([1]);
  });

  it('follows from the last ten on, until its reader leaves', async () => {
    const operations = new Told(100, ...Array.from({ length: 15 }, () => event('web')));
    const reader = follower(operations);
    await reader.pass();
    operations.journal.append(event('db'));
    await reader.pass();
    expect(seqs(reader.lines().join('\n'))).to.deep.equal([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(operations.journal.isHeard).to.equal(true);
    reader.leave();
    expect((await reader.ended).result).to.deep.equal({ exit: 0 });
    expect(operations.journal.isHeard).to.equal(false);
  });

  it('tells a slow reader what he has missed, and keeps nothing for him', async () => {
    const operations = new Told(20);
    const reader = follower(operations);
    await reader.pass();
    reader.slow(true);
    for (let i = 0; i < 1000; i++) operations.journal.append(event('web'));
    await reader.pass();
    reader.slow(false);
    await reader.pass();
    const told = reader.lines().map((line) => JSON.parse(line) as { seq: number; skipped?: number });
    const skipped = told.filter((one) => one.skipped !== undefined);
    expect(skipped.map((one) => one.skipped)).to.deep.equal([980]);
    expect(told.slice(told.indexOf(skipped[0] ?? told[0]!)).map(({ seq }) => seq)).to.deep.equal(
      Array.from({ length: 21 }, (_, index) => 980 + index),
    );
    reader.leave();
    await reader.ended;
  });

  it('ends with jaild, says so, and how to go on', async () => {
    const operations = some();
    const reader = follower(operations);
    await reader.pass();
    operations.journal.end(event(null, { kind: 'jaild', cause: 'ended' }));
    const { err, result } = await reader.ended;
    expect(result).to.deep.equal({ exit: 1 });
    expect(err).to.equal('error: jaild has ended\nhint: jailctl events -f --since 5 goes on\n');
    expect(seqs(reader.lines().join('\n')).at(-1)).to.equal(5);
    expect(operations.journal.isHeard).to.equal(false);
  });
});
