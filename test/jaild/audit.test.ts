import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { landlockAbi } from '../../src/host/libc/kernel.js';
import { TestInstance } from '../support/instance.js';

interface WallJson {
  readonly wall: string;
  readonly grade: string;
  readonly seen: string;
  readonly doors: readonly { readonly by: string; readonly severity: string; readonly cost: string }[];
  readonly weaker: readonly string[];
}
interface AuditJson {
  readonly name: string;
  readonly grade: string;
  readonly weaker: boolean;
  readonly walls: readonly WallJson[];
}

/** Jails with one door open each, how that door is named, and the grade that it costs. */
const doors = [
  ['userns', 'userns = off;', 'userns = off', 'D'],
  ['range', 'userns = "1000000000:65536";', 'userns = 1000000000:65536', 'B'],
  ['calls', 'seccomp = off;', 'seccomp = off', 'D'],
  ['admin', 'caps.add = sys_admin;', 'caps.add: sys_admin', 'D'],
  ['raw', 'allow.raw_sockets;', 'allow.raw_sockets: net_raw', 'B'],
  ['setuid', 'no_new_privs = false;', 'no_new_privs = false', 'B'],
  ['network', 'ip4 = inherit;', 'ip4 = inherit', 'D'],
  ['forks', 'pids.max = max;', 'pids.max = max', 'C'],
  ['hungry', 'memory.max = max;', 'memory.max = max', 'B'],
  ['swaps', 'memory.swap.max = max;', 'memory.swap.max = max', 'B'],
  ['dumps', 'rlimit.core = unlimited;', 'rlimit.core', 'B'],
  ['mounts', 'allow.mount; allow.mount.tmpfs;', 'allow.mount', 'B'],
  ['shares', 'mount = "$prefix/shared $path/mnt nullfs ro 0 0";', 'mount: $prefix/shared on /mnt', 'B'],
  ['devices', 'devices = "/dev/kmsg r";', 'devices: /dev/kmsg', 'C'],
  ['children', 'children.max = 2;', 'children.max', 'C'],
  [
    'ipc',
    'sysvmsg = inherit; sysvsem = inherit; sysvshm = inherit;',
    'sysvmsg, sysvsem or sysvshm = inherit',
    'C',
  ],
  ['clocks', 'time.offset = 0;', 'time.offset', 'B'],
  ['links', 'vnet;', 'vnet = new: net_admin', 'C'],
  ['host', 'mount = "/etc $path/mnt nullfs ro 0 0";', 'mount: /etc on /mnt', 'D'],
] as const;

