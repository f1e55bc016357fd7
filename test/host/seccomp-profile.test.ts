import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import { profiledPolicy } from '../../src/plan/seccomp.js';
import { answerOf, callNumbers, compilePolicy, I386, type Call } from '../support/bpf.js';

const numbers = callNumbers();
const call = (name: string, ...args: readonly bigint[]): Call => ({ number: numbers.get(name) ?? -1, args });
const only = (index: number, value: number, op: string, valueTwo = 0): object => ({
  ...{ index, value, valueTwo, op: `SCMP_CMP_${op}` },
});

/** A profile like Docker's: most is refused, capabilities open some of it, and 32-bit programs may run. */
const server = {
  defaultAction: 'SCMP_ACT_ERRNO',
  archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
  syscalls: [
    { names: ['read', 'write', 'no_such_call', 'socketcall', 'mmap2'], action: 'SCMP_ACT_ALLOW' },
    { names: ['openat2', 'faccessat2', 'epoll_pwait2'], action: 'SCMP_ACT_ALLOW', args: [] },
    { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
    { names: ['kcmp'], action: 'SCMP_ACT_ALLOW', excludes: { minKernel: '4.8' } },
    { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [only(0, 0, 'EQ')] },
    { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [only(0, 8, 'EQ')] },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [only(0, 2114060288, 'MASKED_EQ')],
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
    { names: ['clone', 'mount', 'setns'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [only(0, 40, 'NE')] },
    { names: ['arch_prctl'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['amd64', 'x32'] } },
    { names: ['getpid'], action: 'SCMP_ACT_LOG' },
    { names: ['acct'], action: 'SCMP_ACT_KILL' },
    { names: ['reboot'], action: 'SCMP_ACT_KILL_PROCESS' },
    { names: ['swapon'], action: 'SCMP_ACT_TRAP' },
    { names: ['lseek'], action: 'SCMP_ACT_ALLOW', args: [only(1, 5, 'GT'), only(2, 3, 'LE')] },
    { names: ['dup2'], action: 'SCMP_ACT_ALLOW', args: [only(0, 5, 'GE'), only(0, 2, 'LT')] },
    { names: ['syslog'], action: 'SCMP_ACT_ERRNO', args: [only(0, 3, 'EQ')], errnoRet: 13 },
  ],
};

function compile(profile: object, values: JailParams = {}): Buffer {
  const source = { file: '/etc/p.json', text: JSON.stringify(profile) };
  return compilePolicy(profiledPolicy(source, values, { architecture: 'x64', kernel: '6.18.0' }));
}
const answers = (program: Buffer, calls: readonly Call[]): readonly string[] =>
  calls.map((one) => answerOf(program, one));

describe('a compiled seccomp profile', () => {
  const program = compile(server);
  const table: readonly (readonly [Call, string, string])[] = [
    [call('read', 3n), 'allow', 'what it allows'],
    [call('open_by_handle_at'), 'EPERM', 'what it does not name, as its default says'],
    [call('openat2'), 'allow', 'a list of no conditions'],
    [call('ptrace'), 'allow', 'what it allows from an older kernel on'],
    [call('kcmp'), 'EPERM', 'what it allows up to an older kernel'],
    [call('personality', 8n), 'allow', 'one of two values'],
    [call('personality', 9n), 'EPERM', 'neither of two values'],
    [call('personality', 0x1_0000_0008n), 'EPERM', 'a value in the lower half of an argument alone'],
    [call('clone', 0x11n), 'allow', 'flags that a mask does not catch'],
    [call('clone', 0x1000_0011n), 'EPERM', 'a flag that it does'],
    [call('mount'), 'EPERM', 'a call of a capability that the jail lacks'],
    [call('clone3'), 'ENOSYS', 'a refusal with an error of its own'],
    [call('socket', 2n), 'allow', 'any value but one'],
    [call('socket', 40n), 'EPERM', 'that one'],
    [call('arch_prctl'), 'allow', 'what it allows on this architecture'],
    [call('getpid'), 'log', 'what is written down'],
    [call('acct'), 'kill-thread', 'what ends a thread'],
    [call('reboot'), 'kill-process', 'what ends a process'],
    [call('swapon'), 'trap', 'what is a signal'],
    [call('lseek', 0n, 6n, 3n), 'allow', 'two conditions that hold'],
    [call('lseek', 0n, 5n, 3n), 'EPERM', 'two of which the first does not'],
    [call('lseek', 0n, 6n, 4n), 'EPERM', 'two of which the second does not'],
    [call('dup2', 1n), 'allow', 'two on one argument, of which the second holds'],
    [call('dup2', 5n), 'allow', 'two on one argument, of which the first holds'],
    [call('dup2', 3n), 'EPERM', 'two on one argument, of which neither does'],
    [call('syslog', 3n), 'EACCES', 'a refusal with a condition'],
    [call('syslog', 4n), 'EPERM', 'without that condition the default'],
    [{ number: 442 }, 'ENOSYS', 'a call that is newer than all that it names'],
    [{ number: 436 }, 'EPERM', 'one that is not'],
    [{ number: 3, architecture: I386 }, 'allow', 'read(2) of a 32-bit program'],
    [{ number: 21, architecture: I386 }, 'EPERM', 'mount(2) of a 32-bit program'],
    [{ number: 500, architecture: I386 }, 'ENOSYS', 'a new call of a 32-bit program'],
    [{ number: 0x40000000 }, 'allow', 'read(2) by the x32 entry point'],
    [{ number: 0x40000000 + 165 }, 'EPERM', 'mount(2) by the x32 entry point'],
    [{ number: 0x40000000 + 900 }, 'ENOSYS', 'a new call by the x32 entry point'],
    [{ number: 0, architecture: 0xc00000b7 }, 'kill-thread', 'any call of another machine'],
  ];
  for (const [one, expected, what] of table)
    it(`answers ${what} with ${expected}`, () => expect(answerOf(program, one)).to.equal(expected));

  it('opens what it has for a capability when the jail has that', () => {
    const calls = [call('mount'), call('setns'), call('clone', 0x1000_0000n), call('clone3'), call('fsopen')];
    expect(answers(compile(server, { 'caps.add': ['sys_admin'] }), calls)).to.deep.equal([
      ...['allow', 'allow', 'allow', 'EPERM', 'EPERM'],
    ]);
    expect(
      answers(compile(server, { 'caps.add': ['sys_admin'], 'caps.drop': ['sys_admin'] }), calls),
    ).to.deep.equal(['EPERM', 'EPERM', 'EPERM', 'ENOSYS', 'EPERM']);
  });

  it('has a rule without a condition stand for all of its call, wherever it is', () => {
    const refusal = { names: ['dup'], action: 'SCMP_ACT_ERRNO', errnoRet: 13, args: [only(0, 1, 'EQ')] };
    const permission = { names: ['dup'], action: 'SCMP_ACT_ALLOW' };
    for (const syscalls of [
      [refusal, permission],
      [permission, refusal],
    ])
      expect(
        answers(compile({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }), [call('dup', 1n), call('dup', 2n)]),
      ).to.deep.equal(['allow', 'allow']);
  });

  it('lets other architectures in only where it says so', () => {
    const { archMap, ...rest } = server;
    const own = compile(rest);
    expect(archMap).to.have.length(1);
    expect(
      answers(own, [call('read'), { number: 3, architecture: I386 }, { number: 0x40000000 }]),
    ).to.deep.equal(['allow', 'kill-thread', 'kill-thread']);
  });

  it('gives way to what jail.conf allows and refuses', () => {
    const calls = ['unshare', 'clone3', 'mount', 'msgget'].map((name) => call(name));
    const shared = {
      ...server,
      syscalls: [...server.syscalls, { names: ['msgget'], action: 'SCMP_ACT_ALLOW' }],
    };
    expect(answers(compile(shared), calls)).to.deep.equal(['EPERM', 'ENOSYS', 'EPERM', 'allow']);
    expect(answers(compile(shared, { 'children.max': 1, sysvmsg: 'disable' }), calls)).to.deep.equal([
      ...['allow', 'allow', 'allow', 'ENOSYS'],
    ]);
    expect(answers(compile(shared, { 'allow.read_msgbuf': true }), [call('syslog', 3n)])).to.deep.equal([
      'allow',
    ]);
  });

  it('of a refused file is an error with its line and column', () => {
    const source = { file: '/etc/p.json', text: '{\n "defaultAction": "ALLOW"}' };
    expect(() => profiledPolicy(source, {}, { architecture: 'x64', kernel: '6.1' })).to.throw(
      'seccomp /etc/p.json:2:19: defaultAction: "ALLOW" is not one of SCMP_ACT_ALLOW',
    );
  });
});
