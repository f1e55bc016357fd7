import type { Pressure } from '../host/pressure.js';
import { START_CLASSES } from '../supervise/events/tallies.js';
import { states } from '../supervise/state.js';
import { ofEach, ofJails, ofOwn, seconds, type Family, type Sample } from './metric-family.js';

const RESOURCES = ['cpu', 'memory', 'io'] as const;

function pressure(name: string, help: string, total: 'someTotalUsec' | 'fullTotalUsec'): Family {
  const lines = (jail: string, found: Pressure | null): readonly Sample[] =>
    RESOURCES.flatMap((resource) => {
      const value = seconds(found?.[resource]?.[total]);
      return value === null ? [] : [{ labels: { jail, resource }, value }];
    });
  const read = ofEach(({ vitals, stats }) => lines(vitals.name, stats.accounting?.pressure ?? null));
  return { name, help, type: 'counter', read };
}

const lives: readonly Family[] = [
  {
    name: 'jaild_jail_state',
    help: 'The state that a jail is in has 1, every other one 0.',
    type: 'gauge',
    read: ofEach(({ vitals: { name, state } }) =>
      states.map((one) => ({ labels: { jail: name, state: one }, value: one === state ? 1 : 0 })),
    ),
  },
  {
    name: 'jaild_jails',
    help: 'Jails in each state.',
    type: 'gauge',
    read: ({ jails }) =>
      states.map((state) => ({
        labels: { state },
        value: jails.filter(({ vitals }) => vitals.state === state).length,
      })),
  },
  ofJails(
    'gauge',
    'jaild_health',
    'Whether checks of a jail pass: 1 or 0; none while nobody knows.',
    ({ vitals }) => (vitals.health === 'healthy' ? 1 : vitals.health === 'unhealthy' ? 0 : null),
  ),
  ofJails('gauge', 'jaild_flapping', 'Whether a jail keeps failing.', ({ vitals }) =>
    Number(vitals.flapping),
  ),
  ofJails('gauge', 'jaild_backoff_seconds', 'Time until a failed jail is tried again.', ({ vitals }) =>
    vitals.backoffMs === null ? null : vitals.backoffMs / 1000,
  ),
  ofJails('gauge', 'jaild_jail_start_time_seconds', 'When a jail was started, since 1970.', ({ stats }) =>
    stats.startedAt === null ? null : stats.startedAt.getTime() / 1000,
  ),
];

const counted: readonly Family[] = [
  {
    name: 'jaild_restarts_total',
    help: 'Restarts, by what they were for: an end of the jail, or somebody who asked.',
    type: 'counter',
    read: ofEach(({ vitals, tally }) =>
      [...(tally?.restarts ?? [])].map(([cause, value]) => ({
        labels: { jail: vitals.name, cause },
        value,
      })),
    ),
  },
  {
    name: 'jaild_start_seconds',
    help: 'Duration of starts, from the first step until the jail is ready.',
    type: 'histogram',
    read: ({ tallies }) => {
      let sum = 0;
      const metricName = 'jaild_start_seconds_bucket';
      const buckets = [...START_CLASSES.map(String), '+Inf'].map((le, index) => {
        sum += tallies.starts[index] ?? 0;
        return { metricName, labels: { le }, value: sum };
      });
      const whole = { metricName: 'jaild_start_seconds_sum', labels: {}, value: tallies.startSeconds };
      return [...buckets, whole, { metricName: 'jaild_start_seconds_count', labels: {}, value: sum }];
    },
  },
  {
    name: 'jaild_events_total',
    help: 'Events, by kind.',
    type: 'counter',
    read: ({ tallies }) => [...tallies.events].map(([kind, value]) => ({ labels: { kind }, value })),
  },
  ofJails(
    'counter',
    'jaild_schedule_missed_total',
    'Times of a schedule at which nothing was done.',
    ({ tally }) => tally?.missedSchedules ?? 0,
  ),
  ofJails(
    'counter',
    'jaild_log_dropped_bytes_total',
    'Output that the log could not take.',
    ({ tally }) => tally?.logDroppedBytes ?? 0,
  ),
  ofJails(
    'counter',
    'jaild_log_limited_bytes_total',
    'Output that log.rate left out.',
    ({ tally }) => tally?.logLimitedBytes ?? 0,
  ),
];

