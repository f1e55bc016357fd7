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

  it('check says in one line that all is well, and ends with 0', async () => {
    writeFileSync(file, 'web { path = /jails/web; persist; }\n');
    expect(await here('check')).to.deep.equal({
      out: '1 jail in 1 file: no mistakes\n',
      err: '',
      result: { exit: 0 },
    });
  });

  it('check shows every mistake and ends with 2', async () => {
    writeFileSync(file, 'web { pat = /jails/web; persist = maybe; }\n');
    const { out, err, result } = await here('check');
    expect(result).to.deep.equal({ exit: 2 });
    expect(out).to.match(/^1 jail in 1 file: \d mistakes\n$/);
    expect(err).to.include(`${file}:1:7: error: `).and.include('hint: did you mean "path"?');
    const { jails, ok, diagnostics } = JSON.parse((await here('check', '--json')).out) as Record<
      string,
      unknown[]
    >;
    expect([ok, jails?.length]).to.deep.equal([true, 1]);
    expect(diagnostics?.[0]).to.include({ file, line: 1, severity: 'error' });
  });

  it('check reads files relative to where the caller is', async () => {
    writeFileSync(file, 'web { path = /jails/web; persist; }\n');
    expect((await here('check', 'etc/jail.conf')).result).to.deep.equal({ exit: 0 });
    expect((await here('check', 'etc/none.conf')).result).to.deep.equal({ exit: 2 });
  });

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
    expect((await here('config', '--origin', 'web')).out.split('\n')).to.include(
      `  path = /jails/web;\t# ${file}:3`,
    );
    expect((await here('config', '--resolved', 'web')).out)
      .to.include('\n  memory.max 1024\n')
      .and.not.include('db');
    const reply = JSON.parse((await here('config', '--json', 'db')).out) as { jails: unknown[] };
    expect(reply.jails).to.have.length(1);
    expect((await here('config', 'dc')).result).to.deep.equal({ exit: 4 });
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
