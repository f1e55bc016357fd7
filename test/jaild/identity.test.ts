import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

describe('who a jail is', () => {
  const instance = new TestInstance();
  const inside = (jail: string, script: string): string =>
    instance.ctl('exec', jail, '--', 'sh', '-c', script).stdout.trim();

  before(async () => {
    installProgram(instance.root, 'may');
    writeFileSync(join(instance.root, 'etc/machine-id'), 'the root’s own\n');
    const bare = instance.newRoot('bare');
    installProgram(bare, 'may');
    instance.configure(`
      path = "$root"; command = "/bin/sleep 1000";
      plain { }
      named { host.hostname = web.example; host.domainname = nis.example; host.hostid = 305419896;
        host.hostuuid = 01234567-89AB-cdef-0123-456789abcdef; }
      odd { path = "${bare}"; host.hostuuid = "no uuid"; host.hostid = 1; }
      zeros { host.hostuuid = 00000000-0000-0000-0000-000000000000; host.hostid = 0; }
      guest { host = inherit; caps.add = sys_admin; }
      text { env = "first=1"; env.colour = red; env.first = 2; meta.owner = me; meta = free; }
    `);
    await instance.start();
    if (instance.ctl('start', '-a').code !== 0) throw new Error(instance.log);
  });

  after(() => instance.close());

  it('is its name unless another is written', () => {
    expect(inside('plain', 'hostname; cat /etc/machine-id')).to.equal('plain\nthe root’s own');
  });

  it('is its host name, NIS domain, machine id and host id', () => {
    expect(
      inside('named', 'hostname; cat /proc/sys/kernel/domainname; cat /etc/machine-id; may id_of_host'),
    ).to.equal('web.example\nnis.example\n0123456789abcdef0123456789abcdef\n12345678 id_of_host yes');
    expect(inside('named', '(echo x >/etc/machine-id) 2>&1')).to.match(/Read-only file system$/);
    expect(readFileSync(join(instance.root, 'etc/machine-id'), 'utf8')).to.equal('the root’s own\n');
  });

  it('is as its root has it where the machine id and the host id are those of nobody', () => {
    expect(inside('zeros', 'cat /etc/machine-id /etc/hostid')).to.equal('the root’s own');
  });

  it('is told where the root has no place for it yet, and where the text is no UUID', () => {
    expect(inside('odd', 'cat /etc/machine-id; may id_of_host')).to.match(
      /^[0-9a-f]{32}\n00000001 id_of_host yes$/,
    );
    expect(readFileSync(join(instance.prefix, 'roots/bare/etc/machine-id'), 'utf8')).to.equal('');
  });

  it('is the host with host = inherit, and can’t rename it', () => {
    expect(inside('guest', 'hostname; may rename_host')).to.equal(`${hostname()}\nrename_host EPERM`);
  });

  it('is what env says, in a file that it can’t change', () => {
    expect(inside('text', 'cat /dev/jail/env; (echo x >/dev/jail/env) 2>&1')).to.equal(
      "first=2\ncolour=red\nsh: can't create /dev/jail/env: Read-only file system",
    );
    expect(inside('plain', 'ls -d /dev/jail 2>&1')).to.match(/No such file/);
  });

  it('is shown by jls', () => {
    const jls = (...words: readonly string[]): string =>
      instance.run([instance.bin('jls'), '-j', 'text', ...words]).stdout;
    expect(instance.run([instance.bin('jls'), '-j', 'guest', 'host', 'host.hostname']).stdout).to.equal(
      `inherit ${hostname()}\n`,
    );
    expect(jls('meta.owner', 'env.colour', 'env.none')).to.equal('me red ""\n');
    expect(jls('-n', 'env', 'meta')).to.equal('env=first=2\ncolour=red\n meta=free\nowner=me\n\n');
  });
});

