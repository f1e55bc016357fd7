import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';
import { temporaryDirectory } from '../support/temporary.js';
import { setAttribute } from '../support/xattr.js';

const runs = 'command = "/bin/sleep 1000";';

describe('a root of several directories', () => {
  const instance = new TestInstance();
  const at = (...path: readonly string[]): string => join(instance.prefix, 'roots', ...path);
  const inside = (jail: string, script: string, ...options: readonly string[]): string =>
    instance.ctl('exec', ...options, jail, '--', 'sh', '-c', script).stdout.trim();
  const make = (path: string, files: Readonly<Record<string, string>> = {}): string => {
    mkdirSync(at(path), { recursive: true });
    for (const [name, text] of Object.entries(files)) instance.write(join('roots', path, name), text);
    return at(path);
  };
  const start = (...names: readonly string[]): string => {
    const { stdout, stderr } = instance.ctl('start', ...names);
    return stdout + stderr;
  };
  const rootsNow = (): readonly string[] => readdirSync(at('.')).filter((name) => name.startsWith('.'));

  before(async () => {
    for (const name of ['web', 'again', 'lone', 'mine', 'hostile']) make(name);
    make('one', { 'etc/level': 'one', 'etc/only-one': '' });
    make('two', { 'etc/level': 'two' });
    instance.configure(`
      ${runs}
      base = "$root";
      web { path = "$prefix/roots/web"; base += "$prefix/roots/one", "$prefix/roots/two";
        mount = "$prefix/roots/lone $path/mnt nullfs ro"; }
      twin { path = "$prefix/roots/web"; restart = no; }
      shown { path = "$prefix/roots/mine"; readonly; }
      first { path = "$prefix/roots/one"; ephemeral; ephemeral.size = 4M; }
      second { path = "$prefix/roots/one"; ephemeral; memory.max = 32M; ephemeral.size = 100M; }
      plain { path = "$root"; base = ""; ephemeral; }
      inner { path = "$root/srv"; }
      hostile { path = "$prefix/roots/hostile"; base += "$prefix/roots/a", "$prefix/roots/b"; }
    `);
    await instance.start();
    expect(start('web')).to.match(/^web started/);
  });

  after(() => instance.close());

  it('shows each directory over those before it', () => {
    expect(inside('web', 'cat /etc/level; ls -d /etc/only-one /bin/sh')).to.equal(
      'two/bin/sh\n/etc/only-one',
    );
  });

  it('takes what the jail writes in path, with the owners that it sees, and changes nothing else', () => {
    inside('web', 'echo x > /etc/mine; chown www /etc/level; rm /etc/only-one; mkdir /var/new');
    expect(readdirSync(at('web')).sort()).to.deep.equal(['etc', 'var']);
    expect(statSync(at('web/etc/mine'))).to.include({ uid: 0, gid: 0 });
    expect(statSync(at('web/etc/level')).uid).to.equal(33);
    expect(statSync(at('two/etc/level')).uid).to.equal(0);
    expect(existsSync(at('one/etc/only-one'))).to.equal(true);
    expect(inside('web', 'stat -c %u /etc/mine /etc/level; ls /etc/only-one 2>/dev/null')).to.equal('0\n33');
  });

  it('keeps it over a restart', () => {
    instance.ctl('restart', 'web');
    expect(inside('web', 'cat /etc/mine; ls /etc/only-one 2>/dev/null')).to.equal('x');
  });

  it('has what is mounted in it, and a closed audit', () => {
    expect(inside('web', 'touch /mnt/x 2>&1')).to.match(/Read-only/);
    const audit = instance.ctl('audit', 'web');
    expect(audit.stdout).to.match(/^closed {2}root +an overlay of 4 directories nosuid nodev$/m);
    expect(audit.code).to.equal(0);
  });

  it('tells the jail nothing of where its directories lie', () => {
    const { stdout } = instance.ctl('exec', 'web', '--', 'grep', ' - overlay ', '/proc/self/mountinfo');
    expect(stdout)
      .to.match(/upperdir=/)
      .and.not.contain(instance.prefix);
  });

  it('belongs to one jail alone', () => {
    expect(start('twin')).to.match(
      /overlay .*roots\/web, which jail "web" \(.*\) writes to: Resource busy.*\nhint: give each jail a "path"/,
    );
    expect(inside('web', 'cat /etc/mine')).to.equal('x');
  });

  it('has its work directory beside path, closed to others, as long as it runs', () => {
    expect(rootsNow()).to.deep.equal(['.web.jaild']);
    expect(statSync(at('.web.jaild')).mode & 0o7777).to.equal(0o700);
    instance.ctl('stop', 'web');
    expect(rootsNow()).to.deep.equal([]);
  });

  it('is cleaned up after jaild and the jailer were killed', async () => {
    start('web');
    const { pid } = instance.status('web');
    const jailer = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    await instance.killDaemon();
    process.kill(jailer, 'SIGKILL');
    process.kill(pid ?? jailer, 'SIGKILL');
    expect(rootsNow()).to.deep.equal(['.web.jaild']);
    await instance.start();
    instance.ctl('stop', 'web');
    expect(rootsNow()).to.deep.equal([]);
    expect(start('web')).to.match(/^web started/);
    expect(inside('web', 'cat /etc/mine')).to.equal('x');
  });

  it('is read-only where asked, mount points made before', () => {
    expect(start('shown')).to.match(/^shown started/);
    expect(inside('shown', 'touch /etc/x 2>&1; touch /dev/shm/x && echo fine')).to.match(
      /Read-only.*\nfine$/,
    );
  });

  it('is refused where directories lie within each other', () => {
    mkdirSync(join(instance.root, 'srv'), { recursive: true });
    expect(start('inner')).to.match(
      /base .*: it and .* lie within each other\nhint: name directories beside/,
    );
    expect(instance.ctl('check').stdout + instance.ctl('check').stderr).to.contain('[overlapping-path]');
  });

  describe('of which one is in memory', () => {
    it('forgets at stop what was written, and leaves path as it was', () => {
      start('plain');
      inside('plain', 'echo x > /etc/new; rm /etc/group');
      expect(inside('plain', 'ls /etc')).to.equal('new\npasswd');
      expect(readdirSync(join(instance.root, 'etc')).sort()).to.deep.equal(['group', 'passwd']);
      instance.ctl('restart', 'plain');
      expect(inside('plain', 'ls /etc')).to.equal('group\npasswd');
    });

    it('may have its directories in common with other jails, which see nothing of it', () => {
      expect(start('first', 'second')).to.match(/first started[^]*second started/);
      inside('first', 'echo first > /etc/who');
      expect(inside('second', 'cat /etc/who 2>/dev/null; cat /etc/level')).to.equal('one');
      expect(readdirSync(at('one/etc')).sort()).to.deep.equal(['level', 'only-one']);
    });

    it('takes so much and no more, in bytes and in files', () => {
      const full = inside(
        'first',
        'dd if=/dev/zero of=/big bs=1M count=8 2>&1; ls -l /big | tr -s " " | cut -d" " -f5; rm /big',
      );
      expect(full).to.match(/No space left/);
      expect(Number(full.split('\n').at(-1))).to.be.lessThan(4 * 1024 * 1024 + 1);
      expect(
        inside('first', 'cd /tmp; for n in $(seq 2000); do : > f$n || break; done 2>&1 | tail -1'),
      ).to.match(/No space left/);
    });

    it('is paid for with the jail’s memory', () => {
      const { code } = instance.ctl(
        'exec',
        'second',
        '--',
        'dd',
        'if=/dev/zero',
        'of=/big',
        'bs=1M',
        'count=90',
      );
      expect(code).to.not.equal(0);
    });

    it('is forgotten by a jail in the foreground', () => {
      const words = [
        `path=${instance.root}`,
        'base=',
        'ephemeral',
        '--',
        'sh',
        '-c',
        'echo x > /etc/new; ls /etc',
      ];
      expect(instance.ctl('run', ...words).stdout).to.equal('group\nnew\npasswd\n');
      expect(existsSync(join(instance.root, 'etc/new'))).to.equal(false);
    });
  });

  describe('of which somebody hostile has made one', () => {
    before(() => {
      make('a', { 'vault/keys/key': 'secret' });
      make('b', { door: '', 'opened/x': '' });
      chmodSync(at('a/vault'), 0o700);
      // What the kernel would write itself if it were told to move directories and to copy no contents.
      setAttribute(at('b/opened'), 'trusted.overlay.redirect', '/vault/keys');
      setAttribute(at('b/door'), 'trusted.overlay.redirect', '/vault/keys/key');
      setAttribute(at('b/door'), 'trusted.overlay.metacopy', '');
      spawnSync('mknod', ['-m', '666', at('b/disk'), 'b', '254', '0']);
      spawnSync('mknod', ['-m', '666', at('hostile/zero'), 'c', '1', '5']);
      mkdirSync(at('b/bin'));
      installProgram(at('b'), 'walls');
      renameSync(at('b/bin/walls'), at('b/bin/raised'));
      chmodSync(at('b/bin/raised'), 0o4755);
      spawnSync('ln', ['-s', '/tmp', at('hostile/run')]);
    });

    it('follows no attribute of it to files that are closed', () => {
      expect(start('hostile')).to.match(/^hostile started/);
      const tries = 'cat /vault/keys/key; cat /door; cat /opened/key; ls /opened';
      expect(inside('hostile', `(${tries}) 2>/dev/null; id -u`, '-u', 'www')).to.equal('33');
      expect(inside('hostile', 'cat /vault/keys/key')).to.equal('secret');
    });

    it('uses none of its device nodes and set-user-ID programs', () => {
      expect(inside('hostile', 'head -c1 /disk 2>&1; head -c1 /zero 2>&1')).to.match(/denied|not permitted/);
      expect(inside('hostile', 'head -c1 /disk /zero 2>/dev/null | wc -c')).to.equal('0');
      expect(inside('hostile', 'raised', '-u', 'www')).to.equal('33');
    });

    it('gives the jail no way to lay such a thing itself', () => {
      expect(inside('hostile', 'mknod /w c 0 0 2>&1')).to.match(/not permitted/);
      expect(inside('hostile', 'mknod /z c 1 5 2>&1')).to.match(/not permitted/);
    });
  });
});

