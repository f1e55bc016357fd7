import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { landlockAbi } from '../../src/host/libc/kernel.js';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

const SECRETS = ['/proc/kallsyms', '/proc/keys', '/proc/key-users', '/proc/interrupts', '/proc/timer_list'];

describe('a wall of a default jail, and the same with a door in it:', () => {
  const instance = new TestInstance();
  const name = `jaild-test-${process.pid}`;
  const shared = join(instance.prefix, 'shared');
  const outside = join(instance.prefix, 'outside');
  const helpers: ChildProcess[] = [];
  /** On the host, in jaild's network: a program of test/support/walls.c that listens. */
  const listen = async (...argv: readonly string[]): Promise<void> => {
    const words = ['-t', String(instance.daemonPid), '-n', join(instance.root, 'bin/walls')];
    const helper = spawn('nsenter', [...words, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    helpers.push(helper);
    await new Promise((resolve) => helper.stdout.once('data', resolve));
  };

  const inside = (jail: string, ...argv: readonly string[]): string =>
    instance.ctl('exec', jail, '--', ...argv).stdout.trim();
  const shell = (jail: string, script: string): string => inside(jail, 'sh', '-c', script);
  /** What a jail without the door gets, and what one with it gets. */
  const both = (open: string, script: string): readonly [string, string] => [
    shell('box', script),
    shell(open, script),
  ];

  before(async () => {
    installProgram(instance.root, 'walls');
    for (const directory of [shared, outside]) mkdirSync(directory);
    writeFileSync(join(outside, 'secret'), 'secret');
    copyFileSync(join(instance.root, 'bin/walls'), join(instance.root, 'bin/raised'));
    chmodSync(join(instance.root, 'bin/raised'), 0o4755);
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; restart = no; }
      box { }
      network { ip4 = inherit; }
      nousers { userns = off; }
      setuid { no_new_privs = false; }
      files { caps.add = setfcap; }
      dumps { rlimit.core = unlimited; }
      messages { userns = off; allow.read_msgbuf; caps.add = syslog; }
      scheduler { userns = off; seccomp = off; caps.add = sys_nice; }
      shared { mount = "${shared} $path/mnt nullfs rw 0 0"; }
      nesting { mount = "${shared} $path/mnt nullfs rw 0 0"; children.max = 1; }
      large { mount = "tmpfs $path/mnt tmpfs size=200m 0 0"; }
    `);
    await instance.start();
    const jails = [
      'box',
      'network',
      'nousers',
      'setuid',
      'files',
      'dumps',
      'messages',
      'scheduler',
      'large',
      'shared',
      'nesting',
    ];
    const { code, stderr } = instance.ctl('start', ...jails);
    if (code !== 0) throw new Error(stderr);
    await listen('abstract', 'listen', name);
    await listen('give', join(shared, 'socket'), outside);
  });

  after(async () => {
    for (const helper of helpers) helper.kill('SIGKILL');
    await instance.close();
  });

  it('abstract sockets of the host (ip4, and even then landlock)', () => {
    expect(both('network', `walls abstract connect ${name}`)).to.deep.equal([
      'Connection refused',
      landlockAbi() >= 6 ? 'Operation not permitted' : 'connected',
    ]);
  });

  it('a directory of the host that comes in by a shared socket (children.max)', () => {
    const take = (jail: string): string => inside(jail, 'walls', 'take', '/mnt/socket', 'secret');
    expect([take('shared'), take('nesting')]).to.deep.equal([
      landlockAbi() >= 2 ? 'Permission denied' : 'secret',
      'secret',
    ]);
  });

  it('none between a jail and message queues of its own', () => {
    expect(both('nesting', 'walls queues 1')).to.deep.equal(['1', '1']);
  });

  it('what the kernel counts by creator: inotify (userns)', () => {
    expect(both('nousers', 'walls inotify 97')).to.deep.equal(['96', '97']);
  });

  it('set-user-ID programs (no_new_privs)', () => {
    const as = (jail: string): string =>
      instance.ctl('exec', '-u', 'www', jail, '--', 'raised').stdout.trim();
    expect([as('box'), as('setuid')]).to.deep.equal(['33', '0']);
  });

  it('capabilities for files, which count on the host (caps)', () => {
    const given = both('files', 'cp /bin/walls /tmp/walls; walls file-capability /tmp/walls');
    expect(given).to.deep.equal(['Operation not permitted', 'given']);
  });

  it('core dumps (rlimit.core)', () => {
    expect(both('dumps', 'ulimit -H -c')).to.deep.equal(['0', 'unlimited']);
  });

  it('messages of the kernel (allow.read_msgbuf)', () => {
    const [closed, open] = both('messages', 'dmesg 2>&1 | head -n 1');
    expect(closed).to.match(/not permitted/);
    expect(open).not.to.match(/not permitted/);
  });

  it('the CPU before others (userns, caps)', () => {
    expect(both('scheduler', 'walls nice')).to.deep.equal(['Permission denied', 'given']);
  });

  it('memory file systems for more files than they have pages (mount)', () => {
    const most = (jail: string): readonly string[] =>
      [
        ...shell(jail, 'grep " rw,.* - tmpfs " /proc/self/mountinfo').matchAll(
          / (\/\S*) rw,.*nr_inodes=(\d+k?)/g,
        ),
      ].map(([, target, inodes]) => `${target} ${inodes}`);
    expect([most('box'), most('large')]).to.deep.equal([
      ['/dev 64', '/dev/shm 16384'],
      ['/dev 64', '/mnt 51200', '/dev/shm 16384'],
    ]);
  });

  it('memory file systems without a size (mount)', () => {
    const sizes = (jail: string): readonly string[] =>
      [...shell(jail, 'grep " - tmpfs " /proc/self/mountinfo').matchAll(/ - tmpfs \S+ (\S+)/g)].map(
        ([, options = '']) => /size=(\w+)/.exec(options)?.[1] ?? 'none',
      );
    expect([...new Set(sizes('box'))].sort()).to.deep.equal(['4k', '64k', '65536k']);
    expect(sizes('large')).to.include('204800k');
    expect(shell('box', 'dd if=/dev/zero of=/dev/shm/fill bs=1M count=70 2>&1; rm /dev/shm/fill')).to.match(
      /No space left/,
    );
  });

  it('files of the kernel that tell of the host (taken off from outside)', () => {
    const count = `cat ${SECRETS.join(' ')} 2>/dev/null | wc -c`;
    expect(shell('box', count)).to.equal('0');
    instance.run([
      'nsenter',
      '-t',
      String(instance.status('large').pid),
      '-m',
      '/bin/umount',
      '/proc/interrupts',
    ]);
    expect(Number(shell('large', count))).to.be.above(0);
  });

  it('the score by which the kernel kills when memory runs out', () => {
    expect(shell('box', '(echo -500 >/proc/self/oom_score_adj) 2>&1; cat /proc/self/oom_score_adj')).to.match(
      /denied\n0$/,
    );
  });

  it('shared memory of the host', () => {
    const file = `/dev/shm/${name}`;
    writeFileSync(file, 'host');
    try {
      expect(shell('box', `cat ${file} 2>&1`)).to.match(/No such file/);
      writeFileSync(join(instance.root, 'tmp/shm'), '');
      expect(instance.onHost('cat', file).stdout).to.equal('host');
    } finally {
      rmSync(file);
    }
  });

  it('the log: what a jail has is a pipe, which can’t be read back or cut off', () => {
    const { pid } = instance.status('box');
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).to.equal('init\n');
    expect(shell('box', 'for fd in 1 2; do readlink /proc/2/fd/$fd | cut -d: -f1; done')).to.equal(
      'pipe\npipe',
    );
  });
});

describe('a jaild that was started carelessly', () => {
  // Built before the instance, whose jaild runs under it.
  const tools = mkdtempSync(join(tmpdir(), 'jaild-test-tools-'));
  const careless = [
    join(tools, 'bin/walls'),
    ...['with-key', 'setpriv', '--groups', '0,4,27', 'sh', '-c'],
    'trap "" USR1 QUIT; umask 0; cd /etc; export SECRET=x; exec 9</etc; exec "$@"',
    'careless',
  ];
  const instance = new TestInstance(careless);

  before(async () => {
    spawnSync('mkdir', [join(tools, 'bin')]);
    installProgram(tools, 'walls');
    installProgram(instance.root, 'walls');
    const tell =
      'pwd; umask; env | grep SECRET; ls /proc/self/fd | tr "\\n" " "; grep -E "^(Groups|SigIgn|SigBlk)" /proc/self/status';
    writeFileSync(join(instance.root, 'bin/tell'), `#!/bin/sh\n${tell}\n`, { mode: 0o755 });
    instance.configure(`
      * { path = "$root"; restart = no; }
      box { command = "tell >/tmp/main; exec sleep 1000"; }
      open { command = "/bin/sleep 1000"; seccomp = off; }
    `);
    await instance.start();
    if (instance.ctl('start', 'box', 'open').code !== 0) throw new Error(instance.log);
  });

  after(async () => {
    await instance.close();
    rmSync(tools, { recursive: true, force: true });
  });

  const clean = /^\/(root)?\n0022\n0 1 2 3 Groups:\s+0?\s*\nSigBlk:\s0{16}\nSigIgn:\s0{16}$/;

  it('was', () => {
    const status = readFileSync(`/proc/${instance.daemonPid}/status`, 'utf8');
    expect(status).to.match(/^Groups:\s+0 4 27/m);
    expect(readFileSync(`/proc/${instance.daemonPid}/environ`, 'utf8')).to.include('SECRET=x');
  });

  it('hands none of its directory, descriptors, groups, signals, environment or umask to a jail', async () => {
    const main = (): string => readFileSync(join(instance.root, 'tmp/main'), 'utf8').trim();
    await instance.until('it has told', () => main().includes('SigIgn'));
    expect(main()).to.match(clean);
    expect(instance.ctl('exec', 'box', '--', 'tell').stdout.trim()).to.match(clean);
    expect(instance.ctl('run', 'path=' + instance.root, '--', '/bin/tell').stdout.trim()).to.match(clean);
  });

  it('hands none of its keys to a jail', () => {
    expect(
      spawnSync(join(tools, 'bin/walls'), ['with-key', join(tools, 'bin/walls'), 'find-key', 'host-secret'], {
        encoding: 'utf8',
      }).stdout,
    ).to.equal('found\n');
    expect(instance.ctl('exec', 'box', '--', 'walls', 'find-key', 'host-secret').stdout).to.match(
      /not permitted/,
    );
    expect(instance.ctl('exec', 'open', '--', 'walls', 'find-key', 'host-secret').stdout).not.to.equal(
      'found\n',
    );
  });
});