describe('jailctl audit', () => {
  const instance = new TestInstance();

  const audit = (...names: readonly string[]) => {
    const { code, stdout, stderr } = instance.ctl('audit', '--json', ...names);
    return { code, stderr, jails: (JSON.parse(stdout) as { readonly audits: readonly AuditJson[] }).audits };
  };
  const auditOf = (name: string): AuditJson & { readonly code: number | null } => {
    const { code, jails, stderr } = audit(name);
    const [jail] = jails;
    if (jail === undefined) throw new Error(stderr);
    return { ...jail, code };
  };
  const gradeOf = (jail: AuditJson, wall: string): string | undefined =>
    jail.walls.find((one) => one.wall === wall)?.grade;

  before(async () => {
    mkdirSync(join(instance.prefix, 'shared'));
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; restart = no; }
      box { }  victim { memory.max = 64M; }  down { }
      ${doors.map(([name, text]) => `${name} { ${text} }`).join('\n')}
    `);
    await instance.start();
    const started = instance.ctl('start', 'box', 'victim', ...doors.map(([name]) => name));
    if (started.code !== 0) throw new Error(started.stderr);
  });

  after(() => instance.close());

  it('gives a default jail the best grade, with every wall closed that is jaild’s', () => {
    const { code, grade, weaker, walls } = auditOf('box');
    expect({ code, grade, weaker }).to.deep.equal({ code: 0, grade: 'A', weaker: false });
    // Labels and landlock are the host's: there are some, or there are none.
    const own = walls.filter(({ wall }) => !['labels', 'landlock'].includes(wall));
    const closed = landlockAbi() >= 6 ? 'closed' : 'noted';
    expect(walls.find(({ wall }) => wall === 'landlock')?.grade).to.equal(closed);
    expect(own.filter((one) => one.grade !== 'closed')).to.deep.equal([]);
    expect(own.map(({ wall }) => wall)).to.deep.equal([
      ...['users', 'capabilities', 'no new privileges', 'system calls', 'process 1', 'jailer'],
      ...['namespaces', 'clocks', 'network'],
      ...['root', 'mounts', 'kernel files', 'devices', 'leaks'],
      ...['processes', 'memory', 'cpu and disks', 'kernel quotas', 'resource limits', 'out of memory'],
    ]);
  });

  for (const [name, text, by, grade] of doors)
    it(`names the door that ${text.replace(/;.*/, '')} opens, and grades it ${grade}`, () => {
      const found = auditOf(name);
      const opened = found.walls.flatMap((wall) => wall.doors.filter(({ severity }) => severity !== 'note'));
      expect(found.walls.flatMap((wall) => wall.weaker)).to.deep.equal([]);
      expect(opened.map((door) => door.by)).to.include(by.replace('$prefix', instance.prefix));
      expect({ code: found.code, grade: found.grade }).to.deep.equal({ code: 0, grade });
    });

  it('shows all running jails with what each has opened, and no other', () => {
    const { stdout, code } = instance.ctl('audit');
    expect(stdout)
      .to.match(/^box +A +-$/m)
      .and.to.match(/^network +D +ip4 = inherit$/m);
    expect(stdout).not.to.include('down');
    expect(code).to.equal(0);
  });

  it('says for people what a door costs', () => {
    expect(instance.ctl('audit', 'raw').stdout).to.match(
      /^raw: B, [^]*\nopened +capabilities [^]*\n +by allow\.raw_sockets: net_raw \(low\): it can forge packets/,
    );
  });

  it('refuses a jail that is not running with 1 and one that is not there with 4', () => {
    expect(instance.ctl('audit', 'down')).to.deep.include({ code: 1, stdout: '' });
    expect(instance.ctl('audit', 'down').stderr).to.match(/^error: down: not running\nhint: /);
    expect(instance.ctl('audit', 'nobody').code).to.equal(4);
  });

  describe('of a jail that was weakened behind its back', () => {
    const pid = (): string => String(instance.status('victim').pid);
    const within = (...argv: readonly string[]): void => {
      const { code, stderr } = instance.run(['nsenter', '-t', pid(), ...argv]);
      if (code !== 0) throw new Error(stderr);
    };
    const weakness = (wall: string, text: string): void => {
      const found = auditOf('victim');
      expect({ code: found.code, grade: found.grade, wall: gradeOf(found, wall) }).to.deep.equal({
        ...{ code: 1, grade: 'F', wall: 'weak' },
      });
      expect(found.walls.flatMap((one) => one.weaker)).to.deep.equal([text]);
    };

    beforeEach(() => {
      expect(auditOf('victim').grade).to.equal('A');
    });
    afterEach(() => {
      instance.ctl('restart', 'victim');
    });

    it('tells of a limit of processes that is larger', () => {
      const line = readFileSync(`/proc/${pid()}/cgroup`, 'utf8');
      const [, v1] = /:pids:(.*)/.exec(line) ?? [];
      const directory = v1 === undefined ? instance.status('victim').cgroup : `/sys/fs/cgroup/pids${v1}`;
      writeFileSync(`${directory}/pids.max`, '9999');
      weakness('processes', 'pids.max is 9999 instead of 4096');
    });

    it('tells of what is not hidden any more', () => {
      within('-m', '/bin/umount', '/proc/keys');
      weakness('kernel files', '/proc/keys is not hidden');
    });

    it('tells of a mount that nobody planned', () => {
      within('-m', '/bin/mount', '-t', 'tmpfs', 'x', '/mnt');
      weakness('mounts', 'a tmpfs that nobody planned is mounted on /mnt');
    });

    it('tells of settings of the kernel that can be written', () => {
      within('-m', '-p', '/bin/mount', '-o', 'remount,bind,rw', '/proc/sys');
      weakness('kernel files', '/proc/sys can be written');
    });

    it('tells of a quota of the kernel that is larger', () => {
      within('-U', 'sh', '-c', 'echo 5000 >/proc/sys/user/max_inotify_instances');
      weakness('kernel quotas', 'user.max_inotify_instances is 5000 instead of 96');
    });

    it('tells of a link that came into its network', () => {
      within('-n', 'ip', 'link', 'add', 'spy0', 'type', 'veth', 'peer', 'name', 'spy1');
      const found = auditOf('victim');
      expect(gradeOf(found, 'network')).to.equal('weak');
      expect(found.code).to.equal(1);
    });

    it('tells of a process that was put into it with more than it has', async () => {
      const enter = 'echo $$ >"$0/cgroup.procs" && exec nsenter -t "$1" -U -p -m -- /bin/sleep 1000';
      const cgroup = instance.status('victim').cgroup ?? '';
      const intruder = spawn('sh', ['-c', enter, cgroup, pid()], { stdio: 'ignore' });
      try {
        await instance.until('it is in', () =>
          instance
            .ctl('exec', 'victim', '--', 'sh', '-c', 'ps | grep -c "[s]leep 1000"')
            .stdout.startsWith('2'),
        );
        const found = auditOf('victim');
        expect(found.code).to.equal(1);
        expect(
          ['capabilities', 'no new privileges', 'system calls'].map((wall) => gradeOf(found, wall)),
        ).to.deep.equal(['weak', 'weak', 'weak']);
      } finally {
        intruder.kill('SIGKILL');
      }
    });
  });
});
