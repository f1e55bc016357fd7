import type { State } from './operations.js';

/**
 * Where a jail is in its life, finer than what is shown.
 *
 * adopting       an earlier jaild left something; what it is, is being found out
 * waiting        wanted, but a dependency is not up or too many are starting
 * preparing      host side: commands, cgroup, jailer, network
 * cancelling     stopped while preparing: the step under way ends, then all is undone
 * starting       the jailer builds the inside and runs exec.start
 * awaiting       exec.start has ended; it is ready when it says so, or when its first check passes
 * poststarting   it is ready; exec.poststart is under way
 * stopping.hook  exec.prestop and exec.stop; stopping.term SIGTERM was sent; stopping.kill SIGKILL was sent
 * stuck          killed and not gone: nothing is ever started beside it
 * cleaning       exec.poststop, what preparing did is undone, exec.release
 *
 * Of a jail that has ended by itself the network may stand while it is waiting or in backoff: a stop is a take-down then.
 */
export type Phase =
  | Exclude<State, 'stopping'>
  | 'adopting'
  | 'cancelling'
  | 'awaiting'
  | 'poststarting'
  | 'stopping.hook'
  | 'stopping.term'
  | 'stopping.kill';

/** What can happen to a jail. */
export type LifeEvent =
  /* somebody wants something */
  | 'start'
  | 'stop'
  | 'force'
  | 'take-down'
  | 'pause'
  | 'resume'
  | 'unhealthy'
  | 'watchdog-missed'
  /* what jaild did came to its end */
  | 'admitted'
  | 'prepared'
  | 'prepare-failed'
  | 'poststarted'
  | 'poststart-failed'
  | 'stop-commands-done'
  | 'stop-abandoned'
  | 'freeze-failed'
  | 'timeout'
  /* the jailer or the cgroup tells */
  | 'begun'
  | 'ready'
  | 'extend'
  | 'exited'
  | 'lost'
  | 'emptied'
  /* cleaning is over: what restart.ts says */
  | 'occupied'
  | 'stay-down'
  | 'again'
  | 'retry'
  | 'end'
  | 'give-up'
  /* adoption */
  | 'found-starting'
  | 'found-begun'
  | 'found-up'
  | 'found-running'
  | 'found-paused'
  | 'found-stopping'
  | 'found-half'
  | 'found-exited'
  | 'found-lost'
  | 'found-backoff'
  | 'found-ended'
  | 'found-failed';

/** What is done about it; jail.ts performs them in this order. */
export type Effect =
  | 'queue'
  | 'unqueue'
  | 'prepare'
  | 'cancel-prepare'
  | 'kill-hooks'
  | 'begin'
  | 'poststart'
  | 'stop-commands'
  | 'term'
  | 'abort'
  | 'kill'
  | 'kill-cgroup'
  | 'freeze'
  | 'thaw'
  | 'clean'
  | 'keep-start'
  | 'drop-start'
  | 'abandon'
  | 'report-stuck'
  | 'blame-time'
  | 'blame-health'
  | 'blame-watchdog'
  | 'mind'
  | 'unmind'
  | 'arm'
  | 'disarm';

type Cell = readonly [to: Phase, ...effects: Effect[]];
export type Row = Readonly<Partial<Record<LifeEvent, Cell>>>;

const killed = ['stopping.kill', 'kill'] as const;
const late = ['stopping.kill', 'blame-time', 'kill'] as const;
const lost = ['stopping.kill', 'kill-cgroup'] as const;
const gone = ['cleaning', 'clean'] as const;

/**
 * THE TABLE: the life of a jail. A pair that is absent is an event that means nothing in that phase.
 * A start during a stop is kept and follows it; a stop forgets a kept start.
 */