describe('what a jail shares or has of its own', () => {
  const instance = new TestInstance();
  const inside = (jail: string, script: string): string =>
    instance.ctl('exec', jail, '--', 'sh', '-c', script).stdout.trim();
  const inspect = 'ls /dev | tr "\\n" " "';

  before(async () => {
    installProgram(instance.root, 'may');
    mkdirSync(join(instance.root, 'srv'));
    instance.configure(`
      path = "$root"; command = "/bin/sleep 1000";
      sharing { sysvshm = inherit; }
      small { userns = "1800000000:1000"; exec.start = "touch /tmp/small"; }
      tiny { userns = "1800100000:1"; }
      none { devfs_ruleset = 1; } basic { devfs_ruleset = 2; } login { devfs_ruleset = 3; }
      jail { devfs_ruleset = 4; } other { devfs_ruleset = 77; }
      nofd { mount.nofdescfs; }
      devices { devices = "/dev/zero r", "/dev/full w"; devfs_ruleset = 1; }
      nothing { devices = "/dev/no-such rw"; }
      user { exec.system_jail_user; exec.jail_user = daemon; exec.start = 'id -u; id -g; echo $USER $HOME'; }
      stranger { exec.system_jail_user; exec.jail_user = no-such-user; }
      off { userns = off; env = x; host.hostid = 1; devices = "/dev/zero r"; }
      deep { env = x; mount.nodevfs; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  const start = (jail: string): string => {
    const { code, stderr } = instance.ctl('start', jail);
    return code === 0 ? '' : stderr;
  };

  it('is the host’s shared memory, and no other System V IPC', () => {
    const made = spawnSync('ipcmk', ['-M', '4096', '-p', '0600'], { encoding: 'utf8' }).stdout;
    const id = /\d+/.exec(made)?.[0] ?? 'none';
    try {
      expect(start('sharing')).to.equal('');
      expect(start('jail')).to.equal('');
      const look = `awk '$2 == ${id}' /proc/sysvipc/shm | wc -l; may make_messages make_semaphores make_memory`;
      expect(inside('sharing', look)).to.equal(
        '1\nmake_messages ENOSYS\nmake_semaphores ENOSYS\nmake_memory yes',
      );
      expect(inside('jail', look)).to.match(/^0\nmake_messages yes/);
    } finally {
      spawnSync('ipcrm', ['-m', id]);
    }
  });

  it('is as many ids as userns gives it', () => {
    expect(start('small')).to.equal('');
    expect(inside('small', 'cat /proc/self/uid_map | tr -s " "; stat -c %u /tmp/small')).to.equal(
      '0 1800000000 1000\n0',
    );
    expect(start('tiny')).to.equal('');
    expect(inside('tiny', 'id -u')).to.equal('0');
  });

  it('is the devices of its ruleset', () => {
    for (const jail of ['none', 'basic', 'login', 'other']) expect(start(jail)).to.equal('');
    expect(inside('none', inspect)).to.equal('');
    expect(inside('basic', inspect)).to.equal('full null random urandom zero');
    expect(inside('login', inspect)).to.equal('fd ptmx pts stderr stdin stdout tty');
    expect(inside('other', inspect)).to.equal(inside('jail', inspect));
    expect(inside('jail', inspect)).to.equal(
      'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero',
    );
  });

  it('is no /dev/fd without mount.fdescfs', () => {
    expect(start('nofd')).to.equal('');
    expect(inside('nofd', 'ls -d /dev/fd /dev/stdin 2>&1')).to.equal(
      'ls: /dev/fd: No such file or directory\n/dev/stdin',
    );
  });

  it('is the devices that are given to it, with their rights', () => {
    expect(start('devices')).to.equal('');
    expect(inside('devices', inspect)).to.equal('full zero');
    expect(
      inside(
        'devices',
        'head -c 2 /dev/zero | wc -c; (: >/dev/zero) 2>&1; (: >/dev/full) && echo open; (: </dev/full) 2>&1; su www -s /bin/sh -c "head -c 3 /dev/zero | wc -c"',
      ),
    ).to.equal(
      "2\nsh: can't create /dev/zero: Permission denied\nopen\nsh: can't open /dev/full: Permission denied\n3",
    );
    expect(start('nothing')).to.match(/devices \/dev\/no-such: this host has no such device[^]*hint: /);
  });

  it('is the same without a user namespace', () => {
    expect(start('off')).to.equal('');
    expect(inside('off', 'cat /dev/jail/env; echo; may id_of_host; head -c 2 /dev/zero | wc -c')).to.equal(
      'x\n00000001 id_of_host yes\n2',
    );
  });

  it('is a user of the host by number and name', async () => {
    expect(start('user')).to.equal('');
    const daemon = spawnSync('getent', ['passwd', 'daemon'], { encoding: 'utf8' }).stdout.split(':');
    await instance.until('it has spoken', () => instance.logOf('user').includes(daemon[5] ?? ''));
    const lines = instance.logOf('user').trim().split('\n');
    expect(lines.map((line) => line.replace(/^\S+ stdout /, ''))).to.deep.equal([
      daemon[2],
      daemon[3],
      `daemon ${daemon[5]}`,
    ]);
    expect(start('stranger')).to.match(/exec\.jail_user no-such-user: no such user in \/etc\/passwd/);
  });

  it('is no file in a /dev that is not its own', () => {
    expect(start('deep')).to.equal('');
    expect(existsSync(join(instance.root, 'dev/jail'))).to.equal(false);
  });
});
