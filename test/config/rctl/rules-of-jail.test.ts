import { expect } from 'chai';
import { compile, compileChange, compileWords, type Compiled } from '../../../src/config/compile.js';
import { ruleText } from '../../../src/config/rctl/rule.js';
import { isStartable } from '../../../src/config/jail.js';

/** Compiles jail.conf with other files; /etc/rctl.conf is the standard one. */
function compileFiles(conf: string, files: Readonly<Record<string, string>> = {}): Compiled {
  const all: Readonly<Record<string, string>> = { ...files, 'jail.conf': conf };
  const readFile = (path: string): string => {
    const text = all[path];
    if (text === undefined) throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    if (text === 'EACCES')
      throw Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: 'EACCES' });
    return text;
  };
  return compile(['jail.conf'], { readFile, glob: () => [] }, '/etc/rctl.conf');
}

const rulesOf = (compiled: Compiled, name: string): readonly string[] =>
  (compiled.jails.find((jail) => jail.name === name)?.values.rctl ?? []).map(ruleText);

/** FILE:LINE:COLUMN+LENGTH severity code: message (hint). */
const told = ({ diagnostics }: Compiled): readonly string[] =>
  diagnostics.map(({ span, severity, code, message, hint }) => {
    const place = span === null ? '-' : `${span.file}:${span.line}:${span.column}+${span.length}`;
    return `${place} ${severity} ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
  });

const web = 'web { path = /p; persist; }';

describe('rctl rules in a jail', () => {
  it('are those of its block, with or without the jail as their subject', () => {
    const compiled = compileFiles(
      'path = /p; persist; rctl = "jail:$name:maxproc:deny=9"; web { rctl += "memoryuse:deny=1g", "j:web:pcpu:log=80"; }',
    );
    expect(told(compiled)).to.deep.equal([]);
    expect(rulesOf(compiled, 'web')).to.deep.equal(['maxproc:deny=9', 'memoryuse:deny=1g', 'pcpu:log=80']);
  });

  it('are not about another jail', () => {
    const compiled = compileFiles(
      'web { path = /p; persist; rctl = "maxproc:deny=9", "jail:db:memoryuse:deny=1g"; }',
    );
    expect(told(compiled)).to.deep.equal([
      'jail.conf:1:52+27 error bad-rule: a rule about jail "db" cannot stand in jail "web" (write it there, or jail:web:…)',
    ]);
    expect(compiled.jails.map(isStartable)).to.deep.equal([false]);
  });

  it('are mistakes at their place where Linux cannot keep them', () => {
    const compiled = compileFiles(
      'web { path = /p; persist; rctl = "maxproc:deny=9", "msgqqueued:deny=5", "nshm:log=1"; }',
    );
    expect(told(compiled)).to.deep.equal([
      'jail.conf:1:52+19 error bad-rule: msgqqueued:deny cannot be kept on Linux (Linux does not count them.)',
      'jail.conf:1:73+12 warning rule-without-effect: nshm:log does nothing here: what a jail uses of nshm cannot be measured',
    ]);
  });

  it('are not those of a user', () => {
    const compiled = compileFiles('web { path = /p; persist; rctl = "user:www:maxproc:deny=9"; }');
    expect(told(compiled)).to.deep.equal([
      'jail.conf:1:34+25 error bad-value: rctl: a rule about a user cannot stand in a jail (leave out the subject: RESOURCE:ACTION=AMOUNT)',
    ]);
  });
});

describe('rctl.conf', () => {
  it('has rules, comments and empty lines, and counts for the jail that a line names', () => {
    const text = [
      ...[
        '# limits',
        '',
        '  jail:web:memoryuse:deny=1g   # a comment',
        '\tjail:web:maxproc:deny=5\r',
        '#jail:web:nthr:deny=1',
      ],
      'jail:db:maxproc:deny=6',
    ].join('\n');
    const compiled = compileFiles(`${web} db { path = /q; persist; } other { path = /r; persist; }`, {
      '/etc/rctl.conf': text,
    });
    expect(told(compiled)).to.deep.equal([]);
    expect(['web', 'db', 'other'].map((name) => rulesOf(compiled, name))).to.deep.equal([
      ...[['memoryuse:deny=1g', 'maxproc:deny=5'], ['maxproc:deny=6'], []],
    ]);
    expect(compiled.files).to.deep.equal(['jail.conf', '/etc/rctl.conf']);
  });

  it('need not be there', () => {
    expect(told(compileFiles(web))).to.deep.equal([]);
  });

  it('gives way to rules of the same kind in the block of the jail', () => {
    const compiled = compileFiles('web { path = /p; persist; rctl = "memoryuse:deny=2g"; }', {
      '/etc/rctl.conf': 'jail:web:memoryuse:deny=1g\njail:web:memoryuse:log=900m\n',
    });
    expect(rulesOf(compiled, 'web')).to.deep.equal(['memoryuse:deny=2g', 'memoryuse:log=900m']);
  });

  it('has its mistakes told where they are, those about a jail as the jail’s own', () => {
    const compiled = compileFiles(`${web} db { path = /q; persist; }`, {
      '/etc/rctl.conf': 'jail:web:memoryus:deny=1g\nmaxproc:deny=9\nnonsense\njail:db:msgqqueued:deny=9\n',
    });
    expect(told(compiled)).to.deep.equal([
      '/etc/rctl.conf:1:10+8 error bad-rule: "memoryus" is not a resource (did you mean "memoryuse"?)',
      '/etc/rctl.conf:2:1+14 error bad-rule: the rule does not say for whom it is (write jail:NAME:maxproc:deny=9)',
      '/etc/rctl.conf:3:1+8 error bad-rule: "nonsense" is not an rctl rule (write RESOURCE:ACTION=AMOUNT, such as memoryuse:deny=512m)',
      '/etc/rctl.conf:4:1+25 error bad-rule: msgqqueued:deny cannot be kept on Linux (Linux does not count them.)',
    ]);
    expect(compiled.jails.map(isStartable)).to.deep.equal([false, false]);
    expect(compiled.diagnostics[0]?.excerpt).to.equal('jail:web:memoryus:deny=1g');
  });

  it('warns once of each line that has no effect', () => {
    const compiled = compileFiles(web, {
      '/etc/rctl.conf':
        'user:www:maxproc:deny=9\nloginclass:daemon:pcpu:deny=9\nprocess:12:cputime:sigterm=9\njail:nobody:maxproc:deny=9\njail:web:maxproc:deny=5 jail:web:nthr:deny=6\n',
    });
    const only = '(jaild limits jails: write jail:NAME:…)';
    const what = 'warning rule-without-effect:';
    expect(told(compiled)).to.deep.equal([
      `/etc/rctl.conf:1:1+23 ${what} a rule about a user has no effect here ${only}`,
      `/etc/rctl.conf:2:1+29 ${what} a rule about a loginclass has no effect here ${only}`,
      `/etc/rctl.conf:3:1+28 ${what} a rule about a process has no effect here ${only}`,
      `/etc/rctl.conf:4:6+6 ${what} there is no jail "nobody" (its rules wait for a jail of that name)`,
      `/etc/rctl.conf:5:25+20 ${what} what follows the rule is not read`,
    ]);
    expect(rulesOf(compiled, 'web')).to.deep.equal(['maxproc:deny=5']);
  });

  it('that cannot be read is a mistake of no jail', () => {
    const compiled = compileFiles(web, { '/etc/rctl.conf': 'EACCES' });
    expect(told(compiled)).to.deep.equal([
      '- error unreadable-file: cannot read /etc/rctl.conf: permission denied',
    ]);
    expect(compiled.ok).to.equal(true);
  });

  it('is not read when it is larger than 2 MB', () => {
    const compiled = compileFiles(web, { '/etc/rctl.conf': '#\n'.repeat(2 ** 20 + 1) });
    expect(told(compiled)).to.deep.equal([
      '- error unreadable-file: cannot read /etc/rctl.conf: larger than 2 MB',
    ]);
  });

  it('has at most fifty mistakes told, and never starts a jail with one', () => {
    const lines = 'jail:web:x:deny=1\nx\n'.repeat(5000);
    const compiled = compileFiles(web, { '/etc/rctl.conf': lines });
    expect(compiled.diagnostics).to.have.length(100);
    expect(compiled.jails.map(isStartable)).to.deep.equal([false]);
  });
});

describe('rctl.file', () => {
  const conf = 'web { path = /p; persist; rctl.file = /a, /b; } db { path = /q; persist; }';

  it('names more files, whose lines count for the jail that reads them', () => {
    const compiled = compileFiles(conf, {
      '/a': 'jail:web:maxproc:deny=5\njail:db:maxproc:deny=6\n',
      '/b': 'jail:web:nthr:deny=7\n',
    });
    expect(rulesOf(compiled, 'web')).to.deep.equal(['maxproc:deny=5', 'nthr:deny=7']);
    expect(rulesOf(compiled, 'db')).to.deep.equal([]);
    expect(told(compiled)).to.deep.equal([
      '/a:2:6+2 warning rule-without-effect: jail "db" does not read this file (write rctl.file = "/a" in it)',
    ]);
  });

  it('must be there', () => {
    expect(told(compileFiles(conf, { '/a': '' }))).to.deep.equal([
      'jail.conf:1:43+2 error unreadable-file: cannot read /b: no such file or directory',
    ]);
  });
});

describe('a jail from the words of a command line', () => {
  const files = { '/etc/rctl.conf': 'jail:web:maxproc:deny=5\njail:new:nthr:deny=7\n' };

  it('has the rules that files have for its name', () => {
    const base = compileFiles(web, files);
    const texts = (rules: readonly Parameters<typeof ruleText>[0][] = []) => rules.map(ruleText);
    expect(texts(compileWords(['path=/p', 'persist'], 'new', base).values.rctl)).to.deep.equal([
      'nthr:deny=7',
    ]);
    expect(texts(compileChange(['rctl=pcpu:deny=50'], 'web', base).values.rctl)).to.deep.equal([
      ...['pcpu:deny=50', 'maxproc:deny=5'],
    ]);
  });
});
