import { expect } from 'chai';
import { compile } from '../../src/config/compile.js';
import type { Jail } from '../../src/config/jail.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { instanceBelow, netnsName } from '../../src/plan/instance.js';
import { planJail } from '../../src/plan/jail.js';
import type { JailPlan, LaunchRecord } from '../../src/plan/step.js';
import { hostFacts } from '../support/host-facts.js';
import { hostLimits } from '../support/host-limits.js';

const facts: HostFacts = {
  ...hostFacts,
  instance: instanceBelow('/p'),
  cgroups: { v1: {}, v2: '/sys/fs/cgroup/jaild', v2Controllers: ['cpu', 'io', 'memory', 'pids'] },
  seccomp: '/p/var/lib/jaild/seccomp/x.bpf',
  fstabs: new Map([['/etc/fstab.web', '/srv/data /j/web/data nullfs ro 0 0\n']]),
  limits: { ...hostLimits, hard: { nofile: 20_000 } },
};

function jailOf(text: string): Jail {
  const [jail] = compile(['/p/etc/jail.conf'], {
    readFile: () => `web { path = /j/web; ${text} }`,
    glob: () => [],
  }).jails;
  if (jail === undefined) throw new Error('no jail in the text');
  return jail;
}

const planOf = (text: string, more: Partial<HostFacts> = {}, foreground = false): JailPlan =>
  planJail(jailOf(text), { ...facts, ...more }, { foreground, terminal: false });

function recordsOf(plan: JailPlan, ...keys: readonly string[]): readonly LaunchRecord[] {
  const spawn = plan.prepare.find((step) => step.name === 'jailer.spawn');
  if (spawn?.name !== 'jailer.spawn') throw new Error('no jailer in the plan');
  return spawn.args.records.filter(([key]) => keys.includes(key));
}

