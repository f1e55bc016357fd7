import { expect } from 'chai';
import { paramsAsRoff } from '../../../src/config/manual/describe-roff.js';
import { describeParams, paramsAsText } from '../../../src/config/manual/describe.js';
import { parseFstab } from '../../../src/config/fstab.js';
import { configAsJson } from '../../../src/config/json.js';
import { compileText } from '../../support/compile-text.js';

describe('the parameters in manuals', () => {
  it('are told one by one', () => {
    expect(paramsAsText('stop.timeout')).to.equal(
      [
        'stop.timeout: Time between SIGTERM and SIGKILL.',
        '  type      seconds',
        '  default   10 s',
        '  unit      s',
        '  changes   while the jail runs',
        '  origin    jail(8) of FreeBSD',
        '  on Linux  as on FreeBSD',
        '  example   stop.timeout = 30;',
        '            stop.timeout = 100ms;',
        '            stop.timeout = 1h30m;',
      ].join('\n'),
    );
    const lines = (name: string) => paramsAsText(name)?.split('\n').slice(1) ?? [];
    expect(lines('auto').slice(-2)).to.deep.equal(['  example   auto;', '            noauto;']);
    expect(lines('cpu.weight')[0]).to.equal('  type      integer, 1 to 10000');
    expect(lines('vnet')).to.include('  negation  novnet');
    expect(lines('children.cur')).to.include('  on Linux  jls shows it, files cannot set it');
    expect(paramsAsText('nosuch')).to.equal(null);
  });

  it('have examples that their types take, as they would be written', () => {
    for (const { name, examples } of describeParams())
      for (const text of examples) {
        const [jail] = compileText(`x { path = /p; persist; ${name} = ${text}; }`).jails;
        const wrong = jail?.diagnostics.filter(({ message }) => message.startsWith(`${name}: `));
        expect([name, text, wrong]).to.deep.equal([name, text, []]);
      }
  });

  it('are all in the list and in roff, where no line begins with a dot by chance', () => {
    const list = paramsAsText() ?? '';
    const roff = paramsAsRoff();
    for (const { name } of describeParams()) {
      expect(list).to.include(`  ${name} `);
      expect(roff).to.include(`.It Va ${name}\n`);
    }
    const macros = new Set(roff.split('\n').flatMap((line) => /^[.']\S*/.exec(line)?.[0] ?? []));
    expect([...macros].sort()).to.deep.equal(['.Bl', '.El', '.It', '.Pc', '.Po', '.Ss']);
  });
});

describe('a configuration in JSON', () => {
  it('has the shape that programs rely on', () => {
    const compiled = compileText('x { path = "/j/$name"; persist; nosuch = 1; }');
    const mistake = {
      ...{ file: 'jail.conf', line: 1, column: 33, severity: 'error', code: 'unknown-parameter' },
      ...{ message: 'unknown parameter "nosuch"', hint: null },
    };
    expect(configAsJson(compiled, { resolved: false })).to.deep.equal({
      version: 1,
      ok: true,
      diagnostics: [mistake],
      jails: [
        {
          ...{ name: 'x', failed: false, diagnostics: [mistake] },
          params: { name: ['x'], path: ['/j/x'], persist: null, nosuch: ['1'] },
        },
      ],
    });
  });

  it('has values with their defaults when it is resolved', () => {
    const compiled = compileText('x { path = /p; command = a; memory.max = 1M; }');
    const [jail] = configAsJson(compiled, { resolved: true }).jails;
    const { values = {} } = JSON.parse(JSON.stringify(jail)) as { values?: Record<string, unknown> };
    const some = [
      'path',
      'memory.max',
      'memory.high',
      'stop.timeout',
      'restart.delay',
      'mount.devfs',
      'host.hostname',
      'gateway',
      'mtu',
    ];
    expect(some.map((name) => values[name])).to.deep.equal([
      '/p',
      1_048_576,
      'max',
      10,
      0.1,
      true,
      'x',
      null,
      null,
    ]);
  });

  it('keeps a parameter called __proto__', () => {
    const json = JSON.stringify(configAsJson(compileText('x { __proto__ = 1; }'), { resolved: true }));
    expect(json).to.include('"__proto__":["1"]');
  });
});

describe('a file of fstab lines', () => {
  it('has entries, comments and mistakes with their places', () => {
    const { entries, diagnostics } = parseFstab(
      '# c\n/a /b nullfs ro 0 0 # d\n\n/c x tmpfs\n',
      '/etc/fstab.x',
    );
    expect(entries).to.deep.equal([{ source: '/a', target: '/b', type: 'nullfs', options: ['ro'] }]);
    expect(diagnostics.map(({ span, code }) => ({ span, code }))).to.deep.equal([
      { span: { file: '/etc/fstab.x', line: 4, column: 4, length: 1 }, code: 'fstab-syntax' },
    ]);
  });
});
