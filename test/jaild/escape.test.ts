import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { closeFd } from '../../src/host/libc/descriptors.js';
import { pidfdGetfd, pidfdOpen } from '../../src/host/libc/pidfd.js';
import { TestInstance } from '../support/instance.js';
import { installProbe, readProbe } from '../support/probe.js';

/** What of a process says how it is confined, but for what differs from one process to the next. */
const describeSelf = [
  'grep -E "^(Umask|Uid|Gid|Groups|Sig(Blk|Ign)|Cap|NoNewPrivs|Seccomp)" /proc/self/status',
  'cat /proc/self/limits /proc/self/cgroup /proc/self/oom_score_adj /proc/self/uid_map /proc/self/personality',
  'for ns in /proc/self/ns/*; do readlink $ns; done',
].join('; ');

/** Of the text of /proc/PID/status: what the process may do. */
const privileges = (status: string): readonly string[] =>
  status.split('\n').filter((line) => /^(Cap|NoNewPrivs|Seccomp)/.test(line));

describe('root in a default jail', () => {
  const instance = new TestInstance();
  const inside = (...argv: readonly string[]): string =>
    instance.ctl('exec', 'box', '--', ...argv).stdout.trim();
  const shell = (script: string): string => inside('sh', '-c', script);

  before(async () => {
    installProbe(instance.root);
    writeFileSync(
      join(instance.root, 'bin/self'),
      `#!/bin/sh\n[ -z "$1" ] || exec >/tmp/$1.new\n${describeSelf}\n[ -z "$1" ] || mv /tmp/$1.new /tmp/$1\n[ "$1" != main ] || exec sleep 1000\n`,
      { mode: 0o755 },
    );
    const nodes = [
      ['console', 'c', '5', '1'],
      ['zero', 'c', '1', '5'],
    ];
    mkdirSync(join(instance.root, 'srv'));
    for (const [name = '', ...device] of nodes)
      spawnSync('mknod', ['-m', '666', join(instance.root, 'srv', name), ...device]);
    instance.configure(`
      box { path = "$root"; command = "/bin/self main"; health.command = "self check"; health.start_interval = 100ms; }
      talker { path = "$root"; command = "/bin/sh -c 'echo by name > /dev/stdout; su www -s /bin/sh -c \\"echo by www > /dev/stderr\\"; sleep 1000'"; }
    `);
    await instance.start();
    writeFileSync(`/proc/${instance.daemonPid}/oom_score_adj`, '200');
    for (const jail of ['box', 'talker'])
      if (instance.ctl('start', jail).code !== 0) throw new Error(instance.log);
    for (const name of ['main', 'check'])
      await instance.until(`${name} has told`, () => existsSync(join(instance.root, 'tmp', name)));
  });

  after(() => instance.close());

  it('finds no call that leads out or reaches what all share', () => {
    const refusedByPrivilege =
      'open_by_handle open_nsfs unshare_user unshare_mount unshare_net unshare_time clone_user setns mount remount ' +
      'umount pivot_root fsopen fspick open_tree move_mount mount_setattr bpf perf userfaultfd io_uring keyctl ' +
      'add_key kexec init_module delete_module reboot settime adjtime swapon personality iopl acct quotactl syslog ' +
      'fanotify process_madvise process_mrelease remap_pages handle no_random kcmp ldt pidfd_init raw ' +
      'mknod tiocsti tiocsti_high ptrace_init memory_init descriptor_init sched_core io_uring_enter request_key tiocsetd prctl_mm';
    expect(readProbe(inside('probe'))).to.deep.equal({
      EACCES: 'nice',
      EAFNOSUPPORT: 'igmp alg vsock packet old_packet netfilter audit uevent xfrm tipc bluetooth',
      ENOSYS: 'clone3 secret io_setup unknown none',
      EPERM: refusedByPrivilege,
      EPROTONOSUPPORT: 'udplite mptcp sctp dccp l2tp smc',
      EXDEV: 'chroot',
      'signal 31': 'x32 int80',
    });
  });

  it('can’t use a device node that lies in the root directory', () => {
    expect(shell('for node in zero console; do head -c 1 /srv/$node 2>&1; done')).to.equal(
      'head: /srv/zero: Permission denied\nhead: /srv/console: Permission denied',
    );
  });

  it('learns nothing from process 1 that is the host’s', () => {
    expect(shell('tr -d "\\0" </proc/1/cmdline; echo; cat /proc/1/comm')).to.equal('init\ninit');
    const secrets = 'environ exe root cwd mem maps fd/3 ns/mnt auxv stack syscall'.split(' ');
    const readable = secrets.filter(
      (name) => shell(`cat /proc/1/${name} >/dev/null 2>&1 && echo open`) === 'open',
    );
    expect(readable).to.deep.equal([]);
    expect(shell('readlink /proc/1/exe /proc/1/fd/3; (echo 5 >/proc/1/oom_score_adj) 2>&1')).to.match(
      /^\S+ can't create \/proc\/1\/oom_score_adj: Permission denied$/,
    );
  });

  it('can’t execute the program of process 1', () => {
    writeFileSync(join(instance.root, 'bin/again'), '#!/proc/self/exe\n', { mode: 0o755 });
    for (const program of ['/proc/self/exe', '/proc/1/exe', '/bin/again']) {
      const { code, stdout, stderr } = instance.ctl('exec', 'box', '--', program, '--steps');
      expect({ code, stdout }, program).to.deep.equal({ code: 126, stdout: '' });
      expect(stderr).to.match(/Permission denied/);
    }
  });

  it('has the same limits in its main program, with exec, with exec -t and in checks', () => {
    const main = readFileSync(join(instance.root, 'tmp/main'), 'utf8').trim();
    const terminal = instance.ctl('exec', '-t', 'box', '--', 'self').stdout.replaceAll('\r', '').trim();
    expect(inside('self')).to.equal(main);
    expect(terminal).to.equal(main);
    expect(readFileSync(join(instance.root, 'tmp/check'), 'utf8').trim()).to.equal(main);
  });

  it('has the same privileges in process 1, its main program and with exec', () => {
    const { pid } = instance.status('box');
    const own = privileges(inside('cat', '/proc/self/status'));
    expect(own).to.deep.equal([
      ...['CapInh:\t0000000000000000', 'CapPrm:\t00000000000405fb', 'CapEff:\t00000000000405fb'],
      ...['CapBnd:\t00000000000405fb', 'CapAmb:\t0000000000000000'],
      ...['NoNewPrivs:\t1', 'Seccomp:\t2', 'Seccomp_filters:\t1'],
    ]);
    expect(privileges(readFileSync(`/proc/${pid}/status`, 'utf8'))).to.deep.equal(own);
    expect(privileges(readFileSync(join(instance.root, 'tmp/main'), 'utf8'))).to.deep.equal(own);
  });

  it('is asked to run commands of 4000 long words, by process 1', () => {
    const words = Array.from({ length: 4000 }, (_, index) => String(index).padStart(200, '.'));
    const count = ['sh', '-c', 'echo $# $PPID; echo "$*" | wc -c', 'sh', ...words];
    expect(inside(...count)).to.equal(`4000 1\n${4000 * 201}`);
  });

  it('is not spared when memory runs out because jaild is', () => {
    expect(shell('cat /proc/self/oom_score_adj')).to.equal('0');
    expect(readFileSync(`/proc/${instance.status('box').pid}/oom_score_adj`, 'utf8')).to.equal('0\n');
  });

  it('has no terminal but one of its own', () => {
    expect(shell('cat /dev/tty 2>&1')).to.match(/No such device/);
    const { stdout } = instance.ctl('exec', '-t', 'box', '--', 'sh', '-c', 'tty; echo x > $(tty)');
    expect(stdout).to.equal('/dev/pts/0\r\nx\r\n');
  });

  it('can write to no file of the kernel', () => {
    const find =
      'for f in $(find /proc /sys -type f ! -path "/proc/[0-9]*" ! -path "/proc/self/*" 2>/dev/null); do';
    expect(shell(`${find} [ -w $f ] && (: >>$f) 2>/dev/null && echo $f; done`)).to.equal('');
    expect(shell('ls /sys/fs/cgroup')).to.equal('');
  });

  it('may have 4096 processes when nothing is said, and few watches of what all share', () => {
    const pids = readFileSync(`/proc/${instance.status('box').pid}/cgroup`, 'utf8');
    const [, v1] = /:pids:(.*)/.exec(pids) ?? [];
    const file = v1 === undefined ? instance.status('box').cgroup : `/sys/fs/cgroup/pids${v1}`;
    expect(readFileSync(`${file}/pids.max`, 'utf8')).to.equal('4096\n');
    expect(
      shell('cd /proc/sys/user; cat max_inotify_instances max_user_namespaces max_time_namespaces'),
    ).to.equal('96\n0\n0');
  });

  it('opens its output by name, and so does another user of the jail', async () => {
    await instance.until('both have spoken', () => instance.logOf('talker').includes('by www'));
    const lines = instance.logOf('talker').split('\n').filter(Boolean);
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).to.deep.equal(['stdout by name', 'stderr by www']);
  });

  it('does not see jaild’s sockets, and others may not use them', () => {
    const rundir = join(instance.prefix, 'run/jaild/box');
    expect(statSync(rundir).mode & 0o7777).to.equal(0o700);
    const { stdout, code } = instance.run([
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      instance.bin('jailctl'),
      'list',
    ]);
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 3 });
  });
});

