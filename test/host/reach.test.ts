import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemError } from '../../src/host/error.js';
import { holdPath, readWithinReach } from '../../src/host/reach.js';

describe('a file that a jail may have laid', () => {
  let top: string;

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'reach-'));
    mkdirSync(join(top, 'etc/deep'), { recursive: true });
    writeFileSync(join(top, 'etc/deep/fstab'), 'its own');
    mkdirSync(join(top, 'host'));
    writeFileSync(join(top, 'host/fstab'), 'of the host');
  });
  afterEach(() => rmSync(top, { recursive: true }));

  it('is read where there is no link', () => {
    expect(readWithinReach(`${top}//etc/deep/fstab`)).to.equal('its own');
    expect(readWithinReach(`${top}/etc/deep/fstab`)).to.equal('its own');
  });

  it('is not read by a link in any part behind the double slash', () => {
    symlinkSync(join(top, 'host'), join(top, 'etc/absolute'));
    symlinkSync('../host', join(top, 'etc/relative'));
    symlinkSync('/proc/self/root', join(top, 'etc/magic'));
    symlinkSync('../../host/fstab', join(top, 'etc/deep/last'));
    for (const path of ['absolute/fstab', 'relative/fstab', `magic${top}/host/fstab`, 'deep/last'])
      expect(() => readWithinReach(`${top}//etc/${path}`), path).to.throw(/ELOOP|Too many symbolic links/i);
    expect(readWithinReach(`${top}/etc/absolute/fstab`)).to.equal('of the host');
    expect(() => readWithinReach(`${top}/etc//../host/fstab`)).to.throw(SystemError, /openat2/);
  });

  it('is not waited for, and not read without end', () => {
    spawnSync('mkfifo', [join(top, 'etc/fifo')]);
    spawnSync('truncate', ['-s', '2M', join(top, 'etc/huge')]);
    expect(() => readWithinReach(`${top}//etc/fifo`)).to.throw(SystemError, /^read .*fifo: Invalid argument/);
    expect(() => readWithinReach(`${top}//etc/huge`)).to.throw(SystemError, /^read .*huge: File too large/);
    expect(() => readWithinReach(`${top}//etc/deep`)).to.throw(SystemError, /^read .*deep: Invalid argument/);
  });

  it('keeps its name while it is held, wherever its directory is moved, and leaves no descriptor', () => {
    const before = readdirSync('/proc/self/fd').length;
    const held = holdPath(`${top}//etc/deep/fstab`);
    renameSync(join(top, 'etc'), join(top, 'moved'));
    symlinkSync('host', join(top, 'etc'));
    expect(readFileSync(held.path, 'utf8')).to.equal('its own');
    held.letGo();
    expect(() => holdPath(`${top}//etc/deep/fstab`)).to.throw(SystemError, 'openat2');
    expect(readdirSync('/proc/self/fd')).to.have.length(before);
  });
});
