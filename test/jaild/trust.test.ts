import { expect } from 'chai';
import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

const STRANGER = 65_534;

describe('files that jaild goes by', () => {
  const instance = new TestInstance();
  const jails = (more: string): string =>
    `* { path = "$root"; restart = no; } a { command = "/bin/sleep 1000"; ${more} }\n`;
  interface Listed {
    readonly accounting: unknown;
    readonly mistakes: readonly unknown[];
  }
  const list = (): readonly Listed[] =>
    (JSON.parse(instance.ctl('list', '--json').stdout) as { readonly jails: readonly Listed[] }).jails;
  /** All but what changes by itself, and what is said of the files. */
  const listed = (): readonly Listed[] =>
    list().map((jail) => ({ ...jail, accounting: undefined, mistakes: [] }));
  const mistakes = (): readonly number[] => list().map((jail) => jail.mistakes.length);
  const below = (path: string): string => join(instance.prefix, path);

  before(async () => {
    mkdirSync(below('etc/jail.conf.d'));
    mkdirSync(below('own'));
    instance.write('own/fstab', '');
    instance.write('own/policy', 'default allow\n');
    instance.configure(
      `${jails('')} b { command = "/bin/sleep 1000"; mount.fstab = "$prefix/own/fstab"; seccomp = "$prefix/own/policy"; }`,
    );
    instance.write('etc/jail.conf.d/more.conf', 'c { command = "/bin/true"; }');
    await instance.start();
    expect(instance.ctl('start', 'a').code).to.equal(0);
  });
  after(() => instance.close());

  /** Does something with a file, and says what `reload` says of it. */
  const reloaded = (path: string, open: (path: string) => void): string => {
    open(path);
    const { code, stdout, stderr } = instance.ctl('reload');
    const checked = instance.ctl('check').stderr;
    chownSync(path, 0, 0);
    chmodSync(path, path.endsWith('.d') || path.endsWith('etc') ? 0o755 : 0o644);
    expect({ code, stdout }, path).to.deep.equal({ code: 2, stdout: '' });
    const said = /cannot read .*\n.*hint: .*/.exec(stderr)?.[0] ?? stderr;
    expect(checked).to.include(said);
    return said.replaceAll(instance.prefix, '');
  };

  it('are not taken when others can write to them, or to their directory', () => {
    const before = listed();
    const conf = below('etc/jail.conf');
    const [first, rest] = ['cannot read /etc/jail.conf: ', '\nhint: '];
    expect(reloaded(conf, (path) => chmodSync(path, 0o666))).to.equal(
      `${first}it is writable by everybody (mode 666) [unreadable-file]${rest}chmod go-w /etc/jail.conf`,
    );
    expect(reloaded(conf, (path) => chownSync(path, STRANGER, 0))).to.equal(
      `${first}it belongs to uid ${STRANGER} [unreadable-file]${rest}chown root /etc/jail.conf`,
    );
    expect(reloaded(below('etc'), (path) => chmodSync(path, 0o777))).to.equal(
      `${first}its directory /etc is writable by everybody (mode 777) [unreadable-file]${rest}chmod go-w /etc`,
    );
    expect(reloaded(below('etc/jail.conf.d'), (path) => chmodSync(path, 0o777))).to.include(
      '/etc/jail.conf.d is',
    );
    expect(reloaded(below('etc/jail.conf.d/more.conf'), (path) => chownSync(path, STRANGER, 0))).to.include(
      'belongs',
    );
    expect(listed()).to.deep.equal(before);
    expect(mistakes()).to.deep.equal([1, 1, 1]);
    expect(instance.ctl('reload').code).to.equal(0);
    expect(mistakes()).to.deep.equal([0, 0, 0]);
  });

  it('are those they include, too, wherever links lead', () => {
    instance.write('own/part', 'd { command = "/bin/true"; }');
    symlinkSync(below('own/part'), below('etc/part'));
    instance.write('etc/jail.conf.d/more.conf', `.include "${below('etc/part')}";`);
    expect(instance.ctl('reload').code).to.equal(0);
    chownSync(below('own'), STRANGER, 0);
    expect(instance.ctl('reload').stderr).to.match(/cannot read .*part: its directory .*own belongs to uid/);
    chownSync(below('own'), 0, 0);
    expect(instance.ctl('reload').code).to.equal(0);
  });

  it('are lists of mounts and policies, at each start', () => {
    for (const file of ['own/fstab', 'own/policy']) {
      chmodSync(below(file), 0o666);
      const { code, stderr } = instance.ctl('start', 'b');
      chmodSync(below(file), 0o644);
      expect({ file, code }).to.deep.equal({ file, code: 1 });
      expect(stderr).to.match(
        /read .*own\/(fstab|policy), for it is writable by everybody.*\nhint: chmod go-w /,
      );
    }
    expect(instance.ctl('start', 'b').code).to.equal(0);
  });

  it('are its settings, without which it does not begin', async () => {
    await instance.endDaemon();
    const ini = instance.write('etc/jaild.ini', '[daemon]\n');
    chmodSync(ini, 0o662);
    const { code, stderr } = instance.onHost(instance.bin('jaild'), '--prefix', instance.prefix);
    expect(instance.ctl('check').stderr).to.include(
      `cannot read ${ini}: it is writable by everybody (mode 662)`,
    );
    chmodSync(ini, 0o644);
    expect({ code, stderr }).to.deep.equal({
      code: 2,
      stderr: `error: cannot read ${ini}: it is writable by everybody (mode 662)\nhint: chmod go-w ${ini}\n`,
    });
    await instance.start();
  });

  it('are told of and read when somebody asks about them', () => {
    const file = instance.write('own/mine.conf', 'm { path = /; persist; }');
    chownSync(file, STRANGER, STRANGER);
    const { code, stdout, stderr } = instance.ctl('check', '--no-host', file);
    expect({ code, stdout, stderr }).to.deep.equal({
      code: 0,
      stdout: '1 jail in 1 file: no mistakes, 1 warning\n',
      stderr: `warning: jaild does not read ${file}: it belongs to uid ${STRANGER} [unreadable-file]\nhint: chown root ${file}\n`,
    });
  });
});
