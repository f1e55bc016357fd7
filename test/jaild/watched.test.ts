import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { families } from '../../src/daemon/metric-families.js';
import { parsePrometheus } from '../support/prometheus-text.js';
import { TestInstance, type Answer } from '../support/instance.js';

interface Event {
  readonly seq: number;
  readonly boot_id: string;
  readonly kind: string;
  readonly jail: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly cause: string;
  readonly [figure: string]: unknown;
}

const linesOf = (text: string): Event[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);

/** Who listens to what jaild tells its service manager. */
const LISTENER = `import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

describe('jaild, watched from outside', () => {
  const instance = new TestInstance();
  let manager: ChildProcess;
  let told = '';
  const events = (...words: readonly string[]): Event[] =>
    linesOf(instance.ctl('events', '--json', ...words).stdout);
  const fetch = (...words: readonly string[]): Answer =>
    instance.onHost('curl', '-sS', '-m', '20', ...words, 'http://127.0.0.1:9810/metrics');

  before(async () => {
    instance.configure(`
      * { path = "$root"; }
      eats { command = "/bin/sleep 1000"; memory.max = 30M; memory.swap.max = 0; }
      fails { command = "/bin/sh -c 'sleep 0.2; exit 3'"; restart.delay = 30m; restart.max_delay = 30m; }
    `);
    instance.write('etc/jaild.ini', '[metrics]\nlisten = 127.0.0.1:9810\n');
    const socket = join(instance.prefix, 'run/notify');
    manager = spawn('python3', ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    manager.stdout?.on('data', (piece: Buffer) => (told += piece.toString()));
    await instance.until('the service manager listens', () => existsSync(socket));
    // Words of the environment are inherited by way of nsenter.
    Object.assign(process.env, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' });
    await instance.start();
    delete process.env['NOTIFY_SOCKET'];
    delete process.env['WATCHDOG_USEC'];
  });
  after(async () => {
    manager.kill(); // its words are below the prefix: it would be taken for something left behind
    await instance.close();
  });

  it('tells its service manager that it is ready, and lives', async () => {
    await instance.until('two signs of life', () => (told.match(/^WATCHDOG=1$/gm)?.length ?? 0) >= 2);
    expect(told)
      .to.match(/^READY=1$/m)
      .and.to.match(/^STATUS=2 jails: 2 stopped$/m);
  });

  it('tells it of a reload with the time of the machine, by which it knows which one that is', async () => {
    const time = (): number => Number(process.hrtime.bigint() / 1000n);
    const before = time();
    process.kill(instance.daemonPid, 'SIGHUP');
    const reloading = /^RELOADING=1 MONOTONIC_USEC=(\d+)$/m;
    await instance.until('it has read its files again', () => reloading.test(told));
    const [, at] = reloading.exec(told) ?? [];
    expect(Number(at)).to.be.within(before - 1000, time());
  });

  it('tells what happens to jails, and what happens meanwhile to those who follow', async () => {
    const since = String(events().at(-1)?.seq);
    const follower = instance.ctlLater('events', '-f', '--json', '--since', since, '--kind', 'state');
    expect(instance.ctl('start', 'eats', 'fails').code).to.equal(0);
    await instance.until('it has failed', () => instance.status('fails').state === 'backoff');
    const states = events('--kind', 'state', 'fails').filter(({ from, to }) => from !== to);
    expect(states.map(({ to }) => to)).to.deep.equal([
      'waiting',
      'preparing',
      'starting',
      'running',
      'cleaning',
      'backoff',
    ]);
    await instance.endDaemon();
    const { code, stdout, stderr } = await follower;
    const last = linesOf(readFileSync(join(instance.prefix, 'run/jaild/.events'), 'utf8')).at(-1);
    expect([code, stderr]).to.deep.equal([
      1,
      `error: jaild has ended\nhint: jailctl events -f --since ${last?.seq} goes on\n`,
    ]);
    expect(
      linesOf(stdout)
        .filter(({ jail, from, to }) => jail === 'fails' && from !== to)
        .map(({ seq }) => seq),
    ).to.deep.equal(states.map(({ seq }) => seq));
    expect(last).to.include({ kind: 'jaild', cause: 'ended' });
  });

  it('goes on counting where the one before was killed', async () => {
    await instance.start();
    await instance.killDaemon();
    await instance.start();
    const all = events();
    expect(all.map(({ seq }) => seq)).to.deep.equal(all.map((_, index) => index + 1));
    expect(new Set(all.map(({ boot_id }) => boot_id))).to.deep.equal(
      new Set([readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()]),
    );
    const own = all
      .filter(({ kind }) => kind === 'jaild')
      .map(({ cause, killed, jails }) => [cause, killed ?? jails]);
    expect(own).to.deep.equal([
      ['started', false],
      ['adopted', 0],
      ['ended', undefined],
      ['started', false],
      ['adopted', 1],
      ['started', true],
      ['adopted', 1],
    ]);
  });

  it('sees a process killed for want of memory whose jail goes on', async () => {
    const { pid } = instance.status('eats');
    const eat = 'dd if=/dev/zero of=/dev/null bs=200M count=1';
    expect(instance.ctl('exec', 'eats', '--', 'sh', '-c', eat).code).to.equal(137);
    await instance.until('the event', () => events('--kind', 'oom').length > 0);
    expect(events('--kind', 'oom').map(({ jail, to, kills }) => [jail, to, kills])).to.deep.equal([
      ['eats', 'running', 1],
    ]);
    expect(instance.status('eats').pid).to.equal(pid);
  });

  it('gives Prometheus figures that agree with its own', async () => {
    const { stdout, stderr } = fetch();
    expect(stderr).to.equal('');
    const found = parsePrometheus(stdout);
    expect([...found.keys()]).to.deep.equal(families.map(({ name }) => name));
    const figure = (name: string, labels: Readonly<Record<string, string>>): number | undefined =>
      found
        .get(name)
        ?.samples.find((sample) =>
          Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
        )?.value;
    expect([
      figure('jaild_jail_state', { jail: 'eats', state: 'running' }),
      figure('jaild_jail_state', { jail: 'fails', state: 'backoff' }),
      figure('jaild_jail_memory_limit_bytes', { jail: 'eats' }),
      figure('jaild_jail_oom_kills_total', { jail: 'eats' }),
    ]).to.deep.equal([1, 1, 30 * 1024 ** 2, 1]);
    expect(figure('jaild_backoff_seconds', { jail: 'fails' })).to.be.within(1, 2400);
    expect(figure('jaild_jail_cpu_seconds_total', { jail: 'eats' })).to.be.above(0);
    await sleep(1100);
    const printed = instance.ctl('metrics').stdout;
    expect([...parsePrometheus(printed).keys()]).to.deep.equal([...found.keys()]);
    expect(fetch('-I').stdout).to.match(/^HTTP\/1.1 200 OK\r\nContent-Type: text\/plain; version=0.0.4/);
  });

  it('is there once: a second one ends with 1, and the first does not notice', () => {
    const { status, stderr } = spawnSync(instance.bin('jaild'), ['--prefix', instance.prefix], {
      encoding: 'utf8',
    });
    expect([status, stderr]).to.deep.equal([
      1,
      `error: another jaild is already running on ${instance.prefix}\nhint: it holds ${instance.prefix}/run/jaild/jaild.lock\n`,
    ]);
    expect(statSync(join(instance.prefix, 'run/jaild/jaild.sock')).isSocket()).to.equal(true);
    expect(instance.status('eats').state).to.equal('running');
    expect(events('--kind', 'jaild')).to.have.lengthOf(7);
  });
});
