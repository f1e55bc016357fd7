import { expect } from 'chai';
import { readFileSync, readlinkSync } from 'node:fs';
import { TestInstance } from '../../support/instance.js';

describe('a jail on a kernel that has everything', () => {
  const instance = new TestInstance();
  const allowed = (): string | undefined =>
    /^Cpus_allowed_list:\s+(\S+)/m.exec(
      instance.ctl('exec', 'pinned', '--', 'cat', '/proc/self/status').stdout,
    )?.[1];

  const jails = (cpus: string): string => `
    * { path = "$root"; command = "/bin/sleep 1000"; }
    pinned { cpuset.cpus = "${cpus}"; cpuset.mems = 0; hugetlb.2MB.max = 4M; time.offset = "boottime=+100h"; }
    nowhere { cpuset.cpus = 77; }
  `;

  before(async () => {
    instance.configure(jails('1'));
    await instance.start();
  });

  after(() => instance.close());

  it('runs on its CPUs alone', () => {
    expect(instance.ctl('start', 'pinned')).to.include({ code: 0, stderr: '' });
    expect(allowed()).to.equal('1');
  });

  it('runs on others when the file says so, without a restart', () => {
    const { pid } = instance.status('pinned');
    instance.configure(jails('0-1'));
    expect(instance.ctl('reload')).to.include({ code: 0, stderr: '' });
    expect(allowed()).to.equal('0-1');
    expect(instance.status('pinned').pid).to.equal(pid);
  });

  it('has its limit of huge pages', () => {
    const { cgroup } = instance.status('pinned');
    expect(readFileSync(`${cgroup}/hugetlb.2MB.max`, 'utf8')).to.equal(`${4 * 1024 * 1024}\n`);
  });

  it('has how long it waits for CPUs told by the kernel', () => {
    const { cgroup } = instance.status('pinned');
    expect(readFileSync(`${cgroup}/cpu.pressure`, 'utf8')).to.match(/^some avg10=\d/);
  });

  it('is not started on CPUs that the host has not', () => {
    const { code, stderr } = instance.ctl('start', 'nowhere');
    expect(stderr)
      .to.match(/nowhere: not started: .*cpuset\.cpus/)
      .and.to.match(/^hint: .*no CPU with such a number$/m);
    expect(code).to.equal(1);
    expect(instance.status('nowhere')).to.include({ pid: null, cgroup: null });
  });

  it('has all eight namespaces of its own', () => {
    const { pid } = instance.status('pinned');
    const kinds = ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'];
    const shared = kinds.filter(
      (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`),
    );
    expect(shared).to.deep.equal([]);
  });

  it('was booted when its file says', () => {
    const uptime = (text: string): number => Number(text.split(' ')[0]);
    const inside = uptime(instance.ctl('exec', 'pinned', '--', 'cat', '/proc/uptime').stdout);
    expect(inside - uptime(readFileSync('/proc/uptime', 'utf8'))).to.be.within(360_000 - 60, 360_000);
  });
});
