import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';
import { millisecondsOf, soonFor } from '../support/soon.js';

/** How often it is measured how long others wait for an answer. */
const ROUNDS = 5;
const SIEGES = 8;
const STATUS = ['status', 'quiet'];
const EXEC = ['exec', 'quiet', '--', 'true'];
const MEBI = 1024 * 1024;

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity;

const scripts = {
  ticker: 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.05; done',
  bomb: 'bomb() { bomb | bomb & }; trap : TERM; bomb; sleep 1000',
};

describe('a jail that takes all it can get', () => {
  const instance = new TestInstance();
  const logs = join(instance.prefix, 'var/log/jaild');
  let soon = { status: 0, exec: 0 };

  before(async () => {
    installProgram(instance.root, 'eater');
    installProgram(instance.root, 'walls');
    for (const [name, text] of Object.entries(scripts))
      writeFileSync(join(instance.root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    instance.configure(`
      * { path = "$root"; restart = no; stop.timeout = 2s; }
      quiet { command = "/bin/ticker"; }
      forks { command = "/bin/bomb"; }
      memory { memory.max = 64M; command = "/bin/sh -c 'while :; do tail /dev/zero; done'"; }
      log { log.max_size = 1M; log.max_files = 3; command = "/bin/busybox yes all work and no play"; }
      shm { command = "/bin/eater shm"; }
      files { command = "/bin/eater files"; }
      inotify { command = "/bin/eater inotify"; }
      terminals { command = "/bin/eater terminals"; }
      queues { command = "/bin/eater queues"; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'quiet');
    if (code !== 0) throw new Error(stderr);
    soon = { status: soonFor(() => instance.ctl(...STATUS)), exec: soonFor(() => instance.ctl(...EXEC)) };
  });

  after(() => instance.close());

  /** Milliseconds that commands about another jail take, each several times. */
  const timesOf = (words: readonly string[]): readonly number[] =>
    Array.from({ length: ROUNDS }, () =>
      millisecondsOf(() => expect(instance.ctl(...words).code, words.join(' ')).to.equal(0)),
    );

  /** While a jail does its worst, another is looked at and used; then it is stopped. */
  async function besiege(jail: string, isOn: () => boolean, meanwhile: () => void = () => {}): Promise<void> {
    expect(instance.ctl('start', jail).stderr).to.equal('');
    await instance.until(`${jail} is at work`, isOn);
    const [status, exec] = [timesOf(STATUS), timesOf(EXEC)];
    meanwhile();
    const start = performance.now();
    expect(instance.ctl('stop', jail)).to.deep.include(
      { code: 0, stderr: '' },
      instance.ctl('status', jail).stdout,
    );
    const stop = performance.now() - start;
    const told = `${jail}: status ${status.map(Math.round).join(' ')}, exec ${exec.map(Math.round).join(' ')}, stop ${Math.round(stop)} ms`;
    expect(median(status), told).to.be.below(soon.status);
    expect(median(exec), told).to.be.below(soon.exec);
    expect(stop, told).to.be.below(10 * soon.status);
    if (process.env['JAILD_TEST_TELL'] !== undefined) console.log(`      ${told}`);
  }

  const processesOf = (jail: string): number => {
    const { cgroup } = instance.status(jail);
    return cgroup === null ? 0 : readFileSync(`${cgroup}/cgroup.procs`, 'utf8').split('\n').length - 1;
  };
  const statusOf = (pid: number | null): string => readFileSync(`/proc/${pid}/status`, 'utf8');
  const cgroupsOf = (pid: unknown): string => readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8');
  const told = (jail: string): string => instance.logOf(jail);
  const eaten = (jail: string): number => Number(/ (\d+)\n/.exec(told(jail).replace(/^\S+ /, ''))?.[1] ?? 0);

  it('of processes leaves others answering, and can be stopped', () =>
    besiege(
      'forks',
      () => processesOf('forks') > 1000,
      // Those that may not fork any more end, and others come in their place: how many there are changes quickly.
      () => expect(processesOf('forks')).to.be.at.most(4096),
    ));

  it('of memory leaves others answering, and can be stopped', () =>
    besiege(
      'memory',
      () => /killed/.test(instance.ctl('status', 'memory').stdout),
      () => {
        const jailer = /^PPid:\s+(\d+)$/m.exec(statusOf(instance.status('memory').pid))?.[1];
        // What of the kernel's killing is by cgroup does not come to the jailer.
        expect(cgroupsOf(jailer)).to.equal(cgroupsOf(instance.daemonPid));
        expect(cgroupsOf(instance.status('memory').pid)).not.to.equal(cgroupsOf(jailer));
      },
    ));

  it('of the log leaves others answering, and has no more of it than it may', async () => {
    const sizes = (): readonly number[] =>
      readdirSync(logs)
        .filter((file) => /^log\.log/.test(file))
        // One that a rotation has taken away meanwhile is not there.
        .flatMap((file) => statSync(join(logs, file), { throwIfNoEntry: false })?.size ?? []);
    await besiege(
      'log',
      () => sizes().length >= 3,
      () => expect(sizes().length).to.be.at.most(3),
    );
    expect(Math.max(...sizes())).to.be.at.most(MEBI + 4096);
  });

  it('of /dev/shm leaves others answering and a shm of their own', () =>
    besiege(
      'shm',
      () => eaten('shm') > 0,
      () => {
        // Pieces of 64 KiB.
        expect(eaten('shm') / 16).to.equal(64);
        const other = instance.ctl('exec', 'quiet', '--', 'sh', '-c', 'echo x >/dev/shm/x && cat /dev/shm/x');
        expect(other.stdout).to.equal('x\n');
      },
    ));

  it('of open files leaves others answering, and some for them', () =>
    besiege('files', () => eaten('files') > 1000));

  it('of inotify leaves others answering, and some for the host', () =>
    besiege(
      'inotify',
      () => eaten('inotify') > 10,
      () => {
        expect(eaten('inotify')).to.equal(96);
        const onHost = spawnSync(join(instance.root, 'bin/walls'), ['inotify', '8'], { encoding: 'utf8' });
        expect(onHost.stdout).to.equal('8\n');
      },
    ));

  it('of terminals leaves others answering, and one for each of them', () =>
    besiege(
      'terminals',
      () => eaten('terminals') > 10,
      () => {
        expect(eaten('terminals')).to.be.at.most(256);
        expect(instance.ctl('exec', 'quiet', '--', 'sh', '-c', ': </dev/ptmx').code).to.equal(0);
      },
    ));

  it('of message queues leaves others answering, and some for the host', () =>
    besiege(
      'queues',
      () => told('queues').includes('queues'),
      () => {
        expect(eaten('queues')).to.equal(4);
        const argv = ['--ipc', join(instance.root, 'bin/walls'), 'queues', '3'];
        expect(spawnSync('unshare', argv, { encoding: 'utf8' }).stdout).to.equal('3\n');
      },
    ));

  it('has cost the other nothing that it said', async () => {
    const ticks = (): readonly number[] =>
      [...instance.logOf('quiet').matchAll(/tick (\d+)$/gm)].map(([, tick]) => Number(tick));
    const during = ticks().length;
    await instance.until('it ticks on', () => ticks().length > during + 3);
    const all = ticks();
    expect(all).to.deep.equal(Array.from({ length: all.length }, (_, index) => index + 1));
    // Once at least while each of the others did its worst.
    expect(during).to.be.above(SIEGES);
  });
});
