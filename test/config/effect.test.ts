import { expect } from 'chai';
import { describeParams } from '../../src/config/describe.js';
import { compileText } from '../support/compile-text.js';

/** A value that the type of the parameter takes. */
const VALUES: Readonly<Record<string, string>> = {
  boolean: 'true',
  jailsys: 'new',
  duration: '1s',
  size: '1M',
  integer: '1',
  string: 'a',
  path: '/a',
  paths: '/a',
  interface: 'br0',
};
const OWN: Readonly<Record<string, string>> = {
  'health.tcp': '80',
  'health.http': '"http://127.0.0.1/"',
  'health.action': 'none',
  gateway: '10.0.0.1',
  dns: '10.0.0.1',
  rdr: '"tcp 8080 80"',
  'log.rate': '1000/30s',
  base: '/a',
  devices: '"/dev/kvm rw"',
  'zfs.dataset': 'a/b',
};

/** The warnings for a jail with this among its parameters: CODE hint. */
function warningsFor(statement: string): readonly string[] {
  const { diagnostics } = compileText(`x { path = /p; persist; ${statement}; }\ny { path = /q; persist; }`);
  return diagnostics.map(({ code, hint }) => `${code} ${hint ?? ''}`);
}

describe('a parameter without effect', () => {
  const silent = describeParams().filter(({ onLinux }) => onLinux === 'later' || onLinux === 'ignored');
  for (const { name, type, onLinux, note } of silent)
    it(`is never silent: ${name}`, () => {
      const value = OWN[name] ?? VALUES[type] ?? '1';
      const expected = [`${onLinux}-parameter ${note}`];
      const found = warningsFor(`${name} = ${value}`);
      expect(found).to.deep.equal(expected);
    });

  it('is told once for all jails that share it', () => {
    const { diagnostics } = compileText('path = "/p/$name"; persist; nat; ready = notify; x { } y { } z { }');
    expect(diagnostics.map(({ code }) => code)).to.deep.equal(['later-parameter', 'later-parameter']);
  });

  it('is told of env.KEY as of env', () => {
    expect(warningsFor('env.colour = red')).to.deep.equal([
      'later-parameter The jail cannot read it: exec.env sets environment variables.',
    ]);
  });
});

describe('a value without effect', () => {
  const cases: readonly (readonly [without: string, withEffect: string])[] = [
    ['ready = notify', 'ready = exec'],
    ['ready = health', 'ready = exec'],
    ['host = inherit', 'host = new'],
    ['children.max = 2', 'children.max = 0'],
    ['exec.system_jail_user', 'exec.nosystem_jail_user'],
    ['mount.nofdescfs', 'mount.fdescfs'],
    ['sysvmsg = inherit', 'sysvmsg = disable'],
    ['sysvsem = inherit', 'sysvsem = new'],
    ['sysvshm = inherit', 'sysvshm = new'],
    ['userns = "100000:1000"', 'userns = "100000:65536"'],
  ];
  it('has a case below for each parameter that has some', () => {
    const names = describeParams().flatMap(({ name, notYet }) => (notYet === null ? [] : [name]));
    const covered = cases.map(([without]) => without.split(' ')[0]?.replace('.no', '.'));
    expect([...new Set(covered)].sort()).to.deep.equal([...names].sort());
  });
  for (const [without, withEffect] of cases)
    it(`is never silent: ${without}`, () => {
      const codes = (statement: string) => warningsFor(statement).map((line) => line.split(' ')[0]);
      expect(codes(without).filter((code) => code === 'later-parameter')).to.have.length(1);
      expect(codes(withEffect)).to.deep.equal([]);
    });
});
