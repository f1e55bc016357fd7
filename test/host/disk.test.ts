import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceNumber, diskOf } from '../../src/host/disk.js';

describe('the disk below a directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'disk-test-'));
  const shared = mkdtempSync('/dev/shm/disk-test-');
  after(() => {
    for (const path of [folder, shared]) rmSync(path, { recursive: true });
  });

  it('is the whole one that the kernel has in /proc/partitions, and a partition is not', () => {
    const number = diskOf(folder);
    const [major = '', minor = ''] = number.split(':');
    expect(readFileSync('/proc/partitions', 'utf8')).to.match(
      new RegExp(`^\\s*${major}\\s+${minor}\\s`, 'm'),
    );
    expect(() => statSync(`/sys/dev/block/${number}/partition`)).to.throw(/ENOENT/);
  });

  it('is none where the file system is on none', () => {
    expect(() => diskOf(shared)).to.throw(`rctl ${shared}: it is on tmpfs, which is on no disk`);
  });

  it('has the numbers that the kernel packs into one', () => {
    // makedev(259, 300): 300 is 0x12c, of which the low byte stays behind the major number.
    expect([0x803, 0xfe00, 0x11032c].map(deviceNumber)).to.deep.equal(['8:3', '254:0', '259:300']);
  });
});
