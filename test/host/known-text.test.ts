import { expect } from 'chai';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { KnownText } from '../../src/host/known-text.js';
import { temporaryDirectory } from '../support/temporary.js';

describe('the text of a file that is hardly ever another', () => {
  it('is that of the file, also when it was changed or another took its place', () => {
    const path = `${temporaryDirectory()}/text`;
    const known = new KnownText(path);
    writeFileSync(path, 'first');
    expect([known.text(), known.text()]).to.deep.equal(['first', 'first']);
    writeFileSync(path, 'another');
    expect(known.text()).to.equal('another');
    writeFileSync(`${path}.new`, 'the third');
    renameSync(`${path}.new`, path);
    expect(known.text()).to.equal('the third');
    rmSync(path);
    expect(() => known.text()).to.throw('ENOENT');
  });
});
