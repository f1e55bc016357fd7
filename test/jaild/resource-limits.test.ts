import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { limitRecords } from '../../src/plan/resource-limits.js';
import { HostLimitsReader } from '../../src/host/host-limits.js';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';
import { takeTurns } from '../support/turns.js';

/** What /proc/PID/limits calls them: the rows in its order, by setrlimit(2)'s short names. */
const rows = [
  ...['cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'nproc', 'nofile', 'memlock', 'as', 'locks'],
  ...['sigpending', 'msgqueue', 'nice', 'rtprio', 'rttime'],
];

type Limits = Readonly<Record<string, string>>;

/** A text of proc_pid_limits(5) as SOFT:HARD by name. */
function limitsIn(text: string): Limits {
  const lines = text.trim().split('\n').slice(1);
  return Object.fromEntries(
    lines.map((line, index) => [
      rows[index] ?? line,
      line.slice(26).trim().split(/\s+/).slice(0, 2).join(':'),
    ]),
  );
}

/** Nice value, real-time priority and scheduling policy, as proc_pid_stat(5) has them. */
function schedulingOf(pid: number): readonly string[] {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return [fields[16], fields[37], fields[38]].map(String);
}

const slackOf = (pid: number): string => readFileSync(`/proc/${pid}/timerslack_ns`, 'utf8').trim();
const diskClassOf = (pid: number): string =>
  spawnSync('ionice', ['-p', String(pid)], { encoding: 'utf8' })
    .stdout.split(':')[0]
    ?.trim() ?? '';

describe('a jail of a jaild that was started with limits of its own', () => {
  takeTurns();
  const soft = ['cpu=1000', 'fsize=900000000', 'data=4000000000', 'stack=1000000', 'core=5', 'nproc=5000'];
  const others = [
    'nofile=500',
    'memlock=4096',
    'as=90000000000',
    'sigpending=70',
    'msgqueue=1000',
    'rttime=900',
  ];
  const limited = [...soft, ...others].map((one) => `--${one}:`);
  const scheduled = ['nice', '-n', '7', 'ionice', '-c', '3', 'chrt', '--batch', '0'];
  const instance = new TestInstance(['prlimit', ...limited, ...scheduled]);
  let host: HostLimitsReader;

  before(async () => {
    installProgram(instance.root, 'walls');
    host = new HostLimitsReader();
    instance.configure(`
      * { path = "$root"; restart = no; }
      box { command = "/bin/sh -c 'cat /proc/self/limits >/tmp/main; exec sleep 1000'"; }
      asked { command = "/bin/sleep 1000"; rlimit.stack = 1M:2M; rlimit.nofile = 100; rlimit.msgqueue = 100K; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'box', 'asked');
    if (code !== 0) throw new Error(stderr);
  });

  after(() => instance.close());

  const expected = (values: Parameters<typeof limitRecords>[0]): Limits =>
    Object.fromEntries(limitRecords(values, host.read()).map(([, name = '', a, b]) => [name, `${a}:${b}`]));
  const inside = (jail: string): Limits =>
    limitsIn(instance.ctl('exec', jail, '--', 'cat', '/proc/self/limits').stdout);

  it('was', () => {
    const own = limitsIn(readFileSync(`/proc/${instance.daemonPid}/limits`, 'utf8'));
    expect([own['sigpending']?.split(':')[0], own['rttime']?.split(':')[0]]).to.deep.equal(['70', '900']);
    expect(schedulingOf(instance.daemonPid)).to.deep.equal([
      String(Math.min(19, getPriority() + 14)),
      '0',
      '3',
    ]);
    expect(diskClassOf(instance.daemonPid)).to.equal('idle');
  });

  it('has none of them, in its main program, with exec and with run', async () => {
    await instance.until('it has told', () => {
      const text = spawnSync('cat', [join(instance.root, 'tmp/main')], { encoding: 'utf8' }).stdout;
      return text.includes('Max realtime timeout');
    });
    expect(limitsIn(readFileSync(join(instance.root, 'tmp/main'), 'utf8'))).to.deep.equal(expected({}));
    expect(inside('box')).to.deep.equal(expected({}));
    const run = instance.ctl('run', `path=${instance.root}`, '--', '/bin/cat', '/proc/self/limits');
    expect(limitsIn(run.stdout)).to.deep.equal(expected({}));
  });

  it('has those that it asks for', () => {
    const asked = {
      'rlimit.stack': { soft: 2 ** 20, hard: 2 ** 21 },
      'rlimit.nofile': { soft: 100, hard: 100 },
      'rlimit.msgqueue': { soft: 102_400, hard: 102_400 },
    };
    expect(inside('asked')).to.deep.equal(expected(asked));
  });

  it('is scheduled like any process, in its main program and with exec', () => {
    const { pid, cgroup } = instance.status('box');
    const { code } = instance.ctl('exec', 'box', '--', 'sh', '-c', 'sleep 1000 >/dev/null 2>&1 &');
    const all = readFileSync(`${cgroup}/cgroup.procs`, 'utf8').trim().split('\n').map(Number);
    expect([code, all.includes(pid ?? 0), all.length]).to.deep.equal([0, true, 3]);
    for (const one of all)
      expect([...schedulingOf(one), slackOf(one), diskClassOf(one)]).to.deep.equal([
        ...['0', '0', '0'],
        ...['50000', 'none'],
      ]);
  });

  it('is counted up to its own limits, where the kernel counts for jaild', async () => {
    // With those of jaild it would be 70 signals and no queue; what others of the host hold counts too, for a while.
    const got = (jail: string, what: string, wanted: string): string =>
      instance.ctl('exec', jail, '--', 'walls', what, wanted).stdout;
    await instance.until('2000 signals', () => got('box', 'signals', '2000') === '2000\n');
    await instance.until('4 queues', () => got('box', 'queues', '100') === '4\n');
    expect(got('asked', 'queues', '100')).to.equal('1\n');
  });
});
