import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

describe('full disks under the run and the state directory', () => {
  const instance = new TestInstance();
  const disks = ['run/jaild', 'var/lib/jaild'].map((directory) => join(instance.prefix, directory));
  const times = (words: RegExp): number => instance.log.match(words)?.length ?? 0;

  const fill = (disk: string): void => {
    const fd = openSync(join(disk, 'filler'), 'w');
    const chunk = Buffer.alloc(4096);
    try {
      while (writeSync(fd, chunk) > 0);
    } catch {
      // Now it is full.
    } finally {
      closeSync(fd);
    }
  };
  const makeRoom = (): void => disks.forEach((disk) => rmSync(join(disk, 'filler')));

  before(async () => {
    for (const disk of disks) {
      mkdirSync(disk, { recursive: true });
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'jaild-test', disk]);
    }
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; stop.timeout = 1; restart.delay = "50ms"; }
      steady { } stopped { } late { restart.max_delay = "200ms"; }
      busy { command = "/bin/sleep 0.1"; restart = always; restart.delay = "10ms"; restart.max_delay = "20ms"; }
    `);
    await instance.start();
    expect(instance.ctl('start', 'steady', 'stopped', 'busy').code).to.equal(0);
  });

  after(async () => {
    instance.ctl('stop', '-a');
    await instance.endDaemon();
    for (const disk of disks) await instance.until('it goes', () => spawnSync('umount', [disk]).status === 0);
    await instance.close();
  });

  it('are told of once, and keep nobody from being stopped, brought back or answered', async () => {
    disks.forEach(fill);
    const { code, stderr } = instance.ctl('stop', 'stopped');
    expect(stderr).to.match(
      /^error: stopped: stopped \(.*\), but that is not on the disk: \w+ \S+wants\.json: No space left on device\nhint: /,
    );
    expect([code, instance.status('stopped').state]).to.deep.equal([1, 'stopped']);
    expect(instance.ctl('start', 'late').stderr).to.match(/not started: .*No space left on device/);
    const restarts = instance.status('busy').restarts;
    await instance.until('it comes back', () => instance.status('busy').restarts > restarts + 4);
    expect(times(/cannot write \S+wants\.json/g)).to.equal(1);
    expect(times(/cannot write the record of/g)).to.equal(1);
  });

  it('leave records whole for the next jaild, and what is wanted is written as soon as there is room', async () => {
    const { pid } = instance.status('steady');
    makeRoom();
    expect(instance.ctl('start', 'late').code).to.equal(0);
    await instance.until('it says so', () => times(/wants\.json is written again/g) === 1);
    await instance.killDaemon();
    await instance.start();
    const states = ['steady', 'stopped', 'late'].map((name) => instance.status(name).state);
    expect(states).to.deep.equal(['running', 'stopped', 'running']);
    expect(instance.status('steady').pid).to.equal(pid);
    disks.forEach(fill);
    await instance.killDaemon();
    await instance.start();
    expect(instance.status('steady').pid).to.equal(pid);
    makeRoom();
    expect(times(/cannot be understood/g)).to.equal(0);
  });
});

describe('run and state directories that become read-only', () => {
  const instance = new TestInstance();
  const disks = ['run/jaild', 'var/lib/jaild'].map((directory) => join(instance.prefix, directory));
  /** Whatever is opened there from now on is; files that are open stay as they are. */
  const close = (which = disks): void => {
    for (const disk of which)
      for (const words of [
        ['--bind', disk, disk],
        ['-o', 'remount,bind,ro', disk],
      ])
        expect(spawnSync('mount', words).status).to.equal(0);
  };
  const open = (which = disks): void => {
    for (const disk of which) expect(spawnSync('umount', [disk]).status).to.equal(0);
  };

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; stop.timeout = 1; restart.delay = "50ms"; restart.max_delay = "200ms"; }
      steady { } stopped { } crashed { } ended { restart = no; } late { }
    `);
    await instance.start();
    expect(instance.ctl('start', 'steady', 'stopped', 'crashed', 'ended').code).to.equal(0);
  });

  after(() => instance.close());

  const isUp = (name: string): boolean => instance.status(name).state === 'running';

  it('leave running jails alone, and what cannot be done is told', async () => {
    const { pid } = instance.status('steady');
    close();
    const stopped = instance.ctl('stop', 'stopped');
    expect(stopped.stderr).to.match(/^error: stopped: stopped, but: .*read-only file system/i);
    expect([stopped.code, instance.status('stopped').pid]).to.deep.equal([1, null]);
    const again = instance.ctl('stop', 'stopped');
    expect(again.stderr).to.match(/already stopped, but that is not on the disk: .*Read-only file system/);
    expect(instance.ctl('start', 'late').stderr).to.match(/not started: .*read-only file system/i);
    for (const name of ['crashed', 'ended']) process.kill(instance.status(name).pid ?? 0, 'SIGKILL');
    await instance.until('it has ended', () => instance.status('ended').state === 'failed');
    expect(instance.status('ended').exit?.cause).to.equal('signal 9 (SIGKILL)');
    await instance.until('it is tried again', () => instance.status('crashed').restarts > 2);
    expect(instance.status('steady')).to.include({ pid, state: 'running' });
    open();
  });

  it('have lost nothing when they can be written again', async () => {
    await instance.until('it says so', () => /records of jails are written again/.test(instance.log));
    await instance.until('it says so', () => /wants\.json is written again/.test(instance.log));
    await instance.until('they run', () => isUp('crashed') && isUp('late'));
    await instance.killDaemon();
    await instance.start();
    const known = instance.statuses().map(({ name, state }) => [name, state]);
    expect(Object.fromEntries(known)).to.deep.equal({
      steady: 'running',
      stopped: 'stopped',
      crashed: 'running',
      ended: 'failed',
      late: 'running',
    });
    expect(instance.status('ended').exit?.cause).to.equal('signal 9 (SIGKILL)');
  });

  it('keep the next jaild from bringing back what was stopped, if only one took that', async () => {
    close([disks[0] ?? '']);
    const stopped = instance.ctl('stop', 'steady', 'crashed');
    expect(stopped.stderr).to.match(/stopped, but: .*read-only file system/i);
    await instance.killDaemon();
    open([disks[0] ?? '']);
    await instance.start();
    await instance.until(
      'they rest',
      () => !['steady', 'crashed'].some((name) => instance.status(name).state !== 'stopped'),
    );
  });
});
