import { expect } from 'chai';
import { adviceOn } from '../../support/advice.js';

const files = {
  ...{ '/j/a': 'dir', '/j/b': 'dir', '/j/b/mnt': 'dir', '/j/a/srv/data': 'dir', '/j/a/log/x': 'log' },
  ...{ '/j/a/etc/fstab': '', '/j/a/etc/policy': 'default allow', '/j/a/bin/hook': 'a program' },
  '/j/b/bin/hook': 'a program',
};
const said = (body: string): readonly string[] =>
  adviceOn(`a { path = /j/a; persist; }\nb { path = /j/b; persist;\n${body} }`, files);

describe('what a jail takes from the host', () => {
  it('is not in the root of another jail', () => {
    const words = 'lies in the root of jail "a", which can change it [nested-path]';
    expect(said('mount = "/j/a/srv/data /j/b/mnt nullfs ro 0 0";')).to.deep.equal([
      `3:9 warning: /j/a/srv/data ${words}`,
    ]);
    expect(said('mount.fstab = /j/a/etc/fstab;')).to.deep.equal([`3:15 warning: /j/a/etc/fstab ${words}`]);
    expect(said('exec.consolelog = /j/a/log/b;')).to.deep.equal([`3:19 warning: /j/a/log/b ${words}`]);
    expect(said('seccomp = /j/a/etc/policy;')).to.deep.equal([`3:11 warning: /j/a/etc/policy ${words}`]);
  });

  it('may be in its own root as far as it is mounted, and anywhere else', () => {
    expect(said('mount = "/j/b/bin /j/b/mnt nullfs ro 0 0";')).to.deep.equal([]);
    expect(said('mount = "/j/a /j/b/mnt nullfs ro 0 0";')).to.deep.equal([]);
  });

  it('is no program that a jail can change, its own neither', () => {
    const words = (jail: string): string =>
      `3:17 warning: the host runs /j/${jail}/bin/hook, which jail "${jail}" can change [own-file]`;
    expect(said('exec.prestart = "/j/a/bin/hook now";')).to.deep.equal([words('a')]);
    expect(said('exec.poststop = /j/b/bin/hook;')).to.deep.equal([words('b')]);
  });
});
