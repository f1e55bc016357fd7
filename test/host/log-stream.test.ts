import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogStream } from '../../src/host/log-stream.js';
import { temporaryDirectory } from '../support/temporary.js';

describe('a log that is followed from before its first line', () => {
  it('is read from its oldest file on, however often it was rotated before anybody looked', async () => {
    const path = join(temporaryDirectory(), 'web.log');
    const stream = new LogStream(path, null, (error) => expect.fail(String(error)));
    expect((await stream.read()).toString()).to.equal('');
    for (const [name, text] of Object.entries({ '.2': 'a\n', '.1': 'b\n', '': 'c\n' }))
      writeFileSync(path + name, text);
    let said = '';
    for (let block = await stream.read(); block.length > 0; block = await stream.read())
      said += String(block);
    await stream.close();
    expect(said).to.equal('a\nb\nc\n');
  });
});
