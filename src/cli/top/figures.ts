import type { Pressure } from '../../host/pressure.js';
import type { JailStats, State } from '../../supervise/operations.js';
import { perSecond, startOf, type Question, type Sample } from './sample.js';

/** Percent of the last ten seconds in which somebody waited. */
export type Waits = Readonly<Record<keyof Pressure, number | null>>;

/** One jail on the screen. What is not known is null; all that is counted is for a second. */
export interface Row {
  readonly name: string;
  readonly state: State;
  /** Percent of one processor. */
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly memoryMax: number | null;
  readonly waits: Waits;
  readonly ioRead: number | null;
  readonly ioWritten: number | null;
  readonly received: number | null;
  readonly sent: number | null;
  readonly pids: number | null;
  readonly restarts: number;
  readonly upMs: number | null;
}

/** What a frame shows. */
export interface Figures {
  readonly rows: readonly Row[];
  /** The place of the first row among all. */
  readonly start: number;
  readonly total: number;
  /** How many are in each state, of those that were asked for. */
  readonly states: ReadonlyMap<State, number>;
  readonly host: {
    readonly processors: number;
    /** Percent of one processor. */
    readonly cpu: number | null;
    readonly jailsCpu: number | null;
    readonly memoryTotal: number;
    readonly memoryUsed: number;
    readonly jailsMemory: number | null;
    readonly load: readonly number[];
    readonly waits: Waits;
  };
}

const share = (usecPerSecond: number | null): number | null =>
  usecPerSecond === null ? null : usecPerSecond / 10_000;

function waitsOf(pressure: Pressure | null | undefined): Waits {
  const { cpu, memory, io } = pressure ?? { cpu: null, memory: null, io: null };
  return {
    cpu: cpu?.someAvg10 ?? null,
    memory: memory?.someAvg10 ?? null,
    io: io?.someAvg10 ?? null,
  };
}

function rowOf(name: string, now: Sample, before: Sample | null): Row {
  const jail = now.details.get(name);
  const was = before?.details.get(name);
  const ms = before === null ? 0 : now.at - before.at;
  const rate = (of: (jail: JailStats) => number | null | undefined): number | null =>
    jail === undefined || was === undefined ? null : perSecond(of(was), of(jail), ms);
  const compared = now.sort === 'cpu' && before?.sort === 'cpu';
  const cpu = compared ? perSecond(before.compared.get(name), now.compared.get(name), ms) : null;
  return {
    name,
    state: now.states.get(name) ?? 'stopped',
    cpu: share(cpu ?? rate(({ accounting }) => accounting?.cpuUsec)),
    memory: jail?.accounting?.memory ?? null,
    memoryMax: jail?.accounting?.memoryMax ?? null,
    waits: waitsOf(jail?.accounting?.pressure),
    ioRead: rate(({ accounting }) => accounting?.ioRead),
    ioWritten: rate(({ accounting }) => accounting?.ioWritten),
    received: rate(({ traffic }) => traffic?.receivedBytes),
    sent: rate(({ traffic }) => traffic?.sentBytes),
    pids: jail?.accounting?.pids ?? null,
    restarts: jail?.restarts ?? 0,
    upMs: jail?.upMs ?? null,
  };
}

function countStates(states: Iterable<State>): ReadonlyMap<State, number> {
  const counts = new Map<State, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/** What two samples come to: amounts of the later one, and how fast the others have grown since the earlier. */
export function figuresOf(now: Sample, before: Sample | null, { offset, rows }: Question): Figures {
  const start = startOf(offset, rows, now.order.length);
  const { host } = now;
  const ms = before === null ? 0 : now.at - before.at;
  return {
    rows: now.order.slice(start, start + rows).map((name) => rowOf(name, now, before)),
    start,
    total: now.order.length,
    states: countStates(now.states.values()),
    host: {
      processors: host.processors,
      cpu: share(perSecond(before?.host.busyUsec, host.busyUsec, ms)),
      jailsCpu: share(perSecond(before?.host.jails.cpuUsec, host.jails.cpuUsec, ms)),
      memoryTotal: host.memory.total,
      memoryUsed: host.memory.total - host.memory.available,
      jailsMemory: host.jails.memory,
      load: host.load,
      waits: waitsOf(host.pressure),
    },
  };
}
