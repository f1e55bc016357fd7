import { expect } from 'chai';
import { adviceOnX } from '../../support/advice.js';

describe('a mount of a jail', () => {
  it('has a source on the host and a mount point in the root', () => {
    const files = { '/srv': 'dir', '/j/x/mnt': 'dir' };
    expect(adviceOnX('mount = "/srv /j/x/mnt nullfs ro";', files)).to.deep.equal([]);
    expect(adviceOnX('mount = "/srv /j/x/mnt nullfs ro",\n"/no /j/x/nope nullfs ro";', files)).to.deep.equal([
      '3:1 error: there is no /no to mount [no-such-path]',
      '3:1 error: there is no mount point /j/x/nope [no-such-path]',
    ]);
    expect(adviceOnX('mount = "/no /j/x/nope nullfs ro,failok";', files)).to.deep.equal([]);
  });

  it('may find what a command makes before it', () => {
    const files = { '/bin/prepare': 'a program', '/srv': 'dir' };
    const mount = 'mount = "/srv /j/x/mnt nullfs";';
    expect(adviceOnX(`${mount} exec.prestart = "/bin/prepare /j/x/mnt";`, files)).to.deep.equal([]);
    expect(adviceOnX(`${mount} exec.prestart = "/bin/prepare";`, files)).to.deep.equal([
      '2:9 warning: there is no mount point /j/x/mnt [no-such-path]',
    ]);
  });

  it('stands on what was mounted before it', () => {
    const files = { '/base/usr/local': 'dir', '/local': 'dir', '/j/x/usr': 'dir' };
    const both = 'mount = "/base/usr /j/x/usr nullfs ro", "/local /j/x/usr/local nullfs";';
    expect(adviceOnX(both, files)).to.deep.equal([]);
    expect(adviceOnX('mount = "tmpfs /j/x/usr tmpfs", "/local /j/x/usr/local nullfs";', files)).to.deep.equal(
      [],
    );
  });

  it('goes through no symbolic link, and is a directory on a directory', () => {
    const files = {
      '/srv': 'dir',
      '/file': 'a',
      '/j/x/link': '-> /mnt',
      '/j/x/mnt': 'dir',
      '/j/x/file': 'b',
    };
    expect(adviceOnX('mount = "/srv /j/x/link nullfs";', files)).to.deep.equal([
      '2:9 error: a part of the mount point /j/x/link is a symbolic link [bad-mount]',
    ]);
    expect(adviceOnX('mount = "/file /j/x/mnt nullfs";', files)).to.deep.equal([
      '2:9 error: a file cannot be mounted on /j/x/mnt, which is a directory [bad-mount]',
    ]);
    expect(adviceOnX('mount = "/file /j/x/file nullfs";', files)).to.deep.equal([]);
  });

  it('is of a type, with options and at a place that jails know', () => {
    const text = 'mount = "a /j/x/b zfs",\n"a /elsewhere tmpfs",\n"tmpfs /j/x/bin tmpfs odd";';
    expect(adviceOnX(text)).to.deep.equal([
      '2:9 error: /j/x/b: file system type "zfs" is not known here [bad-mount]',
      '3:1 error: /elsewhere: not below /j/x [bad-mount]',
      '4:1 error: /j/x/bin: unknown mount option "odd" [bad-mount]',
    ]);
  });
});

describe('a file of mount.fstab', () => {
  it('is there, can be read, and is not in the root', () => {
    expect(adviceOnX('mount.fstab = /etc/a, /etc/b;', { '/etc/b': 'dir' })).to.deep.equal([
      '2:15 error: there is no /etc/a [no-such-path]',
      '2:23 error: /etc/b cannot be read [no-such-path]',
    ]);
    expect(adviceOnX('mount.fstab = /j/x/fstab;', { '/j/x/fstab': '# none' })).to.deep.equal([
      "2:15 error: /j/x/fstab: it is in the jail's root, where the jail can change what it is [own-file]",
    ]);
    expect(adviceOnX('mount.fstab = "";')).to.deep.equal([]);
  });

  it('has lines that are looked at like those of mount, each at its own place', () => {
    const fstab = '# comment\n/srv /j/x/bin nullfs ro 0 0\nnonsense\n  /no /j/x/nope nullfs # why\n';
    expect(adviceOnX('mount.fstab = /etc/fstab.x;', { '/etc/fstab.x': fstab, '/srv': 'dir' })).to.deep.equal([
      '/etc/fstab.x:3:1 error: "nonsense" is not a line of fstab(5) [fstab-syntax]',
      '/etc/fstab.x:4:3 error: there is no /no to mount [no-such-path]',
      '/etc/fstab.x:4:3 error: there is no mount point /j/x/nope [no-such-path]',
    ]);
  });
});
