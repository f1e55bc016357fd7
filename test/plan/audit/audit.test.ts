import { expect } from 'chai';
import { auditJail } from '../../../src/plan/audit/audit.js';
import { controlAmount } from '../../../src/plan/audit/bounds.js';
import { expectationOf, type Expectation } from '../../../src/plan/audit/expectation.js';
import { gradeOf, wallGrade, type Door, type Finding } from '../../../src/plan/audit/finding.js';
import type { Observation, ObservedProcess } from '../../../src/plan/audit/observation.js';
import type { JailPlan, Step } from '../../../src/plan/step.js';
import type { JailParams } from '../../../src/config/params.js';

const pids = '/cg/pids/web/pids.max';
const range = { inside: 0, outside: 65_536, count: 65_536 };

const steps: readonly Step[] = [
  { name: 'cgroup.set', args: { parameter: 'pids.max', file: pids, value: '10' } },
  {
    name: 'jailer.spawn',
    args: {
      rundir: '/run/jaild/web',
      records: [
        ['namespaces', 'mount,uts,ipc,pid,cgroup,net,user,time'],
        ['uid_map', '0 65536 65536'],
        ['time.offset', 'boottime', '-100'],
        ['root', '/jails/web', 'rec,nodev,nosuid,idmap'],
        ['mount', 'proc', 'proc', 'proc', 'create,nosuid,nodev,noexec'],
        ['mask', 'proc/keys'],
        ['sysctl', 'user.max_inotify_instances', '96'],
        ['rlimit', 'core', '0', '0'],
        ['caps', '3'],
        ['no_new_privs', 'yes'],
        ['seccomp', '/p.bpf'],
        ['seccomp.init', 'yes'],
        ['landlock', 'files,scopes'],
      ],
    },
  },
];
const plan: JailPlan = {
  ...{ prepare: steps, begin: [], poststart: [], stop: [], poststop: [], release: [] },
  ...{ startTimeout: 1, stopTimeout: 1, cgroups: [], log: null },
};
const expected = (values: JailParams = {}, more: Partial<Expectation> = {}): Expectation => ({
  ...expectationOf(plan, values),
  ...more,
});

const process = (more: Partial<ObservedProcess>): ObservedProcess => ({
  ...{ pid: 2, role: 'command', name: 'x', uids: [65_536], gids: [65_536], groups: [], session: 2 },
  capabilities: { inheritable: 0n, permitted: 3n, effective: 3n, bounding: 3n, ambient: 0n },
  ...{ noNewPrivs: true, seccomp: 2, filters: 1, oomScoreAdj: 0, label: null },
  ...more,
});
const mount = (target: string, type: string, options: string) => ({
  ...{ target, type, root: '/', device: '0:1', options: options.split(',') },
  ...{ superOptions: ['rw'], propagates: false },
});
const kinds = ['mnt', 'pid', 'ipc', 'uts', 'cgroup', 'time', 'net', 'user'];

const none = { inheritable: 0n, permitted: 0n, effective: 0n, bounding: 0n, ambient: 0n };
const keeper = (more: Partial<ObservedProcess> = {}): ObservedProcess =>
  process({ role: 'jailer', pid: 99, capabilities: none, ...more });

const seen = (more: Partial<Observation> = {}): Observation => ({
  processes: [process({ role: 'init', pid: 1 }), process({})],
  jailer: keeper(),
  namespaces: Object.fromEntries(kinds.map((kind) => [kind, { jail: 'a', host: 'b' }])),
  ...{
    uidMap: [range],
    gidMap: [range],
    hostMounts: [],
    rootOwner: 65_536,
    hostRoot: { device: '8:1', root: '/' },
  },
  mounts: [
    mount('/', 'ext4', 'rw,nosuid,nodev,idmapped'),
    mount('/proc', 'proc', 'rw,nosuid,nodev,noexec'),
    mount('/proc/keys', 'tmpfs', 'ro'),
  ],
  ...{
    present: ['/proc/keys'],
    descriptors: [],
    links: ['lo'],
    clocks: { boottime: -90 },
    corePattern: 'core',
    neighbours: {},
  },
  landlock: 7,
  limits: [{ core: { soft: 0, hard: 0 } }],
  controls: { [pids]: '10\n' },
  deviceAccess: { version: 2, isAttached: true },
  ...{ quotas: { max_inotify_instances: 96 }, hostQuotas: { max_inotify_instances: 128 } },
  init: { program: '/memfd:jailer (deleted)', isDumpable: false, terminal: 0 },
  ...more,
});

