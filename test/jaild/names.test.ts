import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { temporaryDirectory } from '../support/temporary.js';

/** Everything below a directory: kind, mode, owner, size, times, where links lead, and the bytes of files of at most 8 MiB. */
function fingerprint(directory: string): string {
  const script =
    'find . -printf "%p %y %m %U %G %s %T@ %C@ %l\\n" | sort; find . -type f -size -9M -exec sha256sum {} + | sort';
  return spawnSync('sh', ['-c', script], { cwd: directory, encoding: 'utf8' }).stdout;
}

/** Words by which a program sees another /etc/resolv.conf than the host. */
function withResolver(text: string): readonly string[] {
  const file = join(temporaryDirectory(), 'resolv.conf');
  writeFileSync(file, text);
  const script = 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"';
  return ['unshare', '-m', 'sh', '-c', script, file];
}

/** A root in which programs of the host ask for names; its own files of names are as Debian makes them. */
function makeDebianRoot(instance: TestInstance): string {
  const root = instance.newRoot('debian');
  rmSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'usr'));
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n192.0.2.77 printer\n');
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(root, 'etc/resolv.conf'));
  return root;
}

const inheritText = 'nameserver 127.0.0.1\nnameserver 192.0.2.53\nsearch example.org\n';

describe('names in a jail', () => {
  const instance = new TestInstance(withResolver(inheritText));
  const exec = (jail: string, ...words: readonly string[]) => instance.ctl('exec', jail, '--', ...words);
  const cat = (jail: string, file: string): string => exec(jail, 'cat', file).stdout;
  let debian = '';
  let untouched = '';

  before(async () => {
    debian = makeDebianRoot(instance);
    writeFileSync(join(instance.root, 'etc/hosts'), '127.0.0.1 localhost\n');
    writeFileSync(join(instance.root, 'etc/resolv.conf'), 'nameserver 192.0.2.1\n');
    instance.configure(`
      $usr = "/usr $prefix/roots/debian/usr nullfs ro";
      * { path = "$root"; persist; allow.raw_sockets; }
      dns {
        path = "$prefix/roots/debian"; mount = "$usr"; host.hostname = dns.example.org;
        ip4.addr = 10.78.0.2; ip6.addr = "fd78::2"; dns = "127.0.0.1";
        exec.start = "/usr/sbin/dnsmasq --no-resolv --no-hosts --user=root --pid-file= --host-record=web.names.test,10.78.0.3,fd78::3";
      }
      web {
        path = "$prefix/roots/debian"; mount = "$usr"; depend = dns; hosts = depend; dns = 10.78.0.2, "fd78::2";
        ip4.addr = 10.78.0.3; ip6.addr = "fd78::3";
      }
      web6 { path = "$prefix/roots/debian"; mount = "$usr"; depend = dns; ip6.addr = "fd78::6"; dns = "fd78::2"; }
      inherit { ip4.addr = 10.78.0.4; dns = inherit; hosts = none; }
      shared { ip4 = inherit; dns = inherit; }
      plain { }
      own { hosts = own; }
    `);
    await instance.start();
    untouched = fingerprint(join(instance.prefix, 'roots'));
    const answer = instance.ctl('start', '-a');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
  });
  after(() => instance.close());

  it('are found by a name server in another jail, over IPv4 and IPv6', () => {
    expect(exec('dns', 'getent', 'ahostsv4', 'web.names.test').stdout).to.match(/^10\.78\.0\.3 /);
    expect(cat('web', '/etc/resolv.conf')).to.equal('nameserver 10.78.0.2\nnameserver fd78::2\n');
    expect(cat('web6', '/etc/resolv.conf')).to.equal('nameserver fd78::2\n');
    expect(exec('web', 'getent', 'ahostsv6', 'web.names.test').stdout).to.match(/^fd78::3 /);
    expect(exec('web6', 'getent', 'ahostsv6', 'web.names.test').stdout).to.match(/^fd78::3 /);
    const ping = exec('dns', 'busybox', 'ping', '-4', '-c', '1', '-W', '5', 'web.names.test');
    expect({ code: ping.code, stderr: ping.stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(exec('web', 'getent', 'hosts', 'nobody.names.test').code).to.equal(2);
  });

  it('are those of its own hosts file and of the jails that it depends on, behind what the root has', () => {
    expect(cat('web', '/etc/hosts')).to.equal(
      [
        '127.0.0.1 localhost',
        '192.0.2.77 printer',
        '::1\tlocalhost ip6-localhost ip6-loopback',
        '10.78.0.3\tweb',
        'fd78::3\tweb',
        '10.78.0.2\tdns.example.org dns',
        'fd78::2\tdns.example.org dns',
        '',
      ].join('\n'),
    );
    expect(exec('web', 'getent', 'ahostsv4', 'dns').stdout).to.match(/^10\.78\.0\.2 /);
    expect(exec('web', 'getent', 'hosts', 'printer').stdout).to.match(/^192\.0\.2\.77 /);
    expect(cat('dns', '/etc/hosts')).to.match(
      /\n10\.78\.0\.2\tdns\.example\.org dns\nfd78::2\tdns\.example\.org dns\n$/,
    );
  });

  it('are as the root has them in a jail without addresses that asks for nothing', () => {
    expect(cat('plain', '/etc/hosts')).to.equal('127.0.0.1 localhost\n');
    expect(cat('plain', '/etc/resolv.conf')).to.equal('nameserver 192.0.2.1\n');
    expect(cat('inherit', '/etc/hosts')).to.equal('127.0.0.1 localhost\n');
    expect(cat('own', '/etc/hosts')).to.match(/\n127\.0\.1\.1\town\n$/);
  });

  it('are asked of the servers of the host that the jail reaches', async () => {
    expect(cat('inherit', '/etc/resolv.conf')).to.equal('nameserver 192.0.2.53\nsearch example.org\n');
    const told = /inherit: name servers of .* that only the host reaches are left out: 127\.0\.0\.1$/m;
    await instance.until('it is told of', () => told.test(instance.log));
    expect(cat('shared', '/etc/resolv.conf')).to.equal(inheritText);
  });

  it('leave the root as it was, a link in the place of resolv.conf with it', () => {
    expect(fingerprint(join(instance.prefix, 'roots'))).to.equal(untouched);
    expect(readlinkSync(join(debian, 'etc/resolv.conf'))).to.equal('../run/systemd/resolve/stub-resolv.conf');
  });

  it('cannot be changed from inside', () => {
    const script = 'echo 6.6.6.6 dns >>/etc/hosts; rm -f /etc/resolv.conf; ln -sf /dev/null /etc/resolv.conf';
    expect(exec('web', 'sh', '-c', script).code).to.not.equal(0);
    expect(cat('web', '/etc/hosts')).to.not.contain('6.6.6.6');
    expect(cat('web', '/etc/resolv.conf')).to.equal('nameserver 10.78.0.2\nnameserver fd78::2\n');
  });

  it('are the same after a restart by a jaild that has not started the others', async () => {
    const hosts = cat('web', '/etc/hosts');
    await instance.killDaemon();
    await instance.start();
    expect(instance.ctl('restart', 'web').code).to.equal(0);
    expect(cat('web', '/etc/hosts')).to.equal(hosts).and.to.contain('10.78.0.2\tdns.example.org dns');
  });

  it('need a mount point in a root that has no such file, and nothing else', () => {
    const root = instance.newRoot('empty');
    const listed = (): readonly string[] => readdirSync(join(root, 'etc')).sort();
    expect(listed()).to.deep.equal(['group', 'passwd']);
    const words = [`path=${root}`, 'ip4.addr=10.78.0.9', 'dns=10.78.0.2', 'name=empty'];
    const { stdout } = instance.ctl('run', ...words, '--', '/bin/cat', '/etc/resolv.conf', '/etc/hosts');
    expect(stdout).to.match(/^nameserver 10\.78\.0\.2\n127\.0\.0\.1\tlocalhost\n.*\n10\.78\.0\.9\tempty\n$/);
    expect(listed()).to.deep.equal(['group', 'hosts', 'passwd', 'resolv.conf']);
    expect(statSync(join(root, 'etc/hosts')).size + statSync(join(root, 'etc/resolv.conf')).size).to.equal(0);
  });
});

describe('a root whose hosts file is not what it should be', () => {
  const instance = new TestInstance();
  const secret = `secret-${process.pid}`;
  const own = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.78.0.7\tweb\n';

  before(async () => {
    instance.configure('');
    instance.write('secret', secret);
    await instance.start();
  });
  after(() => instance.close());

  /** What a jail with an address sees there, once it has started with this laid in its root. */
  const seen = (name: string, program: string, words: readonly string[], ...more: readonly string[]) => {
    const root = instance.newRoot(name);
    const { status } = spawnSync(program, [...words, join(root, 'etc/hosts')]);
    if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${status}`);
    const before = fingerprint(root);
    const answer = instance.ctl(
      ...['run', 'name=web', `path=${root}`, 'ip4.addr=10.78.0.7', ...more, '--'],
      ...['/bin/sh', '-c', 'head -c 200 /etc/hosts'],
    );
    expect(fingerprint(root)).to.equal(before);
    expect(answer.stdout + answer.stderr)
      .to.not.contain(secret)
      .and.to.not.match(/root:[$*!]/);
    return { code: answer.code, stdout: answer.stdout };
  };

  it('starts with its own names where that is no file', () => {
    expect(seen('fifo', 'mkfifo', [])).to.deep.equal({ code: 0, stdout: own });
    expect(seen('device', 'sh', ['-c', 'mknod "$0" c 1 5'])).to.deep.equal({ code: 0, stdout: own });
    expect(seen('directory', 'mkdir', [])).to.deep.equal({ code: 1, stdout: '' });
  });

  it('starts with its own names where that is a link, whatever of the host it names', () => {
    for (const [name, target] of [
      ['shadow', '/etc/shadow'],
      ['up', '../../../../../../../etc/shadow'],
      ['outside', join(instance.prefix, 'secret')],
      ['magic', '/proc/self/root/etc/shadow'],
      ['loop', 'hosts'],
    ] as const)
      expect(seen(name, 'ln', ['-s', target]), name).to.deep.equal({ code: 0, stdout: own });
  });

  it('starts with that file as it is where it is enormous', async () => {
    expect(seen('huge', 'truncate', ['-s', '10G'])).to.deep.equal({ code: 0, stdout: '\0'.repeat(200) });
    const told = /web: etc\/hosts stays as the root has it, .*: it has more than 65536 bytes$/m;
    await instance.until('it is told of', () => told.test(instance.log));
  });

  it('does not start where a directory is in the place of a file that was asked for', () => {
    const root = instance.newRoot('asked');
    mkdirSync(join(root, 'etc/hosts'));
    const { code, stderr } = instance.ctl('run', `path=${root}`, 'hosts=own', '--', '/bin/true');
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /file etc\/hosts: Invalid argument\nhint: a directory is in the place of the file/,
    );
  });

  it('has its names from the topmost directory of an overlay', () => {
    const base = instance.newRoot('base');
    writeFileSync(join(base, 'etc/hosts'), '192.0.2.77 printer\n');
    const upper = join(instance.prefix, 'roots/upper');
    mkdirSync(upper);
    const before = fingerprint(base);
    const words = ['name=web', `path=${upper}`, `base=${base}`, 'ip4.addr=10.78.0.7'];
    const look = (...more: readonly string[]): string =>
      instance.ctl('run', ...words, ...more, '--', '/bin/cat', '/etc/hosts').stdout;
    expect(look()).to.equal(`192.0.2.77 printer\n${own}`);
    expect(look('ephemeral=true')).to.equal(`192.0.2.77 printer\n${own}`);
    mkdirSync(join(upper, 'etc'), { recursive: true });
    writeFileSync(join(upper, 'etc/hosts'), '192.0.2.78 scanner\n');
    expect(look()).to.equal(`192.0.2.78 scanner\n${own}`);
    expect(fingerprint(base)).to.equal(before);
  });
});
