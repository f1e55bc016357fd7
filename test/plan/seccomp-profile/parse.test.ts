import { expect } from 'chai';
import { spanOf } from '../../../src/config/syntax/source.js';
import { isProfile, parseProfile } from '../../../src/plan/seccomp-profile/parse.js';

/** LINE:COL SEVERITY MESSAGE of each mistake. */
function mistakesIn(text: string): readonly string[] {
  return parseProfile({ file: 'p.json', text }).mistakes.map(({ place, severity, message }) => {
    const { line, column } = spanOf(place);
    return `${line}:${column} ${severity} ${message}`;
  });
}

const rule = (text: string): string => `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${text}]}`;
const none = { capabilities: [], architectures: [], kernel: null };

describe('a seccomp profile', () => {
  it('is known by its name or its first character', () => {
    expect(isProfile({ file: '/etc/a.policy', text: '\n {' })).to.equal(true);
    expect(isProfile({ file: '/etc/a.json', text: '' })).to.equal(true);
    expect(isProfile({ file: '/etc/a.policy', text: 'default allow' })).to.equal(false);
  });

  it('of Docker is read whole', () => {
    const text = `{
      "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
      "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
      "syscalls": [
        {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": null, "comment": "", "excludes": {}},
        {"name": "clone", "action": "SCMP_ACT_TRAP",
         "args": [{"index": 1, "value": 18446744073709551615, "valueTwo": 7, "op": "SCMP_CMP_MASKED_EQ"}],
         "includes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["amd64"], "minKernel": "4.8"}}
      ]}`;
    expect(parseProfile({ file: 'p', text })).to.deep.equal({
      mistakes: [],
      profile: {
        defaultAction: 'errno 38',
        architectures: [],
        architectureMap: new Map([['x86_64', ['x86']]]),
        rules: [
          { names: ['read', 'write'], action: 'allow', conditions: [], includes: none, excludes: none },
          {
            names: ['clone'],
            action: 'trap',
            conditions: [{ argument: 1, text: 'arg1 & 18446744073709551615 == 7' }],
            includes: { capabilities: ['sys_admin'], architectures: ['amd64'], kernel: [4, 8] },
            excludes: none,
          },
        ],
      },
    });
  });

  it('of the OCI runtime specification is the object itself, or part of a config.json', () => {
    const own = '{"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_AARCH64"]}';
    const expected = {
      ...{ defaultAction: 'log', architectures: ['aarch64'], architectureMap: new Map(), rules: [] },
    };
    for (const text of [own, `{"ociVersion": "1.0.2", "linux": {"seccomp": ${own}}}`])
      expect(parseProfile({ file: 'p', text })).to.deep.equal({ profile: expected, mistakes: [] });
  });

  it('may name errors as Podman does', () => {
    const text =
      '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS", "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "errno": "EACCES"}]}';
    const { profile, mistakes } = parseProfile({ file: 'p', text });
    expect([mistakes, profile?.defaultAction, profile?.rules[0]?.action]).to.deep.equal([
      [],
      'errno 38',
      'errno 13',
    ]);
  });

  it('that is no JSON is refused where it stops being one', () => {
    expect(mistakesIn('')).to.deep.equal([
      '1:1 error a value is expected: {…}, […], "…", a number, true, false or null',
    ]);
    expect(mistakesIn('{"a": 1,}')).to.deep.equal(['1:9 error a string in "quotes" is expected']);
    expect(mistakesIn('{\n  "a" 1}')).to.deep.equal(['2:7 error a ":" behind the name is expected']);
    expect(mistakesIn('{"a": [1 2]}')).to.deep.equal([
      '1:10 error a "," or the "]" of the array is expected',
    ]);
    expect(mistakesIn('{"a": 1, "a": 2}')).to.deep.equal(['1:10 error "a" is written twice']);
    expect(mistakesIn('{} x')).to.deep.equal(['1:4 error nothing may follow the value']);
    expect(mistakesIn('['.repeat(1000))).to.deep.equal(['1:66 error more than 64 values inside one another']);
    expect(mistakesIn('{"a": nothing}')).to.have.length(1);
  });

  it('has every mistake told with its place and its path', () => {
    expect(mistakesIn('{"syscalls": 3, "defaultAction": "SCMP_ACT_ALOW"}')).to.deep.equal([
      '1:34 error defaultAction: "SCMP_ACT_ALOW" is not one of SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL, ' +
        'SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS, SCMP_ACT_TRAP, SCMP_ACT_LOG',
      '1:14 error syscalls: a list is expected: […]',
    ]);
    expect(
      mistakesIn(
        rule(`{"names": ["read", "rm -rf", 3], "action": "SCMP_ACT_ERRNO", "errnoRet": 4096,
 "args": [{"index": 6, "value": -1, "op": "=="}, {"value": 1}], "includes": {"minKernel": "new", "caps": "all"}}, 7`),
      ),
    ).to.deep.equal([
      '1:79 error syscalls[0].names[2]: a string in "quotes" is expected',
      '1:69 error syscalls[0].names[1]: "rm -rf" is no name of a system call',
      '1:123 error syscalls[0].errnoRet: a whole number from 0 to 4095 is expected',
      '2:21 error syscalls[0].args[0].index: a whole number from 0 to 5 is expected',
      '2:33 error syscalls[0].args[0].value: a whole number from 0 to 18446744073709551615 is expected',
      '2:43 error syscalls[0].args[0].op: "==" is not one of SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, ' +
        'SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ',
      '2:50 error syscalls[0].args[1]: index is missing',
      '2:50 error syscalls[0].args[1]: op is missing',
      '2:106 error syscalls[0].includes.caps: a list is expected: […]',
      '2:91 error syscalls[0].includes.minKernel: "new" is no version of a kernel',
      '2:115 error syscalls[1]: an object is expected: {…}',
    ]);
  });

  it('can’t break out of the policy that is made of it', () => {
    expect(mistakesIn(rule('{"names": ["read\\nallow mount"], "action": "SCMP_ACT_ALLOW"}'))).to.have.length(
      1,
    );
    expect(mistakesIn(rule('{"names": ["read arg0"], "action": "SCMP_ACT_ALLOW"}'))).to.have.length(1);
  });

  it('that asks for what nobody does is refused', () => {
    expect(
      mistakesIn(
        `{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/s",
"flags": ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"],
"archMap": [], "architectures": ["SCMP_ARCH_PDP11"],
"syscalls": [{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}, {"names": ["read"], "action": "SCMP_ACT_TRACE"}]}`,
      ),
    ).to.deep.equal([
      '1:53 error listenerPath: nobody listens to the calls of a jail but its jailer',
      '2:40 error flags[1]: SECCOMP_FILTER_FLAG_LOG is not done; SECCOMP_FILTER_FLAG_TSYNC and SECCOMP_FILTER_FLAG_SPEC_ALLOW may be there',
      '3:33 error architectures: a profile has either this or archMap',
      '3:34 error architectures[0]: "SCMP_ARCH_PDP11" is no architecture',
      '4:44 error syscalls[0].action: nobody listens to the calls of a jail but its jailer: this action is not done',
      '4:94 error syscalls[1].action: no tracer is attached to a jail: this action is not done',
    ]);
  });

  it('has what is not known in it read past, with a warning', () => {
    expect(
      mistakesIn(
        rule(
          '{"names": ["read"], "action": "SCMP_ACT_ALLOW", "exclude": {}, "includes": {"caps": ["CAP_FLY"]}}',
        ),
      ),
    ).to.deep.equal([
      '1:109 warning syscalls[0].exclude: not known, and ignored',
      '1:135 warning syscalls[0].includes.caps[0]: "CAP_FLY" is no capability, so nobody has it',
    ]);
  });
});
