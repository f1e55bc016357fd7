import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openHostView } from '../../src/host/view.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { defaultPool } from '../../src/plan/uidrange.js';

const open = () =>
  openHostView({ instance: instanceBelow('/tmp/none'), cgroupRoot: null, uids: defaultPool });

describe('this host, looked at', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'jaild-view-'));
    mkdirSync(join(directory, 'd'));
    writeFileSync(join(directory, 'd/f'), 'root:x:0:0\nwww:x:80:80\n', { mode: 0o640 });
    symlinkSync('d/f', join(directory, 'link'));
    symlinkSync('loop', join(directory, 'loop'));
  });
  after(() => rmSync(directory, { recursive: true }));

  it('has files, directories, links and what is missing', () => {
    const { lstat, stat, unseen } = open();
    const at = (name: string) => join(directory, name);
    expect([lstat(at('d')).kind, lstat(at('d/f')), lstat(at('link')), stat(at('link'))]).to.deep.equal([
      'directory',
      { kind: 'file', mode: 0o640, uid: 0, gid: 0 },
      { kind: 'link', target: 'd/f', uid: 0 },
      { kind: 'file', mode: 0o640, uid: 0, gid: 0 },
    ]);
    const nothing = ['no', 'd/f/x', 'loop', 'x'.repeat(300)].map((name) => stat(at(name)).kind);
    expect(nothing).to.deep.equal(['missing', 'missing', 'missing', 'missing']);
    expect([stat('/dev/null').kind, unseen()]).to.deep.equal(['other', []]);
  });

  it('is read once', () => {
    const { stat, text } = open();
    const file = join(directory, 'once');
    writeFileSync(file, 'a');
    expect([stat(file).kind, text(file)]).to.deep.equal(['file', 'a']);
    rmSync(file);
    expect([stat(file).kind, text(file)]).to.deep.equal(['file', 'a']);
    expect(open().text(file)).to.equal(null);
  });

  it('has users, links, addresses and numbers', () => {
    const view = open();
    expect([...(view.users(join(directory, 'd/f')) ?? [])]).to.include.members(['root', 'www']);
    expect(view.users(join(directory, 'no'))).to.equal(null);
    expect(view.links()).to.include('lo');
    expect(view.memory()).to.equal(totalmem());
    expect(view.cpuCount()).to.equal(cpus().length);
    expect(view.possible('cpus')).to.match(/^0/);
    expect(view.pidMax()).to.be.within(301, 4_194_304);
    expect(view.openFilesMax()).to.be.greaterThan(1024);
    expect(view.blockDevice('/dev/null')).to.equal(null);
    expect(view.usedIds()).to.deep.include({ first: 0, count: 1, by: 'the user root of this host' });
    for (const { address, link } of view.addresses())
      expect([address.length > 0, view.links().includes(link)]).to.deep.equal([true, true]);
    expect(view.hardLimit('nofile')).to.be.greaterThan(0);
  });
});
