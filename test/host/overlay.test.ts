import { expect } from 'chai';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemError } from '../../src/host/error.js';
import { makeWorkDirectory, removeWorkDirectory } from '../../src/host/overlay.js';
import { temporaryDirectory } from '../support/temporary.js';

describe('the work directory of an overlay', () => {
  let top: string;
  const argsOf = (jail: string) => ({
    ...{ directory: join(top, '.web.jaild'), work: join(top, '.web.jaild/work') },
    ...{ owner: join(top, '.web.jaild/owner'), upper: join(top, 'web'), rundir: join(top, 'run', jail) },
  });
  const attempt = (jail: string): string => {
    try {
      makeWorkDirectory(argsOf(jail));
      return 'made';
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return error.message;
    }
  };

  beforeEach(() => {
    top = temporaryDirectory();
    for (const directory of ['web', 'run/web', 'run/other'])
      mkdirSync(join(top, directory), { recursive: true });
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  it('is root’s alone, beside the directory that it is for, and says who uses it', () => {
    const { directory, work, owner, rundir } = argsOf('web');
    expect(attempt('web')).to.equal('made');
    expect([directory, work].map((path) => statSync(path).mode & 0o7777)).to.deep.equal([0o700, 0o700]);
    expect(readFileSync(owner, 'utf8')).to.equal(rundir);
    removeWorkDirectory(argsOf('web'));
    expect(readdirSync(top).sort()).to.deep.equal(['run', 'web']);
    removeWorkDirectory(argsOf('web'));
  });

  it('is made anew when the jail itself or one that is gone has left it', () => {
    attempt('web');
    writeFileSync(join(top, '.web.jaild/work/left'), '');
    expect(attempt('web')).to.equal('made');
    expect(readdirSync(join(top, '.web.jaild/work'))).to.deep.equal([]);
    rmSync(join(top, 'run/web'), { recursive: true });
    expect(attempt('other')).to.equal('made');
  });

  it('is refused to a second jail while the first is there, and not taken away by it', () => {
    attempt('web');
    const words = `overlay ${top}/web, which jail "web" (${top}/run/web) writes to: Resource busy or locked`;
    expect(attempt('other')).to.equal(words);
    removeWorkDirectory(argsOf('other'));
    expect(existsSync(join(top, '.web.jaild/work'))).to.equal(true);
  });

  it('names a root that is missing', () => {
    rmSync(join(top, 'web'), { recursive: true });
    expect(attempt('web')).to.match(/^stat .*: No such file or directory$/);
  });
});
