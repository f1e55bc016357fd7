import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { detectCgroups } from '../../src/host/cgroup-facts.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { TestInstance } from '../support/instance.js';

/** A disk of the host that nobody uses: it is only opened. */
const disk = ['b', '7', '7'];

/** The processes of a cgroup, by their ids. */
function processesIn(cgroup: string): readonly string[] {
  return readFileSync(`${cgroup}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
}

describe('the devices of the host', () => {
  const instance = new TestInstance();
  const inside = (jail: string, script: string): string =>
    instance.ctl('exec', jail, '--', 'sh', '-c', `{ ${script}; } 2>&1`).stdout.trim();

  /** Puts a node where a jail sees it, as somebody does who has come by a way to make one. */
  const plant = (jail: string, name: string, ...numbers: readonly string[]): void => {
    const node = `/proc/${instance.status(jail).pid}/root/dev/${name}`;
    const { status, stderr } = spawnSync('mknod', ['-m', '666', node, ...numbers], { encoding: 'utf8' });
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  };

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; restart = no; }
      box { }
      maker { userns = off; caps.add = mknod; }
      reader { userns = off; caps.add = mknod; devices = "/dev/loop7 r"; }
      loose { userns = off; caps.add = mknod; command = "/bin/sh -c 'while sleep 0.1; do (: </dev/disk) && echo open; done'"; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'box', 'maker', 'reader', 'loose');
    if (code !== 0) throw new Error(stderr);
  });

  after(() => instance.close());

  it('can’t be used by root of the host in a jail, whoever made the node', () => {
    plant('maker', 'disk', ...disk);
    expect(inside('maker', ': </dev/disk')).to.match(/can't open \/dev\/disk: Operation not permitted$/);
    expect(inside('maker', ': >/dev/null && : </dev/zero && : </dev/urandom && echo open')).to.equal('open');
  });

  it('can’t be given a node by the jail, not even the harmless ones', () => {
    const made = 'for n in "b 7 7" "c 1 11" "c 1 3"; do mknod /dev/new $n; done';
    expect(inside('maker', made)).to.equal(
      Array(3).fill('mknod: /dev/new: Operation not permitted').join('\n'),
    );
  });

  it('are there with the rights that devices gives, also for root of the host', () => {
    plant('reader', 'again', ...disk);
    const tries = 'for f in loop7 again; do (: <>/dev/$f) && echo w; (: </dev/$f) && echo r; done';
    expect(
      inside('reader', tries)
        .split('\n')
        .filter((line) => line.length === 1),
    ).to.deep.equal(['r', 'r']);
  });

  it('are closed to the main program too, and open to one that is taken out of its cgroup', async () => {
    plant('loose', 'disk', ...disk);
    await instance.until('it tries', () => instance.logOf('loose').includes('not permitted'));
    expect(instance.logOf('loose')).to.not.include('open\n');
    const { v1, v2 } = detectCgroups(instanceBelow(instance.prefix), null);
    const directories = [v2, v1['devices']].filter((directory) => typeof directory === 'string');
    const pids = processesIn(`${directories[0]}/loose`);
    for (const directory of directories)
      for (const pid of pids) writeFileSync(join(dirname(directory), 'cgroup.procs'), pid);
    await instance.until('the wall is gone', () => / open$/m.test(instance.logOf('loose')));
  });

  it('are held back for a default jail, as the audit finds, and for one with the most of powers', () => {
    for (const jail of ['box', 'maker']) {
      const { stdout } = instance.ctl('audit', jail);
      expect(stdout, jail).to.match(/devices +6 harmless ones, and no other by cgroup/);
    }
  });
});
