import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { coreRules } from '../../src/plan/resource-limits.js';
import { seccompPolicy } from '../../src/plan/seccomp.js';
import { answerOf, callNumbers, compilePolicy, I386, type Call } from '../support/bpf.js';

const program = compilePolicy(seccompPolicy(readFileSync('etc/seccomp/default.policy', 'utf8'), {}));
const numbers = callNumbers();
/** The kernel takes an int: what stands in the upper half changes nothing for it, and must not for the filter. */
const HIGH = 0x5_0000_0000n;

function number(name: string): number {
  const own = numbers.get(name);
  if (own === undefined) throw new Error(`no call ${name}`);
  return own;
}
const answer = (name: string, ...args: readonly bigint[]): string =>
  answerOf(program, { number: number(name), args });
const answerTo = (call: Call): string => answerOf(program, call);

/** Answer → the calls that get it, of those named. */
function answersTo(names: string): Readonly<Record<string, string>> {
  const all = names.split(/\s+/).map((name) => [name, answer(name)] as const);
  return Object.fromEntries(
    [...new Set(all.map(([, own]) => own))].map((own) => [
      own,
      all.flatMap(([name, other]) => (other === own ? [name] : [])).join(' '),
    ]),
  );
}

/** "0 to 299 but 33" for most of 300 protocols, else each of them. */
function shortened(protocols: readonly number[]): string {
  if (protocols.length < 200) return protocols.join(' ');
  const others = Array.from({ length: 300 }, (_, protocol) => protocol).filter(
    (protocol) => !protocols.includes(protocol),
  );
  return `0 to 299 but ${others.join(' ')}`;
}

const namespaces = {
  CLONE_NEWTIME: 0x80n,
  CLONE_NEWNS: 0x20000n,
  CLONE_NEWCGROUP: 0x2000000n,
  CLONE_NEWUTS: 0x4000000n,
  CLONE_NEWIPC: 0x8000000n,
  CLONE_NEWUSER: 0x10000000n,
  CLONE_NEWPID: 0x20000000n,
  CLONE_NEWNET: 0x40000000n,
};

