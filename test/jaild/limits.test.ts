import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf } from '../../src/plan/limit-amounts.js';
import { TestInstance } from '../support/instance.js';

/** Reads a limit where this host keeps it: in the v2 tree, or in a v1 hierarchy. */
function control(instance: TestInstance, jail: string, v2: string, v1: string): string {
  const { cgroup, pid } = instance.status(jail);
  const unified = `${cgroup}/${v2}`;
  if (existsSync(unified)) return readFileSync(unified, 'utf8').trim();
  const [controller = '', file = ''] = v1.split('/');
  const line = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .find((text) => text.split(':')[1]?.split(',').includes(controller));
  return readFileSync(`/sys/fs/cgroup/${controller}${line?.split(':')[2]}/${file}`, 'utf8').trim();
}

describe('a jail with limits', () => {
  const instance = new TestInstance();
  const eat = 'exec tail /dev/zero';

  before(async () => {
    instance.configure(`
      * { path = "$root"; }
      small { memory.max = 64M; pids.max = 20; cpu.max = "50%"; cpu.weight = 50; command = "/bin/sleep 1000"; }
      hog { memory.max = 24M; memory.swap.max = 0; restart = no; command = "/bin/sh -c '${eat}'"; }
      forker { pids.max = 12; restart = no; command = "/bin/sleep 1000"; }
      plain { command = "/bin/sleep 1000"; }
      part { memory.max = 10%; memory.high = 5%; memory.swap.max = 10%; command = "/bin/sleep 1000"; }
      open { memory.max = max; command = "/bin/sleep 1000"; }
      ticker { command = "/bin/sh -c 'while :; do echo tick; sleep 0.05; done'"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('has them in its cgroup', () => {
    expect(instance.ctl('start', 'small').stderr).to.equal('');
    expect(control(instance, 'small', 'memory.max', 'memory/memory.limit_in_bytes')).to.equal(
      String(64 * 1024 * 1024),
    );
    expect(control(instance, 'small', 'pids.max', 'pids/pids.max')).to.equal('20');
    expect(control(instance, 'small', 'cpu.max', 'cpu/cpu.cfs_quota_us')).to.match(/^50000( 100000)?$/);
  });

  it('has three quarters of the memory of the host when it sets none, a part of it, or all', () => {
    expect(instance.ctl('start', 'plain', 'part', 'open').stderr).to.equal('');
    const limitOf = (jail: string): string =>
      control(instance, jail, 'memory.max', 'memory/memory.limit_in_bytes');
    const share = (percent: number): string => String(bytesOf({ percent }, totalmem()));
    expect(['plain', 'part'].map(limitOf)).to.deep.equal([share(75), share(10)]);
    expect(limitOf('open')).to.match(/^(max|9223372036854771712)$/);
    const changed = instance.ctl('set', 'plain', 'memory.max=20%');
    expect([changed.code, limitOf('plain')]).to.deep.equal([0, share(20)]);
    instance.ctl('set', 'plain', 'memory.max=');
  });

  it('shows what it uses in status', () => {
    const { stdout } = instance.ctl('status', 'small');
    expect(stdout).to.match(/memory.*64/i);
  });

  it('is killed when it wants more memory, and the reason is told', async () => {
    instance.ctl('start', 'hog');
    await instance.until('hog has failed', () => ['failed', 'ended'].includes(instance.status('hog').state));
    expect(instance.status('hog').exit).to.deep.include({ signal: 9, oom: true });
    expect(instance.ctl('status', 'hog').stdout).to.match(/out of memory/i);
  });

  it('can’t make more processes than it may, which its end tells of', async () => {
    instance.ctl('start', 'forker');
    const { cgroup } = instance.status('forker');
    const bomb = 'i=0; while [ $i -lt 60 ]; do sleep 1000 >/dev/null 2>&1 & i=$((i+1)); done';
    expect(instance.ctl('exec', 'forker', '--', 'sh', '-c', bomb).stderr).to.match(/can't fork/);
    expect(readFileSync(`${cgroup}/cgroup.procs`, 'utf8').trim().split('\n').length).to.be.at.most(12);
    expect(instance.ctl('status', 'small').code).to.equal(0);
    instance.ctl('kill', '-s', 'KILL', 'forker');
    await instance.until('it has failed', () => instance.status('forker').state === 'failed');
    expect(instance.ctl('status', 'forker').stdout).to.match(
      /^ +hint +(once|\d+ times) it could not start a process: it may have 12 \(pids\.max\)$/m,
    );
  });

  it('stands still while it is paused, and goes on when resumed', async () => {
    instance.ctl('start', 'ticker');
    await instance.until('ticks', () => instance.logOf('ticker').split('\n').length > 5);
    expect(instance.ctl('pause', 'ticker').code).to.equal(0);
    // What it has said before may still be on its way.
    let lines = -1;
    while (lines !== instance.logOf('ticker').length) {
      lines = instance.logOf('ticker').length;
      await sleep(300);
    }
    expect(instance.status('ticker').state).to.equal('paused');
    expect(instance.ctl('resume', 'ticker').code).to.equal(0);
    await instance.until('it ticks again', () => instance.logOf('ticker').length > lines);
  });

  it('is stopped even while it is paused', () => {
    instance.ctl('pause', 'ticker');
    expect(instance.ctl('stop', 'ticker').code).to.equal(0);
  });
});
