import { expect } from 'chai';
import type { ParamName } from '../../src/config/params.js';
import { defaultOf } from '../../src/config/json.js';
import { parameterOf } from '../../src/config/params.js';
import { limitNames } from '../../src/plan/cgroup-limits.js';
import { capabilityMask } from '../../src/plan/capabilities.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { planJail } from '../../src/plan/jail.js';
import type { LaunchRecord } from '../../src/plan/step.js';
import { restartPolicy } from '../../src/supervise/restart.js';
import { scheduleOf } from '../../src/supervise/schedule.js';
import { onlyJail } from '../support/compile-text.js';

const facts: HostFacts = {
  instance: instanceBelow(''),
  cgroups: { v1: {}, v2: '/sys/fs/cgroup/jaild', v2Controllers: ['memory', 'pids', 'cpu', 'cpuset', 'io'] },
  uidBase: 1_073_741_824,
  seccomp: null,
  jid: 1,
  launch: 'f'.repeat(32),
  fstabs: new Map(),
  blockDevices: new Map(),
  hostnameAddresses: [],
  timeNamespaces: true,
  figures: { memory: 8e9, hugepage: 2048, cpus: [0, 1], realtime: 1.8e12, monotonic: 99.5, boottime: 100.5 },
  openFilesLimit: Infinity,
  term: null,
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
      defaultsOf('restart', 'restart.delay', 'restart.max_delay', 'restart.limit', 'exit.ok', 'exit.fatal'),
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

  it('about the log', () => {
    const [size, files] = defaultsOf('log.max_size', 'log.max_files');
    const path = parameterOf('exec.consolelog').default.replace('NAME', 'web');
    expect(fieldsOf('log', 'persist;')).to.deep.equal([[path, String(size), String(files), 'timestamps']]);
  });

  it('about limits: those of processes, core files and open files', () => {
    const set = planOf('persist;').prepare.flatMap((step) =>
      step.name === 'cgroup.set' ? [[step.args.parameter, step.args.value]] : [],
    );
    expect(set).to.deep.equal([['pids.max', parameterOf('pids.max').default]]);
    const others = limitNames.filter((name) => name !== 'pids.max').map((name) => parameterOf(name).default);
    expect(others.filter((text) => !NO_LIMIT.includes(text))).to.deep.equal([]);
    const shown = (['rlimit.core', 'rlimit.nofile'] as const).map((name) => {
      const { default: text } = parameterOf(name);
      const [soft = '', hard = soft] = text.split(':');
      return [name.slice('rlimit.'.length), soft, hard];
    });
    expect(fieldsOf('rlimit', 'persist;')).to.deep.equal(shown);
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
    expect(fieldsOf('rlimit', `${rules} rlimit.memlock = 7;`)).to.deep.equal([
      ['memlock', '7', '7'],
      ['nofile', '100', '100'],
      ['core', '5', '5'],
    ]);
  });
});
