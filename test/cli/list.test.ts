import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Diagnostic } from '../../src/config/diagnostic.js';
import { clock } from '../../src/cli/render.js';
import type { JailNetwork } from '../../src/supervise/operations.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { code, NOW, say } from '../support/command-line.js';

const before = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
const after = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

/** As the compiler makes it: what is not there is absent. */
const plain = (one: object): Diagnostic => JSON.parse(JSON.stringify(one)) as Diagnostic;

const db = stoppedJail('db', {
  jid: 1,
  state: 'running',
  pid: 4101,
  commandPid: 4103,
  ip4: ['10.0.7.2/24'],
  ip6: ['fd00::2/64'],
  cgroup: '/sys/fs/cgroup/jaild/db',
  startedAt: before(3 * 86_400),
  health: 'healthy',
  restarts: 2,
  want: 'up',
  next: { restart: after(7200), start: null, stop: null },
  nextTimes: { restart: [after(7200), after(93_600), after(180_000)], start: [], stop: [after(3600)] },
  limits: { 'memory.max': '512M', 'cpu.weight': '50' },
  accounting: {
    memory: 12 * 1024 * 1024,
    memoryPeak: 40 * 1024 * 1024,
    cpuUsec: 1_250_000,
    pids: 3,
    ioRead: 1536,
    ioWritten: null,
    oomKills: 1,
  },
  definedAt: { file: '/etc/jail.conf', line: 8 },
});
const web = stoppedJail('web', {
  state: 'backoff',
  want: 'up',
  ip4: ['10.0.7.3/24'],
  restarts: 4,
  flapping: true,
  stale: true,
  retryAt: after(20),
  log: null,
  exit: { how: 'signal', code: 9, oom: true, at: before(120), cause: 'out of memory' },
});
const idle = stoppedJail('idle', { path: null, hostname: null, definedAt: null, log: null });
const network: JailNetwork = {
  attachment: { kind: 'bridge', on: 'br0' },
  hostLink: 'jl012345678901',
  links: [
    { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 9000, up: true },
    { name: 'lent0', mac: '02:00:00:00:00:02', mtu: null, up: false },
  ],
  addresses: [
    { link: 'eth0', address: '10.0.7.9', prefix: 24, global: true },
    { link: 'eth0', address: 'fd00::9', prefix: 64, global: true },
    { link: 'eth0', address: 'fe80::2', prefix: 64, global: false },
  ],
  routes: [
    { to: 'default', via: '10.0.7.1', link: 'eth0', source: '10.0.7.9' },
    { to: '10.0.7.0/24', via: null, link: 'eth0', source: null },
  ],
  forwards: ['tcp 8080 80'],
  nat: ['true'],
  isolated: true,
  limits: { egress: 10 * 1024 ** 2, ingress: null },
  nameServers: ['10.0.7.1'],
};
const operations = () => new FakeOperations([db, web, idle]);

describe('jailctl list', () => {
  it('shows one line for each jail, "-" for what is empty', async () => {
    expect(await say(operations(), ['list'])).to.deep.equal({
      out: `NAME  STATE    PID   ADDRESS         SINCE
db    running  4101  10.0.7.2/24,+1  3d
web   backoff  -     10.0.7.3/24     2m
idle  stopped  -     -               -
`,
      err: '',
      result: { exit: 0 },
    });
  });

  it('shows names alone for scripts', async () => {
    expect((await say(operations(), ['list', '-q'])).out).to.equal('db\nweb\nidle\n');
  });

  it('colours states on a terminal only, and keeps to its width', async () => {
    const terminal = { columns: 42, stdin: true, stdout: true, stderr: true, colour: true, term: 'xterm' };
    const { out } = await say(operations(), ['list'], { terminal });
    expect(out.split('\n')[1]).to.equal('db    \u001b[32mrunning\u001b[0m  4101  10.0.7.2/24,+1  3d');
    const narrow = await say(operations(), ['list'], {
      terminal: { ...terminal, columns: 40, colour: false },
    });
    expect(narrow.out.split('\n')[0]).to.equal('NAME  STATE    PID   ADDRESS         SIN'.slice(0, 40));
  });

  it('never lets a name of somebody reach the terminal as a command', async () => {
    const { out } = await say(new FakeOperations([stoppedJail('\u001b[2Jx')]), ['list']);
    expect(out).to.include('?[2Jx  stopped');
  });

  it('gives the same answer as status to programs', async () => {
    const [listed, told] = [
      await say(operations(), ['list', '--json']),
      await say(operations(), ['status', '--json']),
    ];
    expect(listed.out).to.equal(told.out);
  });
});

