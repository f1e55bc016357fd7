import { expect } from 'chai';
import { parseProfile } from '../../../src/plan/seccomp-profile/parse.js';
import { profilePolicy, type Here } from '../../../src/plan/seccomp-profile/policy.js';

const here: Here = { capabilities: ['chown'], architecture: 'x64', kernel: '6.1.0-18-cloud' };

function policyOf(
  json: object,
  machine: Partial<Here> = {},
  changes: readonly string[] = [],
): readonly string[] {
  const { profile, mistakes } = parseProfile({ file: 'p', text: JSON.stringify(json) });
  if (profile === null) throw new Error(JSON.stringify(mistakes));
  return profilePolicy(profile, { ...here, ...machine }, changes)
    .trimEnd()
    .split('\n');
}

const allow = (names: readonly string[], more: object = {}): object => ({
  ...{ names, action: 'SCMP_ACT_ALLOW', ...more },
});
const rulesOf = (syscalls: readonly object[], machine: Partial<Here> = {}): readonly string[] => {
  const policy = policyOf({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }, machine);
  return policy.slice(policy.indexOf('profile') + 1);
};
const refuse = (name: string, more: object): object => ({ name, action: 'SCMP_ACT_ERRNO', ...more });

describe('a seccomp profile as a policy', () => {
  it('has calls newer than it ENOSYS, as under runc, unless its default says so or lets them through', () => {
    const ending = ['badarch kill-thread', 'profile'];
    expect(policyOf({ defaultAction: 'SCMP_ACT_ERRNO' })).to.deep.equal([
      ...['default errno 1', ...ending, 'newer errno ENOSYS'],
    ]);
    expect(policyOf({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38 })).to.deep.equal([
      ...['default errno 38', ...ending],
    ]);
    expect(policyOf({ defaultAction: 'SCMP_ACT_LOG' })).to.deep.equal(['default log', ...ending]);
  });

  it('lets in what it lists, or what it maps this machine’s architecture to', () => {
    const archMap = [
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    ];
    const archs = (json: object, architecture = 'x64'): readonly string[] =>
      policyOf({ defaultAction: 'SCMP_ACT_ALLOW', ...json }, { architecture }).filter((line) =>
        line.startsWith('arch '),
      );
    expect(archs({ archMap })).to.deep.equal(['arch x86_64', 'arch x86', 'arch x32']);
    expect(archs({ archMap }, 'arm64')).to.deep.equal(['arch aarch64', 'arch arm']);
    expect(archs({ archMap }, 'riscv64')).to.deep.equal([]);
    expect(archs({ architectures: ['SCMP_ARCH_X86'] })).to.deep.equal(['arch x86']);
  });

  it('has the rules whose circumstances are the jail’s', () => {
    const includes = (what: object, machine: Partial<Here> = {}): boolean =>
      rulesOf([refuse('bpf', { includes: what })], machine).length > 0;
    const excludes = (what: object): boolean => rulesOf([refuse('bpf', { excludes: what })]).length === 0;
    expect([
      includes({ caps: ['CAP_CHOWN'] }),
      includes({ caps: ['CAP_CHOWN', 'CAP_BPF'] }),
      includes({ caps: ['CAP_CHOWN', 'CAP_BPF'] }, { capabilities: ['bpf', 'chown'] }),
      includes({ arches: ['arm64', 'amd64'] }),
      includes({ arches: ['x86', 's390x'] }),
      includes({ arches: ['amd64'], minKernel: '6.2' }),
      includes({ minKernel: '5.19' }),
      includes({ minKernel: '6.1' }),
    ]).to.deep.equal([true, false, true, true, false, false, true, true]);
    expect([
      excludes({ caps: ['CAP_BPF', 'CAP_CHOWN'] }),
      excludes({ caps: ['CAP_BPF'] }),
      excludes({ arches: ['amd64'] }),
      excludes({ minKernel: '4.8' }),
      excludes({ minKernel: '6.2' }),
    ]).to.deep.equal([true, false, true, true, false]);
  });

  it('compares with every operator, and has a rule for each of two conditions on one argument', () => {
    const args = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT'].map((op, index) => ({
      ...{ index, value: index + 1, op: `SCMP_CMP_${op}` },
    }));
    const two = [0, 1].map((value) => ({ index: 2, value, op: 'SCMP_CMP_EQ' }));
    const masked = [{ index: 0, value: 255, valueTwo: 3, op: 'SCMP_CMP_MASKED_EQ' }];
    expect(
      rulesOf([refuse('splice', { args }), refuse('tee', { args: two }), refuse('dup', { args: masked })]),
    ).to.deep.equal([
      '?errno 1 splice arg0 != 1, arg1 < 2, arg2 <= 3, arg3 == 4, arg4 >= 5, arg5 > 6',
      '?errno 1 tee arg2 == 0',
      '?errno 1 tee arg2 == 1',
      '?errno 1 dup arg0 & 255 == 3',
    ]);
  });

  it('has changes before the profile, behind the architectures', () => {
    const json = { defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [allow(['read', 'write'])] };
    expect(policyOf({ ...json, architectures: ['SCMP_ARCH_X32'] }, {}, ['?allow mount'])).to.deep.equal([
      ...['default kill-process', 'badarch kill-thread', 'arch x32', '?allow mount', 'profile'],
      ...['newer errno ENOSYS', '?allow read', '?allow write'],
    ]);
  });
});
