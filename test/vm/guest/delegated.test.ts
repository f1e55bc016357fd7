import { expect } from 'chai';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TestInstance } from '../../support/instance.js';
import { setAttribute } from '../../support/xattr.js';

describe('a jaild with a cgroup of its own', () => {
  const instance = new TestInstance();
  const service = '/sys/fs/cgroup/jaild.service';
  const read = (path: string): string => readFileSync(join(service, path), 'utf8').trim();
  const cgroupOf = (pid: number | null): string => readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim();

  before(async () => {
    mkdirSync(service);
    setAttribute(service, 'trusted.delegate', '1');
    instance.configure(`
      * { path = "$root"; }
      web { memory.max = 64M; pids.max = 20; cpu.weight = 50; command = "/bin/sleep 1000"; }
      hog { memory.max = 24M; restart = no; command = "/bin/tail /dev/zero"; }
    `);
    instance.cgroup = service;
    await instance.start();
  });

  after(async () => {
    await instance.close();
    // Refused while anything else is in them.
    rmdirSync(join(service, 'supervisor'));
    rmdirSync(service);
  });

  it('has its jails below it, with limits', () => {
    expect(instance.ctl('start', 'web')).to.include({ code: 0, stderr: '' });
    const { cgroup, pid } = instance.status('web');
    expect(cgroup).to.match(/^\/sys\/fs\/cgroup\/jaild\.service\/jaild-[0-9a-f]{8}\/web$/);
    expect(cgroupOf(pid)).to.equal(`0::${cgroup?.replace('/sys/fs/cgroup', '')}`);
    const limits = ['memory.max', 'pids.max', 'cpu.weight'];
    const values = limits.map((name) => readFileSync(`${cgroup}/${name}`, 'utf8').trim());
    expect(values).to.deep.equal([String(64 * 1024 * 1024), '20', '50']);
  });

  it('has moved to a child of it, as the kernel wants it before controllers are handed on', () => {
    expect(cgroupOf(instance.daemonPid)).to.equal('0::/jaild.service/supervisor');
    expect(read('cgroup.procs')).to.equal('');
    expect(read('cgroup.subtree_control').split(' ')).to.include.members(['cpu', 'io', 'memory', 'pids']);
  });

  it('makes nothing at the root of the tree', () => {
    const names = readdirSync('/sys/fs/cgroup').filter((name) => name.startsWith('jaild-'));
    expect(names).to.deep.equal([]);
  });

  it('tells of a jail that was killed for want of memory', async () => {
    instance.ctl('start', 'hog');
    await instance.until('it has ended', () => ['failed', 'ended'].includes(instance.status('hog').state));
    expect(instance.status('hog').exit).to.deep.include({ signal: 9, oom: true });
  });

  it('takes its jails back, from the child in which it is started the next time', async () => {
    const { pid, cgroup } = instance.status('web');
    await instance.killDaemon();
    instance.cgroup = join(service, 'supervisor');
    await instance.start();
    expect(instance.status('web')).to.include({ state: 'running', pid, cgroup });
    expect(instance.ctl('restart', 'web').code).to.equal(0);
    expect(instance.status('web')).to.include({ state: 'running', cgroup });
  });

  it('leaves nothing of a jail that has stopped', () => {
    const { cgroup } = instance.status('web');
    expect(instance.ctl('stop', '-a').code).to.equal(0);
    expect(existsSync(dirname(cgroup ?? ''))).to.equal(true);
    expect(existsSync(cgroup ?? '')).to.equal(false);
  });
});
