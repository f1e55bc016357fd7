import { expect } from 'chai';
import { findDevices } from '../../src/host/device.js';
import { findSystemUser } from '../../src/host/passwd.js';

describe('a device of the host', () => {
  it('is found with its numbers, and what is none is left out', () => {
    const paths = ['/dev/null', '/dev/full', '/etc/passwd', '/dev/no-such', '/etc/passwd/below'];
    expect([...findDevices(paths)]).to.deep.equal([
      ['/dev/null', { type: 'c', numbers: '1:3' }],
      ['/dev/full', { type: 'c', numbers: '1:7' }],
    ]);
  });
});

describe('a user of the host', () => {
  it('is what its passwd says, or nobody', () => {
    expect(findSystemUser('root')).to.include({ name: 'root', uid: 0, gid: 0, home: '/root' });
    expect(findSystemUser('no-such-user')).to.equal(null);
    expect(findSystemUser('')).to.equal(null);
  });
});