export const transitions: Readonly<Record<Phase, Row>> = {
  adopting: {
    'found-starting': ['starting'],
    'found-begun': ['awaiting'],
    'found-up': ['poststarting', 'poststart'],
    'found-running': ['running'],
    'found-paused': ['paused'],
    'found-stopping': ['stopping.term', 'thaw', 'term'],
    'found-half': killed,
    'found-exited': gone,
    'found-lost': lost,
    'found-backoff': ['backoff'],
    'found-ended': ['ended'],
    'found-failed': ['failed'],
  },
  stopped: { start: ['waiting', 'queue'] },
  waiting: {
    admitted: ['preparing', 'prepare'],
    stop: ['stopped', 'unqueue'],
    force: ['stopped', 'unqueue'],
    'take-down': ['cleaning', 'unqueue', 'clean'],
  },
  preparing: {
    prepared: ['starting', 'begin'],
    'prepare-failed': gone,
    stop: ['cancelling', 'cancel-prepare'],
    force: ['cancelling', 'cancel-prepare', 'kill-hooks'],
  },
  cancelling: {
    prepared: gone,
    'prepare-failed': gone,
    timeout: ['cancelling', 'kill-hooks'],
    force: ['cancelling', 'drop-start', 'kill-hooks'],
    start: ['cancelling', 'keep-start'],
    stop: ['cancelling', 'drop-start'],
  },
  starting: {
    begun: ['awaiting'],
    ready: ['poststarting', 'poststart'],
    extend: ['starting'],
    exited: gone,
    lost,
    timeout: late,
    stop: ['stopping.term', 'term'],
    force: killed,
  },
  awaiting: {
    ready: ['poststarting', 'poststart'],
    extend: ['awaiting'],
    exited: gone,
    lost,
    timeout: late,
    stop: ['stopping.term', 'term'],
    force: killed,
  },
  poststarting: {
    poststarted: ['running'],
    'poststart-failed': killed,
    exited: gone,
    lost,
    stop: ['stopping.term', 'term'],
    force: ['stopping.kill', 'kill', 'kill-hooks'],
  },
  running: {
    exited: gone,
    lost,
    stop: ['stopping.hook', 'stop-commands'],
    force: killed,
    unhealthy: ['stopping.term', 'blame-health', 'term'],
    'watchdog-missed': ['stopping.term', 'blame-watchdog', 'abort'],
    pause: ['paused', 'freeze'],
  },
  paused: {
    exited: gone,
    lost,
    resume: ['running', 'thaw'],
    'freeze-failed': ['running'],
    stop: ['stopping.hook', 'thaw', 'stop-commands'],
    force: ['stopping.kill', 'thaw', 'kill'],
  },
  'stopping.hook': {
    'stop-commands-done': ['stopping.term', 'thaw', 'term'],
    'stop-abandoned': ['running', 'abandon'],
    exited: gone,
    lost,
    force: ['stopping.kill', 'kill', 'kill-hooks'],
    start: ['stopping.hook', 'keep-start'],
    stop: ['stopping.hook', 'drop-start'],
  },
  'stopping.term': {
    exited: gone,
    lost,
    timeout: killed,
    force: killed,
    start: ['stopping.term', 'keep-start'],
    stop: ['stopping.term', 'drop-start'],
  },
  'stopping.kill': {
    exited: gone,
    emptied: gone,
    lost: ['stopping.kill', 'kill-cgroup'],
    timeout: ['stuck', 'report-stuck', 'kill-cgroup'],
    start: ['stopping.kill', 'keep-start'],
    stop: ['stopping.kill', 'drop-start'],
  },
  stuck: {
    exited: gone,
    emptied: gone,
    timeout: ['stuck', 'kill-cgroup'],
    start: ['stuck', 'keep-start'],
    stop: ['stuck', 'drop-start'],
  },
  cleaning: {
    'stay-down': ['stopped'],
    again: ['waiting', 'queue'],
    retry: ['backoff'],
    end: ['ended'],
    'give-up': ['failed'],
    occupied: ['stuck', 'report-stuck', 'kill-cgroup'],
    start: ['cleaning', 'keep-start'],
    stop: ['cleaning', 'drop-start'],
    force: ['cleaning', 'drop-start', 'kill-hooks'],
  },
  backoff: {
    timeout: ['waiting', 'queue'],
    start: ['waiting', 'queue'],
    stop: ['stopped'],
    force: ['stopped'],
    'take-down': ['cleaning', 'clean'],
  },
  ended: { start: ['waiting', 'queue'], stop: ['stopped'], force: ['stopped'] },
  failed: { start: ['waiting', 'queue'], stop: ['stopped'], force: ['stopped'] },
};

