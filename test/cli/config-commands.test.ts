import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { instanceBelow } from '../../src/plan/instance.js';
import { configurationOf } from '../support/fake-operations.js';
import { code, say } from '../support/command-line.js';

describe('commands that read files', () => {
  let prefix: string;
  let file: string;
  beforeEach(() => {
    prefix = mkdtempSync(join(tmpdir(), 'jaild-config-'));
    mkdirSync(join(prefix, 'etc'));
    file = join(prefix, 'etc', 'jail.conf');
  });
  afterEach(() => rmSync(prefix, { recursive: true }));
  const here = (...words: string[]) =>
    say(null, words, { instance: instanceBelow(prefix), cwd: prefix, right: 'anyone' });

  it('config prints blocks that mean the same when they are read again', async () => {
    const text = String.raw`$dir = "/jails"; exec.clean; mount.devfs;
      web { path = "$dir/web"; exec.start = "/bin/sh -c 'echo \$HOME \"a\\b\"'", "two\tthree"; persist; }
      "my jail" { path = "$dir/my jail"; persist; meta = ""; }`;
    writeFileSync(file, text);
    const { out, result } = await here('config');
    expect(result).to.deep.equal({ exit: 0 });
    const params = (source: string) =>
      configurationOf(source).jails.map((jail) => [jail.name, [...jail.params]]);
    expect(params(out)).to.deep.equal(params(text));
  });

  it('config shows where each value is set, what it means, and one jail of several', async () => {
    writeFileSync(
      file,
      'persist;\nweb {\n  path = /jails/web;\n  memory.max = 1K;\n}\ndb { path = /jails/db; }\n',
    );
    expect((await here('config', '--origin', 'web')).out).to.equal(
      [
        `web {                 # ${file}:2`,
        `  persist;            # ${file}:1 (global)`,
        `  path = /jails/web;  # ${file}:3`,
        `  memory.max = 1K;    # ${file}:4`,
        '}\n',
      ].join('\n'),
    );
    const resolved = (await here('config', '--origin', '--resolved', 'web')).out.split('\n');
    expect(resolved.find((line) => line.includes(' memory.max '))).to.match(new RegExp(`1024 +# ${file}:4$`));
    expect(resolved.find((line) => line.includes(' auto '))).to.match(/false +# default$/);
    expect((await here('config', '--resolved', 'web')).out)
      .to.include('\n  memory.max 1024\n')
      .and.not.include('db');
    const reply = JSON.parse((await here('config', '--json', 'db')).out) as { jails: unknown[] };
    expect(reply.jails).to.have.length(1);
    const unknown = await here('config', 'dc');
    expect([unknown.out, unknown.result]).to.deep.equal(['', { exit: 4 }]);
    expect(unknown.err).to.equal('error: dc: no such jail\nhint: did you mean "db"?\n');
  });

  it('config shows a list that grew line by line, and the variables in a value', async () => {
    const text =
      '$d = "/j"; exec.start = "/bin/a b";\n"*.x" { exec.start += c; }\na.x {\n path = "$d//x";\n}\n';
    writeFileSync(file, text);
    expect((await here('config', '--origin')).out).to.equal(
      [
        `a.x {                       # ${file}:3`,
        `  exec.start = "/bin/a b",  # ${file}:1 (global)`,
        `               c;           # ${file}:2 (*.x)`,
        `  path = "/j//x";           # ${file}:4, $d at ${file}:1 (global)`,
        '}\n',
      ].join('\n'),
    );
  });

  it('config tells of mistakes in the jails it shows, not in others', async () => {
    writeFileSync(file, 'a { path = /a; persist; nosuch; }\nb { path = /b; persist; nothing; }\nmeta = ;\n');
    const { err } = await here('config', 'a');
    expect(err.split('\n').filter((line) => line.includes('error:'))).to.have.length(2);
    expect(err).to.include('"nosuch"').and.include('[syntax-error]').and.not.include('"nothing"');
  });

  it('say where the file is looked for when there is none', async () => {
    expect((await here('check')).err).to.match(new RegExp(`^error: ${file}: there is no such file\nhint: `));
    expect((await here('config')).result).to.deep.equal({ exit: 2 });
  });
});

describe('commands that need nothing', () => {
  it('params tells of one parameter, in any spelling, or the nearest', async () => {
    expect((await say(null, ['params', 'memory.max'])).out).to.match(/^memory\.max: /);
    expect((await say(null, ['params', 'nopersist'])).out).to.match(/^persist: /);
    expect((await say(null, ['params', 'memory.mx'])).err).to.include('did you mean "memory.max"?');
    const { params } = JSON.parse((await say(null, ['params', '--json'])).out) as { params: unknown[] };
    expect(params.length).to.be.greaterThan(150);
  });

  it('version says whether jaild runs', async () => {
    expect((await say(null, ['--version'])).out).to.match(/^jaild \d+\.\d+\.\d+ \(node \d+\.\d+\.\d+\)\n$/);
    expect(JSON.parse((await say(null, ['version', '--json'])).out)).to.include({
      version: 1,
      running: false,
    });
  });

  it('are not confused by what is not there', async () => {
    expect(await code(null, ['params', 'no', 'such'])).to.equal(2);
    expect(await code(null, ['completion', 'csh'])).to.equal(2);
    expect(await code(null, ['list'])).to.equal(3);
  });
});