const weaknesses = (observation: Observation, plan = expected({}, { links: ['lo'] })): readonly string[] =>
  auditJail(observation, plan).findings.flatMap(({ wall, weaker }) =>
    weaker.map((text) => `${wall}: ${text}`),
  );

describe('an audit', () => {
  it('reads out of a plan what the kernel should have', () => {
    const { values, ...rest } = expected();
    expect(values).to.deep.equal({});
    expect(rest).to.deep.equal({
      namespaces: ['mount', 'uts', 'ipc', 'pid', 'cgroup', 'net', 'user', 'time'],
      ...{ uidMap: range, capabilities: 3n, noNewPrivs: true, filters: 1, initFilters: 1 },
      ...{ landlock: ['files', 'scopes'], answers: false, label: null },
      ...{ rootOptions: ['rec', 'nodev', 'nosuid', 'idmap'], layers: 1 },
      mounts: [
        {
          ...{ type: 'proc', source: 'proc', target: '/proc' },
          options: ['create', 'nosuid', 'nodev', 'noexec'],
        },
      ],
      ...{ masked: ['/proc/keys'], readOnly: [], quotas: { max_inotify_instances: 96 } },
      ...{ limits: { core: { soft: 0, hard: 0 } }, controls: { [pids]: '10' }, links: [] },
      ...{ mountsItself: false, foreground: false, devices: [], clocks: { boottime: -100 } },
    });
  });

  it('finds nothing weak in what is as planned', () => {
    expect(weaknesses(seen())).to.deep.equal([]);
    expect(auditJail(seen(), expected({}, { links: ['lo'] })).grade).to.equal('A');
  });

  describe('of a root of several directories', () => {
    const overlay = (superOptions: string) => ({
      ...mount('/', 'overlay', 'rw,nosuid,nodev'),
      superOptions: superOptions.split(','),
    });
    const three = 'rw,lowerdir+=/a,lowerdir+=/b,upperdir=/w,workdir=/.w,redirect_dir=nofollow';
    const judged = (superOptions: string, rootOwner: number | null = 65_536) =>
      auditJail(
        seen({ mounts: [...seen().mounts.slice(1), overlay(superOptions)], rootOwner }),
        expected({}, { links: ['lo'], layers: 3 }),
      ).findings.find(({ wall }) => wall === 'root');

    it('counts its directories as the kernel names them, by descriptors or by paths', () => {
      const closed = {
        ...{ wall: 'root', seen: 'an overlay of 3 directories nosuid nodev', doors: [], weaker: [] },
      };
      expect(judged(three)).to.deep.equal(closed);
      expect(judged('rw,lowerdir=/proc/self/fd/7:/proc/self/fd/8,upperdir=/proc/self/fd/9')).to.deep.equal(
        closed,
      );
    });

    it('tells by its owner whether they are mapped', () => {
      const weak = ['its root is not mapped to its users'];
      expect(judged(three, 0)?.weaker).to.deep.equal(weak);
      expect(judged(three, null)?.weaker).to.deep.equal(weak);
      expect(judged(three, 2 * 65_536)?.weaker).to.deep.equal(weak);
    });

    it('tells of directories that are missing and of attributes that are followed', () => {
      expect(judged('rw,lowerdir=/a,upperdir=/w,redirect_dir=on,metacopy=on')?.weaker).to.deep.equal([
        'its root is not made of 3 directories',
        'what its layers say of other files is believed (redirect_dir=on)',
        'what its layers say of other files is believed (metacopy=on)',
      ]);
    });
  });

  it('notes what of landlock a jail does not have, and why', () => {
    const noted = (version: number, plan = expected()) =>
      auditJail(seen({ landlock: version }), plan)
        .findings.filter(({ wall }) => wall === 'landlock')
        .flatMap(({ doors }) => doors.map(({ by, severity }) => `${severity}: ${by}`));
    expect(noted(6)).to.deep.equal([]);
    expect(noted(2)).to.deep.equal(['note: landlock of this kernel has no scopes']);
    expect(noted(0)).to.deep.equal(Array(2).fill('note: landlock is not in this kernel'));
    expect(noted(7, { ...expected(), landlock: ['scopes'] })).to.deep.equal([
      'note: a jail that may mount by itself',
    ]);
  });

  it('names forwarded ports as doors', () => {
    const port = { first: 80, last: 80 };
    const rdr = [{ protocol: 'tcp', hostPorts: port, jailPorts: port, from: [] }] as const;
    const own = auditJail(seen(), expected({ rdr }, { links: ['lo'] })).findings.find(
      ({ wall }) => wall === 'network',
    );
    expect(own?.doors.map(({ by, severity }) => [by, severity])).to.deep.equal([['rdr', 'low']]);
  });

  const weakened: readonly (readonly [string, Partial<Observation>])[] = [
    ['users: its user ids are not the 65536 from 65536 on', { uidMap: [{ ...range, count: 70_000 }] }],
    ['users: it shares ids with db', { neighbours: { db: [{ ...range, outside: 100_000 }] } }],
    ["users: the command (pid 2) has an id of the host's", { processes: [process({ groups: [0] })] }],
    [
      'no new privileges: the command (pid 2) runs without it',
      { processes: [process({ noNewPrivs: false })] },
    ],
    [
      'system calls: the command (pid 2) has no filters instead of 1',
      { processes: [process({ seccomp: 0, filters: 0 })] },
    ],
    ['leaks: the command (pid 2) is in a session of the host', { processes: [process({ session: 0 })] }],
    [
      'out of memory: pid 2 is spared (oom_score_adj -500): others are killed for it',
      { processes: [process({ oomScoreAdj: -500 })] },
    ],
    [
      'leaks: pid 2 holds a directory of the host as descriptor 7: /etc',
      { descriptors: [{ pid: 2, descriptor: 7, target: '/etc', kind: 'directory' }] },
    ],
    [
      'process 1: others may look into its memory',
      { init: { program: '/memfd:jailer', isDumpable: true, terminal: 0 } },
    ],
    [
      'jailer: the jailer has chown, net_admin',
      { jailer: keeper({ capabilities: { ...none, bounding: 0x1003n } }) },
    ],
    ['jailer: the jailer runs without no_new_privs', { jailer: keeper({ noNewPrivs: false }) }],
    ['jailer: the jailer has no filter', { jailer: keeper({ seccomp: 0 }) }],
    ['network: it has a link that the plan does not give it: eth7', { links: ['lo', 'eth7'] }],
    ['processes: pids.max is max instead of 10', { controls: { [pids]: 'max\n' } }],
    ['kernel quotas: they cannot be read', { quotas: null }],
    ['clocks: the boottime clock is not shifted as planned', { clocks: { boottime: 0 } }],
    [
      'devices: the program that holds back devices is not on its cgroup',
      { deviceAccess: { version: 2, isAttached: false } },
    ],
    [
      'devices: its cgroup lets it use more devices: b *:* rwm',
      { deviceAccess: { version: 1, beyond: ['b *:* rwm'] } },
    ],
    [
      'resource limits: rlimit.core of process 1 is unlimited instead of 0',
      { limits: [{ core: { soft: 0, hard: Infinity } }] },
    ],
    [
      'namespaces: it has the ipc namespace of the host',
      { namespaces: { ...seen().namespaces, ipc: { jail: 'b', host: 'b' } } },
    ],
  ];
  for (const [text, more] of weakened)
    it(`tells of ${text}`, () => {
      expect(weaknesses(seen(more))).to.deep.equal([text]);
      expect(auditJail(seen(more), expected({}, { links: ['lo'] })).grade).to.equal('F');
    });

  it('notes a host whose cgroups hold back no device', () => {
    const { findings, grade } = auditJail(seen({ deviceAccess: null }), expected({}, { links: ['lo'] }));
    const [devices] = findings.filter(({ wall }) => wall === 'devices');
    expect(devices && [wallGrade(devices), grade]).to.deep.equal(['noted', 'A']);
  });

  it('takes the ids of a neighbour without a user namespace for those of the host', () => {
    const neighbours = { db: [{ inside: 0, outside: 0, count: 4_294_967_295 }] };
    expect(weaknesses(seen({ neighbours }))).to.deep.equal([]);
  });

  it('lets a jail with net_admin have the links that it makes', () => {
    const netAdmin = (1n << 12n) | 3n;
    const capabilities = { ...process({}).capabilities, bounding: netAdmin };
    const plan = expected({ 'caps.add': ['net_admin'] }, { links: ['lo'], capabilities: netAdmin });
    const observation = seen({ links: ['lo', 'tun0'], processes: [process({ capabilities })] });
    expect(weaknesses(observation, plan)).to.deep.equal([]);
  });
});

