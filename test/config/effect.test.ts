import { expect } from 'chai';
import { describeParams } from '../../src/config/manual/describe.js';
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

  it('is not told of a permission that is refused, for no jail has it', () => {
    expect(warningsFor('allow.noquotas; allow.mount.nozfs')).to.deep.equal([]);
    expect(warningsFor('ip4.nosaddrsel')).to.have.length(1);
  });

  it('is told once for all jails that share it', () => {
    const { diagnostics } = compileText(
      'path = "/p/$name"; persist; image = a; exec.init = /a; x { } y { } z { }',
    );
    expect(diagnostics.map(({ code }) => code)).to.deep.equal(['later-parameter', 'later-parameter']);
  });
});

describe('a value without effect', () => {
  const cases: readonly (readonly [code: string, without: string, withEffect: string])[] = [
    ['ignored-parameter', 'devfs_ruleset = 6', 'devfs_ruleset = 5'],
  ];
  it('has a case below for each parameter that has some', () => {
    const names = describeParams().flatMap(({ name, notYet, meaningless }) =>
      notYet === null && meaningless === null ? [] : [name],
    );
    const covered = cases.map(([, without]) => without.split(' ')[0]?.replace('.no', '.'));
    expect([...new Set(covered)].sort()).to.deep.equal([...names].sort());
  });
  for (const [code, without, withEffect] of cases)
    it(`is never silent: ${without}`, () => {
      const codes = (statement: string) => warningsFor(statement).map((line) => line.split(' ')[0]);
      expect(codes(without).filter((found) => found === code)).to.have.length(1);
      expect(codes(withEffect).filter((found) => found === code)).to.deep.equal([]);
    });

  it('is told once for all jails that share it', () => {
    const text =
      'path = "/p/$name"; persist; devfs_ruleset = 9; allow.settime; x { } y { } z { userns = off; }';
    expect(compileText(text).diagnostics.map(({ code, span }) => `${span?.column} ${code}`)).to.deep.equal([
      '29 ignored-parameter',
      '48 without-effect',
    ]);
  });
});

describe('every parameter of FreeBSD', () => {
  it('does something here, or never will and says why', () => {
    const undone = describeParams().filter(
      ({ name, origin, onLinux, notYet }) =>
        origin === 'freebsd' && (onLinux === 'later' || notYet !== null) && name !== 'allow.mount.fusefs',
    );
    expect(undone.map(({ name }) => name)).to.deep.equal([]);
  });
});
