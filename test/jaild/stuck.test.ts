import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { copiesOf, readOf } from '../support/copies.js';
import { TestInstance } from '../support/instance.js';
import { tracesOf } from '../support/leftovers.js';
import { patience } from '../support/patience.js';
import { installProgram } from '../support/probe.js';

const SERVICE = '/bin/cat /mnt/file';

describe('a process that cannot be killed', () => {
  const instance = new TestInstance();
  const directory = join(instance.prefix, 'held');
  let server: ChildProcess;
  const copies = (): readonly number[] =>
    copiesOf(instance.prefix, (words) => words === SERVICE).get('held') ?? [];

  before(async () => {
    installProgram(instance.root, 'silent_fuse');
    mkdirSync(directory);
    mkdirSync(join(instance.root, 'mnt'), { recursive: true });
    server = spawn(join(instance.root, 'bin/silent_fuse'), ['-r', directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; stop.timeout = 0; }
      held { command = "${SERVICE}"; userns = off; mount = "${directory} ${instance.root}/mnt nullfs rw 0 0"; }
      other { } beside { }
    `);
    await instance.start();
    expect(instance.ctl('start', 'held', 'beside')).to.include({ code: 0, stderr: '' });
    await instance.until('it waits', () => copies().length === 1);
  });

  after(async () => {
    server.kill('SIGKILL');
    spawnSync('umount', ['-l', directory]);
    await instance.close();
  });

  it('is told of by the stop, which ends, and keeps no other jail from anything', function () {
    this.timeout(60_000 * patience);
    const [pid = 0] = copies();
    const refused = 'error: held: not stopped: it was killed and is not gone\n';
    expect(instance.ctl('stop', 'held')).to.deep.equal({ code: 1, stdout: '', stderr: refused });
    expect(instance.status('held').state).to.equal('stuck');
    expect(readOf(pid, 'status')).to.match(/^State:\s+D/m);
    expect(instance.ctl('start', 'other')).to.include({ code: 0, stderr: '' });
    expect(instance.ctl('stop', 'other')).to.include({ code: 0, stderr: '' });
    expect(instance.ctl('start', 'held').stderr).to.match(/not started: what ran before cannot be killed/);
    expect(instance.ctl('stop', '-f', 'held').stderr).to.equal(refused);
    expect(copies()).to.deep.equal([pid]);
  });

  it('is known to the next jaild', async () => {
    const [{ pid }, [held]] = [instance.status('beside'), copies()];
    await instance.killDaemon();
    await instance.start();
    expect(instance.status('beside')).to.include({ pid, state: 'running' });
    expect(instance.status('held').state).to.be.oneOf(['stopping', 'stuck']);
    expect(copies()).to.deep.equal([held]);
  });

  it('is cleaned up when it is gone at last', async () => {
    server.kill('SIGKILL');
    await instance.until('it is stopped', () => instance.status('held').state === 'stopped');
    expect([copies(), tracesOf(instance.prefix, 'held')]).to.deep.equal([[], []]);
  });
});