describe('the plan of a jail', () => {
  it('is the same for the same jail and facts', () => {
    expect(planOf('command = "/bin/x";')).to.deep.equal(planOf('command = "/bin/x";'));
  });

  it('has its steps in jail(8)’s order', () => {
    const hooks = ['prepare', 'prestart', 'created', 'poststart', 'prestop', 'stop', 'poststop', 'release'];
    const text = hooks.map((phase) => `exec.${phase} = "/bin/${phase}";`).join(' ');
    const plan = planOf(`${text} command = "/bin/x"; ip4.addr = 10.0.0.1; pids.max = 9;`);
    const names = (steps: JailPlan['prepare']): string[] =>
      steps.map((step) => (step.name === 'hook.run' ? step.args.phase : step.name));
    expect({
      prepare: names(plan.prepare),
      begin: names(plan.begin),
      poststart: names(plan.poststart),
      stop: names(plan.stop),
      poststop: names(plan.poststop),
      release: names(plan.release),
    }).to.deep.equal({
      prepare: [
        ...['rundir.create', 'exec.prepare', 'cgroup.create'],
        ...['cgroup.set', 'cgroup.set', 'cgroup.set', 'exec.prestart'],
        ...['jailer.spawn', 'netns.name', 'network.attach', 'exec.created'],
      ],
      begin: ['jailer.go'],
      poststart: ['exec.poststart'],
      stop: ['exec.prestop', 'jail.exec'],
      poststop: ['exec.poststop'],
      release: ['exec.release'],
    });
  });

  it('has the jail built after exec.created, and after its interfaces where parameters of theirs are set', () => {
    const lateOf = (text: string): readonly LaunchRecord[] => recordsOf(planOf(`persist; ${text}`), 'late');
    expect([
      lateOf('ip4.addr = 10.0.0.1; exec.prestart = "/bin/x"; exec.poststart = "/bin/x";'),
      lateOf('exec.created = "/bin/x";'),
      lateOf('ip6 = disable;'),
    ]).to.deep.equal([[], [['late', 'yes']], [['late', 'yes']]]);
  });

  it('moves interfaces in after exec.created, which may have made them', () => {
    const plan = planOf('persist; vnet; vnet.interface = epair0b, tap1; exec.created = "/bin/x";');
    expect(plan.prepare.slice(-2).map(({ name, args }) => [name, args])).to.deep.equal([
      ['hook.run', { ...plan.prepare.at(-2)?.args }],
      [
        'interfaces.lend',
        {
          interfaces: ['epair0b', 'tap1'],
          netns: '/run/netns/' + netnsName(facts.instance, 'web'),
          note: '/p/run/jaild/web/lent',
        },
      ],
    ]);
  });

  it('adds the addresses of the host name with ip_hostname, each once', () => {
    const plan = planOf('persist; ip_hostname; ip4.addr = "eth0|10.0.0.1/24"; interface = eth1;', {
      hostnameAddresses: ['10.0.0.1', '10.0.0.2', 'fd00::2'],
    });
    const attach = plan.prepare.find((step) => step.name === 'network.attach');
    expect([attach?.args.ip4, attach?.args.ip6]).to.deep.equal([
      [
        { address: '10.0.0.1', prefix: 24, announceOn: 'eth0' },
        { address: '10.0.0.2', prefix: 32, announceOn: 'eth1' },
      ],
      [{ address: 'fd00::2', prefix: 128, announceOn: 'eth1' }],
    ]);
  });

  it('asks for all eight namespaces and an idmapped root by default', () => {
    expect(recordsOf(planOf('persist;'), 'namespaces', 'uid_map', 'gid_map', 'root')).to.deep.equal([
      ['namespaces', 'mount,uts,ipc,pid,cgroup,net,user,time'],
      ['uid_map', '0 1100000000 65536'],
      ['gid_map', '0 1100000000 65536'],
      ['root', '/j/web', 'rec,nodev,nosuid,idmap'],
    ]);
  });

  it('asks for no user namespace with userns = off, and no network one with ip4 = inherit', () => {
    const plan = planOf('persist; ip4 = inherit;', { uidBase: null });
    expect(recordsOf(plan, 'namespaces', 'uid_map')).to.deep.equal([
      ['namespaces', 'mount,uts,ipc,pid,cgroup,time'],
    ]);
    expect(plan.prepare.map(({ name }) => name)).to.not.include('network.attach');
  });

  it('runs a command with characters of the shell by the shell, any other by itself', () => {
    const plan = planOf('exec.start = "/bin/a b", "x > y", "/bin/d &"; command = "/bin/c";');
    expect(recordsOf(plan, 'run')).to.deep.equal([
      ['run', 'start', '0', '2', '/bin/a', 'b'],
      ['run', 'start', '0', '3', '/bin/sh', '-c', 'x > y'],
      ['run', 'start-background', '0', '1', '/bin/d'],
      ['run', 'command', '0', '1', '/bin/c'],
    ]);
  });

  it('mounts what mount and the files of mount.fstab name, below the root, before /dev and /proc', () => {
    const plan = planOf('persist; mount = "/usr $path/usr nullfs ro 0 0"; mount.fstab = "/etc/fstab.web";');
    expect(
      recordsOf(plan, 'mount')
        .slice(0, 3)
        .map((record) => record.slice(0, 5)),
    ).to.deep.equal([
      ['mount', 'bind', '/usr', 'usr', 'nosuid,nodev,idmap,ro'],
      ['mount', 'bind', '/srv/data', 'data', 'nosuid,nodev,idmap,ro'],
      [
        ...['mount', 'nodes', 'dev', 'dev'],
        'create,nosuid,noexec,mode=755,size=64k,nr_inodes=64,uid=1100000000,gid=1100000000',
      ],
    ]);
  });

  it('refuses a mount point outside of the root, and one that climbs out of it', () => {
    for (const target of ['/usr', '/j/web', '/j/website/x', '/j/web/../x'])
      expect(() => planOf(`persist; mount = "/usr ${target} nullfs ro 0 0";`), target).to.throw(
        /not below \/j\/web/,
      );
  });

  it('gives nothing of the host’s environment to commands', () => {
    expect(
      recordsOf(planOf('persist; exec.env = "A=1", "B=x=y";'), 'env').map(([, text]) => text),
    ).to.deep.equal([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...['JID=7', 'JNAME=web', 'JPATH=/j/web', 'A=1', 'B=x=y'],
    ]);
  });

  it('gives capabilities by FreeBSD’s words and by Linux’s', () => {
    const mask = (text: string): string | undefined => recordsOf(planOf(`persist; ${text}`), 'caps')[0]?.[1];
    expect(mask('')).to.equal('405fb');
    expect(mask('allow.raw_sockets;')).to.equal('425fb');
    expect(mask('allow.noreserved_ports;')).to.equal('401fb');
    expect(mask('allow.suser = false;')).to.equal('0');
    expect(mask('caps = chown; caps.add = kill; caps.drop = chown;')).to.equal('20');
  });

  it('gives what only root of the host may do without a user namespace alone', () => {
    const mask = (text: string): string | undefined => recordsOf(planOf(`persist; ${text}`), 'caps')[0]?.[1];
    for (const name of ['settime', 'adjtime', 'setaudit'])
      expect(mask(`allow.${name};`), name).to.equal('405fb');
    expect(mask('allow.settime; userns = off;')).to.equal('20405fb');
    expect(mask('allow.setaudit; userns = off;')).to.equal('600405fb');
  });

  it('takes capabilities away by securelevel, whatever else gives them', () => {
    const mask = (level: number): string | undefined =>
      recordsOf(
        planOf(`persist; caps = linux_immutable,net_admin,sys_time,chown; securelevel = ${level};`),
        'caps',
      )[0]?.[1];
    expect([0, 1, 2, 3].map(mask)).to.deep.equal(['2001201', '2001001', '1001', '1']);
  });

  it('has no namespace for names with host = inherit, nor for IPC that is the host’s', () => {
    const plan = planOf('persist; host = inherit; sysvshm = inherit;');
    expect(recordsOf(plan, 'namespaces', 'hostname')).to.deep.equal([
      ['namespaces', 'mount,pid,cgroup,net,user,time'],
    ]);
  });

  it('maps as many ids as userns says', () => {
    const plan = planOf('persist; userns = "200000:7";', { uidBase: 200_000 });
    expect(recordsOf(plan, 'uid_map', 'gid_map')).to.deep.equal([
      ['uid_map', '0 200000 7'],
      ['gid_map', '0 200000 7'],
    ]);
  });

  it('lets nobody make namespaces, or as many as children.max says', () => {
    const most = (text: string): readonly LaunchRecord[] =>
      recordsOf(planOf(`persist; ${text}`), 'sysctl').filter(([, name]) =>
        /(user|mnt)_namespaces/.test(name ?? ''),
      );
    expect(most('')).to.deep.equal([
      ['sysctl', 'user.max_user_namespaces', '0'],
      ['sysctl', 'user.max_mnt_namespaces', '8'],
    ]);
    expect(most('children.max = 3;')).to.deep.equal([
      ['sysctl', 'user.max_user_namespaces', '3'],
      ['sysctl', 'user.max_mnt_namespaces', '11'],
    ]);
  });

  it('lays files that tell the jail who it is over those of its root', () => {
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    const text = 'host.hostuuid = "00112233-4455-6677-8899-AABBCCDDEEFF"; host.hostid = 258; env.a = b;';
    const files = recordsOf(planOf(`persist; ${text}`), 'file');
    expect(files.filter(([, target]) => target?.startsWith('proc/') === false)).to.deep.equal([
      ['file', 'etc/machine-id', '444', 'create,optional', hex('00112233445566778899aabbccddeeff\n')],
      ['file', 'etc/hostid', '444', 'create,optional', '02010000'],
      ['file', 'dev/jail/env', '444', 'create', hex('a=b\n')],
    ]);
  });

  it('lays a machine id of the jail over the host’s, wherever it would be seen', () => {
    const ids = (text: string, machineId: string): readonly LaunchRecord[] =>
      recordsOf(planOf(`persist; ${text}`, { machineId }), 'file').filter(([, target]) =>
        target?.endsWith('machine-id'),
      );
    expect(ids('', 'a')).to.deep.equal([]);
    expect(ids('mount = "constructor $path/mnt tmpfs rw 0 0";', 'a')).to.deep.equal([]);
    const text = 'mount = "/etc/ $path/e nullfs ro 0 0", "/ $path/host nullfs ro 0 0";';
    const own = ids(text, 'a');
    expect(own.map(([, target, , options]) => [target, options])).to.deep.equal([
      ['e/machine-id', 'optional'],
      ['host/etc/machine-id', 'optional'],
    ]);
    expect([own[0]?.[4] === ids(text, 'a')[0]?.[4], own[0]?.[4] === ids(text, 'b')[0]?.[4]]).to.deep.equal([
      true,
      false,
    ]);
    const uuid = 'host.hostuuid = "00112233-4455-6677-8899-AABBCCDDEEFF";';
    const whole = 'mount = "/etc $path/etc nullfs ro 0 0";';
    expect(ids(`${whole} ${uuid}`, 'a')).to.deep.equal([
      [...['file', 'etc/machine-id', '444', 'optional'], ids(uuid, 'a')[0]?.[4]],
    ]);
  });

  it('runs commands as the user of the host by his numbers', () => {
    const user = { name: 'www', uid: 33, gid: 34, home: '/var/www', shell: '' };
    const text = 'persist; exec.system_jail_user; exec.jail_user = www; exec.stop = "/bin/x";';
    const plan = planOf(text, { systemUser: user });
    expect(recordsOf(plan, 'user', 'account')).to.deep.equal([
      ['user', '33:34'],
      ['account', 'www', '/var/www', '/bin/sh'],
    ]);
    expect(plan.stop.map((step) => step.name === 'jail.exec' && step.args.user)).to.deep.equal([null]);
    expect(() => planOf(text, { systemUser: null })).to.throw(/no such user/);
    expect(() => planOf(text, { systemUser: { ...user, gid: 70_000 } })).to.throw(/no id 70000/);
  });

  it('lifts the limit of locked memory with allow.mlock, unless one is written', () => {
    const limits = (text: string): readonly LaunchRecord[] =>
      recordsOf(planOf(`persist; ${text}`), 'rlimit').filter(([, name]) => name === 'memlock');
    expect(limits('')).to.deep.equal([['rlimit', 'memlock', '65536', '8388608']]);
    expect(limits('allow.mlock;')).to.deep.equal([['rlimit', 'memlock', 'unlimited', 'unlimited']]);
    expect(limits('allow.mlock; rlimit.memlock = 5;')).to.deep.equal([['rlimit', 'memlock', '5', '5']]);
  });

  it('has no log and waits for its client in the foreground', () => {
    const plan = planOf('command = "/bin/x"; persist;', {}, true);
    expect(recordsOf(plan, 'log', 'foreground', 'persist')).to.deep.equal([['foreground', 'yes']]);
    expect(plan.log).to.equal(null);
  });

  it('refuses a limit that the host can’t keep, and says so', () => {
    expect(() => planOf('persist; cpuset.cpus = 0;')).to.throw(/^cpuset\.cpus web: /);
  });
});