describe('jailctl status', () => {
  it('has the keys that programs rely on, in their order, before all others', async () => {
    const { out } = await say(operations(), ['status', '--json', 'db', 'web']);
    const reply = JSON.parse(out) as { version: number; jails: Record<string, unknown>[] };
    expect(reply.version).to.equal(1);
    expect(Object.entries(reply.jails[0] ?? {}).slice(0, 14)).to.deep.equal([
      ['name', 'db'],
      ['jid', 1],
      ['state', 'running'],
      ['pid', 4101],
      ['path', '/jails/db'],
      ['hostname', 'db'],
      ['ip4', ['10.0.7.2/24']],
      ['ip6', ['fd00::2/64']],
      ['cgroup', '/sys/fs/cgroup/jaild/db'],
      ['started_at', '2026-11-19T12:00:00.000Z'],
      ['restarts', 2],
      ['exit', null],
      ['health', 'healthy'],
      ['next', { restart: '2026-11-22T14:00:00.000Z', start: null, stop: null }],
    ]);
    expect(reply.jails[1]?.['exit']).to.deep.equal({
      code: null,
      signal: 9,
      oom: true,
      signal_name: 'SIGKILL',
      cause: 'out of memory',
      at: '2026-11-22T11:58:00.000Z',
    });
  });

  it('tells that a jailer is stopped, and how it goes on', async () => {
    const stopped = new FakeOperations([{ ...db, stoppedJailer: 4100 }]);
    const { out } = await say(stopped, ['status', 'db']);
    expect(out).to.match(/^ {2}jailer +pid 4100 is stopped, and the log with it: kill -CONT 4100$/m);
  });

  it('tells the whole story of a jail that runs', async () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'UTC';
    const { out } = await say(operations(), ['status', 'db']);
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
    expect(out).to.equal(
      `db - running since 2026-11-19 12:00:00 (3d), pid 4101
  command     pid 4103
  jid         1
  host        db
  address     10.0.7.2/24, fd00::2/64
  path        /jails/db
  cgroup      /sys/fs/cgroup/jaild/db
  memory      12M of 512M (peak 40M)
  cpu         1.3 s used
  pids        3
  io          1.5K read
  killed      1 for lack of memory
  cpu.weight  50
  health      healthy
  restarts    2
  next        restart 2026-11-22 14:00:00 (in 2h), 2026-11-23 14:00:00, 2026-11-24 14:00:00
              stop 2026-11-22 13:00:00 (in 1h)
  config      /etc/jail.conf:8
  log         /var/log/jaild/db.log (jailctl logs db)
`,
    );
  });

  it('tells of its network what the kernel says: the addresses are those that it has now', async () => {
    const asked = operations();
    asked.networks.set('db', network);
    const { out } = await say(asked, ['status', 'db']);
    expect(
      out.split('\n').filter((line) => /^ {2}(address|network|link|route|forward|nat|rate|dns) /.test(line)),
    ).to.deep.equal([
      '  address     10.0.7.9, fd00::9',
      '  network     bridge br0 by jl012345678901, isolated',
      '  link        eth0 02:00:00:00:00:01, mtu 9000, 10.0.7.9/24, fd00::9/64, fe80::2/64',
      '  link        lent0 02:00:00:00:00:02, down',
      '  route       default via 10.0.7.1 on eth0 from 10.0.7.9',
      '  route       10.0.7.0/24 on eth0',
      '  forward     tcp 8080 80',
      '  nat         all addresses',
      '  rate        sends 10M/s at most',
      '  dns         10.0.7.1',
    ]);
  });

  it('tells at night what one needs of a jail that was given up: ends, output, why, and the way out', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'jaild-status-'));
    const log = join(directory, 'web.log');
    const lines = Array.from({ length: 12 }, (_, n) => `2026-11-22T11:59:0${n % 10}Z stderr line ${n}\n`);
    writeFileSync(log, lines.join(''));
    const at = (minute: number) => new Date(`2026-11-22T11:${minute}:00Z`);
    const first = { how: 'exit', code: 3, oom: false, at: at(55), cause: 'exit 3', upMs: 4000 } as const;
    const exits = [first, { ...first, code: 78, at: at(58), cause: 'exit 78', upMs: 0, hint: 'do not' }];
    const given = {
      state: 'failed',
      exits,
      exit: exits[1] ?? null,
      gaveUp: 'exit.fatal has 78',
      log,
    } as const;
    const asked = new FakeOperations([stoppedJail('web', given)]);
    const { out } = await say(asked, ['status', 'web']);
    const told = out.split('\n').map((line) => line.trimEnd());
    expect(told.filter((line) => / (last|before|hint|gave up|way out) /.test(line))).to.deep.equal([
      `  last      exit 78 (${clock(at(58))}, 2m ago)`,
      `  before    exit 3 (${clock(at(55))}, 5m ago, up 4s)`,
      '  hint      do not',
      '  gave up   exit.fatal has 78',
      '  way out   jailctl start web tries again, and so does jailctl reload after its file was changed',
    ]);
    const said = told.indexOf('  it said last:');
    expect(told.slice(said + 1, -1)).to.deep.equal(lines.slice(2).map((line) => `    ${line.trimEnd()}`));
    rmSync(directory, { recursive: true });
  });

  it('tells what is wrong in the files, what that means for each jail, and how to mend it', async () => {
    const span = { file: '/etc/jail.conf', line: 7, column: 5, length: 3 };
    const wrong = { code: 'bad-value', severity: 'error', span, message: 'pids.max: no', hint: '7' } as const;
    const more = { mistakes: [wrong, { ...wrong, span: null, hint: undefined }].map(plain) };
    const asked = new FakeOperations([
      stoppedJail('a', { ...more, startable: false }),
      stoppedJail('b', more),
      stoppedJail('c', { ...more, state: 'running' }),
    ]);
    asked.mistakes = more.mistakes;
    const { out, err } = await say(asked, ['status', 'a', 'b', 'c']);
    const told = out.split('\n').filter((line) => /^ {2}(mistake|to mend| {9}) /.test(line));
    const both = ['  mistake   /etc/jail.conf:7:5: pids.max: no (7)', '            pids.max: no'];
    const line = (text: string): string => `  to mend   its file, then ${text}`;
    expect([told, err]).to.deep.equal([
      [
        ...[...both, line('jailctl reload and jailctl start a; until then it is not started')],
        ...[
          ...both,
          line('jailctl reload and jailctl start b; until then it starts as its file said before'),
        ],
        ...[...both, line('jailctl reload; it goes on as it was started, also after a crash')],
      ],
      '',
    ]);
    for (const command of ['list', 'status']) {
      const table = await say(asked, [command]);
      expect(table.out).to.match(/^a +stopped:mistake .*\nb +stopped .*\nc +running /m);
      expect(table.err).to.equal(
        'error: not as the files have it, which are wrong: /etc/jail.conf:7:5: pids.max: no (7) (and 1 more)\n' +
          'hint: jailctl check shows it, jailctl reload reads the files again\n',
      );
    }
  });

  it('tells where the output is, of each target', async () => {
    const { out } = await say(
      new FakeOperations([
        stoppedJail('a', { log: '/a.log', logTargets: ['file', 'journald'] }),
        stoppedJail('b', { log: null, logTargets: ['syslog', 'journald'] }),
      ]),
      ['status', 'a', 'b'],
    );
    expect(out.split('\n').filter((line) => /log|journal/.test(line))).to.deep.equal([
      '  log       /a.log (jailctl logs a)',
      '            journald (journalctl JAIL=a)',
      '  log       syslog and journald (journalctl JAIL=b)',
    ]);
  });

  it('shows what the last check said, and what the jail says of itself', async () => {
    const at = new Date('2026-11-22T11:59:30Z');
    const ended = { how: 'exit', code: 1 } as const;
    const checks = [{ at, finding: 'failed', ended, output: 'Connection refused\nmore' }] as const;
    const more = { state: 'running', health: 'unhealthy', checks, says: 'draining' } as const;
    const { out } = await say(new FakeOperations([stoppedJail('web', more)]), ['status', 'web']);
    expect(out.split('\n').filter((line) => / (health|says) /.test(line))).to.deep.equal([
      '  says      draining',
      '  health    unhealthy, last check failed 30s ago: Connection refused',
    ]);
  });

  it('keeps to the width of a terminal, and leaves lines whole for scripts', async () => {
    const asked = operations();
    asked.networks.set('db', network);
    const terminal = { columns: 60, stdin: true, stdout: true, stderr: true, colour: false, term: 'xterm' };
    const { out } = await say(asked, ['status', 'db'], { terminal });
    const lines = out.split('\n').slice(1);
    expect(lines.filter((line) => line.length > 60)).to.deep.equal([]);
    const at = lines.findIndex((line) => line.includes(' link '));
    expect(lines.slice(at, at + 3)).to.deep.equal([
      '  link        eth0 02:00:00:00:00:01, mtu 9000, 10.0.7.9/24,',
      '              fd00::9/64, fe80::2/64',
      '  link        lent0 02:00:00:00:00:02, down',
    ]);
  });

  it('tells that what was moved in is all the network that there is', async () => {
    const asked = operations();
    const attachment = { kind: 'none', on: null } as const;
    asked.networks.set('db', { ...network, attachment, hostLink: null, isolated: false });
    expect((await say(asked, ['status', 'db'])).out).to.match(/^ {2}network +what was moved in$/m);
    asked.networks.set('db', { ...network, attachment, hostLink: null, isolated: false, links: [] });
    expect((await say(asked, ['status', 'db'])).out).to.match(/^ {2}network +loopback only$/m);
  });

  it('gives programs the network of jails that are named, after everything else', async () => {
    const asked = operations();
    asked.networks.set('db', network);
    const { out } = await say(asked, ['status', '--json', 'db', 'web']);
    const { jails } = JSON.parse(out) as { jails: Record<string, unknown>[] };
    expect(jails.map((jail) => [Object.keys(jail).at(-1), jail['ip4']])).to.deep.equal([
      ['network', ['10.0.7.9']],
      ['network', ['10.0.7.3/24']],
    ]);
    expect(jails[0]?.['network']).to.deep.equal({
      attachment: { kind: 'bridge', on: 'br0' },
      host_link: 'jl012345678901',
      ...{ links: network.links, addresses: network.addresses, routes: network.routes },
      ...{ forwards: ['tcp 8080 80'], nat: ['true'], isolated: true },
      ...{ limits: { egress: 10 * 1024 ** 2, ingress: null }, name_servers: ['10.0.7.1'] },
    });
    expect(jails[1]?.['network']).to.equal(null);
  });

  it('tells why a jail does not run and when it will be tried again', async () => {
    expect((await say(operations(), ['status', 'web'])).out).to.equal(
      `web - backoff, next try in 20s, keeps failing
  host      web
  address   10.0.7.3/24
  path      /jails/web
  restarts  4
  last      out of memory (${clock(new Date('2026-11-22T11:58:00Z'))}, 2m ago)
  way out   jailctl start web tries at once, jailctl stop web no more
  config    jail.conf:1, not what it runs with
`,
    );
  });

  it('names the nearest jail for one that there is not, and tells of the others', async () => {
    const { out, err, result } = await say(operations(), ['status', 'wab', 'idle']);
    expect(out).to.equal('idle - stopped\n');
    expect(err).to.equal('error: wab: no such jail\nhint: did you mean "web"?\n');
    expect(result).to.deep.equal({ exit: 4 });
  });

  it('shows the state of all without names', async () => {
    const { out } = await say(operations(), ['status']);
    expect(out).to.equal(
      `NAME  STATE    PID   HEALTH   RESTARTS  MEMORY  SINCE  LAST EXIT
db    running  4101  healthy  2         12M     3d     -
web   backoff  -     -        4         -       2m     out of memory
idle  stopped  -     -        0         -       -      -
`,
    );
  });

  it('is for anyone who reaches jaild', async () => {
    const { result } = await say(operations(), ['status'], { right: 'operator' });
    expect(result).to.deep.equal({ exit: 0 });
    expect(await code(operations(), ['status', 'nobody'])).to.equal(4);
  });
});
