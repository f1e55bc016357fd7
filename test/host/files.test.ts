import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemError } from '../../src/host/error.js';
import { readJson, readText, writeAtomically, writeControl } from '../../src/host/files.js';
import { bootId } from '../../src/host/procfs.js';

describe('a file', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'jaild-files-'))));
  after(() => rmSync(directory, { recursive: true }));
  const path = (name: string): string => join(directory, name);

  it('is replaced whole, with the permissions asked for, and nothing is left beside it', () => {
    writeAtomically(path('a'), 'one');
    writeAtomically(path('a'), 'two', { sync: true, mode: 0o644 });
    expect(readFileSync(path('a'), 'utf8')).to.equal('two');
    expect(statSync(path('a')).mode & 0o777).to.equal(0o644);
    expect(readdirSync(directory)).to.deep.equal(['a']);
  });

  it('that cannot be written is named in the error', () => {
    expect(() => writeAtomically(path('none/a'), '')).to.throw(
      SystemError,
      `open ${path('none/a')}: No such file or directory`,
    );
  });

  it('of a control is neither made nor emptied by writing', () => {
    writeFileSync(path('control'), '12345');
    writeControl(path('control'), '9');
    expect(readText(path('control'))).to.equal('92345');
    expect(() => writeControl(path('absent'), '1')).to.throw('ENOENT');
    expect(readText(path('absent'))).to.equal(null);
  });

  it('of a process that has ended since it was opened is as one that is not there', async () => {
    const child = spawn('sleep', ['60']);
    const file = openSync(`/proc/${child.pid}/status`, 'r');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(readText(`/proc/self/fd/${file}`)).to.equal(null);
    closeSync(file);
  });

  it('of JSON is read when it is what is wanted', () => {
    const isNumber = (value: unknown): value is number => typeof value === 'number';
    writeFileSync(path('json'), '5');
    expect(readJson(path('json'), isNumber)).to.equal(5);
    expect(readJson(path('absent'), isNumber)).to.equal(null);
    for (const text of ['"5"', '{']) {
      writeFileSync(path('json'), text);
      expect(() => readJson(path('json'), isNumber)).to.throw(
        SystemError,
        `read ${path('json')}: Illegal byte sequence`,
      );
    }
  });
});

describe('this machine', () => {
  it('has an id for each boot', () => {
    expect(bootId()).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});
