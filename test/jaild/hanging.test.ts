import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

describe('a file system that does not answer', () => {
  const instance = new TestInstance();
  const servers: ChildProcess[] = [];
  const directories = ['one', 'two', 'three'].map((name) => join(instance.prefix, `hang-${name}`));

  before(async () => {
    installProgram(instance.root, 'silent_fuse');
    for (const directory of directories) await mountSilent(directory);
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; stop.timeout = 1; restart.delay = "200ms"; restart.max_delay = 1; }
      rooted { path = "${directories[0]}"; }
      below { path = "${directories[0]}/jail"; }
      bound { mount = "${directories[1]} ${instance.root}/mnt nullfs ro 0 0"; mount.devfs; }
      layered { base = "${directories[2]}/base"; ephemeral; }
      logged { exec.consolelog = "${directories[1]}/log"; }
      plain { }
      other { }
    `);
    mkdirSync(join(instance.root, 'mnt'), { recursive: true });
    await instance.start();
  });

  after(async () => {
    free();
    await instance.close();
  });

  async function mountSilent(directory: string): Promise<void> {
    mkdirSync(directory);
    const server = spawn(join(instance.root, 'bin/silent_fuse'), [directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    servers.push(server);
    await new Promise((resolve) => server.stdout.once('data', resolve));
  }

  /** Without their server the kernel answers in its place. */
  function free(): void {
    for (const server of servers.splice(0)) server.kill('SIGKILL');
    for (const directory of directories) spawnSync('umount', ['-l', directory]);
  }

  it('keeps the jails from starting that need it, which is said, and nobody else from anything', async () => {
    const stuck = ['rooted', 'below', 'bound', 'layered', 'logged'];
    const starting = stuck.map((name) => instance.ctlLater('start', name));
    expect(instance.ctl('list').code).to.equal(0);
    expect(instance.ctl('start', 'plain')).to.include({ code: 0 });
    for (const { code, stderr } of await Promise.all(starting)) {
      expect(stderr).to.match(
        /^error: \w+: not started: stat \S+\/hang-\S+: (Connection|Operation) timed out/m,
      );
      expect(stderr).to.match(/^hint: .*does not answer/m);
      expect(code).to.equal(1);
    }
    // What it asks for is on the disk when it is answered: threads are left for that.
    expect(instance.ctl('start', 'other')).to.include({ code: 0 });
    expect(instance.ctl('stop', 'other')).to.include({ code: 0, stderr: '' });
    expect(instance.ctl('stop', 'below', 'layered', 'logged')).to.include({ code: 0, stderr: '' });
  });

  it('keeps no jaild from ending, and none from taking back its jails', async () => {
    const { pid } = instance.status('plain');
    await instance.endDaemon();
    await instance.start();
    expect(instance.status('plain').pid).to.equal(pid);
  });

  it('lets jails start by themselves when it is gone', async () => {
    free();
    await instance.until('bound runs', () => instance.status('bound').state === 'running');
    expect(instance.ctl('stop', 'rooted')).to.include({ code: 0, stderr: '' });
  });
});
