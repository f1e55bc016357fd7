import { expect } from 'chai';
import { adviceOn, adviceOnX } from '../../support/advice.js';

const alices = { text: 'dir', mode: 0o755, uid: 1000 };

describe('what a jail opens by name', () => {
  it('is told of where little stands behind it', () => {
    expect(adviceOnX('seccomp = off;')).to.deep.equal([
      '2:11 warning: jail "x" may make every system call, those with a history of holes too [open-door]',
    ]);
    expect(adviceOnX('caps.add = sys_admin, net_raw;')).to.deep.equal([
      '2:1 warning: jail "x" has the capability sys_admin: mounts and namespaces inside: the part of the kernel in which most ways out were found [open-door]',
    ]);
    expect(
      adviceOnX('devices = "/dev/sda r", "/dev/kvm rw";', { '/dev/sda': 'block', '/dev/kvm': 'closed' }),
    ).to.deep.equal([
      '2:11 warning: jail "x" can read all that is on the disk /dev/sda, whoever\'s it is [open-door]',
    ]);
  });

  it('is not told of where walls enough are left', () => {
    expect(adviceOnX('caps.add = net_raw; allow.raw_sockets;')).to.deep.equal([]);
    expect(adviceOnX('ip4 = inherit;')).to.deep.equal([]);
  });
});

describe('directories of the host’s own', () => {
  it('are no root of a jail', () => {
    expect(adviceOn('a { path = /etc; persist; }', { '/etc/passwd': '' })).to.deep.equal([
      "1:12 error: /etc: it is the host's own, all of which root in the jail could read [host-directory]",
    ]);
    const link = { '/jails/a': '-> /usr', '/usr/bin/x': '' };
    expect(adviceOn('a { path = /jails/a; persist; }', link)).to.deep.equal([
      '1:12 error: /jails/a: it has programs of the host, which root in the jail could change [host-directory]',
    ]);
    expect(adviceOn('a { path = /jails/a; persist; readonly; }', link)).to.deep.equal([]);
  });

  it('are mounted to be written to knowingly', () => {
    const files = { '/etc/x': '', '/srv/x': '', '/j/x/mnt': 'dir' };
    expect(adviceOnX('mount = "/etc $path/mnt nullfs rw 0 0";', files)).to.deep.equal([
      '2:9 warning: jail "x" can change /etc, which is the host\'s own [host-directory]',
    ]);
    expect(adviceOnX('mount = "/etc $path/mnt nullfs ro 0 0";', files)).to.deep.equal([]);
    expect(adviceOnX('mount = "/srv $path/mnt nullfs rw 0 0";', files)).to.deep.equal([]);
  });
});

describe('a link on the way to what a jail is made of', () => {
  it('is not followed where somebody else than root can have put it', () => {
    const files = { '/h/a': alices, '/h/a/web': '-> /srv/web', '/srv/web': 'dir', '/j/x/mnt': 'dir' };
    const message = 'the symbolic link /h/a/web is not followed: others than root can put one in /h/a';
    expect(adviceOn('a { path = /h/a/web; persist; }', files)).to.deep.equal([
      `1:12 error: ${message} [untrusted-link]`,
    ]);
    expect(adviceOnX('mount = "/h/a/web $path/mnt nullfs rw 0 0";', files)).to.deep.equal([
      `2:9 error: ${message} [untrusted-link]`,
    ]);
    const own = { ...files, '/h/a': 'dir' };
    expect(adviceOn('a { path = /h/a/web; persist; }', own)).to.deep.equal([]);
  });
});