describe('the default system call policy', () => {
  it('refuses what reaches the host, as a missing privilege would', () => {
    const refused =
      'mount umount2 pivot_root fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr setns ' +
      'open_by_handle_at add_key request_key keyctl bpf perf_event_open userfaultfd io_uring_setup io_uring_enter ' +
      'io_uring_register init_module finit_module delete_module create_module kexec_load kexec_file_load reboot ' +
      'clock_settime clock_adjtime settimeofday adjtimex swapon swapoff acct quotactl quotactl_fd iopl ioperm ' +
      'lookup_dcookie fanotify_init fanotify_mark kcmp modify_ldt migrate_pages move_pages syslog vhangup pidfd_getfd ' +
      'process_madvise process_mrelease remap_file_pages name_to_handle_at';
    expect(answersTo(refused)).to.deep.equal({ EPERM: refused });
  });

  it('has what nobody has looked at, or what is no more, as an older kernel: programs go on without', () => {
    const absent =
      'clone3 uselib ustat sysfs _sysctl nfsservctl query_module afs_syscall vserver tuxcall memfd_secret io_setup ' +
      'io_submit io_getevents io_pgetevents io_destroy io_cancel';
    expect(answersTo(absent)).to.deep.equal({ ENOSYS: absent });
    for (const unknown of [-1, 350, 400, 500, 1000, 0x3fffffff])
      expect(answerTo({ number: unknown }), String(unknown)).to.equal('ENOSYS');
  });

  it('has newer calls to mount refused whether libseccomp knows them or not', () => {
    expect(['EPERM', 'ENOSYS']).to.include(answer('open_tree_attr'));
  });

  it('makes no namespace of any kind, and ordinary processes and threads', () => {
    const told = Object.entries(namespaces).flatMap(([name, flag]) =>
      [flag, flag | HIGH, flag | 0x11n].flatMap((flags) => [
        `clone ${name} ${answer('clone', flags)}`,
        `unshare ${name} ${answer('unshare', flags)}`,
      ]),
    );
    expect(told.filter((line) => !line.endsWith('EPERM'))).to.deep.equal([]);
    // fork(3), posix_spawn(3), pthread_create(3); a thread's own directory and descriptors.
    expect([0x1200011n, 0x4111n, 0x3d0f00n].map((flags) => answer('clone', flags))).to.deep.equal([
      ...['allow', 'allow', 'allow'],
    ]);
    expect([answer('unshare', 0x200n), answer('unshare', 0x400n)]).to.deep.equal(['allow', 'allow']);
  });

  it('has sockets of four families, and of netlink the routes alone', () => {
    const families = (name: string): Readonly<Record<string, readonly number[]>> => {
      const all = Array.from({ length: 64 }, (_, family) => family);
      const allowed = all.filter((family) => answer(name, BigInt(family) | HIGH, 1n, 0n) === 'allow');
      const others = new Set(
        all.filter((family) => !allowed.includes(family)).map((family) => answer(name, BigInt(family))),
      );
      return { allowed, [[...others].join()]: [] };
    };
    expect(families('socket')).to.deep.equal({ allowed: [1, 2, 10, 16], EAFNOSUPPORT: [] });
    expect(families('socketpair')).to.deep.equal({ allowed: [1], EAFNOSUPPORT: [] });
    const netlink = Array.from({ length: 32 }, (_, protocol) => answer('socket', 16n, 3n, BigInt(protocol)));
    expect(netlink).to.deep.equal(['allow', ...Array.from({ length: 31 }, () => 'EAFNOSUPPORT')]);
  });

  it('lets nobody send under an address that is not there, and set all other options', () => {
    const options = (level: bigint): readonly number[] =>
      Array.from({ length: 256 }, (_, option) => option).filter(
        (option) => answer('setsockopt', 3n, level | HIGH, BigInt(option) | HIGH) !== 'allow',
      );
    expect([options(0n), options(1n), options(6n), options(41n)]).to.deep.equal([[15], [], [], [78]]);
    expect(answer('setsockopt', 3n, 0n, 15n)).to.equal('EPERM');
    expect(answer('setsockopt', 3n, 41n, 78n)).to.equal('EPERM');
  });

  it('has TCP, UDP and ICMP, and raw sockets for the capability to decide', () => {
    const CLOEXEC_NONBLOCK = 0x80800;
    const allowed = (family: bigint): readonly string[] =>
      Array.from({ length: 16 }, (_, type) => type).flatMap((type) => {
        const withFlags = BigInt(type | CLOEXEC_NONBLOCK) | HIGH;
        const protocols = Array.from({ length: 300 }, (_, protocol) => protocol).filter(
          (protocol) => answer('socket', family, withFlags, BigInt(protocol) | HIGH) === 'allow',
        );
        return protocols.length === 0 ? [] : [`${type}: ${shortened(protocols)}`];
      });
    const raw = '3: 0 to 299 but 33 115 132 136 256 262';
    expect([allowed(2n), allowed(10n)]).to.deep.equal([
      ['1: 0 6', '2: 0 1 17', raw],
      ['1: 0 6', '2: 0 17 58', raw],
    ]);
  });

  it('has none of the transports that programs try by name, as a kernel without them', () => {
    const refused = [2n, 10n].flatMap((family) =>
      [33n, 115n, 132n, 136n, 256n, 262n].flatMap((protocol) =>
        [1n, 2n, 5n | HIGH].map((type) => answer('socket', family, type, protocol | HIGH)),
      ),
    );
    expect(new Set(refused)).to.deep.equal(new Set(['EPROTONOSUPPORT']));
  });

  it('types for nobody, and loads no line discipline', () => {
    for (const request of [0x5412n, 0x541cn, 0x5423n])
      expect([answer('ioctl', 0n, request), answer('ioctl', 0n, request | HIGH)]).to.deep.equal([
        'EPERM',
        'EPERM',
      ]);
    // TCGETS, TIOCGWINSZ, TIOCSCTTY, TIOCGETD, FIONREAD
    for (const request of [0x5401n, 0x5413n, 0x540en, 0x5424n, 0x541bn])
      expect(answer('ioctl', 0n, request)).to.equal('allow');
  });

  it('has the personalities that people use, and no other', () => {
    const personalities = [0n, 0x8n, 0x20000n, 0x20008n, 0xffffffffn, HIGH | 0x8n];
    expect(new Set(personalities.map((value) => answer('personality', value)))).to.deep.equal(
      new Set(['allow']),
    );
    for (const value of [
      0x40000n,
      0x40008n,
      0x400000n,
      0x100000n,
      0x4n,
      0x440000n,
      HIGH | 0x400000n,
      0x1000000n,
    ])
      expect(answer('personality', value)).to.equal('EPERM');
  });

  it('has prctl(2) but for what is for those who restore processes, or takes processors from others', () => {
    expect([35n, 35n | HIGH, 62n].map((option) => answer('prctl', option, 1n))).to.deep.equal([
      ...['EPERM', 'EPERM', 'EPERM'],
    ]);
    // name, pdeathsig, dumpable, seccomp, capbset_drop, no_new_privs, subreaper, thp, ambient, speculation
    for (const option of [15n, 1n, 4n, 22n, 24n, 38n, 36n, 41n, 47n, 53n])
      expect(answer('prctl', option)).to.equal('allow');
  });

  it('says that the limit of core files is set, where it has to stay as it is, and sets nothing', () => {
    const policy = readFileSync('etc/seccomp/default.policy', 'utf8');
    const kept = compilePolicy(seccompPolicy(policy, {}, coreRules({}, '|/bin/cores')));
    const answers = (name: string, ...calls: readonly (readonly bigint[])[]): readonly string[] =>
      calls.map((args) => answerOf(kept, { number: number(name), args }));
    expect(answers('setrlimit', [4n, 1n], [4n | HIGH, 1n], [3n, 1n], [7n, 1n])).to.deep.equal([
      ...['errno 0', 'errno 0', 'allow', 'allow'],
    ]);
    expect(
      answers('prlimit64', [0n, 4n, 1n], [9n, 4n | HIGH, HIGH], [0n, 4n, 0n], [0n, 7n, 1n]),
    ).to.deep.equal(['errno 0', 'errno 0', 'allow', 'allow']);
    expect([answer('setrlimit', 4n, 1n), answer('prlimit64', 0n, 4n, 1n)]).to.deep.equal(['allow', 'allow']);
  });

  it('ends who calls by another entry point than the native one', () => {
    const others: readonly Call[] = [
      ...[0, 39, 165, 0x3fffffff].map((own) => ({ number: 0x40000000 + own })),
      ...[20, 102, 21, -1].map((own) => ({ number: own, architecture: I386 })),
      { number: 63, architecture: 0xc00000b7 },
    ];
    const ended = others.map((call) => answerTo(call));
    expect(ended).to.deep.equal(others.map(() => 'kill-process'));
  });

  it('has what debuggers, sandboxes and browsers do to themselves', () => {
    const own =
      'ptrace process_vm_readv process_vm_writev pidfd_open memfd_create landlock_create_ruleset landlock_add_rule ' +
      'landlock_restrict_self seccomp statmount listmount chroot mknod mknodat sethostname vmsplice splice mlock mbind';
    const { allow = '', ...others } = answersTo(own);
    // An older libseccomp does not know the newest: they are ENOSYS then.
    expect(Object.keys(others).filter((one) => one !== 'ENOSYS')).to.deep.equal([]);
    expect(own.split(' ').filter((name) => !allow.split(' ').includes(name))).to.satisfy(
      (missing: readonly string[]) => missing.every((name) => ['statmount', 'listmount'].includes(name)),
    );
  });

  it('has what process 1 does for commands: it may be under the same policy', () => {
    const own =
      'capset capget setgroups setresuid setresgid sendmsg recvmsg poll ppoll signalfd4 read write waitid wait4 fork ' +
      'vfork setsid pipe2 dup3 fcntl openat2 openat open execve execveat fchown fchmod close close_range mmap munmap ' +
      'mprotect memfd_create kill tgkill rt_sigprocmask rt_sigaction chdir fchdir umask prlimit64 fstat statx readlink ' +
      'getcwd madvise brk clock_gettime exit exit_group set_tid_address arch_prctl futex getpid getppid sendto recvfrom ' +
      'landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp';
    expect(answersTo(own)).to.deep.equal({ allow: own });
    const calls: readonly (readonly [string, ...bigint[]])[] = [
      ['clone', 17n],
      ['ioctl', 0n, 0x540en],
      ['personality', 0n],
      ['socketpair', 1n, 5n, 0n],
      ['prctl', 24n, 21n],
      ['prctl', 22n, 2n],
    ];
    expect(calls.map(([name, ...args]) => answer(name, ...args))).to.deep.equal(calls.map(() => 'allow'));
  });
});
