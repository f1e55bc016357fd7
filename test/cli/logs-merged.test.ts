import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { instanceBelow } from '../../src/plan/instance.js';
import { say } from '../support/command-line.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { at, line, LogDirectory } from '../support/log-files.js';

describe('the logs of several jails', () => {
  let files: LogDirectory;
  let operations: FakeOperations;
  beforeEach(() => {
    files = new LogDirectory();
    operations = new FakeOperations(
      ['web', 'database', 'x'].map((name) => stoppedJail(name, { log: files.log(name) })),
    );
  });
  afterEach(() => {
    const left = files.open();
    files.remove();
    expect(left).to.deep.equal([]);
  });
  const logs = (...words: string[]) => say(operations, ['logs', ...words]);
  const terminal = { columns: 80, stdin: true, stdout: true, stderr: true, colour: true, term: 'xterm' };

  function writeThree(): void {
    writeFileSync(files.log('web'), line(1, 'a') + line(4, 'b', 'stderr') + line(4, 'c'));
    writeFileSync(files.log('database'), line(2, 'd') + line(3, 'e') + line(9, 'f'));
    writeFileSync(`${files.log('database')}.1`, line(0, 'g'));
    files.compress('database', 1);
    writeFileSync(files.log('x'), line(5, 'h', 'stdout+').trimEnd());
  }

  it('are in the order of their times, each line behind its name', async () => {
    writeThree();
    const { out, err, result } = await logs('web', 'database', 'x');
    expect([err, result]).to.deep.equal(['', { exit: 0 }]);
    expect(out.split('\n')).to.deep.equal([
      `database | ${at(0)} stdout g`,
      `web      | ${at(1)} stdout a`,
      `database | ${at(2)} stdout d`,
      `database | ${at(3)} stdout e`,
      `web      | ${at(4)} stderr b`,
      `web      | ${at(4)} stdout c`,
      `x        | ${at(5)} stdout+ h`,
      `database | ${at(9)} stdout f`,
      '',
    ]);
    expect((await logs('-a')).out).to.equal(out);
  });

  it('have names in colours that stay the same on a terminal, and none with NO_COLOR', async () => {
    writeThree();
    const shown = (await say(operations, ['logs', 'web', 'database'], { terminal })).out;
    const colours = new Map(
      [...shown.matchAll(/^\u001b\[(\d+)m(\w+) +\|\u001b\[0m /gm)].map(([, colour, name]) => [name, colour]),
    );
    expect([...colours.keys()].sort()).to.deep.equal(['database', 'web']);
    expect(new Set(colours.values()).size).to.equal(2);
    expect(shown).to.contain(`\u001b[2m${at(4)}\u001b[0m \u001b[31mstderr\u001b[0m b\n`);
    const others = (await say(operations, ['logs', '-a'], { terminal })).out;
    expect(others).to.contain(`\u001b[${colours.get('web')}mweb      |`);
    const plain = { ...terminal, colour: false };
    expect((await say(operations, ['logs', 'web', 'x'], { terminal: plain })).out).to.match(/^web \| 2026/);
  });

  it('give a terminal nothing that it obeys, and a pipe the bytes', async () => {
    writeFileSync(files.log('web'), Buffer.from(line(1, '\u001b[2J\u009b')));
    writeFileSync(files.log('x'), '');
    expect((await say(operations, ['logs', 'web', 'x'], { terminal })).out).to.match(
      /stdout \^\[\[2J\\u009b\n$/,
    );
    expect((await logs('web', 'x')).out).to.equal(`web | ${at(1)} stdout \u001b[2J\u009b\n`);
  });

  it('are chosen by stream, by time and by number for each', async () => {
    writeThree();
    const texts = async (...words: string[]) =>
      (await logs(...words, '-a')).out
        .split('\n')
        .slice(0, -1)
        .map((text) => text.at(-1))
        .join('');
    expect(await texts('--stream', 'stderr')).to.equal('b');
    expect(await texts('-n', '1')).to.equal('chf');
    expect(await texts('-n', '2', '--stream', 'stdout')).to.equal('aechf');
    expect(await texts('--since', '2026-11-22T11:03Z', '--until', '2026-11-22T11:05Z')).to.equal('ebch');
    expect(await texts('-n', '1', '--until', '2026-11-22T11:03Z')).to.equal('ae');
    expect((await logs('--stream', 'stderr', 'web')).out).to.equal(line(4, 'b', 'stderr'));
  });

  it('keep no other from being shown when one can not be', async () => {
    writeThree();
    symlinkSync('/etc/passwd', `${files.log('x')}.1`);
    const { out, err, result } = await logs('web', 'x', 'wep');
    expect(result).to.deep.equal({ exit: 4 });
    expect(err).to.match(/^error: wep: no such jail\nhint: did you mean "web"\?\nerror: x: open .*\n$/);
    expect(out.split('\n').length).to.equal(4);
  });

  it('are objects for programs, with the bytes where they are no text', async () => {
    const broken = Buffer.concat([Buffer.from(`${at(2)} stderr `), Buffer.of(0x61, 0xff, 0x0a)]);
    writeFileSync(files.log('web'), Buffer.concat([Buffer.from(line(1, 'ü "')), broken]));
    appendFileSync(files.log('web'), line(3, 'more', 'stdout+'));
    writeFileSync(files.log('x'), 'plain\n');
    const { out } = await logs('--json', 'web', 'x');
    const known = { version: 1, jail: 'web', partial: false };
    expect(
      out
        .split('\n')
        .slice(0, -1)
        .map((text): unknown => JSON.parse(text)),
    ).to.deep.equal([
      { ...known, jail: 'x', at: null, stream: null, text: 'plain' },
      { ...known, at: at(1), stream: 'stdout', text: 'ü "' },
      { ...known, at: at(2), stream: 'stderr', text: 'a\ufffd', text_base64: 'Yf8=' },
      { ...known, at: at(3), stream: 'stdout', partial: true, text: 'more' },
    ]);
    expect((await logs('--json', 'x')).out).to.equal(
      '{"version":1,"at":null,"jail":"x","stream":null,"partial":false,"text":"plain"}\n',
    );
  });

  it('are merged with nothing lost or doubled, whatever their times and files are', async () => {
    const log = fc.array(fc.array(fc.nat({ max: 59 }), { maxLength: 6 }), { minLength: 1, maxLength: 4 });
    const check = async (logsOfJails: readonly (readonly (readonly number[])[])[]): Promise<void> => {
      const wanted: { readonly minute: number; readonly jail: string; readonly order: number }[] = [];
      const jails = logsOfJails.map((parts, index) => {
        const jail = `jail${index}`;
        const minutes = parts.flat().sort((a, b) => a - b);
        minutes.forEach((minute, order) => wanted.push({ minute, jail, order }));
        for (const [from, part] of parts.entries()) {
          const before = parts.slice(0, from).flat().length;
          const generation = parts.length - 1 - from;
          const texts = part.map((_, n) => line(minutes[before + n] ?? 0, `${jail} ${before + n}`));
          writeFileSync(`${files.log(jail)}${generation === 0 ? '' : `.${generation}`}`, texts.join(''));
          if (generation % 2 === 1) files.compress(jail, generation);
        }
        return stoppedJail(jail, { log: files.log(jail) });
      });
      const { out } = await say(new FakeOperations(jails), ['logs', '-a']);
      const said = out
        .split('\n')
        .slice(0, -1)
        .map((text) => text.split(' stdout ')[1] ?? '');
      const times = out
        .split('\n')
        .slice(0, -1)
        .map((text) => / \| (\S+) /.exec(text)?.[1] ?? '');
      expect(times).to.deep.equal([...times].sort());
      expect([...said].sort()).to.deep.equal(wanted.map(({ jail, order }) => `${jail} ${order}`).sort());
      for (const { name } of jails) {
        const own = said.filter((text) => text.startsWith(`${name} `));
        expect(own).to.deep.equal(own.map((_, n) => `${name} ${n}`));
      }
      files.clear();
    };
    await fc.assert(fc.asyncProperty(fc.array(log, { minLength: 2, maxLength: 5 }), check), { numRuns: 40 });
  });

  it('are followed as they come, across rotations, with one watch and one descriptor for each', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `j${n}`);
    const many = new FakeOperations(names.map((name) => stoppedJail(name, { log: files.log(name) })));
    for (const name of names) writeFileSync(files.log(name), line(0, name));
    let said = '';
    const stop = new AbortController();
    const out = (text: string | Buffer): void => void (said += text.toString());
    const following = say(many, ['logs', '-f', '-n', '0', '-a'], { out, signal: stop.signal });
    for (let n = 0; n < 6000 && files.open().length < 100; n++) await sleep(10);
    const held = files.open();
    expect([held.filter((path) => path.endsWith('.log')).length, held.length]).to.deep.equal([100, 100]);
    for (const [index, name] of names.entries()) {
      appendFileSync(files.log(name), line(1, `${name} before`));
      if (index % 10 === 0) {
        files.rotate(name);
        writeFileSync(files.log(name), line(2, `${name} after`));
        files.compress(name, 1);
      }
    }
    const wanted = 110;
    for (let n = 0; n < 6000 && said.split('\n').length <= wanted; n++) await sleep(10);
    stop.abort();
    await following;
    const texts = said
      .split('\n')
      .slice(0, -1)
      .map((text) => text.split(' stdout ')[1] ?? '');
    const expected = names.flatMap((name, index) =>
      index % 10 === 0 ? [`${name} before`, `${name} after`] : [`${name} before`],
    );
    expect(texts.sort()).to.deep.equal(expected.sort());
  });

  it('are there when a jail is down, when it is in no file any more, and not when they go elsewhere', async () => {
    const instance = instanceBelow(files.path);
    mkdirSync(instance.logDirectory, { recursive: true });
    for (const name of ['down', 'gone'])
      writeFileSync(join(instance.logDirectory, `${name}.log`), line(1, name));
    const text = `down { path = "/j"; persist; } away { path = "/k"; persist; log.target = journald; }
      far { path = "/l"; persist; log.target = syslog; }`;
    const all = ['down', 'away', 'far'].map((name) => stoppedJail(name, { log: null }));
    const ask = (name: string) => say(new FakeOperations(all, text), ['logs', name], { instance });
    expect((await ask('down')).out).to.equal(line(1, 'down'));
    expect((await ask('gone')).out).to.equal(line(1, 'gone'));
    expect((await ask('away')).err).to.equal(
      'error: away: it has no log of its own: its output goes to journald\nhint: journalctl JAIL=away\n',
    );
    expect((await ask('far')).result).to.deep.equal({ exit: 1 });
    for (const name of ['never', '../log/jaild/gone', ''])
      expect((await ask(name)).result, name).to.deep.equal({ exit: 4 });
  });
});