describe('the doors of limits', () => {
  const doorsOf = (plan: Partial<Expectation>, more: Partial<Observation>): readonly string[] =>
    auditJail(seen(more), { ...expected({}, { links: ['lo'] }), ...plan }).findings.flatMap(({ doors }) =>
      doors.filter(({ by }) => /core|memory/.test(by)).map(({ by, severity }) => `${by} (${severity})`),
    );
  const core = (hard: number, corePattern: string): readonly string[] =>
    doorsOf({ limits: { core: { soft: hard, hard } } }, { corePattern }).filter((by) => by.includes('core'));

  it('are core files that go to the host, which a limit of 1 byte keeps from a program and none from a socket', () => {
    expect(core(0, 'core')).to.deep.equal([]);
    expect(core(Infinity, 'core')).to.deep.equal(['rlimit.core (low)']);
    expect(core(1, '|/bin/x %p')).to.deep.equal([]);
    expect(core(0, '|/bin/x %p')).to.deep.equal(['rlimit.core (medium)']);
    expect(core(1, '@/run/socket')).to.deep.equal(['kernel.core_pattern (note)']);
  });

  it('are memory and swap without a limit', () => {
    const controls = { '/cg/memory.max': '100', '/cg/memory.swap.max': 'max' };
    const memory = (
      values: Expectation['values'],
      files: Readonly<Record<string, string>>,
    ): readonly string[] => doorsOf({ values, controls: files }, { controls: files });
    expect(memory({ 'memory.swap.max': Infinity }, controls)).to.deep.equal(['memory.swap.max = max (low)']);
    expect(memory({}, { ...controls, '/cg/memory.swap.max': '5' })).to.deep.equal([]);
    expect(memory({ 'memory.max': Infinity }, { '/cg/memory.max': 'max' })).to.deep.equal([
      'memory.max = max (low)',
    ]);
    expect(memory({}, {})).to.deep.equal(['no memory controller on this host (note)']);
  });
});

