import { expect } from 'chai';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { TestInstance } from '../support/instance.js';

describe('a default jail', () => {
  const instance = new TestInstance();
  const inside = (script: string): string =>
    instance.ctl('exec', 'box', '--', 'sh', '-c', script).stdout.trim();

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      box { }
      other { }
      clean { exec.clean; exec.start = "/bin/env >/tmp/environment"; }
    `);
    await instance.start();
    for (const jail of ['box', 'other', 'clean']) {
      const answer = instance.ctl('start', jail);
      if (answer.code !== 0) throw new Error(answer.stderr);
    }
  });

  after(() => instance.close());

  it('has all eight namespaces of its own', () => {
    const { pid } = instance.status('box');
    const kinds = ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'];
    const shared = kinds.filter(
      (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`),
    );
    expect(shared).to.deep.equal([]);
  });

  it('has 65,536 user ids that no other jail has', () => {
    const map = (name: string): string[] =>
      readFileSync(`/proc/${instance.status(name).pid}/uid_map`, 'utf8')
        .trim()
        .split(/\s+/);
    expect(map('box')[0]).to.equal('0');
    expect(map('box')[2]).to.equal('65536');
    expect(Math.abs(Number(map('box')[1]) - Number(map('other')[1]))).to.be.at.least(65536);
  });

  it('can’t choose projects of the host as its own', () => {
    const maps = inside('cat /proc/self/projid_map; (echo 0 0 1 >/proc/self/projid_map) 2>&1');
    expect(maps).to.equal(`${inside('cat /proc/self/uid_map')}\nsh: write error: Operation not permitted`);
  });

  it('keeps its user ids over a restart', () => {
    const before = inside('cat /proc/self/uid_map');
    instance.ctl('restart', 'box');
    expect(inside('cat /proc/self/uid_map')).to.equal(before);
  });

  it('sees and makes files as root, which are root’s on the host, with nothing chowned', () => {
    inside('echo x > /tmp/file');
    expect(statSync(`${instance.root}/tmp/file`)).to.include({ uid: 0, gid: 0 });
    expect(inside('stat -c %u /etc/passwd /tmp/file')).to.equal('0\n0');
  });

  it('sees only its own processes', () => {
    expect(inside('ls -d /proc/[0-9]* | wc -l')).to.match(/^[2-6]$/);
  });

  it('has a private /dev without host devices', () => {
    expect(inside('ls /dev')).to.equal(
      'fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero',
    );
    expect(inside('mknod /dev/sda b 8 0 2>&1')).to.match(/not permitted/);
  });

  it('can’t write to /sys or to the kernel’s settings', () => {
    expect(inside('echo 1 > /proc/sys/kernel/panic; echo $?')).to.equal('1');
    expect(inside('touch /sys/x; echo $?')).to.equal('1');
  });

  it('runs with few capabilities, no_new_privs and a seccomp filter', () => {
    const status = inside('cat /proc/self/status');
    expect(/^CapBnd:\s+(\w+)/m.exec(status)?.[1]).to.equal('00000000000405fb');
    expect(/^CapEff:\s+(\w+)/m.exec(status)?.[1]).to.equal('00000000000405fb');
    expect(/^CapAmb:\s+(\w+)/m.exec(status)?.[1]).to.equal('0000000000000000');
    expect(status)
      .to.match(/^NoNewPrivs:\s+1$/m)
      .and.to.match(/^Seccomp:\s+2$/m);
  });

  it('refuses new namespaces and mounts', () => {
    expect(inside('unshare -m true 2>&1; mount -t tmpfs none /mnt 2>&1')).to.match(
      /not permitted[^]*not permitted|denied/,
    );
  });

  it('gives nothing of the host’s environment or descriptors to its commands', () => {
    expect(inside('env | cut -d= -f1 | sort | tr "\\n" " "')).to.match(
      /^HOME JID JNAME JPATH PATH PWD SHELL SHLVL USER$/,
    );
    expect(inside('ls /proc/self/fd | tr "\\n" " "')).to.match(/^0 1 2 3$/);
  });

  it('has nothing of itself in the environment of its commands with exec.clean', () => {
    const named = (...words: readonly string[]): string =>
      instance.ctl(...words, '--', 'sh', '-c', 'env | cut -d= -f1 | sort | tr "\\n" " "').stdout.trim();
    const asked = [named('exec', 'clean'), named('run', 'exec.clean', `path=${instance.root}`)];
    expect(asked).to.deep.equal(['HOME PATH PWD SHELL SHLVL USER', 'HOME PATH PWD SHELL SHLVL USER']);
    const started = readFileSync(`${instance.root}/tmp/environment`, 'utf8');
    expect(started.match(/^\w+/gm)?.sort().join(' ')).to.equal('HOME PATH PWD SHELL SHLVL USER');
  });

  it('does not let its root be left by a chroot', () => {
    expect(
      inside('mkdir -p /tmp/c; chroot / sh -c "cd ../../..; ls -d home srv work 2>/dev/null"; echo end'),
    ).to.equal('end');
  });
});
