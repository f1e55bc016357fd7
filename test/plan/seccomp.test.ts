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
      `${base}\n?allow syslog\n`,
    );
    expect(seccompPolicy(base, { 'allow.read_msgbuf': true })).to.equal(`${base}\n?allow syslog\n`);
    expect(seccompPolicy('', { caps: ['sys_time'] })).to.equal(
      '?allow clock_settime\n?allow clock_adjtime\n?allow settimeofday\n?allow adjtimex\n',
    );
  });

  it('refuses the System V calls that are disabled, which the base allows', () => {
    const shared = 'default errno ENOSYS\nallow msgget\n  ?allow msgctl\nallow shmget\n# allow msgsnd\n';
    expect(seccompPolicy(shared, { sysvmsg: 'disable', sysvshm: 'new' })).to.equal(
      'default errno ENOSYS\nallow shmget\n# allow msgsnd\n' +
        '?errno ENOSYS msgget\n?errno ENOSYS msgsnd\n?errno ENOSYS msgrcv\n?errno ENOSYS msgctl\n',
    );
  });

  it('does not open the ways out that go with a capability', () => {
    const capabilities = ['sys_admin', 'dac_read_search'] as const;
    expect(seccompPolicy('', { caps: capabilities })).not.to.match(/unshare|clone|open_by_handle_at/);
  });
});
