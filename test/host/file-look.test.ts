import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { lookAt } from '../../src/host/file-look.js';

describe('a look at a file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'jaild-look-'));
  const path = join(directory, 'jail.conf');
  after(() => rmSync(directory, { recursive: true }));

  it('is another one when somebody has written to it, or put another in its place', () => {
    writeFileSync(path, 'a');
    const first = lookAt(path);
    expect(lookAt(path)).to.deep.equal(first);
    writeFileSync(path, 'ab');
    const second = lookAt(path);
    writeFileSync(`${path}.new`, 'ab');
    renameSync(`${path}.new`, path);
    const likenesses = [first, second, lookAt(path)].map((look) => look?.likeness);
    expect(new Set(likenesses).size).to.equal(3);
    expect(lookAt(join(directory, 'none'))).to.equal(null);
  });

  it('sees that somebody has it open to write to it, whom that does not keep from anything', () => {
    const fd = openSync(path, 'w');
    const open = lookAt(path);
    writeSync(fd, 'more');
    closeSync(fd);
    expect([open?.isOpen, lookAt(path)?.isOpen]).to.deep.equal([true, false]);
  });
});
