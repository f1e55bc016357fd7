import { expect } from 'chai';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../../support/instance.js';

const MIB = 1024 * 1024;

/** The disk that a directory is on. */
function deviceOf(directory: string): string {
  const { dev } = statSync(directory);
  return `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
}

describe('a jail on a host with cgroup v2 alone', () => {
  const instance = new TestInstance();
  const disk = deviceOf(instance.prefix);
  const file = (jail: string, name: string): string =>
    readFileSync(`${instance.status(jail).cgroup}/${name}`, 'utf8').trim();
  const cgroupOf = (pid: number | null): string => readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  const writeSeconds = (jail: string, megabytes: number): number => {
    const began = Date.now();
    const words = ['dd', 'if=/dev/zero', 'of=/tmp/big', 'bs=256k', `count=${megabytes * 4}`, 'oflag=direct'];
    expect(instance.ctl('exec', jail, '--', ...words)).to.include({ code: 0 });
    return (Date.now() - began) / 1000;
  };

  const limits = `
    memory.max = 64M; memory.high = 48M; memory.low = 4M; memory.min = 2M; memory.oom.group;
    pids.max = 20; cpu.max = "50%"; cpu.weight = 50; io.max = "${disk} wbps=2M riops=1000";`;
  const jails = (words: string): string => `
    * { path = "$root"; command = "/bin/sleep 1000"; }
    all { ${words} }
    rctl { rctl = "memoryuse:deny=32m", "maxproc:deny=9"; }
    slow { io.max = "${disk} wbps=1M"; }
    busy { cpu.max = "20%"; command = "/bin/sh -c 'while :; do :; done'"; }
    forks { stop.timeout = 1; command = "/bin/sh -c 'trap : TERM; for i in 1 2 3 4; do (trap : TERM; while :; do sleep 60; done) & done; wait; wait; sleep 60'"; }
    hungry { memory.max = 24M; memory.oom.group; restart = no; command = "/bin/sh -c 'sleep 1000 & tail /dev/zero; sleep 1000'"; }
  `;

  before(async () => {
    instance.configure(jails(limits));
    await instance.start();
  });

  after(() => instance.close());

  it('has each limit in the file of cgroup v2 that has its name', () => {
    expect(instance.ctl('start', 'all')).to.include({ code: 0, stderr: '' });
    const names = ['memory.max', 'memory.high', 'memory.low', 'memory.min', 'memory.oom.group', 'pids.max'];
    const values = [...names, 'cpu.max', 'cpu.weight', 'io.max'].map((name) => file('all', name));
    expect(values).to.deep.equal([
      ...[64 * MIB, 48 * MIB, 4 * MIB, 2 * MIB].map(String),
      ...['1', '20', '50000 100000', '50'],
      `${disk} rbps=max wbps=${2 * MIB} riops=1000 wiops=max`,
    ]);
  });

  it('has those that rctl rules ask for', () => {
    expect(instance.ctl('start', 'rctl')).to.include({ code: 0, stderr: '' });
    expect([file('rctl', 'memory.max'), file('rctl', 'pids.max')]).to.deep.equal([String(32 * MIB), '9']);
  });

  it('is in its cgroup with all of its processes, and sees it as the root of the tree', () => {
    const { pid, cgroup } = instance.status('all');
    const inTree = `0::${cgroup?.replace('/sys/fs/cgroup', '')}\n`;
    expect(cgroupOf(pid)).to.equal(inTree);
    expect(instance.ctl('exec', 'all', '--', 'cat', '/proc/1/cgroup', '/proc/self/cgroup').stdout).to.equal(
      '0::/\n0::/\n',
    );
  });

  it('shares its cgroup with neither its jailer nor jaild', () => {
    const { pid, cgroup } = instance.status('all');
    const jailer = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const inside = file('all', 'cgroup.procs').split('\n').map(Number);
    expect(inside).to.include(pid).and.not.include.members([jailer]);
    expect(cgroupOf(instance.daemonPid)).to.not.include(cgroup?.split('/').at(-1));
  });

  it('takes other limits while it runs', () => {
    const { pid } = instance.status('all');
    instance.configure(jails(limits + 'memory.max = 80M; pids.max = 30; cpu.max = "75%";'));
    expect(instance.ctl('reload')).to.include({ code: 0, stderr: '' });
    const values = ['memory.max', 'pids.max', 'cpu.max'].map((name) => file('all', name));
    expect(values).to.deep.equal([String(80 * MIB), '30', '75000 100000']);
    expect(instance.status('all').pid).to.equal(pid);
  });

  it('loses a limit that the file no longer has, while it runs', () => {
    const { pid } = instance.status('all');
    instance.configure(jails(''));
    expect(instance.ctl('reload')).to.include({ code: 0, stderr: '' });
    const names = ['memory.high', 'memory.low', 'memory.oom.group', 'cpu.max', 'cpu.weight', 'io.max'];
    expect(names.map((name) => file('all', name))).to.deep.equal(['max', '0', '0', 'max 100000', '100', '']);
    expect(instance.status('all').pid).to.equal(pid);
    instance.configure(jails(limits));
    expect(instance.ctl('reload')).to.include({ code: 0, stderr: '' });
    expect(file('all', 'io.max')).to.equal(`${disk} rbps=max wbps=${2 * MIB} riops=1000 wiops=max`);
  });

  it('writes to the disk no faster than it may', () => {
    instance.ctl('start', 'slow');
    expect(writeSeconds('slow', 3)).to.be.greaterThan(1.9);
  });

  it('has what it used told by status: memory, time, processes and the disk', () => {
    const [jail] = (
      JSON.parse(instance.ctl('status', 'slow', '--json').stdout) as {
        jails: { accounting: Record<string, number> }[];
      }
    ).jails;
    const { memory = 0, cpu_usec = 0, pids, io_written = 0, oom_kills } = jail?.accounting ?? {};
    expect({ pids, oom_kills }).to.deep.equal({ pids: 2, oom_kills: 0 });
    expect(memory).to.be.greaterThan(0);
    expect(cpu_usec).to.be.greaterThan(1000);
    expect(io_written).to.be.at.least(3 * MIB);
    expect(instance.ctl('status', 'slow').stdout).to.match(/, 3(\.\d)?M written$/m);
  });

  it('has no more of the processor than it may', async () => {
    instance.ctl('start', 'busy');
    const used = (): number => Number(/^usage_usec (\d+)/m.exec(file('busy', 'cpu.stat'))?.[1]);
    const [began, before] = [performance.now(), used()];
    const throttled = (): number => Number(/^nr_throttled (\d+)/m.exec(file('busy', 'cpu.stat'))?.[1]);
    // A host that does much else may have no time for it.
    await instance.until('it is held back', () => throttled() > 9);
    const share = (used() - before) / 1000 / (performance.now() - began);
    expect(share).to.be.within(0.001, 0.3);
    expect(instance.ctl('stop', 'busy').code).to.equal(0);
  });

  it('is killed whole, however many it is', async () => {
    instance.ctl('start', 'forks');
    const { cgroup } = instance.status('forks');
    const inside = (): string[] => readFileSync(`${cgroup}/cgroup.procs`, 'utf8').trim().split('\n');
    await instance.until('they are all there', () => inside().length >= 9);
    const pids = inside();
    expect(instance.ctl('stop', 'forks').code).to.equal(0);
    expect(pids.filter((pid) => instance.run(['test', '-e', join('/proc', pid)]).code === 0)).to.deep.equal(
      [],
    );
    expect(instance.run(['test', '-e', cgroup ?? '/']).code).to.equal(1);
  });

  it('that is killed as a group for want of memory has ended for that', async () => {
    instance.ctl('start', 'hungry');
    await instance.until('it has ended', () => ['failed', 'ended'].includes(instance.status('hungry').state));
    expect(instance.status('hungry').exit).to.deep.include({ signal: 9, oom: true });
    expect(instance.ctl('status', 'hungry').stdout).to.match(/out of memory/);
  });

  it('is frozen by its cgroup, and found so by the next jaild', async () => {
    expect(instance.ctl('pause', 'all').code).to.equal(0);
    expect(file('all', 'cgroup.events')).to.match(/^frozen 1$/m);
    await instance.killDaemon();
    await instance.start();
    expect(instance.status('all').state).to.equal('paused');
    expect(file('all', 'cgroup.freeze')).to.equal('1');
    expect(instance.ctl('resume', 'all').code).to.equal(0);
    expect(file('all', 'cgroup.events')).to.match(/^frozen 0$/m);
  });
});