const used: readonly Family[] = [
  ofJails(
    'counter',
    'jaild_jail_cpu_seconds_total',
    'Processor time since the start of the jail.',
    ({ stats }) => seconds(stats.accounting?.cpuUsec),
  ),
  ofJails('gauge', 'jaild_jail_memory_bytes', 'Memory in use.', ({ stats }) => stats.accounting?.memory),
  ofJails(
    'gauge',
    'jaild_jail_memory_peak_bytes',
    'The most memory that was in use.',
    ({ stats }) => stats.accounting?.memoryPeak,
  ),
  ofJails(
    'gauge',
    'jaild_jail_memory_limit_bytes',
    'The most memory that may be in use; none without a limit.',
    ({ stats }) => stats.accounting?.memoryMax,
  ),
  ofJails(
    'counter',
    'jaild_jail_oom_kills_total',
    'Processes killed for want of memory since the start of the jail.',
    ({ stats }) => stats.accounting?.oomKills,
  ),
  ofJails('gauge', 'jaild_jail_pids', 'Processes and threads.', ({ stats }) => stats.accounting?.pids),
  ofJails(
    'counter',
    'jaild_jail_io_read_bytes_total',
    'Read from disks.',
    ({ stats }) => stats.accounting?.ioRead,
  ),
  ofJails(
    'counter',
    'jaild_jail_io_written_bytes_total',
    'Written to disks.',
    ({ stats }) => stats.accounting?.ioWritten,
  ),
  ofJails(
    'counter',
    'jaild_jail_io_reads_total',
    'Requests to disks to read.',
    ({ stats }) => stats.accounting?.ioReads,
  ),
  ofJails(
    'counter',
    'jaild_jail_io_writes_total',
    'Requests to disks to write.',
    ({ stats }) => stats.accounting?.ioWrites,
  ),
  pressure(
    'jaild_jail_pressure_waiting_seconds_total',
    'Time in which some of a jail waited for a resource.',
    'someTotalUsec',
  ),
  pressure(
    'jaild_jail_pressure_stalled_seconds_total',
    'Time in which all of a jail waited for a resource.',
    'fullTotalUsec',
  ),
  ofJails(
    'counter',
    'jaild_jail_network_received_bytes_total',
    'Received by a jail with a network of its own.',
    ({ stats }) => stats.traffic?.receivedBytes,
  ),
  ofJails(
    'counter',
    'jaild_jail_network_received_packets_total',
    'Packets received.',
    ({ stats }) => stats.traffic?.receivedPackets,
  ),
  ofJails(
    'counter',
    'jaild_jail_network_sent_bytes_total',
    'Sent by a jail with a network of its own.',
    ({ stats }) => stats.traffic?.sentBytes,
  ),
  ofJails(
    'counter',
    'jaild_jail_network_sent_packets_total',
    'Packets sent.',
    ({ stats }) => stats.traffic?.sentPackets,
  ),
];

const own: readonly Family[] = [
  {
    name: 'jaild_build_info',
    help: 'The version of jaild and of Node.js; always 1.',
    type: 'gauge',
    read: ({ own: { version, node } }) => [{ labels: { version, node }, value: 1 }],
  },
  ofOwn(
    'gauge',
    'jaild_event_loop_lag_seconds',
    'How late jaild came to what was due, on average since the last look.',
    ({ lag }) => lag.mean,
  ),
  ofOwn(
    'gauge',
    'jaild_event_loop_lag_max_seconds',
    'How late it came to that at worst.',
    ({ lag }) => lag.max,
  ),
  ofOwn(
    'gauge',
    'process_resident_memory_bytes',
    'Memory of jaild itself.',
    (reading) => reading.residentBytes,
  ),
  ofOwn(
    'counter',
    'process_cpu_seconds_total',
    'Processor time of jaild itself.',
    (reading) => reading.cpuSeconds,
  ),
  ofOwn(
    'gauge',
    'process_start_time_seconds',
    'When jaild was started, since 1970.',
    (reading) => reading.startedAt,
  ),
];

/** THE TABLE: every metric, in the order in which they are printed. */
export const families: readonly Family[] = [...lives, ...counted, ...used, ...own];
