import { expect } from 'chai';
import { TestInstance } from '../../support/instance.js';

describe('a jail that asks for what the host has not', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      pinned { cpuset.cpus = 0; }
      huge { hugetlb.2MB.max = 4M; }
      swaps { io.weight = 200; }
      shifted { time.offset = "boottime=+1h"; }
      plain { }
    `);
    await instance.start();
  });

  after(() => instance.close());

  const refuses = (jail: string, error: RegExp): void => {
    const { code, stderr } = instance.ctl('start', jail);
    expect(stderr)
      .to.match(error)
      .and.to.match(/^hint: take ".*" out, or use a host that has it$/m);
    expect(code).to.equal(1);
    expect(instance.status(jail)).to.include({ pid: null, cgroup: null });
  };

  it('is not started without the cpuset controller', () => {
    refuses('pinned', /pinned: not started: cpuset\.cpus.*: this host has no cpuset controller for cgroups/);
  });

  it('is not started without the hugetlb controller', () => {
    refuses(
      'huge',
      /huge: not started: hugetlb\.2MB\.max.*: this host has no hugetlb controller for cgroups/,
    );
  });

  it('is not started without an I/O scheduler that knows weights', () => {
    refuses('swaps', /swaps: not started: io\.weight.*: no I\/O scheduler of this kernel has weights/);
  });

  it('is not started without time namespaces', () => {
    refuses('shifted', /shifted: not started: time\.offset.*: this kernel has no time namespaces/);
  });

  it('is started when it asks for none of that', () => {
    expect(instance.ctl('start', 'plain')).to.include({ code: 0, stderr: '' });
  });
});
