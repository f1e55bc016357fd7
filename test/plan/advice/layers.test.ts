import { expect } from 'chai';
import type { HostMount } from '../../../src/plan/mapping.js';
import { adviceOn } from '../../support/advice.js';

const files = { '/j/a': 'dir', '/j/b': 'dir', '/j/base': 'dir', '/j/php': 'dir', '/j/base/below': 'dir' };
const jail = (name: string, more: string) => `${name} { path = /j/${name}; persist; ${more} }\n`;
const on = (type: string, mountPoint = '/'): readonly HostMount[] => [{ type, mountPoint }];

describe('a root of several directories', () => {
  it('is made of directories of this host that do not lie within each other', () => {
    expect(adviceOn(jail('a', 'base = /j/base, /j/php;'), files)).to.deep.equal([]);
    expect(adviceOn(jail('a', 'base = /j/none, /j/base, /j/base/below/, /j/a/;'), files)).to.deep.equal([
      '1:34 error: there is no /j/none [no-such-path]',
      '1:52 error: /j/base/below and /j/base lie within each other [overlapping-path]',
      '1:68 error: /j/a is named already [overlapping-path]',
    ]);
  });

  it('has a path that is no link and no mount, for a work directory lies beside it', () => {
    const text = jail('a', 'base = /j/base;');
    const message = 'which cannot take what is written over base [overlapping-path]';
    expect(adviceOn(text, { ...files, '/j/a': '-> b' })).to.deep.equal([
      `1:12 error: /j/a is a symbolic link, ${message}`,
    ]);
    expect(adviceOn(text, files, { mountsAt: (path) => on('ext4', path) })).to.deep.equal([
      `1:12 error: /j/a is a mount point, ${message}`,
    ]);
    expect(adviceOn(jail('a', 'ephemeral;'), files, { mountsAt: (path) => on('ext4', path) })).to.deep.equal(
      [],
    );
  });

  it('shares what it writes to with no other, and what it only reads with any', () => {
    const two = (more: string) => `x { path = /j/a; persist; ${more} }\n${jail('a', more)}`;
    expect(adviceOn(two('base = /j/base;'), files)).to.deep.equal([
      '2:12 error: /j/a is the root of jail "x", too: an overlay cannot share what it writes to [shared-path]',
    ]);
    expect(adviceOn(two('base = /j/base; ephemeral;'), files)).to.deep.equal([]);
    expect(adviceOn(jail('b', '') + jail('a', 'base = /j/b;'), files)).to.deep.equal([
      '2:34 warning: jail "b" can change all of /j/b, which its own root shows [shared-path]',
    ]);
    expect(adviceOn(jail('b', 'readonly;') + jail('a', 'base = /j/b;'), files)).to.deep.equal([]);
  });
});

describe('the owners of files', () => {
  const words = 'whose owners can’t be mapped to the users of a jail [unmappable]';
  const found = (text: string, mounts: readonly HostMount[], release = '6.1.0') =>
    adviceOn(text, files, { mountsAt: () => mounts, release: () => release });

  it('can be mapped, whatever is part of a root', () => {
    expect(found(jail('a', 'base = /j/base; mount = "/j/php /j/a/mnt nullfs";'), on('nfs4'))).to.deep.equal([
      `1:12 error: /j/a is on nfs4, ${words}`,
      `1:34 error: /j/base is on nfs4, ${words}`,
      `1:51 error: /j/php is on nfs4, ${words}`,
    ]);
    expect(found(jail('a', 'userns = off;'), on('nfs4'))).to.deep.equal([
      '1:36 warning: root in jail "a" is root of the host: one hole in any other wall and the host is taken [users-of-host]',
    ]);
  });

  it('is a matter of the kernel, too', () => {
    expect(found(jail('a', ''), on('tmpfs'), '6.2.9')).to.deep.equal([
      `1:12 error: /j/a is on tmpfs, ${words}`,
    ]);
    expect(found(jail('a', ''), on('tmpfs'), '6.3.0-rc1')).to.deep.equal([]);
    expect(found(jail('a', ''), on('tmpfs'), '7.0')).to.deep.equal([]);
    expect(found(jail('a', ''), on('fuse.sshfs'))).to.deep.equal([]);
  });

  it('counts below a root, and not below one of several directories', () => {
    const mounts = [...on('ext4'), ...on('proc', '/j/a/proc')];
    expect(found(jail('a', ''), mounts)).to.deep.equal([`1:12 error: /j/a/proc is on proc, ${words}`]);
    expect(found(jail('a', 'ephemeral;'), mounts)).to.deep.equal([]);
  });
});
