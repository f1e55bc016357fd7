import { appendFileSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { cpuTime } from '../support/cpu-time.js';
import { lastLines } from '../../src/cli/log-tail.js';
import { NOW, say } from '../support/command-line.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { Follower } from '../support/follower.js';
import { line, lines, LogDirectory } from '../support/log-files.js';

describe('a log that is rotated and compressed', () => {
  let files: LogDirectory;
  let log: string;
  let operations: FakeOperations;
  beforeEach(() => {
    files = new LogDirectory();
    log = files.log('web');
    operations = new FakeOperations([stoppedJail('web', { log })]);
  });
  afterEach(() => {
    const left = files.open();
    files.remove();
    expect(left).to.deep.equal([]);
  });
  const logs = async (...words: string[]) => (await say(operations, ['logs', ...words, 'web'])).out;

  /** Lines 0 to 40 in four files, all but the last two compressed. */
  function writeFour(): void {
    for (const from of [0, 10, 20]) {
      writeFileSync(log, lines(from, from + 10));
      utimesSync(log, NOW, new Date(`2026-11-22T11:${from + 9}:00Z`.replace(':9:', ':09:')));
      files.rotate('web');
    }
    for (const generation of [2, 3]) files.compress('web', generation);
    writeFileSync(log, lines(30, 40));
    expect(files.names()).to.deep.equal(['web.log', 'web.log.1', 'web.log.2.gz', 'web.log.3.gz']);
  }

  it('is shown as one', async () => {
    writeFour();
    expect(await logs()).to.equal(lines(0, 40));
  });

  it('is searched no longer than somebody waits, where a jail has made it endless', async () => {
    writeFileSync(log, lines(0, 1));
    writeFileSync(`${log}.1`, '');
    truncateSync(`${log}.1`, 2 ** 40);
    for (const words of [
      ['-n', '5'],
      ['-n', '5', '--grep', 'x'],
      ['--since', '2026-11-22T11:05Z'],
    ]) {
      const began = cpuTime();
      await say(operations, ['logs', ...words, 'web'], { signal: AbortSignal.timeout(30) });
      expect(cpuTime() - began, words.join(' ')).to.be.below(1000);
    }
    expect(await lastLines(log, 5)).to.deep.equal([]);
  });

  it('has its last lines found in whichever file they are', async () => {
    writeFour();
    for (const count of [1, 10, 11, 20, 21, 29, 30, 31, 39, 40, 99])
      expect(await logs('-n', String(count)), String(count)).to.equal(lines(Math.max(0, 40 - count), 40));
  });

  it('has the lines since a time, until a time and between both found', async () => {
    writeFour();
    expect(await logs('--since', '2026-11-22T11:05Z')).to.equal(lines(5, 40));
    expect(await logs('--since', '2026-11-22T11:15Z', '--until', '2026-11-22T11:25Z')).to.equal(
      lines(15, 26),
    );
    expect(await logs('--until', '2026-11-22T11:12Z', '-n', '4')).to.equal(lines(9, 13));
    expect(await logs('--since', '2026-11-22T11:12Z', '-n', '4')).to.equal(lines(36, 40));
    expect(await logs('--since', '10s')).to.equal('');
  });

  it('is shown when nothing of it is left but compressed files', async () => {
    writeFileSync(log, lines(0, 10));
    files.rotate('web');
    files.compress('web', 1);
    expect([await logs(), await logs('-n', '2')]).to.deep.equal([lines(0, 10), lines(8, 10)]);
  });

  it('is shown around a name that is missing, as one is in the middle of a rotation', async () => {
    writeFour();
    files.drop('web', 1);
    expect(await logs()).to.equal(lines(0, 20) + lines(30, 40));
    expect(await logs('-n', '15')).to.equal(lines(15, 20) + lines(30, 40));
  });

  it('keeps bytes that are no text, and text much larger than what is read at a time', async () => {
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919) % 251));
    const all = Buffer.concat([
      noise,
      Buffer.from('\n'),
      Buffer.alloc(5_000_000, 'a'),
      Buffer.from('\nend\n'),
    ]);
    writeFileSync(log, all);
    files.rotate('web');
    files.compress('web', 1);
    writeFileSync(log, '');
    const pieces: Buffer[] = [];
    const out = (bytes: string | Buffer): number => pieces.push(Buffer.from(bytes));
    await say(operations, ['logs', 'web'], { out });
    expect(Buffer.concat(pieces).equals(all)).to.equal(true);
    expect(Math.max(...pieces.map(({ length }) => length))).to.be.lessThan(4_500_000);
    expect(await logs('-n', '1')).to.equal('end\n');
  });

  it('is shown as far as a damaged file can be read, which is named, and the others are shown', async () => {
    const many = Array.from({ length: 4000 }, (_, n) => line(1, `${n} ${(n * 7919) % 10_007}`)).join('');
    writeFileSync(log, many);
    files.rotate('web');
    files.compress('web', 1);
    writeFileSync(log, lines(30, 32));
    const size = readFileSync(`${log}.1.gz`).length;
    truncateSync(`${log}.1.gz`, Math.floor(size / 2));
    const cut = await say(operations, ['logs', 'web']);
    expect([cut.result, cut.err]).to.deep.equal([
      { exit: 1 },
      'error: web: web.log.1.gz: it is damaged (unexpected end of file)\n',
    ]);
    const shown = cut.out.slice(0, -(lines(30, 32).length + 1));
    expect(cut.out).to.equal(`${shown}\n${lines(30, 32)}`);
    expect(many.startsWith(shown)).to.equal(true);
    expect(shown.length).to.be.greaterThan(many.length / 4);
    const bytes = readFileSync(`${log}.1.gz`);
    bytes.fill(0xff, 200, 300);
    writeFileSync(`${log}.1.gz`, bytes);
    const broken = await say(operations, ['logs', 'web']);
    expect(broken.err).to.match(/^error: web: web\.log\.1\.gz: it is damaged \(.*\)\n$/);
    expect(broken.out.endsWith(lines(30, 32))).to.equal(true);
  });

  describe('with -f', () => {
    let follower: Follower;
    const follow = (...words: string[]): Follower => (follower = new Follower(operations, ...words));
    afterEach(() => follower.stop());

    it('is followed over files that are compressed while they are read', async () => {
      writeFileSync(log, line(0));
      follow();
      await follower.until(line(0));
      for (let n = 1; n <= 6; n++) {
        appendFileSync(log, line(2 * n - 1));
        files.rotate('web');
        writeFileSync(log, line(2 * n));
        files.compress('web', 1);
        if (n === 3) await follower.until(lines(0, 7));
      }
      await follower.until(lines(0, 13));
    });

    it('goes on with what is left when the files behind the last line are gone', async () => {
      writeFileSync(log, line(0));
      follow();
      await follower.until(line(0));
      for (let n = 1; n <= 4; n++) {
        files.rotate('web');
        writeFileSync(log, line(n));
      }
      // The file being read and the one after it go: with lines that nobody could read any more.
      for (const n of [4, 3]) files.drop('web', n);
      await follower.until(line(0) + lines(2, 5));
    });

    it('does not show old files again when somebody takes the newest away', async () => {
      writeFileSync(`${log}.1`, lines(0, 2));
      utimesSync(`${log}.1`, NOW, NOW);
      writeFileSync(log, line(2));
      follow();
      await follower.until(lines(0, 3));
      files.drop('web', 0);
      await sleep(20);
      writeFileSync(log, line(3));
      await follower.until(lines(0, 4));
    });
  });
});