describe('a directory whose owners cannot be mapped', () => {
  const made = temporaryDirectory();
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(made, name));
  chmodSync(made, 0o755);
  const layers = `lowerdir=${made}/lower,upperdir=${made}/upper,workdir=${made}/work`;
  // In a mount namespace that goes with the processes in it.
  const wrapper = [
    'unshare',
    '-m',
    'sh',
    '-c',
    `mount -t overlay none -o ${layers} ${made}/merged; exec "$@"`,
    'sh',
  ];
  const instance = new TestInstance(wrapper);

  before(async () => {
    spawnSync('chmod', ['755', join(made, '..')]);
    writeFileSync(join(made, 'lower/file'), '');
    instance.configure(`
      ${runs}
      plain { path = "${made}/merged"; }
      low { path = "$root"; base = "${made}/merged"; ephemeral; }
      bind { path = "$root"; mount = "${made}/merged $root/mnt nullfs"; }
      fine { path = "$root"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  for (const jail of ['plain', 'low', 'bind'])
    it(`is named with its file system and what to do: ${jail}`, () => {
      const { code, stderr } = instance.ctl('start', jail);
      expect(code).to.equal(1);
      expect(stderr).to.contain(`idmap ${made}/merged: Invalid argument`);
      expect(stderr).to.contain(
        `${made}/merged is on overlay, whose owners can’t be mapped: put it on ext4, xfs, btrfs or tmpfs, ` +
          'or name what it is made of with base and path, or set userns = off',
      );
    });

  it('is found before any start', () => {
    const check = [instance.bin('jailctl'), '--prefix', instance.prefix, 'check'];
    const { stdout, stderr } = instance.run([...wrapper, ...check]);
    const found = (stdout + stderr).match(/error: .* \[unmappable\]/g);
    const message = `error: ${made}/merged is on overlay, whose owners can’t be mapped to the users of a jail`;
    expect(found).to.deep.equal(Array(3).fill(`${message} [unmappable]`));
  });

  it('is no matter for other jails', () => {
    expect(instance.ctl('start', 'fine').stdout).to.match(/^fine started/);
  });
});
