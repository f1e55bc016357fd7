import { expect } from 'chai';
import { describeParams } from '../../src/config/manual/describe.js';
import { findParam, type JailParams, type ParamName } from '../../src/config/params.js';
import { onlyJail } from '../support/compile-text.js';

/** The parameters of jail(8) of FreeBSD 14 and 15, and the pseudo-parameters of jail.conf(5). */
const ofFreeBSD = `
  jid name path persist host host.hostname host.domainname host.hostuuid host.hostid ip4 ip6 ip4.addr ip6.addr
  ip4.saddrsel ip6.saddrsel interface ip_hostname vnet vnet.interface exec.fib securelevel devfs_ruleset enforce_statfs
  children.max children.cur allow.set_hostname allow.reserved_ports allow.suser allow.raw_sockets allow.chflags
  allow.mount allow.mount.devfs allow.mount.fdescfs allow.mount.fusefs allow.mount.nullfs allow.mount.procfs
  allow.mount.linprocfs allow.mount.linsysfs allow.mount.tmpfs allow.mount.zfs allow.quotas allow.socket_af
  allow.sysvipc allow.mlock allow.read_msgbuf allow.extattr allow.nfsd allow.vmm allow.vmm_ppt allow.adjtime
  allow.settime allow.routing allow.setaudit allow.unprivileged_proc_debug allow.unprivileged_parent_tampering
  sysvmsg sysvsem sysvshm osrelease osreldate linux linux.osname linux.osrelease linux.oss_version cpuset.id parent
  dying mac.label meta env zfs.mount_snapshot zfs.dataset mount mount.fstab mount.devfs mount.fdescfs mount.procfs
  exec.prepare exec.prestart exec.created exec.start command exec.poststart exec.prestop exec.stop exec.poststop
  exec.release exec.clean exec.jail_user exec.system_jail_user exec.system_user exec.timeout stop.timeout
  exec.consolelog depend allow.dying`;

const ofLinux = `
  exec.env exec.workdir exec.init memory.max memory.high memory.low memory.min memory.swap.max memory.oom.group cpu.max
  cpu.weight cpuset.cpus cpuset.mems pids.max io.max io.weight hugetlb.2MB.max hugetlb.1GB.max rctl rctl.file restart
  restart.delay restart.max_delay restart.limit restart.success_codes exit.ok exit.fatal watchdog start.timeout schedule.restart schedule.start
  schedule.stop schedule.timezone schedule.jitter schedule.missed schedule.window health.command health.tcp health.http
  health.interval health.timeout health.retries health.start_period health.start_interval health.action ready bridge
  bridge.subnet macvlan mac gateway route nat rdr dns hosts mtu isolate net.ingress.max net.egress.max userns caps caps.add caps.drop seccomp no_new_privs devices
  readonly time.offset apparmor selinux base ephemeral ephemeral.size image log.max_size log.max_files log.max_age log.compress log.target log.rate depend.bind priority
  auto rlimit.as rlimit.core rlimit.cpu rlimit.data rlimit.fsize rlimit.memlock rlimit.msgqueue rlimit.nice
  rlimit.nofile rlimit.nproc rlimit.rss rlimit.rtprio rlimit.rttime rlimit.sigpending rlimit.stack
  inotify.max_instances inotify.max_watches fanotify.max_groups fanotify.max_marks tmpfs.size shm.size`;

const words = (text: string): string[] => text.trim().split(/\s+/).sort();

