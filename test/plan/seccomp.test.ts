import { expect } from 'chai';
import { policyBase, seccompPolicy } from '../../src/plan/seccomp.js';

const base = 'default errno ENOSYS\nallow read';

describe('the system call policy of a jail', () => {
  it('begins with the default, a file, or is none', () => {
    expect(policyBase({})).to.deep.equal({ kind: 'default' });
    expect(policyBase({ seccomp: 'off' })).to.deep.equal({ kind: 'off' });
    expect(policyBase({ seccomp: '/etc/web.policy' })).to.deep.equal({
      kind: 'file',
      path: '/etc/web.policy',
    });
  });

  it('is its base alone for a jail that asks for nothing', () => {
    expect(seccompPolicy(base, { 'caps.add': ['net_raw'] })).to.equal(`${base}\n`);
  });

  it('has the calls of capabilities that the jail is given, and not of those taken away', () => {
    expect(seccompPolicy(base, { 'caps.add': ['syslog', 'bpf'], 'caps.drop': ['bpf'] })).to.equal(
      `${base}\nallow syslog\n`,
    );
    expect(seccompPolicy(base, { 'allow.read_msgbuf': true })).to.equal(`${base}\nallow syslog\n`);
    expect(seccompPolicy('', { caps: ['sys_time'] })).to.equal(
      'allow clock_settime\nallow clock_adjtime\nallow settimeofday\nallow adjtimex\n',
    );
  });

  it('refuses the System V calls that are disabled', () => {
    expect(seccompPolicy('', { sysvmsg: 'disable', sysvshm: 'new' })).to.equal(
      'errno ENOSYS msgget\nerrno ENOSYS msgsnd\nerrno ENOSYS msgrcv\nerrno ENOSYS msgctl\n',
    );
  });
});
