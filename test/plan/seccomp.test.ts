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

  it('refuses what is said to be refused, whatever the base and capabilities say', () => {
    const shared = 'allow ptrace\nallow kcmp\nerrno EPERM pidfd_getfd\nallow read\n';
    expect(
      seccompPolicy(shared, { 'allow.unprivileged_proc_debug': false, 'caps.add': ['sys_ptrace'] }),
    ).to.equal(
      'allow read\n?errno EPERM ptrace\n?errno EPERM process_vm_readv\n?errno EPERM process_vm_writev\n' +
        '?errno EPERM pidfd_getfd\n?errno EPERM process_madvise\n?errno EPERM kcmp\n',
    );
    expect(seccompPolicy('allow sethostname\n', { host: 'inherit' })).to.equal(
      '?errno EPERM sethostname\n?errno EPERM setdomainname\n',
    );
    expect(seccompPolicy('', { userns: 'off', 'allow.settime': true, securelevel: 2 })).not.to.match(
      /\?allow/,
    );
  });

  it('opens namespaces and mounts with children.max alone, whatever the base refuses', () => {
    const shared =
      'allow clone\nerrno EPERM clone arg0 & 0x80 == 0x80\nerrno ENOSYS clone3\nerrno EPERM mount\n';
    expect(seccompPolicy(shared, { 'children.max': 0 })).to.equal(shared);
    const opened = seccompPolicy(shared, { 'children.max': 1 });
    expect(opened).not.to.match(/errno/);
    expect(opened.split('\n')).to.include.members([
      '?allow clone',
      '?allow clone3',
      '?allow mount',
      '?allow unshare',
    ]);
  });

  it('leaves the mounts of a jail with children to the jailer where it answers them', () => {
    const values = { 'children.max': 1, 'allow.mount': true, 'allow.mount.tmpfs': true } as const;
    const lines = seccompPolicy('', values).split('\n');
    expect(lines).to.include.members(['?allow mount', '?allow unshare', '?errno ENOSYS fsopen']);
    expect(lines).to.not.include('?allow fsopen');
  });

  it('never lets the host be renamed by a jail with its name', () => {
    const policy = seccompPolicy('', { host: 'inherit', 'allow.set_hostname': true });
    expect(policy).to.equal('?errno EPERM sethostname\n?errno EPERM setdomainname\n');
  });

  it('opens every address family with allow.socket_af', () => {
    const shared =
      'allow socket arg0 == 1\nerrno EAFNOSUPPORT socket\nerrno EPROTONOSUPPORT socket arg2 == 132\n';
    expect(seccompPolicy(shared, { 'allow.socket_af': true })).to.equal('?allow socket\n?allow socketpair\n');
  });

  it('opens the clock and the audit socket where root is the host’s, and nowhere else', () => {
    const values = { 'allow.adjtime': true, 'allow.setaudit': true } as const;
    expect(seccompPolicy('', values)).to.equal('');
    expect(seccompPolicy('', { ...values, userns: 'off' })).to.equal(
      '?allow clock_adjtime\n?allow adjtimex\n?allow socket arg0 & 0xffffffff == 16, arg2 & 0xffffffff == 9\n',
    );
  });

  it('does not open the ways out that go with a capability', () => {
    const capabilities = ['sys_admin', 'dac_read_search'] as const;
    expect(seccompPolicy('', { caps: capabilities })).not.to.match(/unshare|clone|open_by_handle_at/);
  });
});
