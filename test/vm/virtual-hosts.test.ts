import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { TIME_LIMIT } from '../support/virtual-host.js';

const facts = `
stat -f -c %T /sys/fs/cgroup >/out/cgroup
cat /sys/fs/cgroup/cgroup.subtree_control >/out/controllers
node -p process.version >/out/node
/out/idmap-probe /srv >/out/idmap
pwd
exit 7
`;

/** What the command saw and said on a virtual host; `share` is its /out. */
function runOn(script: string, share: string) {
  const { status, stdout } = spawnSync(path.join('test/vm', script), ['-o', share, 'sh', '-c', facts], {
    encoding: 'utf8',
  });
  const read = (name: string): string => readFileSync(path.join(share, name), 'utf8').trim();
  return {
    status,
    stdout,
    cgroup: read('cgroup'),
    controllers: read('controllers'),
    node: read('node'),
    idmap: read('idmap'),
  };
}

describe('a virtual cgroup v2 host', function () {
  this.timeout((TIME_LIMIT + 20) * 1000).slow(60_000);
  let share: string;

  beforeEach(() => {
    share = mkdtempSync(path.join(tmpdir(), 'virtual-host-'));
    const probe = path.join(share, 'idmap-probe');
    const { status, stderr } = spawnSync('gcc', ['-std=gnu17', '-o', probe, 'test/vm/idmap-probe.c'], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  });

  afterEach(() => {
    rmSync(share, { recursive: true });
  });

  const seen = (controllers: string) => ({
    status: 7,
    stdout: `${process.cwd()}\n`,
    cgroup: 'cgroup2fs',
    controllers,
    node: process.version,
    idmap: '/srv: owner 0, mapped 100000',
  });

  it('runs a command in the work tree under user-mode-linux', () => {
    expect(runOn('uml.sh', share)).to.deep.equal(seen('cpu io memory pids'));
  });

  it('runs a command in the work tree under qemu, with every controller', () => {
    expect(runOn('qemu.sh', share)).to.deep.equal(seen('cpuset cpu io memory hugetlb pids rdma misc'));
  });

  it('is killed after its time limit', () => {
    const { status, stderr } = spawnSync('test/vm/uml.sh', ['-t', '1', 'sleep', '60'], { encoding: 'utf8' });
    expect({ status, stderr }).to.deep.equal({ status: 124, stderr: 'error: uml.sh: killed after 1 s\n' });
  });
});
