import { expect } from 'chai';
import type { ParamName } from '../../src/config/params.js';
import { defaultOf } from '../../src/config/json.js';
import { parameterOf } from '../../src/config/params.js';
import { bytesOf, limitNames } from '../../src/plan/limit-amounts.js';
import { rlimitNames } from '../../src/plan/advice/limits.js';
import { resourceLimit, type Amount } from '../../src/config/values/quantity.js';
import { capabilityMask } from '../../src/plan/capabilities.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { planJail } from '../../src/plan/jail.js';
import type { LaunchRecord } from '../../src/plan/step.js';
import { healthPolicy } from '../../src/supervise/health/health.js';
import { restartPolicy } from '../../src/supervise/restart.js';
import { scheduleOf } from '../../src/supervise/schedule/schedule.js';
import { hostFacts } from '../support/host-facts.js';
import { hostLimits } from '../support/host-limits.js';
import { onlyJail } from '../support/compile-text.js';

const facts: HostFacts = {
  ...hostFacts,
  cgroups: { v1: {}, v2: '/sys/fs/cgroup/jaild', v2Controllers: ['memory', 'pids', 'cpu', 'cpuset', 'io'] },
};

/** The plan of a jail of which only this is said. */
function planOf(body: string) {
  return planJail(onlyJail(`web { path = /jails/web; ${body} }`), facts, {
    foreground: false,
    terminal: false,
  });
}

function recordsOf(body: string): readonly LaunchRecord[] {
  const step = planOf(body).prepare.find(({ name }) => name === 'jailer.spawn');
  return step?.name === 'jailer.spawn' ? step.args.records : [];
}

/** The fields of all records with this key. */
const fieldsOf = (key: string, body: string): readonly (readonly string[])[] =>
  recordsOf(body).flatMap(([name, ...fields]) => (name === key ? [fields] : []));

/** What a control file holds when nothing is written to it; none is a parameter without a default. */
const NO_LIMIT = ['max', '0', 'false', '100', 'all', 'none'];

