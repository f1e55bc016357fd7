import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configurationFiles, loadConfiguration } from '../../src/config/load.js';

describe('configuration files of the host', () => {
  let folder = '';
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'jaild-config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('are the main one, then those of the directory in sorted order', () => {
    const parts = join(folder, 'jail.conf.d');
    mkdirSync(parts);
    for (const name of ['b.conf', 'a.conf', '.hidden.conf', 'c.conf~']) writeFileSync(join(parts, name), '');
    const main = file('jail.conf', '');
    expect(configurationFiles(main, parts)).to.deep.equal([
      main,
      join(parts, 'a.conf'),
      join(parts, 'b.conf'),
    ]);
    expect(configurationFiles(join(folder, 'no'), join(folder, 'none'))).to.deep.equal([]);
  });

  it('form one configuration', () => {
    const { jails, files } = loadConfiguration([
      file('a', 'path = "/j/$name"; persist;'),
      file('b', 'x { }'),
    ]);
    expect(jails.map(({ values }) => values.path)).to.deep.equal(['/j/x']);
    expect(files).to.deep.equal([join(folder, 'a'), join(folder, 'b')]);
  });

  it('include others by pattern', () => {
    mkdirSync(join(folder, 'd'));
    file('d/2.conf', 'two { }');
    file('d/1.conf', 'one { }');
    const main = file('jail.conf', `.include "d/*.conf", "${folder}/d/2[.]conf", "no[.]conf";`);
    const { ok, jails } = loadConfiguration([main]);
    expect({ ok, names: jails.map(({ name }) => name) }).to.deep.equal({
      ok: true,
      names: ['one', 'two', 'two'],
    });
  });

  const messagesOf = (path: string): readonly string[] =>
    loadConfiguration([path]).diagnostics.map(({ message }) => message);

  it('that cannot be read are told with the reason', () => {
    expect(messagesOf(join(folder, 'no'))).to.deep.equal([
      `cannot read ${folder}/no: no such file or directory`,
    ]);
    expect(messagesOf(folder)).to.deep.equal([`cannot read ${folder}: is a directory`]);
    expect(messagesOf('/dev/null')).to.deep.equal([]);
    expect(messagesOf('/dev/zero')).to.deep.equal(['cannot read /dev/zero: not a file or a pipe']);
  });

  it('may be as large as their jails make them', () => {
    const big = file('big', '');
    truncateSync(big, 65 * 1024 * 1024);
    expect(messagesOf(big)).to.deep.equal([`cannot read ${big}: larger than 64 MB without its jails`]);
    writeFileSync(big, `${'#'.repeat(1000)}{\n`.repeat(131_000));
    expect(messagesOf(big)).to.deep.equal([]);
    writeFileSync(big, `${'#'.repeat(1000)}{\n`.repeat(136_000));
    expect(messagesOf(big)).to.deep.equal([`cannot read ${big}: larger than 128 MB`]);
    writeFileSync(big, `# \u0142${'#'.repeat(33 * 1024 * 1024)}`);
    expect(messagesOf(big)).to.deep.equal([
      `cannot read ${big}: larger than 32 MB with characters beyond Latin-1`,
    ]);
  });

  it('may be a pipe, and one that nobody writes to is empty', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(loadConfiguration([join(folder, 'pipe')])).to.deep.include({
      ok: true,
      diagnostics: [],
      jails: [],
    });
  });
});
