import { expect } from 'chai';
import { adviceOn, adviceOnX } from '../../support/advice.js';

describe('limits of a jail', () => {
  it('are below what the host has', () => {
    expect(adviceOnX('memory.max = 8G; cpu.max = 400%; pids.max = 32768; cpuset.cpus = 0-3;')).to.deep.equal(
      [],
    );
    expect(
      adviceOnX('memory.max = 9G; cpu.max = 401%; pids.max = 32769;\ncpuset.cpus = 2-5; cpuset.mems = 1;'),
    ).to.deep.equal([
      '2:14 warning: memory.max is more than the memory of this host (8192M) [beyond-host]',
      '2:28 warning: cpu.max is more than the 4 CPUs of this host (400%) [beyond-host]',
      '2:45 warning: pids.max is more than all processes that this host can have (32768) [beyond-host]',
      '3:15 error: this host has no CPU 4 [beyond-host]',
      '3:34 error: this host has no memory node 1 [beyond-host]',
    ]);
    expect(adviceOnX('pids.max = 5000000;')).to.deep.equal([
      '2:12 error: pids.max is more than all processes that this host can have (32768) [beyond-host]',
    ]);
  });

  it('of I/O are for block devices', () => {
    const limits = '"/dev/sda rbps=1M", "/dev/null rbps=1M", "/dev/no rbps=1M", "8:0 rbps=1M", "9:9 rbps=1M"';
    const files = { '/dev/sda': 'block', '/dev/null': 'a file', '/sys/dev/block/8:0': 'dir' };
    expect(adviceOnX(`io.max = ${limits};`, files)).to.deep.equal([
      '2:30 error: /dev/null is not a block device [no-such-device]',
      '2:51 error: there is no /dev/no [no-such-device]',
      '2:85 error: this host has no block device 9:9 [no-such-device]',
    ]);
  });

  it('of setrlimit(2) can be raised so far', () => {
    const low = { hardLimit: (name: string) => (name === 'nofile' ? 4096 : Infinity) };
    expect(adviceOnX('rlimit.nofile = 4096; rlimit.core = unlimited;', {}, low)).to.deep.equal([]);
    expect(adviceOnX('rlimit.nofile = 1024:4097;', {}, low)).to.deep.equal([
      '2:17 warning: rlimit.nofile is above the limit that this process has itself (4096) [beyond-host]',
    ]);
    expect(adviceOnX('rlimit.nofile = 1048577;')).to.deep.equal([
      '2:17 warning: rlimit.nofile is more than the kernel lets any process have (1048576) [beyond-host]',
    ]);
  });

  it('have a controller and a kernel for them here', () => {
    const v1 = { cgroups: () => ({ v1: { memory: '/m' }, v2: null, v2Controllers: [] }) };
    expect(adviceOnX('memory.low = 1M; memory.max = 1M; cpu.weight = 10;', {}, v1)).to.deep.equal([
      '2:14 error: memory.low: cgroup v1 has nothing like it [not-on-this-host]',
      '2:48 error: cpu.weight: this host has no cpu controller for cgroups [not-on-this-host]',
    ]);
    const noDisk = { disk: () => null };
    expect(adviceOnX('rctl = "maxproc:deny=10", "readbps:throttle=1m";')).to.deep.equal([]);
    expect(adviceOnX('rctl = "readbps:throttle=1m";', {}, noDisk)).to.deep.equal([
      '2:8 error: /j/x is on no disk, whose reading and writing could be limited [not-on-this-host]',
    ]);
    expect(adviceOnX('time.offset = 1d;', {}, { hasTimeNamespaces: () => false })).to.deep.equal([
      '2:15 error: time.offset: this kernel has no time namespaces [not-on-this-host]',
    ]);
    expect(adviceOnX('memory.low = 1M;', {}, { cgroups: () => null })).to.deep.equal([]);
  });
});

describe('ids of jails', () => {
  it('are apart from each other and from those of the host', () => {
    const jail = (name: string, ids: string) =>
      `${name} { path = /j/${name}; persist; userns = "${ids}"; }\n`;
    const files = { '/j/a': 'dir', '/j/b': 'dir', '/j/c': 'dir' };
    const text = jail('a', '300000:65536') + jail('b', '365535:65536') + jail('c', '500000:65536');
    expect(adviceOn(text, files)).to.deep.equal([
      '2:36 error: the ids of jail "b" are also those of jail "a": each may do to the other what root may [overlapping-ids]',
    ]);
    expect(adviceOn(jail('a', '0:65536') + jail('b', '165535:65536'), files)).to.deep.equal([
      '1:36 warning: ids 0 to 65535 overlap those of the user root of this host [overlapping-ids]',
      '2:36 warning: ids 165535 to 231070 overlap those of /etc/subuid [overlapping-ids]',
    ]);
  });
});