describe('a default in the table is what is done', () => {
  const defaultsOf = (...names: readonly ParamName[]): readonly unknown[] => names.map(defaultOf);

  it('about starting again', () => {
    const { restart, delay, maxDelay, limit, okCodes, fatalCodes } = restartPolicy({});
    expect([restart, delay, maxDelay, limit, okCodes, fatalCodes]).to.deep.equal(
      defaultsOf(
        'restart',
        'restart.delay',
        'restart.max_delay',
        'restart.limit',
        'restart.success_codes',
        'exit.fatal',
      ),
    );
  });

  it('about times', () => {
    const { startTimeout, stopTimeout, stop } = planOf('persist; exec.stop = /bin/true;');
    const [command] = stop;
    const hook = command?.name === 'jail.exec' ? command.args.timeout : null;
    expect([startTimeout, stopTimeout, hook]).to.deep.equal(
      defaultsOf('start.timeout', 'stop.timeout', 'exec.timeout'),
    );
    const schedule = scheduleOf('web', { 'schedule.start': ['0 0 * * *'] });
    expect([schedule?.missed, (schedule?.window ?? 0) / 1000, schedule?.offset]).to.deep.equal(
      defaultsOf('schedule.missed', 'schedule.window', 'schedule.jitter'),
    );
  });

  it('about health and readiness', () => {
    const { interval, timeout, retries, startPeriod, startInterval, action } = healthPolicy({});
    const times = [interval, timeout, startPeriod, startInterval].map((ms) => ms / 1000);
    expect([...times, retries, action]).to.deep.equal(
      defaultsOf(
        'health.interval',
        'health.timeout',
        'health.start_period',
        'health.start_interval',
        'health.retries',
        'health.action',
      ),
    );
    const [check] = planOf('persist; health.command = /bin/true;').checks ?? [];
    expect(check?.timeout).to.equal(defaultOf('health.timeout'));
    expect(defaultOf('ready')).to.equal('exec');
  });

  it('about the log', () => {
    const [size, files] = defaultsOf('log.max_size', 'log.max_files');
    const path = parameterOf('exec.consolelog').default.replace('NAME', 'web');
    expect(fieldsOf('log', 'persist;')).to.deep.equal([[path, String(size), String(files), 'timestamps']]);
    const others = recordsOf('persist;').filter(([key]) => key.startsWith('log.'));
    expect(others).to.deep.equal([]);
    const shown = (['log.max_age', 'log.rate', 'log.target'] as const).map(
      (name) => parameterOf(name).default,
    );
    expect(shown).to.deep.equal(['any', 'no limit', 'file']);
  });

  it('about limits of the whole jail', () => {
    const set = planOf('persist;').prepare.flatMap((step) =>
      step.name === 'cgroup.set' ? [[step.args.parameter, step.args.value]] : [],
    );
    const { total, swap } = hostLimits.memory;
    const bounded = ['memory.max', 'memory.swap.max', 'pids.max'] as const;
    const [memory, swapped, pids] = defaultsOf(...bounded) as readonly [Amount, Amount, number];
    expect(set).to.deep.equal([
      ['memory.max', String(bytesOf(memory, total))],
      ['memory.swap.max', String(bytesOf(swapped, swap))],
      ['pids.max', String(pids)],
    ]);
    const others = limitNames.filter((name) => !bounded.some((one) => one === name));
    expect(
      others.map((name) => parameterOf(name).default).filter((text) => !NO_LIMIT.includes(text)),
    ).to.deep.equal([]);
  });

  it('about limits of each process', () => {
    const shown = rlimitNames.map((name) => {
      const { default: text } = parameterOf(name);
      const ofHost = /^half of/.test(text) ? 30_000 : /^a quarter of/.test(text) ? 15_000 : null;
      const converted = resourceLimit.convert([String(ofHost ?? text)], false);
      const limit = converted.ok ? converted.value : { soft: NaN, hard: NaN };
      const [soft, hard] = [limit.soft, limit.hard].map((one) => (one === Infinity ? 'unlimited' : one));
      return [name.slice('rlimit.'.length), String(soft), String(hard)];
    });
    // flock(2) has had no limit since Linux 2.4: there is no parameter for it.
    const done = fieldsOf('rlimit', 'persist;').filter(([name]) => name !== 'locks');
    expect(done).to.deep.equal(shown.sort());
  });

  it('about what the kernel counts by creator, and memory file systems', () => {
    const quota = (name: string): readonly string[] => ['user.' + name, String(quotaDefault(name))];
    const quotaDefault = (name: string): unknown =>
      defaultOf(name.replace(/^max_([a-z]+)_/, '$1.max_') as ParamName);
    const names = [
      'max_inotify_instances',
      'max_inotify_watches',
      'max_fanotify_groups',
      'max_fanotify_marks',
    ];
    expect(fieldsOf('sysctl', 'persist;').filter(([name = '']) => /notify/.test(name))).to.deep.equal(
      names.map(quota),
    );
    const mounts = fieldsOf('mount', 'persist; mount = "tmpfs $path/mnt tmpfs rw 0 0";');
    const sizes = mounts.map(([, , target, options]) => [target, /size=(\d+)/.exec(options ?? '')?.[1]]);
    expect(sizes.filter(([target]) => target === 'mnt' || target === 'dev/shm')).to.deep.equal([
      ['mnt', String(defaultOf('tmpfs.size'))],
      ['dev/shm', String(defaultOf('shm.size'))],
    ]);
  });

  it('about capabilities', () => {
    const names = parameterOf('caps').default.split(' ');
    expect(fieldsOf('caps', 'persist;')).to.deep.equal([[capabilityMask(names)]]);
    expect(fieldsOf('no_new_privs', 'persist;')).to.deep.equal([['yes']]);
  });

  it('about the network', () => {
    const [link] = planOf('persist;').prepare.filter(({ name }) => name === 'network.attach');
    expect(
      link?.name === 'network.attach' ? [link.args.mtu, link.args.ip4, link.args.ip6] : null,
    ).to.deep.equal([defaultOf('mtu'), [], []]);
  });
});

describe('the limits of rctl', () => {
  it('that are those of setrlimit(2) are set, unless the parameter itself is written', () => {
    const rules = 'persist; rctl = "openfiles:deny=100", "memorylocked:deny=1m", "coredumpsize:deny=5";';
    const changed = ['memlock', 'nofile', 'core'];
    const limits = fieldsOf('rlimit', `${rules} rlimit.memlock = 7;`);
    expect(limits.filter(([name = '']) => changed.includes(name))).to.deep.equal([
      ['core', '5', '5'],
      ['memlock', '7', '7'],
      ['nofile', '100', '100'],
    ]);
  });
});
