import { expect } from 'chai';
import { amendJail, compileChange, compileWords } from '../../src/config/compile.js';
import { isStartable } from '../../src/config/jail.js';
import { compileText } from '../support/compile-text.js';

describe('a jail from the words of a command line', () => {
  it('has their parameters, and its command takes the rest', () => {
    const words = [
      'name=t',
      'path=/p',
      'ip4.addr=10.0.0.1,10.0.0.2',
      'vnet',
      'command=/bin/sh',
      '-c',
      'a=b,c',
    ];
    const jail = compileWords(words, 't', null);
    expect([...jail.params]).to.deep.equal([
      ['name', ['t']],
      ['path', ['/p']],
      ['ip4.addr', ['10.0.0.1', '10.0.0.2']],
      ['vnet', null],
      ['command', ['/bin/sh', '-c', 'a=b,c']],
    ]);
    expect(isStartable(jail)).to.equal(true);
  });

  it('has the globals and wildcards of the configuration, and its own words over them', () => {
    const base = compileText('path = "/j/$name"; exec.start = a; t { persist; } * { securelevel = 1; }');
    const jail = compileWords(['securelevel=2', 'exec.start+=b'], 't', base);
    expect([...jail.params]).to.deep.equal([
      ['name', ['t']],
      ['path', ['/j/t']],
      ['exec.start', ['a', 'b']],
      ['securelevel', ['2']],
    ]);
  });

  it('tells mistakes with the command line as their line', () => {
    const [diagnostic] = compileWords(['path=/p', 'persist', 'memory.max=huge'], 't', null).diagnostics;
    expect(diagnostic).to.deep.equal({
      code: 'bad-value',
      severity: 'error',
      span: { file: '<command line>', line: 1, column: 28, length: 4 },
      message: 'memory.max: "huge" is not a size',
      hint: 'write bytes, or a unit: 64K, 512M, 2G',
      excerpt: 'path=/p persist memory.max=huge',
    });
  });

  it('changes a jail of the configuration, which keeps the rest', () => {
    const base = compileText('t { path = /p; persist; memory.max = 1G; depend = db; } db { }');
    const jail = compileChange(['memory.max=2G'], 't', base);
    expect([...jail.params.keys()]).to.deep.equal(['name', 'path', 'persist', 'memory.max', 'depend']);
    expect([jail.values['memory.max'], isStartable(jail)]).to.deep.equal([2 * 1024 ** 3, true]);
  });
});

describe('a jail as it runs, changed by the words of a command line', () => {
  const base = compileText(
    '$j = "/j"; t { path = "$j/$name"; jid = 7; persist; exec.start = "a, b", "$j"; bad.x; }',
  );
  const jail = base.jails[0] ?? compileWords([], 't', null);
  const good = { ...jail, diagnostics: [] };

  it('keeps the rest as it is, what no parameter says included', () => {
    const defaulted = { ...good, values: { ...good.values, 'memory.max': 5 } };
    const amended = amendJail(defaulted, ['exec.start+=c', 'nopersist', 'pids.max=9'], base.rules);
    expect([...amended.params]).to.deep.equal([
      ['name', ['t']],
      ['path', ['/j/t']],
      ['jid', ['7']],
      ['nopersist', null],
      ['exec.start', ['a, b', '/j', 'c']],
      ['bad.x', null],
      ['pids.max', ['9']],
    ]);
    expect(amended.values).to.deep.equal({
      ...defaulted.values,
      persist: false,
      'exec.start': ['a, b', '/j', 'c'],
      'pids.max': 9,
    });
    expect([amended.origin.get('path')?.file, amended.origin.get('pids.max')?.file]).to.deep.equal([
      'jail.conf',
      '<command line>',
    ]);
  });

  it('tells the mistakes of all of it, and of the words alone what is only to be said', () => {
    const warned = amendJail(
      compileText('t { path = /p; persist; allow.dying; }').jails[0] ?? jail,
      ['memory.max=huge', 'allow.quotas'],
      base.rules,
    );
    const told = warned.diagnostics.map(({ severity, span }) => [severity, span?.file]);
    expect(told).to.deep.include(['error', '<command line>']);
    expect(told.every(([, file]) => file === '<command line>')).to.equal(true);
    expect(isStartable(warned)).to.equal(false);
  });

  it('may be one whose name is a number', () => {
    const numbered = compileText('5 { path = /p; persist; }').jails[0] ?? jail;
    const amended = amendJail(numbered, ['pids.max=9'], base.rules);
    expect([isStartable(amended), amended.values.jid, amended.name]).to.deep.equal([true, 5, '5']);
  });
});
