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
    expect(instance.ctl('stop', 'stopped')).to.include({ code: 0, stderr: '' });
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
