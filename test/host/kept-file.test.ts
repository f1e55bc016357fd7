import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { KeptFile } from '../../src/host/kept-file.js';
import { temporaryDirectory } from '../support/temporary.js';

describe('a file that is replaced as a whole', () => {
  it('is written once for all who ask before it is begun, and once more for those who ask meanwhile', async () => {
    const directory = temporaryDirectory();
    let number = 0;
    const texts: string[] = [];
    const file = new KeptFile(`${directory}/kept`, () => {
      texts.push(String(number));
      return String(number);
    });
    const all: Promise<void>[] = [];
    for (number = 1; number < 100; number++) all.push(file.save());
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    number = 200;
    all.push(file.save());
    await Promise.all(all);
    expect([texts.length <= 2, readFileSync(file.path, 'utf8')]).to.deep.equal([true, '200']);
    expect(readdirSync(directory)).to.deep.equal(['kept']);
  });

  it('says no when it cannot be written, and is written when it can', async () => {
    const directory = temporaryDirectory();
    const file = new KeptFile(`${directory}/kept`, () => 'text');
    mkdirSync(file.path);
    const failure: unknown = await file.save().catch((error: unknown) => error);
    expect(String(failure)).to.match(/^SystemError: rename .*\/kept: Illegal operation on a directory$/);
    expect(readdirSync(directory)).to.deep.equal(['kept']);
    rmSync(file.path, { recursive: true });
    await file.save();
    expect(readFileSync(file.path, 'utf8')).to.equal('text');
  });
});
