import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { instanceBelow } from '../../src/plan/instance.js';
import { say } from '../support/command-line.js';

describe('jailctl check', () => {
  let prefix: string;
  let file: string;
  beforeEach(() => {
    prefix = mkdtempSync(join(tmpdir(), 'jaild-check-'));
    mkdirSync(join(prefix, 'etc'));
    mkdirSync(join(prefix, 'web'));
    file = join(prefix, 'etc', 'jail.conf');
  });
  afterEach(() => rmSync(prefix, { recursive: true }));
  const here = (...words: string[]) =>
    say(null, words, { instance: instanceBelow(prefix), cwd: prefix, right: 'anyone' });

  it('says in one line that all is well, and ends with 0', async () => {
    writeFileSync(file, `web { path = ${prefix}/web; persist; }\n`);
    const well = { out: '1 jail in 1 file: no mistakes\n', err: '', result: { exit: 0 } };
    expect(await here('check')).to.deep.equal(well);
    expect(await here('check', 'etc/jail.conf')).to.deep.equal(well);
    expect(await here('check', '-f', 'etc/jail.conf')).to.deep.equal(well);
    expect((await here('check', 'etc/none.conf')).result).to.deep.equal({ exit: 2 });
  });

  it('warns of a root that other users of the host reach', async () => {
    writeFileSync(file, `web { path = ${prefix}/web; persist; }\n`);
    chmodSync(prefix, 0o755);
    const { out, err, result } = await here('check');
    expect([out, result]).to.deep.equal(['1 jail in 1 file: no mistakes, 1 warning\n', { exit: 0 }]);
    expect(err).to.include('[open-path]\n').and.to.include(`hint: chmod 700 ${prefix}\n`);
  });

  it('shows every mistake in the files and on the host, in order, and ends with 2', async () => {
    writeFileSync(file, `web { path = ${prefix}/no; persist = maybe; allow.mount.fusefs; }\n`);
    const { out, err, result } = await here('check');
    expect([out, result]).to.deep.equal(['1 jail in 1 file: 3 mistakes, 1 warning\n', { exit: 2 }]);
    expect(err.match(/\[[a-z-]+\]$/gm)).to.deep.equal([
      ...['[nothing-to-run]', '[no-such-path]', '[bad-value]', '[later-parameter]'],
    ]);
    expect(err).to.include(`${file}:1:14: error: there is no ${prefix}/no [no-such-path]\n`);
  });

  it('ends with 0 when there are warnings alone', async () => {
    writeFileSync(file, `web { path = ${prefix}/web; persist; memory.max = 1000T; }\n`);
    const { out, err, result } = await here('check');
    expect([out, result]).to.deep.equal(['1 jail in 1 file: no mistakes, 1 warning\n', { exit: 0 }]);
    expect(err).to.match(
      /warning: memory\.max is more than the memory of this host \(\d+M\) \[beyond-host\]/,
    );
  });

  it('looks at the files alone when they are for another host', async () => {
    writeFileSync(file, 'web { path = /no/such; persist; exec.jail_user = www; }\n');
    expect((await here('check', '--no-host')).result).to.deep.equal({ exit: 0 });
    const answer = await here('check', '--no-host', '--json');
    expect(JSON.parse(answer.out)).to.deep.include({ errors: 0, warnings: 0, diagnostics: [], unseen: [] });
  });

  it('tells programs where each word begins and ends, and whose mistake it is', async () => {
    const text = `a { path = ${prefix}/web; persist; }\nb { path = "${prefix}/no"; persist; }\n`;
    writeFileSync(file, text);
    const { out, result } = await here('check', '--json');
    const mistake = {
      ...{ file, line: 2, column: 12, severity: 'error', code: 'no-such-path' },
      ...{
        message: `there is no ${prefix}/no`,
        hint: 'make the directory and put the files of the jail there',
      },
      endColumn: 12 + `"${prefix}/no"`.length,
    };
    expect(result).to.deep.equal({ exit: 2 });
    expect(JSON.parse(out)).to.deep.equal({
      ...{ version: 1, ok: true, errors: 1, warnings: 0, unseen: [], diagnostics: [mistake] },
      jails: [
        {
          ...{ name: 'a', failed: false, diagnostics: [] },
          params: { name: ['a'], path: [`${prefix}/web`], persist: null },
        },
        {
          ...{ name: 'b', failed: false, diagnostics: [mistake] },
          params: { name: ['b'], path: [`${prefix}/no`], persist: null },
        },
      ],
    });
  });

  it('reads the settings as well when no file is named', async () => {
    writeFileSync(file, `web { path = ${prefix}/web; persist; }\n`);
    writeFileSync(join(prefix, 'etc/jaild.ini'), '[daemon]\nnosuch = 1\n');
    const { err, result } = await here('check');
    expect(result).to.deep.equal({ exit: 2 });
    expect(err).to.include(`${prefix}/etc/jaild.ini:2:1: error: `);
    expect((await here('check', file)).result).to.deep.equal({ exit: 0 });
  });

  it('reads lines of mount.fstab and shows them at their own place', async () => {
    writeFileSync(join(prefix, 'fstab'), `# none\n${prefix}/no ${prefix}/web nullfs\n`);
    writeFileSync(file, `web { path = ${prefix}/web; persist; mount.fstab = ${prefix}/fstab; }\n`);
    const { err } = await here('check');
    expect(err.split('\n').slice(0, 3)).to.deep.equal([
      `${prefix}/fstab:2:1: error: ${prefix}/web: not below ${prefix}/web [bad-mount]`,
      ` 2 | ${prefix}/no ${prefix}/web nullfs`,
      `   | ${'^'.repeat(`${prefix}/no ${prefix}/web nullfs`.length)}`,
    ]);
  });
});