describe('a grade', () => {
  const finding = (weaker: readonly string[], ...severity: Door['severity'][]): Finding => ({
    ...{ wall: 'x', seen: '', weaker },
    doors: severity.map((one) => ({ by: 'y', cost: '', severity: one })),
  });

  it('is that of the worst door, and F for what is weaker than planned', () => {
    const grades = (['note', 'low', 'medium', 'high', 'critical'] as const).map((one) =>
      gradeOf([finding([]), finding([], 'note', one)]),
    );
    expect([gradeOf([]), ...grades, gradeOf([finding(['z'], 'low')])].join('')).to.equal('AABCDEF');
  });

  it('of one wall is closed, noted, opened or weak', () => {
    const found = [finding([]), finding([], 'note'), finding([], 'note', 'low'), finding(['z'], 'low')];
    expect(found.map(wallGrade)).to.deep.equal(['closed', 'noted', 'opened', 'weak']);
  });
});

describe('the amount of a control file', () => {
  it('is comparable over the ways in which both versions of cgroups write it', () => {
    const texts = ['10\n', 'max', '-1', '9223372036854771712', '50000 100000', 'max 100000', 'default 100'];
    expect(texts.map(controlAmount)).to.deep.equal([10, Infinity, Infinity, Infinity, 0.5, Infinity, NaN]);
  });
});
