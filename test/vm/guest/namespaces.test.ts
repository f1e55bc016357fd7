import { expect } from 'chai';
import { readFileSync, readlinkSync } from 'node:fs';
import { TestInstance } from '../../support/instance.js';

describe('a jail with a clock of its own', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; }
      shifted { time.offset = "boottime=+100h"; }
    `);
    await instance.start();
    expect(instance.ctl('start', 'shifted')).to.include({ code: 0, stderr: '' });
  });

  after(() => instance.close());

  it('has all eight namespaces of its own', () => {
    const { pid } = instance.status('shifted');
    const kinds = ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'];
    const shared = kinds.filter(
      (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`),
    );
    expect(shared).to.deep.equal([]);
  });

  it('was booted when it says', () => {
    const uptime = (text: string): number => Number(text.split(' ')[0]);
    const inside = uptime(instance.ctl('exec', 'shifted', '--', 'cat', '/proc/uptime').stdout);
    expect(inside - uptime(readFileSync('/proc/uptime', 'utf8'))).to.be.within(360_000 - 30, 360_000);
  });
});
