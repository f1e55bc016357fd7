import { expect } from 'chai';
import { answerRecords } from '../../src/plan/answers.js';

const mounts = { 'allow.mount': true, 'allow.mount.tmpfs': true, 'allow.mount.linprocfs': true } as const;
const planned = [
  ['answer.mount', 'tmpfs', 'tmpfs', 'nosuid,nodev,size=268435456,nr_inodes=65536'],
  ['answer.mount', 'proc', '/proc', 'nosuid,nodev'],
  ['answer.mount', 'linprocfs', '/proc', 'nosuid,nodev'],
];

describe('the calls that a jail has answered', () => {
  it('are none when nothing is asked for', () => {
    expect(answerRecords({})).to.deep.equal([]);
    expect(answerRecords({ 'allow.mount': true, 'allow.set_hostname': false })).to.deep.equal([]);
  });

  it('are those of its parameters', () => {
    expect(answerRecords({ 'allow.set_hostname': true, osrelease: '14.2-RELEASE' })).to.deep.equal([
      ['answer.hostname', 'yes'],
      ['answer.release', '14.2-RELEASE'],
    ]);
    expect(answerRecords(mounts)).to.deep.equal(planned);
  });

  it('do not include the name of the host', () => {
    expect(answerRecords({ 'allow.set_hostname': true, host: 'inherit' })).to.deep.equal([]);
  });

  it('name each type of mount once', () => {
    expect(answerRecords({ ...mounts, 'allow.mount.procfs': true })).to.have.length(4);
  });

  it('are not mounts without allow.mount, or with enforce_statfs = 2', () => {
    expect(answerRecords({ ...mounts, 'allow.mount': false })).to.deep.equal([]);
    expect(answerRecords({ ...mounts, enforce_statfs: 2 })).to.deep.equal([]);
    expect(answerRecords({ ...mounts, enforce_statfs: 1 })).to.deep.equal(planned);
  });

  it('are not copies of what the jail does not have', () => {
    const values = { 'allow.mount': true, 'allow.mount.procfs': true, 'allow.mount.devfs': true } as const;
    expect(answerRecords({ ...values, 'mount.procfs': false, 'mount.devfs': false })).to.deep.equal([]);
  });

  it('are left to the kernel where root has the capability, and to nobody where root has no power', () => {
    const values = { ...mounts, 'allow.set_hostname': true, osrelease: '1' } as const;
    const release = [['answer.release', '1']];
    expect(answerRecords({ ...values, 'caps.add': ['sys_admin'] })).to.deep.equal(release);
    expect(answerRecords({ ...values, 'allow.suser': false })).to.deep.equal(release);
  });
});
