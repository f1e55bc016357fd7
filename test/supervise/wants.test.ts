import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Wants } from '../../src/supervise/wants.js';
import { DrivenClock } from '../support/fake-host.js';
import { jail, KeptLog, Stage } from '../support/stage.js';
import { temporaryDirectory } from '../support/temporary.js';

describe('what is wanted of jails', () => {
  it('is on the disk when the promise resolves, however many changes come at once', async () => {
    const directory = temporaryDirectory();
    const clock = new DrivenClock();
    const wants = new Wants(directory, clock, new KeptLog());
    await Promise.all(Array.from({ length: 50 }, (_, i) => wants.set(`j${i}`, 'up')));
    await wants.set('j7', 'down');
    const again = new Wants(directory, clock, new KeptLog());
    expect([again.get('j0'), again.get('j7'), again.get('j49'), again.get('other')]).to.deep.equal([
      'up',
      'down',
      'up',
      undefined,
    ]);
  });

  it('counts while the disk does not take it, is complained of, and is written when it does', async () => {
    const directory = join(temporaryDirectory(), 'state');
    const clock = new DrivenClock();
    const log = new KeptLog();
    const wants = new Wants(directory, clock, log);
    writeFileSync(directory, 'in the way');
    expect(await wants.set('web', 'up')).to.match(
      /^\w+ .*wants.json: (File exists|Not a directory|File already exists)$/i,
    );
    expect([wants.get('web'), log.lines.length, clock.pending]).to.deep.equal(['up', 1, 1]);
    rmSync(directory);
    await clock.advance(5000);
    expect(await wants.set('web', 'down')).to.equal(null);
    expect(readFileSync(join(directory, 'wants.json'), 'utf8')).to.contain('"web"');
  });

  it('does not keep a jail from starting when it cannot be written', async () => {
    const stage = new Stage([jail('web')]);
    writeFileSync(join(stage.host.instance.prefix, 'var'), 'in the way');
    expect((await stage.supervisor.start(['web']))[0]?.ok).to.equal(true);
  });
});