describe('a root directory made to harm', () => {
  const instance = new TestInstance();
  const outside = join(instance.prefix, 'outside');

  /** A root in which something else lies at `path`. */
  const trap = (name: string, path: string, ...make: readonly string[]): void => {
    const target = join(instance.newRoot(name), path);
    instance.run(['rm', '-rf', target]);
    instance.run([...make, target]);
  };

  before(async () => {
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret'), 'secret\n');
    for (const path of ['dev', 'proc', 'sys', 'mnt']) trap(`link-${path}`, path, 'ln', '-s', outside);
    trap('fifo-passwd', 'etc/passwd', 'mkfifo');
    trap('fifo-group', 'etc/group', 'mkfifo');
    trap('huge', 'etc/group', 'truncate', '-s', '20G');
    trap('log', 'var', 'ln', '-s', outside);
    trap('source', 'var', 'ln', '-s', outside);
    for (const name of ['racer', 'swapper']) installProbe(instance.newRoot(name));
    instance.configure(`
      * { restart = no; command = "/bin/sleep 1000"; path = "$prefix/roots/$name"; }
      link-dev {} link-proc {} racer {} swapper {}
      link-sys { } link-mnt { mount = "tmpfs $path/mnt tmpfs rw 0 0"; }
      fifo-passwd { exec.jail_user = www; } fifo-group { exec.jail_user = www; } huge { exec.jail_user = www; }
      log { exec.consolelog = "$path/var/console.log"; }
      fstab { path = "$root"; mount.fstab = "$path/etc/../etc/fstab"; }
      source { mount = "$path/var $path/mnt nullfs rw 0 0"; }
      plain { path = "$root"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('has links followed by no start', () => {
    for (const path of ['dev', 'proc', 'mnt', 'sys'])
      expect(instance.ctl('start', `link-${path}`).stderr).to.match(/symbolic link/);
    expect(readdirSync(outside)).to.deep.equal(['secret']);
  });

  it('can’t hold up or exhaust a start by what lies at etc/passwd or etc/group', () => {
    expect(instance.ctl('start', 'fifo-passwd').stderr).to.match(/www: Invalid argument/);
    expect(instance.ctl('start', 'fifo-group').stderr).to.match(/www: Invalid argument/);
    expect(instance.ctl('start', 'huge').stderr).to.match(/www: File too large/);
  });

  it('can’t hold up an exec by them either', () => {
    instance.ctl('start', 'plain');
    instance.run(['sh', '-c', 'mv "$0" "$0.kept" && mkfifo "$0"', join(instance.root, 'etc/group')]);
    const answer = instance.ctl('exec', '-u', 'www', 'plain', '--', 'true');
    instance.run(['sh', '-c', 'mv "$0.kept" "$0"', join(instance.root, 'etc/group')]);
    expect(answer.stderr).to.match(/user .*: Invalid argument/);
    expect(answer.code).to.equal(126);
  });

  it('can’t keep root of the host out by them', () => {
    const etc = join(instance.root, 'etc');
    instance.ctl('start', 'plain');
    for (const lay of ['mkfifo', 'mkdir', 'truncate -s 20G', 'ln -s /proc/self/mem', 'mknod -m 0']) {
      const device = lay.startsWith('mknod') ? 'c 1 5' : '';
      instance.run(['sh', '-c', `cd ${etc} && mv passwd kept && ${lay} passwd ${device}`]);
      const answers = [[], ['-l'], ['-u', '0']].map((words) =>
        instance.ctl('exec', ...words, 'plain', '--', 'sh', '-c', 'grep -E ^[UG]id: /proc/self/status; pwd'),
      );
      const named = instance.ctl('exec', '-u', 'www', 'plain', '--', 'true');
      instance.run(['sh', '-c', `cd ${etc} && rm -r passwd && mv kept passwd`]);
      const entered = { code: 0, stdout: 'Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n/\n', stderr: '' };
      expect(answers, lay).to.deep.equal([entered, entered, entered]);
      expect(named.code, lay).to.equal(126);
    }
  });

  it('gets no log written where its links lead', () => {
    expect(instance.ctl('start', 'log').stderr).to.match(/exec\.consolelog .*in the jail's root[^]*hint: /);
    expect(readdirSync(outside)).to.deep.equal(['secret']);
  });

  it('is not asked what to mount', () => {
    expect(instance.ctl('start', 'fstab').stderr).to.match(/mount\.fstab .*in the jail's root/);
  });

  it('mounts of itself only what is in it', () => {
    expect(instance.ctl('start', 'source').stderr).to.match(/No such file or directory/);
    mkdirSync(join(instance.prefix, 'roots/source', outside), { recursive: true });
    expect(instance.ctl('start', 'source').stderr).to.equal('');
    expect(instance.ctl('exec', 'source', '--', 'ls', '/mnt').stdout).to.equal('');
  });

  it('wins no race by swapping directories for links while it is started', () => {
    const root = join(instance.prefix, 'roots/racer');
    symlinkSync(outside, join(root, 'link'));
    const swapper = spawn(join(root, 'bin/probe'), ['swap', join(root, 'dev'), join(root, 'link')]);
    const answers: string[] = [];
    try {
      // As often as it takes for one to find the link in the place of the directory.
      for (let n = 0; n < 15 || (n < 1000 && !answers.join('').includes('symbolic link')); n++) {
        answers.push(instance.ctl('start', 'racer').stderr);
        instance.ctl('stop', 'racer');
      }
    } finally {
      swapper.kill('SIGKILL');
    }
    expect(answers.join('')).to.match(/symbolic link/);
    expect(readdirSync(outside)).to.deep.equal(['secret']);
  });

  it('has all that hides the host’s files, whatever takes the place of proc and sys meanwhile', () => {
    const root = join(instance.prefix, 'roots/swapper');
    const mountsOfStart = (): number => {
      instance.ctl('start', 'swapper');
      const { pid } = instance.status('swapper');
      const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n').length;
      instance.ctl('stop', 'swapper');
      return mounts;
    };
    const whole = mountsOfStart();
    const swappers = ['proc', 'sys'].map((name) => {
      mkdirSync(join(root, `other-${name}`));
      return spawn(join(root, 'bin/probe'), ['swap', join(root, name), join(root, `other-${name}`)]);
    });
    try {
      const counts = Array.from({ length: 25 }, mountsOfStart);
      expect(counts).to.deep.equal(Array.from({ length: 25 }, () => whole));
    } finally {
      for (const swapper of swappers) swapper.kill('SIGKILL');
    }
  });

  it('may lie where nobody but root may look', () => {
    chmodSync(join(instance.prefix, 'roots'), 0o700);
    instance.ctl('restart', 'plain');
    expect(instance.ctl('exec', '-u', 'www', 'plain', '--', 'cat', '/etc/group').stdout).to.include('www');
  });
});

describe('process 1 of a jail', () => {
  const instance = new TestInstance();
  const policy = join(instance.prefix, 'narrow.policy');
  const statusOf = (jail: string): readonly string[] =>
    privileges(readFileSync(`/proc/${instance.status(jail).pid}/status`, 'utf8'));

  before(async () => {
    // What process 1 can't do without.
    writeFileSync(policy, 'default allow\nerrno EPERM recvmsg\nerrno EPERM wait4\n');
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      setuid { no_new_privs = false; }  powerless { allow.suser = 0; }
      narrow { seccomp = "${policy}"; }  narrow-setuid { seccomp = "${policy}"; no_new_privs = false; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'setuid', 'powerless', 'narrow', 'narrow-setuid');
    if (code !== 0) throw new Error(stderr);
  });

  after(() => instance.close());

  it('keeps what it takes to start commands as their user, and nothing else', () => {
    const caps = (jail: string): readonly string[] =>
      statusOf(jail).map((line) => line.replace(/^.*\t0*/, ''));
    expect(caps('setuid')).to.deep.equal(['', '405fb', '405fb', '405fb', '', '', '2', '1']);
    expect(caps('powerless')).to.deep.equal(['', '1e0', '1e0', '1e0', '', '1', '2', '1']);
    expect(privileges(instance.ctl('exec', 'powerless', '--', 'cat', '/proc/self/status').stdout)).to.include(
      'CapBnd:\t0000000000000000',
    );
  });

  it('does its work whatever a policy of the administrator’s own refuses its commands', () => {
    for (const jail of ['narrow', 'narrow-setuid']) {
      const status = instance.ctl('exec', '-u', 'www', jail, '--', 'cat', '/proc/self/status');
      expect(privileges(status.stdout)).to.include('Seccomp_filters:\t1');
      expect(statusOf(jail)).to.include('Seccomp_filters:\t0');
    }
  });
});

describe('the jailer of a running jail', () => {
  const instance = new TestInstance();
  const jailerOf = (jail: string): number =>
    Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${instance.status(jail).pid}/status`, 'utf8'))?.[1]);
  const caps = (pid: number): readonly string[] =>
    privileges(readFileSync(`/proc/${pid}/status`, 'utf8')).map((line) => line.replace(/^.*\t0*/, ''));
  const theirs = join(instance.prefix, 'theirs');

  before(async () => {
    mkdirSync(theirs, { mode: 0o700 });
    chownSync(theirs, 33, 33);
    instance.configure(`
      * { path = "$root"; command = "/bin/sh -c 'echo up; sleep 1000'"; }
      plain { } named { allow.set_hostname; } elsewhere { exec.consolelog = "${theirs}/log"; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'plain', 'named', 'elsewhere');
    if (code !== 0) throw new Error(stderr);
  });

  after(() => instance.close());

  it('has no capability, no new privileges and few system calls', () => {
    expect(caps(jailerOf('plain'))).to.deep.equal(['', '', '', '', '', '1', '2', '1']);
  });

  it('keeps what it takes to answer calls, and to write where its log is', async () => {
    expect(caps(jailerOf('named'))).to.deep.equal(['', '2c0002', '2c0002', '2c0002', '', '1', '2', '1']);
    expect(caps(jailerOf('elsewhere'))).to.deep.equal(['', '2', '2', '2', '', '1', '2', '1']);
    const log = join(theirs, 'log');
    await instance.until('it is written', () => / up\n$/.test(readFileSync(log, 'utf8')));
  });

  it('holds no directory', () => {
    const directory = `/proc/${jailerOf('plain')}/fd`;
    const held = readdirSync(directory).filter((fd) => statSync(join(directory, fd)).isDirectory());
    expect(held).to.deep.equal([]);
  });

  it('has its name where the host lists processes', () => {
    expect(readFileSync(`/proc/${jailerOf('plain')}/comm`, 'utf8')).to.equal('jailer\n');
  });
});

describe('a process 1 that somebody has taken over', () => {
  const instance = new TestInstance();
  const NOTE_BYTES = 220;
  const types = {
    netlink: 0,
    failed: 1,
    listener: 2,
    built: 3,
    pty: 4,
    start: 5,
    command: 6,
    running: 7,
    main: 8,
    exec: 9,
    end: 10,
  };

  /** Says something to the jailer as process 1 would (native/jailer/channel.h). */
  const say = (jail: string, ...messages: readonly Buffer[]): void => {
    const pidfd = pidfdOpen(instance.status(jail).pid ?? -1);
    const channel = pidfdGetfd(pidfd, 3);
    for (const message of messages) writeSync(channel, message);
    closeFd(channel);
    closeFd(pidfd);
  };

  const note = (type: number, rest: Buffer): Buffer => {
    const bytes = Buffer.concat([Buffer.alloc(4), rest], NOTE_BYTES);
    bytes.writeUInt32LE(type);
    return bytes;
  };

  before(async () => {
    instance.configure(
      '* { path = "$root"; restart = no; } liar { command = "/bin/sleep 1000"; } other { persist; }',
    );
    await instance.start();
    instance.ctl('start', 'liar', 'other');
  });

  after(() => instance.close());

  it('is not heard when it says what is not its turn, nor is its jailer lost to the next jaild', async () => {
    const before = instance.log.length;
    const early = [
      types.netlink,
      types.listener,
      types.built,
      types.pty,
      types.start,
      types.command,
      types.running,
      types.exec,
      11,
      0xffffffff,
    ];
    say('liar', ...early.flatMap((type) => Array.from({ length: 50 }, () => note(type, randomBytes(216)))));
    expect(instance.ctl('exec', 'liar', '--', 'echo', 'well').stdout).to.equal('well\n');
    expect(instance.status('liar').state).to.equal('running');
    expect(instance.log.slice(before)).to.equal('');
    await instance.killDaemon();
    await instance.start();
    expect(instance.status('liar').state).to.equal('running');
  });

  it('can end its own jail and nothing else', async () => {
    const lies = [
      [note(types.failed, randomBytes(216))],
      [note(types.end, randomBytes(216)), note(types.main, randomBytes(216)), randomBytes(3)],
    ];
    for (const told of lies) {
      say('liar', ...told);
      await instance.until('it has ended', () => instance.status('liar').pid === null);
      expect(instance.status('other').state).to.equal('running');
      expect(instance.ctl('start', 'liar').stderr).to.equal('');
    }
  });

  it('leaves an exec that was under way with an end', async () => {
    const running = instance.ctlLater('exec', 'other', '--', 'sh', '-c', 'sleep 1000 & trap "" TERM; wait');
    await instance.until('it runs', () => instance.ctl('exec', 'other', '--', 'ps').stdout.includes('sleep'));
    instance.ctl('stop', '--force', 'other');
    instance.ctl('stop', 'other');
    expect((await running).code).to.equal(137);
  });
});
