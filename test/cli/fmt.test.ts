import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { instanceBelow } from '../../src/plan/instance.js';
import { say } from '../support/command-line.js';

const repository = join(import.meta.dirname, '../../..');

describe('jailctl fmt', () => {
  let prefix: string;
  let file: string;
  beforeEach(() => {
    prefix = mkdtempSync(join(tmpdir(), 'jaild-fmt-'));
    mkdirSync(join(prefix, 'etc/jail.conf.d'), { recursive: true });
    file = join(prefix, 'etc/jail.conf');
  });
  afterEach(() => rmSync(prefix, { recursive: true }));
  const fmt = (...words: string[]) =>
    say(null, ['fmt', ...words], { instance: instanceBelow(prefix), cwd: prefix, right: 'anyone' });

  it('prints the files that jaild reads', async () => {
    writeFileSync(file, 'a=1;');
    writeFileSync(join(prefix, 'etc/jail.conf.d/b.conf'), 'b { }');
    expect(await fmt()).to.deep.equal({ out: 'a = 1;\nb { }\n', err: '', result: { exit: 0 } });
    expect(readFileSync(file, 'utf8')).to.equal('a=1;');
  });

  it('reads standard input', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [join(repository, 'dist/src/jailctl.js'), 'fmt', '-'],
      { input: 'web{persist;}# é', encoding: 'utf8' },
    );
    expect([stdout, status]).to.deep.equal(['web {\n\tpersist;\n} # é\n', 0]);
  });

  it('writes only what changes, and keeps mode, owner and links', async () => {
    const target = join(prefix, 'real.conf');
    const good = join(prefix, 'etc/jail.conf.d/good.conf');
    writeFileSync(target, 'a=1;');
    chmodSync(target, 0o640);
    if (process.getuid?.() === 0) chownSync(target, 12, 34);
    symlinkSync('../real.conf', file);
    writeFileSync(good, 'b { }\n');
    const before = [statSync(target), statSync(good)];
    expect(await fmt('-w')).to.deep.equal({ out: `${file} formatted\n`, err: '', result: { exit: 0 } });
    const after = [statSync(target), statSync(good)];
    expect(readFileSync(target, 'utf8')).to.equal('a = 1;\n');
    expect(after.map(({ mode, uid, gid }) => [mode, uid, gid])).to.deep.equal(
      before.map(({ mode, uid, gid }) => [mode, uid, gid]),
    );
    expect(after.map(({ ino }, index) => ino === before[index]?.ino)).to.deep.equal([false, true]);
    expect(lstatSync(file).isSymbolicLink()).to.equal(true);
    expect(readdirSync(prefix).sort()).to.deep.equal(['etc', 'real.conf']);
  });

  it('names with --check the files that differ, and ends with 1', async () => {
    writeFileSync(join(prefix, 'bad.conf'), 'a=1;');
    writeFileSync(join(prefix, 'good.conf'), 'a = 1;\n');
    const result = await fmt('--check', 'good.conf', 'bad.conf');
    expect(result).to.deep.equal({ out: `${prefix}/bad.conf\n`, err: '', result: { exit: 1 } });
    expect(await fmt('-c', 'good.conf')).to.deep.equal({ out: '', err: '', result: { exit: 0 } });
  });

  it('shows every mistake in the syntax and writes none of the files', async () => {
    writeFileSync(join(prefix, 'bad.conf'), 'a = b c;\nd {');
    writeFileSync(join(prefix, 'good.conf'), 'a=1;');
    const { out, err, result } = await fmt('-w', 'good.conf', 'bad.conf');
    expect([out, result]).to.deep.equal(['', { exit: 2 }]);
    expect(err).to.include('bad.conf:1:7: error: ').and.include('bad.conf:2:');
    expect(readFileSync(join(prefix, 'good.conf'), 'utf8')).to.equal('a=1;');
  });

  it('refuses what it cannot do', async () => {
    for (const [words, message] of [
      [['-w', '-c'], /exclude each other/],
      [['-w', '-'], /standard input cannot be written/],
      [['none.conf'], /cannot read .*none\.conf: no such file/],
      [['.'], /cannot read .*: is a directory/],
      [[], /jail\.conf: there is no such file/],
    ] as const) {
      const { err, result } = await fmt(...words);
      expect(err).to.match(message);
      expect(result).to.deep.equal({ exit: 2 });
    }
  });

  it('has nothing to change in the example of this project', async () => {
    const example = join(repository, 'etc/jail.conf');
    expect(await fmt('--check', example)).to.deep.equal({ out: '', err: '', result: { exit: 0 } });
  });
});