describe('the table of parameters', () => {
  for (const [origin, names] of [['freebsd', ofFreeBSD] as const, ['linux', ofLinux] as const])
    it(`holds every parameter of ${origin} and no other`, () => {
      const held = describeParams().filter((param) => param.origin === origin);
      expect(held.map(({ name }) => name as string).sort()).to.deep.equal(words(names));
    });

  it('says why a parameter means less than on FreeBSD', () => {
    const silent = describeParams().filter(({ onLinux, note }) => onLinux !== 'same' && note === null);
    expect(silent.map(({ name }) => name)).to.deep.equal([]);
  });

  it('describes each in whole sentences', () => {
    expect(
      describeParams()
        .filter(({ summary }) => !/^[A-Z].*\.$/.test(summary))
        .map(({ name }) => name),
    ).to.deep.equal([]);
  });

  it('knows the negative of booleans, and of nothing else', () => {
    expect(findParam('mount.nodevfs')).to.deep.equal({ name: 'mount.devfs', negated: true });
    expect(findParam('no_new_privs')).to.deep.equal({ name: 'no_new_privs', negated: false });
    expect(findParam('nopath')).to.equal(null);
  });
});

/** The value that a parameter has after `NAME<body>;`. */
const valueOf = <K extends ParamName>(name: K, body: string): JailParams[K] =>
  onlyJail(`x { ${name}${body}; }`).values[name];

describe('the value of', () => {
  const values: readonly [name: ParamName, body: string, value: unknown][] = [
    ['persist', '', true],
    ['persist', ' = FALSE', false],
    ['exec.clean', ' = 2', true],
    ['vnet', '', 'new'],
    ['ip4', ' = Inherit', 'inherit'],
    ['sysvshm', ' = 0', 'disable'],
    ['stop.timeout', ' = 30', 30],
    ['stop.timeout', ' = 100ms', 0.1],
    ['stop.timeout', ' = 1h30m', 5400],
    ['memory.max', ' = 512M', 512 * 1024 ** 2],
    ['memory.max', ' = 1.5GiB', 1.5 * 1024 ** 3],
    ['memory.max', ' = max', Infinity],
    ['pids.max', ' = 100', 100],
    ['cpu.max', ' = "150%"', { quota: 150_000, period: 100_000 }],
    ['cpu.max', ' = "50000 20000"', { quota: 50_000, period: 20_000 }],
    ['cpu.max', ' = max', { quota: Infinity, period: 100_000 }],
    ['cpuset.cpus', ' = 8,0-2,1-3', '0-3,8'],
    ['io.max', ' = "/dev/sda rbps=1M wiops=100"', [{ device: '/dev/sda', rbps: 1024 ** 2, wiops: 100 }]],
    ['rlimit.nofile', ' = "1024:unlimited"', { soft: 1024, hard: Infinity }],
    ['rlimit.core', ' = 0', { soft: 0, hard: 0 }],
    [
      'ip4.addr',
      ' = "em0|10.0.0.1/24 up", 10.0.0.2',
      [
        { interface: 'em0', address: '10.0.0.1', prefix: 24, words: ['up'] },
        { address: '10.0.0.2', prefix: 32, words: [] },
      ],
    ],
    ['ip4.addr', ' = 10.0.0.1/255.255.0.0', [{ address: '10.0.0.1', prefix: 16, words: [] }]],
    ['ip6.addr', ' = "2001:db8:0::1/64"', [{ address: '2001:db8::1', prefix: 64, words: [] }]],
    ['ip4.addr', ' = ""', []],
    [
      'mount',
      String.raw` = "/a\\040b /j/x/b nullfs ro,nosuid 0 0"`,
      [{ source: '/a b', target: '/j/x/b', type: 'nullfs', options: ['ro', 'nosuid'] }],
    ],
    ['userns', ' = "100000:65536"', { base: 100_000, count: 65_536 }],
    ['caps.add', ' = CAP_NET_RAW, sys_time', ['net_raw', 'sys_time']],
    ['caps', ' = none', []],
    ['time.offset', ' = "monotonic=+1h boottime=-30m"', { monotonic: 3600, boottime: -1800 }],
    ['schedule.restart', ' = "30 4 * * sun", @daily', ['30 4 * * sun', '0 0 * * *']],
    ['schedule.timezone', ' = Europe/Berlin', 'Europe/Berlin'],
    ['exit.ok', ' = 0, 3', [0, 3]],
    ['log.rate', ' = 1000/30s', { amount: 1000, unit: 'lines', seconds: 30 }],
    ['log.rate', ' = 1M/s', { amount: 1024 ** 2, unit: 'bytes', seconds: 1 }],
    ['health.tcp', ' = "[::1]:80"', { host: '::1', port: 80 }],
    ['exec.stop', ' = a, "", b', ['a', 'b']],
    ['mount.fstab', ' = ""', []],
    ['exec.consolelog', ' = ""', undefined],
    ['exec.env', ' = "A=b=c"', ['A=b=c']],
  ];
  for (const [name, body, value] of values)
    it(`${name}${body} is ${JSON.stringify(value)}`, () => expect(valueOf(name, body)).to.deep.equal(value));

  it('mount.nodevfs = false is true, as with any other negative', () => {
    expect(onlyJail('x { mount.nodevfs = false; }').values['mount.devfs']).to.equal(true);
    expect(onlyJail('x { nopersist; }').values.persist).to.equal(false);
  });

  it('meta.KEY is kept by its key', () => {
    const { values } = onlyJail('x { meta.owner = me; env.a.b = c; }');
    expect([values.metaKeys, values.envKeys]).to.deep.equal([{ owner: 'me' }, { 'a.b': 'c' }]);
  });
});

