import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { readMoment } from '../../src/cli/moment.js';
import { NOW, say } from '../support/command-line.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { Follower } from '../support/follower.js';
import { line, lines, LogDirectory } from '../support/log-files.js';

describe('jailctl logs', () => {
  let files: LogDirectory;
  let log: string;
  let operations: FakeOperations;
  beforeEach(() => {
    files = new LogDirectory();
    log = files.log('web');
    operations = new FakeOperations([stoppedJail('web', { log }), stoppedJail('run-1', { log: null })]);
  });
  afterEach(() => {
    const left = files.open();
    files.remove();
    expect(left).to.deep.equal([]);
  });
  const logs = async (...words: string[]) => (await say(operations, ['logs', ...words, 'web'])).out;

  it('gives the bytes as they are, and a terminal what it can not obey', async () => {
    const bytes = Buffer.from('\u001b]0;title\u0007 ü\tx\r\n\u009b31m', 'utf8');
    writeFileSync(log, Buffer.concat([bytes, Buffer.of(0x9b, 0x0a)]));
    const plain: Buffer[] = [];
    const out = (text: string | Buffer): number => plain.push(Buffer.from(text));
    await say(operations, ['logs', 'web'], { out });
    expect(Buffer.concat(plain)).to.deep.equal(readFileSync(log));
    const terminal = { columns: 80, stdin: true, stdout: true, stderr: true, colour: true, term: 'xterm' };
    const { out: shown } = await say(operations, ['logs', 'web'], { terminal });
    expect(shown).to.equal('^[]0;title^G ü\tx^M\n\\u009b31m\ufffd\n');
  });

  it('reads no link and waits for no pipe that lie where the log should be', async () => {
    writeFileSync(`${log}.secret`, 'secret');
    symlinkSync(`${log}.secret`, log);
    expect((await say(operations, ['logs', 'web'])).err).to.match(
      /^error: open .*: (ELOOP|.*symbolic links)/i,
    );
    rmSync(log);
    execFileSync('mkfifo', [log]);
    expect((await say(operations, ['logs', 'web'])).err).to.equal(`error: ${log}: it is no file\n`);
  });

  it('shows all that was kept, the oldest first', async () => {
    writeFileSync(`${log}.2`, lines(0, 10));
    writeFileSync(`${log}.1`, lines(10, 20));
    writeFileSync(log, lines(20, 30));
    expect(await logs()).to.equal(lines(0, 30));
  });

  it('shows the last lines across files', async () => {
    writeFileSync(`${log}.1`, lines(10, 20));
    writeFileSync(log, lines(20, 30));
    for (const count of [1, 2, 9, 10, 11, 19, 20, 99])
      expect(await logs('-n', String(count)), String(count)).to.equal(lines(Math.max(10, 30 - count), 30));
    expect(await logs('-n', '0')).to.equal('');
  });

  it('counts a line that has not ended as one', async () => {
    writeFileSync(log, 'a\nb\nc');
    expect([await logs('-n', '1'), await logs('-n', '2')]).to.deep.equal(['c', 'b\nc']);
    writeFileSync(log, 'a\n\n\n');
    expect(await logs('-n', '2')).to.equal('\n\n');
  });

  it('finds lines in files larger than a block', async () => {
    const long = Array.from({ length: 3000 }, (_, n) => line(n % 60, `${n} ${'x'.repeat(80)}`)).join('');
    writeFileSync(log, long);
    expect(await logs()).to.equal(long);
    expect((await logs('-n', '2500')).split('\n')).to.have.length(2501);
  });

  it('shows what was said since a time, or the last lines of that', async () => {
    writeFileSync(`${log}.1`, lines(10, 20));
    utimesSync(`${log}.1`, NOW, new Date('2026-11-22T11:19:00Z'));
    writeFileSync(log, `${lines(20, 30)}${'y'.repeat(100_000)}\n${lines(30, 59)}`);
    expect(await logs('--since', '2026-11-22T11:40Z')).to.equal(lines(40, 59));
    expect(await logs('--since', '15m')).to.equal(lines(45, 59));
    expect((await logs('--since', '2026-11-22T11:12:30Z')).startsWith(line(13))).to.equal(true);
    expect(await logs('--since', '30m', '-n', '2')).to.equal(lines(57, 59));
    expect(await logs('--since', '3m', '-n', '20')).to.equal(lines(57, 59));
    expect(await logs('--since', '10s')).to.equal('');
  });

  it('shows the lines with a text in them, also when that would be a pattern', async () => {
    const [plain, dotted, large] = [line(1, 'axb'), line(2, 'a.b'), line(3, 'A.B and Ä')];
    writeFileSync(log, plain + dotted + large + lines(4, 9));
    expect(await logs('--grep', 'a.b')).to.equal(dotted);
    expect(await logs('--grep', 'a.b', '-i')).to.equal(dotted + large);
    expect(await logs('--grep', 'and ä', '--ignore-case')).to.equal(large);
    expect(await logs('--grep', '2026-11')).to.equal('');
    expect(await logs('--grep', 'line', '-n', '2')).to.equal(lines(7, 9));
    expect(JSON.parse(await logs('--grep', 'axb', '--json'))).to.include({ jail: 'web', text: 'axb' });
  });

  it('tells of a jail that speaks elsewhere by which command that is seen', async () => {
    const hints = async (name: string, target: string): Promise<string | undefined> => {
      const away = stoppedJail(name, { log: null, logTargets: [target as 'syslog'] });
      const config = `"${name}" { path = /; persist; log.target = ${target}; }`;
      const { err } = await say(new FakeOperations([away], config), ['logs', name]);
      return err.split('\n')[1];
    };
    expect([
      await hints('web', 'journald'),
      await hints("it's", 'journald'),
      await hints('web', 'syslog'),
    ]).to.deep.equal([
      'hint: journalctl JAIL=web',
      "hint: journalctl 'JAIL=it'\\''s'",
      "hint: grep ' web: ' /var/log/syslog, or journalctl -t web where journald takes what is sent to syslog",
    ]);
  });

  it('has nothing to show of a jail that has said nothing', async () => {
    expect(await say(operations, ['logs', 'web'])).to.deep.equal({ out: '', err: '', result: { exit: 0 } });
  });

  it('refuses what it cannot do', async () => {
    const codes = [];
    for (const words of [
      ['-n', 'x', 'web'],
      ['--since', 'never', 'web'],
      [],
      ['-a', 'web'],
      ['--stream', 'out', 'web'],
      ['--grep', '', 'web'],
      ['--grep', 'x'.repeat(1025), 'web'],
      ['-i', 'web'],
      ['web', 'db'],
      ['run-1'],
      ['wep'],
    ])
      codes.push((await say(operations, ['logs', ...words])).result);
    expect(codes).to.deep.equal([2, 2, 2, 2, 2, 2, 2, 2, 4, 1, 4].map((exit) => ({ exit })));
  });

  it('passes bytes on as they are', async () => {
    writeFileSync(log, Buffer.of(0xff, 0x00, 0x0a));
    const pieces: Buffer[] = [];
    await say(operations, ['logs', 'web'], { out: (bytes) => pieces.push(Buffer.from(bytes)) });
    expect(Buffer.concat(pieces)).to.deep.equal(Buffer.of(0xff, 0x00, 0x0a));
  });

  describe('with -f', () => {
    let follower: Follower;
    const follow = (...words: string[]): Follower => (follower = new Follower(operations, ...words));
    afterEach(() => follower.stop());

    it('goes on with what is added, soon', async () => {
      writeFileSync(log, lines(0, 5));
      follow('-n', '1');
      await follower.until(line(4));
      appendFileSync(log, line(5));
      await follower.until(lines(4, 6));
    });

    it('follows rotations and loses none of several', async () => {
      writeFileSync(log, line(0));
      follow();
      await follower.until(line(0));
      for (let n = 1; n <= 5; n++) {
        appendFileSync(log, line(2 * n - 1));
        files.rotate('web');
        writeFileSync(log, line(2 * n));
        if (n > 3) await sleep(20);
      }
      await follower.until(lines(0, 11));
    });

    it('waits for a log that is not there yet', async () => {
      follow();
      await sleep(30);
      writeFileSync(log, line(1));
      await follower.until(line(1));
    });

    it('goes on with a file that was truncated', async () => {
      writeFileSync(log, lines(0, 3));
      follow();
      await follower.until(lines(0, 3));
      truncateSync(log);
      await sleep(50);
      appendFileSync(log, line(9));
      await follower.until(lines(0, 3) + line(9));
    });
  });
});

describe('times', () => {
  it('are read as people write them', () => {
    const today = new Date(NOW);
    today.setHours(3, 16, 0, 0);
    expect(readMoment('10m', NOW)).to.deep.equal(new Date('2026-11-22T11:50:00Z'));
    expect(readMoment('1h30m', NOW)).to.deep.equal(new Date('2026-11-22T10:30:00Z'));
    expect(readMoment('2026-11-20T01:02:03Z', NOW)).to.deep.equal(new Date('2026-11-20T01:02:03Z'));
    expect(readMoment('2026-11-20', NOW)).to.deep.equal(new Date('2026-11-20T00:00'));
    expect(readMoment('2026-11-20 01:02', NOW)).to.deep.equal(new Date('2026-11-20T01:02'));
    expect(readMoment('03:16', NOW)).to.deep.equal(today);
    for (const wrong of ['', 'soon', '25:00', '2026-13-01', 'may'])
      expect(readMoment(wrong, NOW)).to.equal(null);
  });
});
