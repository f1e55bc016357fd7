import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

/** What of /proc and /sys has text on most hosts and none in a jail. */
const hidden = [
  ...['/proc/buddyinfo', '/proc/consoles', '/proc/diskstats', '/proc/interrupts', '/proc/iomem'],
  ...['/proc/ioports', '/proc/kallsyms', '/proc/keys', '/proc/locks', '/proc/misc', '/proc/modules'],
  ...['/proc/partitions', '/proc/softirqs', '/proc/timer_list', '/proc/zoneinfo', '/sys/kernel/notes'],
  ...['/sys/kernel/vmcoreinfo', '/proc/slabinfo', '/proc/vmallocinfo', '/proc/pagetypeinfo', '/proc/kmsg'],
];
const empty = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/sys/block',
  '/sys/bus',
  '/sys/firmware',
  '/sys/fs',
  '/sys/module',
];

describe('what a default jail sees of the machine', () => {
  const instance = new TestInstance();
  const inside = (jail: string, ...argv: readonly string[]): string =>
    instance.ctl('exec', jail, '--', ...argv).stdout.trim();
  const shell = (jail: string, script: string): string => inside(jail, 'sh', '-c', script);
  const seconds = (jail: string): number => Number(shell(jail, 'cut -d " " -f 1 /proc/uptime'));

  let begun = { uptime: 0, clock: 0 };

  before(async () => {
    begun = { uptime: uptime(), clock: Date.now() / 1000 };
    installProgram(instance.root, 'events');
    instance.configure(`
      path = "$root"; command = "/bin/sleep 1000";
      box { memory.max = 64M; }
      kept { time.offset = 0; memory.max = max; }
      network { ip4 = inherit; }
      second { mount.procfs = false; mount = "proc $path/mnt procfs rw 0 0"; }
      etc { mount = "/etc $path/mnt nullfs ro 0 0"; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'box', 'kept', 'network', 'second', 'etc');
    if (code !== 0) throw new Error(stderr);
  });

  after(() => instance.close());

  /** How many times a watch sees the file used while the host uses /dev/null. */
  async function eventsSeen(argv: readonly string[]): Promise<number> {
    const [file = '', ...words] = argv;
    const watch = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    const isReady = new Promise<void>((resolve) =>
      watch.stdout.on('data', (bytes: Buffer) => {
        output += bytes.toString();
        if (output.includes('ready')) resolve();
      }),
    );
    const ended = new Promise((resolve) => watch.once('close', resolve));
    await isReady;
    for (let i = 0; i < 5; i++) closeSync(openSync('/dev/null', 'r'));
    await ended;
    return Number(output.trim().split('\n').at(-1));
  }

  it('is no device of the host: its use is not seen, its times and locks are not shared', async () => {
    const watch = ['events', '/dev/null', '500'];
    const ctl = [instance.bin('jailctl'), '--prefix', instance.prefix, 'exec', 'box', '--'];
    expect(await eventsSeen([join(instance.root, 'bin/events'), ...watch.slice(1), '10'])).to.be.at.least(10);
    // Its own exec opens the jail's /dev/null before the watch begins.
    expect(await eventsSeen([...ctl, ...watch])).to.equal(0);
    for (const file of ['/proc/keys', '/dev/zero'])
      expect(await eventsSeen([...ctl, 'events', file, '300']), file).to.equal(0);

    const own = (name: string) => statSync(`/proc/${instance.status('box').pid}/root/dev/${name}`);
    for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty'])
      expect([own(name).rdev, own(name).dev === statSync(`/dev/${name}`).dev], name).to.deep.equal([
        statSync(`/dev/${name}`).rdev,
        false,
      ]);
    const { mtimeMs } = statSync('/dev/null');
    shell('box', 'touch -d 2001-01-01 /dev/null; touch /dev/null');
    expect(statSync('/dev/null').mtimeMs).to.equal(mtimeMs);
    const holder = spawn(join(instance.root, 'bin/events'), ['lock', '/dev/full'], { stdio: 'pipe' });
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      const lock =
        'events lock /dev/full >/tmp/lock & until [ -s /tmp/lock ]; do sleep 0.02; done; cat /tmp/lock; kill $!';
      expect(shell('box', lock)).to.equal('locked');
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('is nothing in the files that tell of the host, which its root can’t uncover', () => {
    const count = `cat ${hidden.join(' ')} 2>/dev/null | wc -c; ls ${empty.join(' ')} 2>/dev/null | grep -v ':$' | wc -w`;
    const uncover = [...hidden, ...empty].map((path) => `umount ${path}; umount -l ${path}`).join('; ');
    for (const jail of ['box', 'network', 'etc'])
      expect(shell(jail, `(${uncover}) 2>/dev/null; ${count}`), jail).to.equal('0\n0');
    const second = hidden.filter((path) => path.startsWith('/proc/')).map((path) => `/mnt${path.slice(5)}`);
    expect(shell('second', `cat ${second.join(' ')} 2>/dev/null | wc -c`)).to.equal('0');
    expect(shell('second', 'cat /mnt/loadavg; (echo 1 >/mnt/sys/kernel/panic) 2>&1')).to.match(
      /^0\.00 0\.00 0\.00 1\/1 1\n.*Read-only file system$/,
    );
  });

  it('is no PID of the host among the sockets of its network', () => {
    const ports = shell('box', 'tail -n +2 /proc/net/netlink')
      .split('\n')
      .map((line) => line.split(/ +/)[2]);
    expect([...new Set(ports)].sort()).to.deep.equal(['0', '1']);
  });

  it('is nothing of what the host has mounted in /sys, also with the host’s network', () => {
    expect(readFileSync('/proc/mounts', 'utf8')).to.match(/ \/sys\/fs\/cgroup\S* cgroup/);
    expect(
      shell('network', 'grep -cE " /sys\\S* (cgroup|cgroup2|tracefs|debugfs|securityfs|bpf) " /proc/mounts'),
    ).to.equal('0');
    expect(
      shell('network', 'ls /sys/kernel/tracing /sys/kernel/debug 2>&1; ls /sys/class/net | head -n 1'),
    ).to.match(/\S/);
  });

  it('is to a user only his own processes, and to root all of the jail', () => {
    const list = 'ls /proc | grep -E "^[0-9]+$" | while read p; do cat /proc/$p/comm; done 2>/dev/null';
    const as = (user: string): readonly string[] =>
      instance.ctl('exec', '-u', user, 'box', '--', 'sh', '-c', list).stdout.trim().split('\n');
    expect(as('root')).to.include.members(['init', 'sleep']);
    expect(as('www')).not.to.include('init').and.not.to.include('sleep');
    expect(as('www')).to.include('sh');
  });

  it('is a boot of its own, another one with each start', () => {
    const bootId = (): string => shell('kept', 'cat /proc/sys/kernel/random/boot_id');
    const first = bootId();
    expect(first).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()).not.to.equal(first);
    expect(shell('box', 'cat /proc/sys/kernel/random/boot_id')).not.to.equal(first);
    instance.ctl('restart', 'kept');
    expect(bootId()).not.to.equal(first);
    expect(shell('kept', '(echo x >/proc/sys/kernel/random/boot_id) 2>&1')).to.match(
      /Read-only file system$/,
    );
  });

  it('is up since its start, unless time.offset says otherwise', () => {
    const lived = (): number => uptime() - begun.uptime + 1;
    expect(begun.uptime).to.be.above(10);
    expect(seconds('box')).to.satisfy((own: number) => own >= 0 && own <= lived());
    expect(seconds('kept')).to.satisfy((own: number) => own >= begun.uptime && own <= uptime() + 1);
    const ticks = Number(shell('box', 'cut -d " " -f 22 /proc/1/stat'));
    expect(ticks).to.be.within(0, 100 * lived());
    const boot = Number(shell('box', 'sed -n "s/^btime //p" /proc/stat'));
    expect(boot).to.be.within(begun.clock - 2, Date.now() / 1000 + 1);
    expect(instance.status('box').started_at).to.match(new RegExp(`^${new Date().getUTCFullYear()}-`));
  });

  it('is memory up to memory.max, its CPUs without their past, no swap, load or command line', () => {
    expect(shell('box', 'grep -E "^Mem(Total|Available)" /proc/meminfo | tr -s " "')).to.equal(
      'MemTotal: 65536 kB\nMemAvailable: 65536 kB',
    );
    const total = Number(/^MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
    expect(Number(shell('kept', 'sed -n "s/^MemTotal: *\\([0-9]*\\).*/\\1/p" /proc/meminfo'))).to.equal(
      total,
    );
    const cpus = readFileSync('/proc/stat', 'utf8')
      .match(/^cpu\d+/gm)
      ?.join('\n');
    expect(shell('box', 'grep -oE "^cpu[0-9]+" /proc/stat; grep -cE "^cpu.* [1-9]" /proc/stat')).to.equal(
      `${cpus}\n0`,
    );
    expect(
      shell('box', 'cat /proc/loadavg /proc/cmdline; wc -l </proc/swaps; grep -v " 0$" /proc/vmstat'),
    ).to.equal('0.00 0.00 0.00 1/1 1\n\n1');
  });

  it('is another machine where it is given the host’s /etc, and always the same one', function () {
    if (!existsSync('/etc/machine-id')) return this.skip();
    const machineId = (): string => shell('etc', 'cat /mnt/machine-id');
    const first = machineId();
    expect(first).to.match(/^[0-9a-f]{32}$/);
    expect(first).not.to.equal(readFileSync('/etc/machine-id', 'utf8').trim());
    instance.ctl('restart', 'etc');
    expect(machineId()).to.equal(first);
  });
});
