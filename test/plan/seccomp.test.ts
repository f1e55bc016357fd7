import { expect } from 'chai';
import { openPolicy, policyBase, seccompPolicy } from '../../src/plan/seccomp.js';

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

  it('lets the calls through that are answered, and has mount(8) use those', () => {
    const strict =
      'default errno ENOSYS\nerrno EPERM mount\nerrno EPERM fsopen\nerrno EPERM move_mount arg0 == 1\n';
    const values = {
      'allow.mount': true,
      'allow.mount.tmpfs': true,
      osrelease: '1',
      'allow.set_hostname': true,
    };
    expect(seccompPolicy(strict, values)).to.equal(
      'default errno ENOSYS\nerrno EPERM mount\n' +
        '?allow sethostname\n?allow setdomainname\n?allow uname\n?allow mount\n?allow umount2\n' +
        [
          'fsopen',
          'fsconfig',
          'fsmount',
          'fspick',
          'open_tree',
          'open_tree_attr',
          'move_mount',
          'mount_setattr',
        ]
          .map((call) => `?errno ENOSYS ${call}\n`)
          .join(''),
    );
    expect(openPolicy(values)).to.match(/^default allow\n\?errno ENOSYS fsopen\n/);
    expect(openPolicy({ osrelease: '1' })).to.equal(null);
  });

  it('does not open the ways out that go with a capability', () => {
    const capabilities = ['sys_admin', 'dac_read_search'] as const;
    expect(seccompPolicy('', { caps: capabilities })).not.to.match(/unshare|clone|open_by_handle_at/);
  });
});
