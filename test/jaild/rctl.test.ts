import { expect } from 'chai';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

describe('a jail with rctl rules', () => {
  const instance = new TestInstance();
  const onTmpfs = `/dev/shm/rctl-test-${process.pid}`;

  before(async () => {
    mkdirSync(onTmpfs, { mode: 0o755 });
    installProgram(instance.root, 'sysv');
    instance.configure(`
      * { path = "$root"; restart = no; command = "/bin/sleep 1000"; }
      hog { rctl = "memoryuse:deny=24m"; command = "/bin/sh -c 'exec tail /dev/zero'"; }
      forker { rctl = "maxproc:deny=12"; }
      grower { rctl = "memoryuse:sigterm=20m", "memoryuse:devctl=15m";
               command = "/bin/sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=30; exec sleep 1000'"; }
      teller { rctl = "memoryuse:log=20m", "wallclock:sigkill=1000", "cputime:log=1000"; }
      busy { rctl = "pcpu:log=5", "cputime:sigkill=1"; command = "/bin/sh -c 'while :; do :; done'"; }
      old { rctl = "wallclock:sigusr1=1"; command = "/bin/sh -c 'trap \\"echo told\\" USR1; while :; do sleep 0.1; done'"; }
      ipc { rctl = "nshm:deny=3", "shmsize:deny=2m", "nmsgq:deny=4", "msgqsize:deny=5k", "nsem:deny=6", "nsemop:deny=7",
                   "pseudoterminals:deny=8"; }
      slow { rctl = "writebps:throttle=1m"; }
      light { path = "${onTmpfs}"; rctl = "writebps:throttle=1m"; }
      filed { rctl.file = "$prefix/etc/more.conf"; rctl = "openfiles:deny=40"; }
      quiet { }
    `);
    instance.write(
      'etc/rctl.conf',
      '# limits of this host\njail:filed:maxproc:deny=30\njail:filed:openfiles:deny=50\n',
    );
    instance.write('etc/more.conf', 'jail:filed:nthr:deny=20\n');
    await instance.start();
  });

  after(async () => {
    rmSync(onTmpfs, { recursive: true });
    await instance.close();
  });

  const end = (name: string): Promise<void> =>
    instance.until(`${name} has ended`, () => ['failed', 'ended'].includes(instance.status(name).state));
  const said = (what: RegExp): Promise<void> => instance.until(`${what}`, () => what.test(instance.log));
  /** How often jaild has said something. */
  const times = (what: string): number => instance.log.split(what).length - 1;

  it('is killed when it wants more memory than memoryuse:deny', async () => {
    instance.ctl('start', 'hog');
    await end('hog');
    expect(instance.status('hog').exit).to.deep.include({ signal: 9, oom: true });
  });

  it('can’t make more processes than maxproc:deny', () => {
    instance.ctl('start', 'forker');
    const bomb = 'i=0; while [ $i -lt 60 ]; do sleep 1000 >/dev/null 2>&1 & i=$((i+1)); done';
    expect(instance.ctl('exec', 'forker', '--', 'sh', '-c', bomb).stderr).to.match(/can't fork/);
    const { cgroup } = instance.status('forker');
    expect(readFileSync(`${cgroup}/cgroup.procs`, 'utf8').trim().split('\n').length).to.be.at.most(12);
    expect(instance.ctl('stop', 'forker').code).to.equal(0);
  });

  it('gets the signal of a rule when it exceeds its amount, and devd’s words are logged', async () => {
    instance.ctl('start', 'grower');
    const { pid } = instance.status('grower');
    await end('grower');
    expect(instance.status('grower').exit).to.deep.include({ signal: 15, oom: false });
    await said(
      /grower: rctl: memoryuse:sigterm=20m is exceeded: memoryuse is \d+ \(bytes\): SIGTERM is sent/,
    );
    const words = 'system=RCTL subsystem=rule type=matched rule=jail:grower:memoryuse:devctl=15728640';
    await said(new RegExp(`grower: ${words} pid=${pid} ruid=0 jail=grower`));
  });

  it('is told of once each time that it exceeds an amount', async () => {
    instance.ctl('start', 'teller');
    const exceeded = 'teller: rctl: memoryuse:log=20m is exceeded';
    const aLook = 2500;
    const inside = (words: string): void =>
      void expect(instance.ctl('exec', 'teller', '--', 'sh', '-c', words).code).to.equal(0);
    inside('dd if=/dev/zero of=/dev/shm/y bs=1M count=30');
    await instance.until('it is told', () => times(exceeded) === 1);
    await sleep(aLook);
    expect(times(exceeded)).to.equal(1);
    inside('rm /dev/shm/y');
    await sleep(aLook);
    inside('dd if=/dev/zero of=/dev/shm/y bs=1M count=30');
    await instance.until('it is told again', () => times(exceeded) === 2);
    expect(instance.status('teller').state).to.equal('running');
    expect(instance.ctl('stop', 'teller').code).to.equal(0);
  });

  it('is watched for the CPU that it uses, and killed when its time is used up', async () => {
    instance.ctl('start', 'busy');
    await end('busy');
    await said(/busy: rctl: cputime:sigkill=1 is exceeded/);
    expect(instance.status('busy').exit).to.deep.include({ signal: 9 });
  });

  it('gets a signal when it has run for long enough', async () => {
    instance.ctl('start', 'old');
    await instance.until('it was told', () => instance.logOf('old').includes('told'));
    expect(instance.ctl('stop', 'old').code).to.equal(0);
  });

  it('has no more System V objects and pseudo terminals than it may', () => {
    instance.ctl('start', 'ipc');
    const words = (text: string): readonly string[] => text.trim().split('\n');
    expect(words(instance.ctl('exec', 'ipc', '--', 'sysv').stdout)).to.deep.equal([
      ...['nshm 3', 'shmsize 2', 'nmsgq 4', 'msgqsize 5120', 'nsem 6', 'nsemop 7', 'pseudoterminals 8'],
    ]);
    instance.ctl('start', 'quiet');
    expect(words(instance.ctl('exec', 'quiet', '--', 'sysv').stdout)[0]).to.equal('nshm 64');
  });

  it('writes no faster than the disk below it may be written to', () => {
    expect(instance.ctl('start', 'slow')).to.include({ code: 0, stderr: '' });
    const began = Date.now();
    const words = 'dd if=/dev/zero of=/tmp/x bs=64k count=32 oflag=direct';
    expect(instance.ctl('exec', 'slow', '--', 'sh', '-c', words).code).to.equal(0);
    expect(Date.now() - began).to.be.at.least(1500);
  });

  it('is not started when there is no disk below it', () => {
    expect(instance.ctl('start', 'light').stderr).to.equal(
      `error: light: not started: rctl ${onTmpfs}: it is on tmpfs, which is on no disk\n` +
        'hint: put it on a disk, or name one: io.max = "/dev/NAME …"\n',
    );
  });

  it('has the rules of files, of which those in its block come first', () => {
    instance.ctl('start', 'filed');
    expect(instance.ctl('status', 'filed').stdout).to.match(
      /rctl +openfiles:deny=40, maxproc:deny=30, nthr:deny=20\n/,
    );
    expect(instance.ctl('exec', 'filed', '--', 'sh', '-c', 'ulimit -n').stdout).to.equal('40\n');
  });

  it('changes with the files of rules: while it runs where that can be, else by a restart', () => {
    const { pid } = instance.status('filed');
    instance.write('etc/more.conf', 'jail:filed:nthr:deny=10\n');
    expect(instance.ctl('reload').stdout).to.equal('filed changed: rctl\n');
    expect(instance.status('filed').pid).to.equal(pid);
    const bomb = 'i=0; while [ $i -lt 60 ]; do sleep 1000 >/dev/null 2>&1 & i=$((i+1)); done';
    expect(instance.ctl('exec', 'filed', '--', 'sh', '-c', bomb).stderr).to.match(/can't fork/);
    instance.write('etc/more.conf', 'jail:filed:nshm:deny=1\n');
    expect(instance.ctl('reload').stdout).to.equal('filed restarted for rctl\n');
    expect(instance.status('filed').pid).not.to.equal(pid);
  });

  it('stays as it is when a file of rules has a mistake, which check tells', () => {
    const file = instance.write('etc/more.conf', '\njail:filed:nshm:dny=1\n');
    expect(instance.ctl('reload').code).not.to.equal(0);
    expect(instance.ctl('check', '--no-host')).to.deep.equal({
      code: 2,
      stdout: '11 jails in 3 files: 1 mistake\n',
      stderr: `${file}:2:17: error: "dny" is not an action [bad-rule]\n 2 | jail:filed:nshm:dny=1\n   |                 ^^^\nhint: did you mean "deny"?\n`,
    });
  });
});
