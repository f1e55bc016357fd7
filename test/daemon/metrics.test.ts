import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { families } from '../../src/daemon/metric-families.js';
import { Metrics } from '../../src/daemon/metrics.js';
import type { NewEvent } from '../../src/supervise/events/journal.js';
import { jail, Stage } from '../support/stage.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { parsePrometheus, type ParsedFamily } from '../support/prometheus-text.js';

const pressure = { someAvg10: 1, someTotalUsec: 2_500_000, fullAvg10: 0, fullTotalUsec: 500_000 };
const accounting = {
  ...{ memory: 1024, memoryPeak: 2048, memoryMax: 4096, cpuUsec: 1_250_000, pids: 3, oomKills: 1, ooms: 1 },
  ...{ ioRead: 10, ioWritten: 20, ioReads: 1, ioWrites: 2 },
  pressure: { cpu: pressure, memory: null, io: null },
};
const startedAt = new Date('2026-05-01T00:00:00Z');

function twoJails(): FakeOperations {
  const made = new FakeOperations([
    stoppedJail('web', { state: 'running', health: 'healthy', startedAt }),
    stoppedJail('d\\b"1', { state: 'backoff', health: 'unhealthy', flapping: true, retryAt: startedAt }),
  ]);
  const traffic = { receivedBytes: 1, receivedPackets: 2, sentBytes: 3, sentPackets: 4 };
  made.figures.set('web', { startedAt, accounting, traffic });
  return made;
}

const metricsOf = (source: FakeOperations | Stage['supervisor'], time = () => 0): Metrics =>
  new Metrics(source, '1.2.3', time);
const read = async (
  source: FakeOperations | Stage['supervisor'],
): Promise<ReadonlyMap<string, ParsedFamily>> => parsePrometheus(await metricsOf(source).text());

/** NAME{label=value,…} value, of one metric or of all. */
const lines = (found: ReadonlyMap<string, ParsedFamily>, ...names: readonly string[]): string[] =>
  names
    .flatMap((name) => found.get(name)?.samples ?? [])
    .map(({ name, labels, value }) => {
      const shown = Object.entries(labels).map((pair) => pair.join('='));
      return `${name}{${shown.join(',')}} ${value}`;
    });

