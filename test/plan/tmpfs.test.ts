import { expect } from 'chai';
import { missingRoom, room, shmRoom, tmpfsRoom } from '../../src/plan/tmpfs.js';

const MEBI = 1024 * 1024;

describe('the room of a memory file system', () => {
  it('is bytes, and a file for each page of them', () => {
    expect([room(64 * MEBI), room(65_536), room(Infinity)]).to.deep.equal([
      'size=67108864,nr_inodes=16384',
      'size=65536,nr_inodes=1024',
      'size=0',
    ]);
    expect([tmpfsRoom({}), shmRoom({ 'shm.size': 8 * MEBI })]).to.deep.equal([
      'size=268435456,nr_inodes=65536',
      'size=8388608,nr_inodes=2048',
    ]);
  });

  it('is completed by what its mount does not say', () => {
    const missing = (options: string): string => missingRoom(options.split(','), {}).join(',');
    expect(missing('mode=700')).to.equal('size=268435456,nr_inodes=65536');
    expect(missing('size=64m,mode=700')).to.equal('nr_inodes=16384');
    expect(missing('size=1G')).to.equal('nr_inodes=262144');
    expect(missing('nr_blocks=4k')).to.equal('nr_inodes=4096');
    expect(missing('nr_inodes=10')).to.equal('size=268435456');
    expect(missing('nr_inodes=10,size=1m')).to.equal('');
  });

  it('is left to the kernel where it is a part of the memory', () => {
    expect(missingRoom(['size=50%'], {})).to.deep.equal([]);
    expect(missingRoom(['size=0'], {})).to.deep.equal([]);
  });
});
