import { expect } from 'chai';
import { isStartable } from '../../../src/config/jail.js';
import { codes, compileText } from '../../support/compile-text.js';

const GOOD = 'path = /p; persist;';

describe('a jail', () => {
  const cases: readonly [title: string, text: string, found: readonly string[]][] = [
    ['needs a path', 'x { persist; }', ['1:1 missing-path']],
    ['needs an absolute path', 'x { path = jails/x; persist; }', ['1:12 bad-value']],
    ['needs something to run', 'x { path = /p; }', ['1:1 nothing-to-run']],
    [
      'needs something to run when its commands are empty',
      'x { path = /p; exec.start = ""; }',
      ['1:1 nothing-to-run'],
    ],
    ['may have an init of its own', 'x { path = /p; exec.init = /sbin/init; }', ['1:16 later-parameter']],
    ['cannot have a name that is a path', `"../x" { ${GOOD} }`, ['1:1 bad-name']],
    ['cannot have the name of a file of jaild', `jaild.sock { ${GOOD} }`, ['1:1 bad-name']],
    ['cannot have the name of a file in a cgroup', `cgroup.procs { ${GOOD} }`, ['1:1 bad-name']],
    ['cannot have a name too long for a file', `"${'ü'.repeat(65)}" { ${GOOD} }`, ['1:1 bad-name']],
    ['may have the name of a host', `cgroup.example-host.org { ${GOOD} }`, []],
    ['cannot have the name of another', `x { ${GOOD} }\nx { ${GOOD} }`, ['2:1 duplicate-jail']],
    [
      'is told that its number is that of another',
      `7 { ${GOOD} }\nx { ${GOOD} jid = 7; }`,
      ['2:25 duplicate-jid'],
    ],
    ['is told so whatever zeros stand before it', `7 { ${GOOD} }\n007 { ${GOOD} }`, ['2:1 duplicate-jid']],
    ['cannot depend on a jail that is not there', `x { ${GOOD} depend = y; }`, ['1:34 undefined-dependency']],
    [
      'cannot have addresses on the network of the host',
      `x { ${GOOD} ip4 = inherit; ip4.addr = 10.0.0.1; }`,
      ['1:40 address-without-network'],
    ],
    [
      'has a host name that the kernel takes',
      `x { ${GOOD} host.hostname = ${'a'.repeat(65)}; }\n${'b'.repeat(65)} { ${GOOD} }\n${'c'.repeat(64)} { ${GOOD} }`,
      ['1:25 bad-value'],
    ],
    [
      'cannot have the address of another',
      `x { ${GOOD} ip4.addr = 10.0.0.1; }\ny { ${GOOD} ip4.addr = "eth0|10.0.0.1/24"; }`,
      ['2:42 duplicate-address'],
    ],
    [
      'may have the address of another behind another bridge',
      `x { ${GOOD} ip4.addr = 10.0.0.1; bridge = a; }\ny { ${GOOD} ip4.addr = 10.0.0.1; bridge = b; }`,
      [],
    ],
    ['needs a check when health makes it ready', `x { ${GOOD} ready = health; }`, ['1:25 bad-value']],
    [
      'is told of what means nothing on Linux, once',
      `* { ${GOOD} exec.fib = 4; }\nx { }\ny { }`,
      ['1:25 ignored-parameter'],
    ],
    ['is told of what does nothing yet', `x { ${GOOD} image = a; }`, ['1:25 later-parameter']],
    [
      'is told that only the last of several values counts',
      `x { ${GOOD} host.hostname = a, b; }`,
      ['1:25 several-values'],
    ],
    [
      'is told of a schedule that never comes',
      `x { ${GOOD} schedule.start = "0 0 31 2 *"; }`,
      ['1:42 schedule-never'],
    ],
    [
      'is told of mounts that allow nothing without allow.mount',
      `* { ${GOOD} allow.mount.tmpfs; allow.mount.nonullfs; }\nx { }\ny { allow.mount; }`,
      ['1:25 without-effect'],
    ],
    [
      'is told that it mounts nothing where it may not see mounts',
      `x { ${GOOD} allow.mount; allow.mount.tmpfs; enforce_statfs = 2; }`,
      ['1:57 without-effect'],
    ],
    ['may have a release of 64 bytes', `x { ${GOOD} osrelease = ${'x'.repeat(64)}; }`, []],
    ['cannot have one of 65', `x { ${GOOD} osrelease = ${'x'.repeat(65)}; }`, ['1:37 bad-value']],
    ['cannot have a NUL in a value', `x { ${GOOD} exec.start = "a\\0b"; }`, ['1:38 bad-value']],
  ];
  for (const [title, text, found] of cases)
    it(title, () => expect(codes(compileText(text).diagnostics)).to.deep.equal(found));

  it('is not startable however many warnings come before its mistake', () => {
    const ignored = ['devfs_ruleset', 'osreldate', 'host.hostid', 'linux', 'exec.fib', 'ip4.saddrsel'];
    const flags = [
      'chflags',
      'adjtime',
      'settime',
      'vmm',
      'quotas',
      'socket_af',
      'sysvipc',
      'extattr',
      'nfsd',
    ];
    const mounts = [
      'devfs',
      'fdescfs',
      'fusefs',
      'nullfs',
      'procfs',
      'linprocfs',
      'linsysfs',
      'tmpfs',
      'zfs',
    ];
    const names = [...ignored, ...flags.map((f) => `allow.${f}`), ...mounts.map((m) => `allow.mount.${m}`)];
    const lists = names.map((name) => `${name} = 1, 1;`).join(' ');
    const [jail] = compileText(`x { ${GOOD} ${lists} memory.max = huge; }`).jails;
    expect(jail?.diagnostics.length).to.be.greaterThan(40);
    expect(jail && isStartable(jail)).to.equal(false);
  });

  it('is told that there are more mistakes than are told', () => {
    const wrong = Array.from({ length: 60 }, (_, i) => `meta.k${i} = "\\0";`).join('\n');
    const { diagnostics } = compileText(`x { ${GOOD}\n${wrong} }`);
    expect(diagnostics.map(({ code }) => code)).to.deep.equal([
      ...Array<string>(50).fill('bad-value'),
      'more-mistakes',
    ]);
  });

  it('with a mistake of its own is not startable, and the others are', () => {
    const { ok, jails } = compileText(`a { ${GOOD} memory.max = huge; }\nb { ${GOOD} exec.fib = 4; }`);
    expect({
      ok,
      startable: jails.map(isStartable),
      failed: jails.map(({ failed }) => failed),
    }).to.deep.equal({
      ok: true,
      startable: [false, true],
      failed: [false, false],
    });
  });
});