describe('the metrics', () => {
  it('are in the text format of Prometheus, and all there', async () => {
    const found = await read(twoJails());
    expect([...found].map(([name, { type, help }]) => ({ name, type, help }))).to.deep.equal(
      families.map(({ name, type, help }) => ({ name, type, help })),
    );
  });

  it('tell the state, health and backoff of each jail', async () => {
    const found = await read(twoJails());
    const states = found.get('jaild_jail_state')?.samples ?? [];
    expect([
      states.length,
      states.filter(({ value }) => value === 1).map(({ labels }) => labels),
    ]).to.deep.equal([
      24,
      [
        { jail: 'web', state: 'running' },
        { jail: 'd\\b"1', state: 'backoff' },
      ],
    ]);
    expect(lines(found, 'jaild_health', 'jaild_flapping', 'jaild_backoff_seconds')).to.deep.equal([
      'jaild_health{jail=web} 1',
      'jaild_health{jail=d\\b"1} 0',
      'jaild_flapping{jail=web} 0',
      'jaild_flapping{jail=d\\b"1} 1',
      'jaild_backoff_seconds{jail=d\\b"1} 1.5',
    ]);
    expect(lines(found, 'jaild_jails').filter((line) => !line.endsWith(' 0'))).to.deep.equal([
      'jaild_jails{state=running} 1',
      'jaild_jails{state=backoff} 1',
    ]);
  });

  it('tell what a jail uses in seconds and bytes, and nothing of one that is down', async () => {
    const found = await read(twoJails());
    const figures = families.map(({ name }) => name).filter((name) => name.startsWith('jaild_jail_'));
    expect(lines(found, ...figures.filter((name) => name !== 'jaild_jail_state'))).to.deep.equal([
      `jaild_jail_start_time_seconds{jail=web} ${startedAt.getTime() / 1000}`,
      'jaild_jail_cpu_seconds_total{jail=web} 1.25',
      'jaild_jail_memory_bytes{jail=web} 1024',
      'jaild_jail_memory_peak_bytes{jail=web} 2048',
      'jaild_jail_memory_limit_bytes{jail=web} 4096',
      'jaild_jail_oom_kills_total{jail=web} 1',
      'jaild_jail_pids{jail=web} 3',
      'jaild_jail_io_read_bytes_total{jail=web} 10',
      'jaild_jail_io_written_bytes_total{jail=web} 20',
      'jaild_jail_io_reads_total{jail=web} 1',
      'jaild_jail_io_writes_total{jail=web} 2',
      'jaild_jail_pressure_waiting_seconds_total{jail=web,resource=cpu} 2.5',
      'jaild_jail_pressure_stalled_seconds_total{jail=web,resource=cpu} 0.5',
      'jaild_jail_network_received_bytes_total{jail=web} 1',
      'jaild_jail_network_received_packets_total{jail=web} 2',
      'jaild_jail_network_sent_bytes_total{jail=web} 3',
      'jaild_jail_network_sent_packets_total{jail=web} 4',
    ]);
  });

  it('count restarts by cause, and starts by their duration', async () => {
    const stage = new Stage([jail('a', { restart: 'always' }), jail('b')]);
    await stage.supervisor.start(['a', 'b']);
    stage.host.jailers.get('a')?.end({ how: 'exit', code: 3 });
    await stage.pass(1000);
    stage.host.jailers.get('a')?.end({ how: 'signal', code: 11 });
    await stage.pass(5000);
    const restarted = stage.supervisor.restart(['b']);
    await stage.pass(1000);
    await restarted;
    const found = await read(stage.supervisor);
    expect(lines(found, 'jaild_restarts_total')).to.have.members([
      'jaild_restarts_total{jail=a,cause=exit} 1',
      'jaild_restarts_total{jail=a,cause=signal} 1',
      'jaild_restarts_total{jail=b,cause=request} 1',
    ]);
    expect(lines(found, 'jaild_start_seconds').slice(-3)).to.deep.equal([
      'jaild_start_seconds_bucket{le=+Inf} 5',
      'jaild_start_seconds_sum{} 0',
      'jaild_start_seconds_count{} 5',
    ]);
  });

  it('put a start into the class of its duration', async () => {
    const operations = twoJails();
    const event = (from: NewEvent['from'], to: NewEvent['to'], monotonicMs: number) =>
      operations.tallies.note({
        ...{ kind: 'state', at: startedAt, jail: 'web', from, to, cause: '', detail: '' },
        ...{ seq: 1, bootId: '', monotonicMs },
      });
    for (const [at, ms] of [
      [0, 100],
      [1000, 300],
      [9000, 500_000],
    ] as const) {
      event('waiting', 'preparing', at);
      event('preparing', 'starting', at + 1);
      event('starting', 'running', at + ms);
    }
    // One that failed is none.
    event('waiting', 'preparing', 0);
    event('starting', 'cleaning', 5);
    const found = await read(operations);
    expect(found.get('jaild_start_seconds')?.samples.map(({ value }) => value)).to.deep.equal([
      0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 500.4, 3,
    ]);
  });

  it('count lost output, times that were missed, and events; and forget jails that are no more', async () => {
    const operations = twoJails();
    const note = (event: Pick<NewEvent, 'kind' | 'cause' | 'data'>, jail = 'web'): void =>
      operations.tallies.note({
        ...{ at: startedAt, jail, from: 'running', to: 'running', detail: '', ...event },
        ...{ seq: 1, bootId: '', monotonicMs: 0 },
      });
    note({ kind: 'log', cause: 'lost', data: { target: 'file', lines: 1, bytes: 100 } });
    note({ kind: 'log', cause: 'lost', data: { target: 'syslog', lines: 1, bytes: 11 } });
    note({ kind: 'limit', cause: 'log.rate', data: { limit: 'log.rate', lines: 1, bytes: 5 } });
    note({ kind: 'schedule', cause: 'scheduled restart skipped', data: { why: 'it is stopped' } });
    note({ kind: 'schedule', cause: 'scheduled restart', data: { why: null } });
    note({ kind: 'log', cause: 'lost', data: { bytes: 7 } }, 'gone');
    const found = await read(operations);
    const counters = [
      'jaild_log_dropped_bytes_total',
      'jaild_log_limited_bytes_total',
      'jaild_schedule_missed_total',
    ];
    expect(lines(found, ...counters).filter((line) => line.includes('web'))).to.deep.equal([
      'jaild_log_dropped_bytes_total{jail=web} 111',
      'jaild_log_limited_bytes_total{jail=web} 5',
      'jaild_schedule_missed_total{jail=web} 1',
    ]);
    expect(lines(found, 'jaild_events_total')).to.deep.equal([
      'jaild_events_total{kind=log} 3',
      'jaild_events_total{kind=limit} 1',
      'jaild_events_total{kind=schedule} 2',
    ]);
    expect([...operations.tallies.jails.keys()]).to.deep.equal(['web']);
  });

  it('tell of jaild itself', async () => {
    const metrics = metricsOf(twoJails());
    metrics.watchLoop();
    const end = performance.now() + 120;
    await new Promise((resolve) => setTimeout(resolve, 60));
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const found = parsePrometheus(await metrics.text());
    const value = (name: string): number => found.get(name)?.samples[0]?.value ?? NaN;
    expect(lines(found, 'jaild_build_info')).to.deep.equal([
      `jaild_build_info{version=1.2.3,node=${process.versions.node}} 1`,
    ]);
    expect(value('process_resident_memory_bytes')).to.be.above(1e7);
    expect(value('process_start_time_seconds')).to.be.closeTo(Date.now() / 1000, 3600);
    expect(value('jaild_event_loop_lag_max_seconds')).to.be.within(0.005, 60);
  });

  it('are looked up once for all who ask within a second', async () => {
    const operations = twoJails();
    let [time, looks] = [0, 0];
    const stats = operations.stats.bind(operations);
    operations.stats = (names) => (looks++, stats(names));
    const metrics = metricsOf(operations, () => time);
    const [one, other] = await Promise.all([metrics.text(), metrics.text()]);
    time = 999;
    expect([one === other, one === (await metrics.text()), looks]).to.deep.equal([true, true, 1]);
    time = 1000;
    await metrics.text();
    expect(looks).to.equal(2);
  });

  it('are tried again after they could not be had', async () => {
    const operations = twoJails();
    const stats = operations.stats.bind(operations);
    operations.stats = () => {
      throw new Error('EMFILE');
    };
    const metrics = metricsOf(operations);
    expect(await metrics.text().catch(String)).to.equal('Error: EMFILE');
    operations.stats = stats;
    expect(parsePrometheus(await metrics.text()).size).to.equal(families.length);
  });

  it('let others have their turn while they are made for a thousand jails', async () => {
    const jails = Array.from({ length: 1000 }, (_, index) =>
      stoppedJail(`jail${index}`, { state: 'running' }),
    );
    const operations = new FakeOperations(jails);
    for (const { name } of jails) operations.figures.set(name, { startedAt, accounting });
    const metrics = metricsOf(operations);
    let turns = 0;
    const count = (): void => void (turns++, (immediate = setImmediate(count)));
    let immediate = setImmediate(count);
    const text = await metrics.text();
    clearImmediate(immediate);
    // The figures of sixteen jails, or five hundred lines, are the most in one go.
    expect(turns).to.be.above(families.length + 1000 / 16 + 12_000 / 500);
    expect(text.length).to.be.above(1e6);
    const found = parsePrometheus(text);
    expect([...found.keys()]).to.deep.equal(families.map(({ name }) => name));
    expect(found.get('jaild_jail_state')?.samples).to.have.length(12_000);
  });
});

