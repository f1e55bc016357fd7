import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

describe('a jail that can’t be started', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; restart = no; command = "/bin/sleep 1000"; }
      rootless { path = "$prefix/nowhere"; }
      filed { path = "$root/etc/passwd"; }
      lost { command = "/bin/no-such-server -x"; }
      plain { command = "/etc/passwd"; }
      started { exec.start = "/bin/sh -c 'echo no luck >&2; exit 4'"; }
      nobody { exec.jail_user = nosuchuser; }
      linked { path = "$prefix/roots/linked"; }
      sourced { mount = "$prefix/missing $path/mnt nullfs ro 0 0"; }
      outside { mount = "/usr /mnt nullfs ro 0 0"; }
      hooked { exec.prestart = "/bin/sh -c 'echo hook says no; exit 6'"; }
      healthy { }
    `);
    const linked = instance.newRoot('linked');
    instance.run(['rm', '-r', join(linked, 'dev')]);
    instance.run(['ln', '-s', '/tmp', join(linked, 'dev')]);
    await instance.start();
  });

  after(() => instance.close());

  const refuses = (name: string, error: RegExp, hint: RegExp, code = 1): void => {
    const answer = instance.ctl('start', name);
    expect(answer.stderr)
      .to.match(/^error: /m)
      .and.to.match(error)
      .and.to.match(hint);
    expect(answer.code).to.equal(code);
    expect(instance.status(name)).to.include({ pid: null });
    expect(readdirSync(`${instance.prefix}/run/jaild`)).to.not.include(name);
  };

  it('for want of its root says which directory, and where the file asks for it', () => {
    refuses('rootless', /rootless: not started: .*nowhere: No such file or directory/i, /hint: /);
  });

  it('because its root is a file says so', () => {
    refuses('filed', /filed: not started: .*passwd: Not a directory/i, /hint: /);
  });

  it('for want of its command names the command', () => {
    refuses('lost', /lost: not started: .*\/bin\/no-such-server: No such file or directory/i, /hint: /);
  });

  it('because its command is no program says so', () => {
    refuses('plain', /plain: not started: .*\/etc\/passwd: Permission denied/i, /hint: /);
  });

  it('because exec.start failed tells its exit code and its last words', () => {
    refuses('started', /started: not started: exec\.start .*exited 4/i, /no luck|jailctl logs/);
  });

  it('for want of its user names the user', () => {
    refuses('nobody', /nobody: not started: .*nosuchuser/i, /hint: .*passwd/);
  });

  it('because a link stands where /dev belongs does not follow it', () => {
    refuses(
      'linked',
      /linked: not started: .*dev.*: Too many (levels of )?symbolic links|symbolic link/i,
      /hint: /,
    );
  });

  it('for want of what it mounts names it', () => {
    refuses('sourced', /sourced: not started: .*missing: No such file or directory/i, /hint: /);
  });

  it('because a mount point is outside of its root says so', () => {
    refuses('outside', /outside: .*\/mnt/i, /hint: /);
  });

  it('because a hook failed tells its exit code and its last words', () => {
    refuses('hooked', /hooked: not started: exec\.prestart .*exited 6/i, /hook says no/);
  });

  it('leaves the others to start', () => {
    expect(instance.ctl('start', 'healthy').code).to.equal(0);
  });
});

describe('a configuration with mistakes', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      a { depend = b; }
      b { depend = c; }
      c { depend = a; }
      d { depend = nosuch; }
      e { exec.strat = "x"; }
      f { ip4.addr = 10.0.0.300; }
      g { }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('is told with every mistake at once, each with file, line, column and hint', () => {
    const { code, stdout, stderr } = instance.ctl('check');
    const text = stdout + stderr;
    const file = join(instance.prefix, 'etc/jail.conf');
    expect(code).to.equal(2);
    for (const line of [5, 8, 9, 10]) expect(text).to.include(`${file}:${line}:`);
    expect(text)
      .to.match(/a.*b.*c.*a/)
      .and.to.include('nosuch')
      .and.to.include('exec.start')
      .and.to.include('10.0.0.300');
  });

  it('refuses the members of a cycle and names its path', () => {
    const { code, stderr } = instance.ctl('start', 'a');
    expect(code).to.equal(2);
    expect(stderr).to.match(/a.*b.*c.*a/);
  });

  it('refuses a jail with an unknown parameter and names the nearest', () => {
    const { code, stderr } = instance.ctl('start', 'e');
    expect(code).to.equal(2);
    expect(stderr)
      .to.match(/exec\.strat/)
      .and.to.match(/exec\.start/);
  });

  it('leaves the jails that are right to start', () => {
    expect(instance.ctl('start', 'g').code).to.equal(0);
  });
});

describe('without jaild', () => {
  const instance = new TestInstance();

  before(() => instance.configure('a { path = "$root"; command = "/bin/sleep 1"; }'));
  after(() => instance.close());

  it('jailctl start says that jaild is not reachable, and exits with 3', () => {
    const { code, stderr } = instance.ctl('start', 'a');
    expect(code).to.equal(3);
    expect(stderr)
      .to.match(/^error: jaild is not reachable at .*jaild\.sock/)
      .and.to.match(/^hint: /m);
  });

  it('jailctl check, config, params, help and version work all the same', () => {
    for (const words of [
      ['check'],
      ['config', '--json'],
      ['params', 'memory.max'],
      ['help'],
      ['version'],
      ['completion', 'bash'],
    ]) {
      expect(instance.ctl(...words), words.join(' ')).to.include({ code: 0, stderr: '' });
    }
  });

  it('jaild says that it needs root', () => {
    const { code, stderr } = instance.run([
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      instance.bin('jaild'),
      '--prefix',
      instance.prefix,
    ]);
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/error: .*root/)
      .and.to.match(/hint: /);
  });

  it('a second jaild on the same prefix ends with 1 and leaves the first alone', async () => {
    await instance.start();
    const { code, stderr } = instance.run([instance.bin('jaild'), '--prefix', instance.prefix]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/already/);
    expect(instance.ctl('list').code).to.equal(0);
  });

  it('a mistake in jaild.ini is told with its line', async () => {
    await instance.endDaemon();
    const file = instance.write('etc/jaild.ini', '[log]\nlevel = loud\n');
    const { code, stderr } = instance.run([instance.bin('jaild'), '--prefix', instance.prefix]);
    expect(code).to.equal(2);
    expect(stderr).to.include(`${file}:2:`).and.to.match(/loud/);
    instance.write('etc/jaild.ini', '');
  });
});

describe('a full disk under the log', () => {
  const instance = new TestInstance();
  const logs = join(instance.prefix, 'var/log/jaild');

  before(async () => {
    mkdirSync(logs, { recursive: true });
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'jaild-test', logs]);
    instance.configure(`
      * { path = "$root"; }
      loud { command = "/bin/sh -c 'i=0; while [ \\$i -lt 20000 ]; do echo line \\$i of many that fill the disk; i=\\$((i+1)); done; echo done > /tmp/loud; while sleep 0.2; do echo more; done'"; }
      quiet { command = "/bin/sleep 1000"; }
    `);
    await instance.start();
  });

  after(async () => {
    instance.ctl('stop', '-a');
    // A jailer that has told its last still holds the log for a moment.
    await instance.until('the disk can go', () => spawnSync('umount', [logs]).status === 0);
    await instance.close();
  });

  it('stalls no jail, is reported, and logging goes on when there is room', async () => {
    instance.ctl('start', '-a');
    await instance.until('the jail has written it all', () => existsSync(join(instance.root, 'tmp/loud')));
    expect(instance.ctl('status', 'quiet').code).to.equal(0);
    spawnSync('mount', ['-o', 'remount,size=64m', logs]);
    await instance.until('it is told', () => /loud.*(dropped|lost)/i.test(instance.log));
  });
});

describe('a configuration with a mistake in its syntax', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure('* { path = "$root"; command = "/bin/sleep 1000"; }\na { }\nb { stop.timeout = ; }\n');
    await instance.start();
  });

  after(() => instance.close());

  it('starts no jail at all, as with jail(8), and says where it is', () => {
    const { code, stderr } = instance.ctl('start', 'a');
    expect(code).to.equal(2);
    expect(stderr).to.include(`${join(instance.prefix, 'etc/jail.conf')}:5:20: `);
  });

  it('is not taken over by a reload either when the file is gone', () => {
    instance.run(['mv', join(instance.prefix, 'etc/jail.conf'), join(instance.prefix, 'etc/gone')]);
    const { code, stderr } = instance.ctl('reload');
    expect(stderr).to.match(/etc\/jail\.conf: No such file/i);
    expect(code).to.equal(2);
  });

  it('is good after a reload when it was mended', () => {
    instance.configure(
      '* { path = "$root"; command = "/bin/sleep 1000"; }\na { }\nb { stop.timeout = 1; }\n',
    );
    expect(instance.ctl('reload').code).to.equal(0);
    expect(instance.ctl('start', 'a').code).to.equal(0);
  });
});

describe('a foreground jail that can’t be started', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure('a { path = "$root"; persist; }');
    await instance.start();
  });

  after(() => instance.close());

  const fails = (words: readonly string[], error: RegExp, code: number): void => {
    const answer = instance.ctl('run', ...words);
    expect(answer.stderr).to.match(error);
    expect(answer).to.include({ code, stdout: '' });
  };

  it('says why, whichever step it was', () => {
    const { root, prefix } = instance;
    fails(
      [`path=${prefix}/nowhere`, '--', 'true'],
      /^error: run-\d+: not started: stat .*nowhere: No such file/i,
      1,
    );
    fails(
      [`path=${root}`, `mount=/usr ${root}/no nullfs ro 0 0`, '--', 'true'],
      /not started: mount no: No such/i,
      1,
    );
    fails(
      [`path=${root}`, 'mount=/usr /mnt nullfs ro 0 0', '--', 'true'],
      /not started: mount \/mnt: not below/,
      1,
    );
    fails([`path=${root}`, '--', '/bin/nosuch'], /not started: exec \/bin\/nosuch: No such file/i, 127);
    fails([`path=${root}`, '--', '/etc/passwd'], /not started: exec \/etc\/passwd: Permission denied/i, 126);
    expect(instance.ctl('list', '--quiet').stdout).to.equal('a\n');
  });
});