describe('a file of globals alone', () => {
  it('is told of misspelt parameters, and of variables that nothing defines', () => {
    expect(
      codes(compileText('path = "/j/$name"; ip4.addr = "$ip"; exec.strat = a;').diagnostics),
    ).to.deep.equal(['1:32 undefined-variable', '1:38 unknown-parameter']);
  });
});

describe('a dependency cycle', () => {
  it('is named jail by jail, and concerns its members only', () => {
    const text = `* { ${GOOD} }\na { depend = b; }\nb { depend = c; }\nc { depend = a; }\nd { depend = a; }`;
    const { jails } = compileText(text);
    expect(jails.map(({ diagnostics }) => diagnostics.map(({ message }) => message))).to.deep.equal([
      ['"a" is part of a dependency cycle: a -> b -> c -> a'],
      ['"b" is part of a dependency cycle: a -> b -> c -> a'],
      ['"c" is part of a dependency cycle: a -> b -> c -> a'],
      [],
    ]);
  });

  it('may be of one jail, or of a jail and the one it is below', () => {
    expect(codes(compileText(`a { ${GOOD} depend = a; }`).diagnostics)).to.deep.equal([
      '1:25 dependency-cycle',
    ]);
    const { diagnostics } = compileText(`* { ${GOOD} }\na { depend = a.b; }\na.b { }`);
    expect(codes(diagnostics)).to.deep.equal(['2:5 dependency-cycle', '3:1 dependency-cycle']);
  });

  it('of ten thousand jails does not exhaust the stack', () => {
    const ring = Array.from({ length: 10_000 }, (_, i) => `j${i} { depend = j${(i + 1) % 10_000}; }`).join(
      '\n',
    );
    const { diagnostics } = compileText(`* { ${GOOD} }\n${ring}`);
    expect(diagnostics.filter(({ code }) => code === 'dependency-cycle').length).to.equal(10_000);
  });
});