describe('what comes with jaild for Prometheus and Grafana', () => {
  const names = new Set(
    families.flatMap(({ name, type }) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
    ),
  );
  const unknown = (expression: string): string[] =>
    (expression.match(/\b(?:jaild|process)_[a-z_]+/g) ?? []).filter((name) => !names.has(name));

  interface Dashboard {
    readonly schemaVersion: number;
    readonly uid: string;
    readonly title: string;
    readonly templating: {
      readonly list: readonly { readonly name: string; readonly definition?: string }[];
    };
    readonly panels: readonly {
      readonly id: number;
      readonly type: string;
      readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
      readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
    }[];
  }
  const dashboard = JSON.parse(readFileSync('etc/grafana/jaild.json', 'utf8')) as Dashboard;

  it('asks for metrics that there are', () => {
    const expressions = [
      ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...dashboard.templating.list.flatMap(({ definition = '' }) => definition),
      ...[
        ...readFileSync('etc/prometheus/jaild.rules.yml', 'utf8').matchAll(/expr: (.*(?:\n {10}.*)*)/g),
      ].flatMap(([, expression]) => expression ?? []),
    ];
    expect(expressions.length).to.be.above(25);
    expect(expressions.flatMap(unknown)).to.deep.equal([]);
    expect(expressions.filter((one) => !balanced(one))).to.deep.equal([]);
  });

  it('is a dashboard that Grafana imports: panels that do not overlap, each with its own number', () => {
    const { panels, templating } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x < 0 || x + w > 24)).to.deep.equal([]);
    const overlap = panels.flatMap((one, index) =>
      panels.slice(index + 1).filter(({ gridPos: b }) => {
        const a = one.gridPos;
        return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
      }),
    );
    expect(overlap).to.deep.equal([]);
    expect(panels.filter(({ type, targets = [] }) => type !== 'row' && targets.length === 0)).to.deep.equal(
      [],
    );
    const known = ['__rate_interval', ...templating.list.map(({ name }) => name)];
    const used = [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !known.includes(name))).to.deep.equal([]);
    expect([dashboard.uid, dashboard.title, dashboard.schemaVersion]).to.deep.equal(['jaild', 'Jails', 38]);
  });
});

function balanced(expression: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' };
  for (const character of expression.replace(/"[^"]*"/g, '')) {
    if ('({['.includes(character)) open.push(character);
    else if (character in pairs && open.pop() !== pairs[character]) return false;
  }
  return open.length === 0;
}