describe('a value is refused', () => {
  const refused: readonly [name: ParamName, body: string, message: string][] = [
    ['exec.clean', ' = maybe', 'exec.clean: "maybe" is not a boolean'],
    ['exec.timeout', ' = soon', 'exec.timeout: "soon" is not a duration'],
    ['memory.max', ' = 1X', 'memory.max: "1X" is not a size'],
    ['memory.max', '', 'memory.max: needs a value'],
    ['cpu.max', ' = "0%"', 'cpu.max: "0%" is less than the kernel\'s least, 1000 µs (1%)'],
    ['cpu.weight', ' = 0', 'cpu.weight: 0 is less than 1'],
    ['cpuset.cpus', ' = 3-1', 'cpuset.cpus: "3-1" is not a CPU or a range of CPUs'],
    ['ip4.addr', ' = 10.1', 'ip4.addr: "10.1" is not an IPv4 address'],
    ['ip4.addr', ' = "::1"', 'ip4.addr: "::1" is an IPv6 address, not an IPv4 address'],
    ['ip4.addr', ' = 10.0.0.1/33', 'ip4.addr: "/33" is not a prefix length or netmask'],
    [
      'interface',
      ' = averyveryverylongname',
      'interface: "averyveryverylongname" is too long for an interface name',
    ],
    ['mount', ' = "/a b nullfs"', 'mount: mount point "b" is not an absolute path'],
    ['rlimit.nofile', ' = "9:1"', 'rlimit.nofile: the soft limit 9 is above the hard limit 1'],
    ['userns', ' = "4294967000:65536"', 'userns: "4294967000:65536" is empty or reaches above 4294967294'],
    ['caps.add', ' = net_rau', 'caps.add: "net_rau" is not known'],
    ['schedule.start', ' = "1 2 3"', 'schedule.start: "1 2 3" has 3 fields, a cron expression has 5 or 6'],
    ['schedule.start', ' = "61 * * * *"', 'schedule.start: "61 * * * *" is not a cron expression'],
    ['schedule.timezone', ' = Mars/Olympus', 'schedule.timezone: "Mars/Olympus" is not a time zone'],
    ['restart', ' = sometimes', 'restart: "sometimes" is not known'],
    ['exit.ok', ' = 256', 'exit.ok: 256 is more than 255'],
    ['rctl', ' = "memory"', 'rctl: "memory" is not an rctl rule'],
    ['health.http', ' = "ftp://x"', 'health.http: "ftp://x" is not an http address'],
  ];
  for (const [name, body, message] of refused)
    it(`with ${name}${body}`, () => {
      const bad = onlyJail(`x { path = /p; persist; ${name}${body}; }`).diagnostics.filter(
        ({ severity }) => severity === 'error',
      );
      expect(bad.map((d) => d.message)).to.deep.equal([message]);
    });
});