/** The one timer that a phase may have: armed when it is entered, disarmed when it is left. */
export type TimerName = 'start' | 'call-off' | 'stop' | 'kill' | 'kill-again' | 'retry';
export const timers: Readonly<Partial<Record<Phase, TimerName>>> = {
  starting: 'start',
  awaiting: 'start',
  cancelling: 'call-off',
  'stopping.term': 'stop',
  'stopping.kill': 'kill',
  stuck: 'kill-again',
  backoff: 'retry',
};

/** Phases in which jaild looks after the jail: its health, its signs of life. Begun when one is entered, ended when it is left. */
export const minded: readonly Phase[] = ['awaiting', 'running'];

export interface Step {
  readonly phase: Phase;
  readonly effects: readonly Effect[];
}

/** What an event makes of a jail in a phase; null when it means nothing there. */
export function step(phase: Phase, event: LifeEvent): Step | null {
  const cell = transitions[phase][event];
  if (cell === undefined) return null;
  const [to, ...effects] = cell;
  const leaves = to !== phase;
  const rearms = leaves || event === 'timeout' || event === 'extend';
  return {
    phase: to,
    effects: [
      ...(rearms && timers[phase] !== undefined ? (['disarm'] as const) : []),
      ...(leaves && minded.includes(phase) ? (['unmind'] as const) : []),
      ...effects,
      ...(rearms && timers[to] !== undefined ? (['arm'] as const) : []),
      ...(leaves && minded.includes(to) ? (['mind'] as const) : []),
    ],
  };
}

const states: Readonly<Partial<Record<Phase, State>>> = {
  adopting: 'waiting',
  awaiting: 'starting',
  poststarting: 'starting',
  cancelling: 'stopping',
  'stopping.hook': 'stopping',
  'stopping.term': 'stopping',
  'stopping.kill': 'stopping',
};

/** The state that people see. */
export function shown(phase: Phase): State {
  // Every phase that is no state itself is in the table above; a test goes through them all.
  return states[phase] ?? (phase as State);
}

/** The jail is up: what depends on it may run. */
export function isUp(phase: Phase): boolean {
  return phase === 'running' || phase === 'paused';
}

/** Nothing of the jail exists on the machine but, maybe, its network. */
export function isDown(phase: Phase): boolean {
  return ['stopped', 'waiting', 'backoff', 'ended', 'failed'].includes(phase);
}

/** Nothing is under way: the phase stays until somebody asks or a delay is over. */
export function isSettled(phase: Phase): boolean {
  return isUp(phase) || phase === 'stuck' || (isDown(phase) && phase !== 'waiting');
}

/** What a jail is doing, as its record has it: coarse, so that a start writes it twice. Absent: nothing to write. */
export const recorded: Readonly<
  Partial<Record<Phase, 'stopping' | Exclude<State, 'stopped' | 'waiting' | 'starting' | 'stuck'>>>
> = {
  preparing: 'preparing',
  cancelling: 'preparing',
  starting: 'preparing',
  awaiting: 'preparing',
  poststarting: 'preparing',
  running: 'running',
  paused: 'paused',
  'stopping.hook': 'stopping',
  'stopping.term': 'stopping',
  'stopping.kill': 'stopping',
  stuck: 'stopping',
  cleaning: 'cleaning',
  backoff: 'backoff',
  ended: 'ended',
  failed: 'failed',
};
