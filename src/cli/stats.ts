import { sizeText } from '../config/values/quantity.js';
import { errorText } from '../control/failure.js';
import type { JailStats } from '../supervise/operations.js';
import { daemonCommand } from './command.js';
import { sortNames } from './jails.js';
import { json, table } from './render.js';

/** Of one processor since its start, in percent with one decimal; null where either is not known. */
function cpuPercent({ accounting, upMs }: JailStats): number | null {
  const used = accounting?.cpuUsec ?? null;
  return used === null || upMs === null || upMs <= 0 ? null : Math.round(used / upMs) / 10;
}

function asJson(jail: JailStats) {
  const { accounting, traffic } = jail;
  return {
    name: jail.name,
    state: jail.state,
    started_at: jail.startedAt?.toISOString() ?? null,
    cpu_usec: accounting?.cpuUsec ?? null,
    cpu_percent: cpuPercent(jail),
    memory: accounting?.memory ?? null,
    memory_peak: accounting?.memoryPeak ?? null,
    pids: accounting?.pids ?? null,
    io_read: accounting?.ioRead ?? null,
    io_written: accounting?.ioWritten ?? null,
    received_bytes: traffic?.receivedBytes ?? null,
    received_packets: traffic?.receivedPackets ?? null,
    sent_bytes: traffic?.sentBytes ?? null,
    sent_packets: traffic?.sentPackets ?? null,
  };
}

const TITLES = [
  ...['NAME', 'CPU', 'CPU%', 'MEMORY', 'PEAK', 'PIDS', 'READ', 'WRITTEN'],
  ...['RECEIVED', 'PACKETS', 'SENT', 'PACKETS'],
];

function row(jail: JailStats): readonly string[] {
  const { accounting, traffic } = jail;
  const some = (value: number | null | undefined, show: (value: number) => string): string =>
    value === null || value === undefined ? '' : show(value);
  return [
    jail.name,
    some(accounting?.cpuUsec, (microseconds) => `${(microseconds / 1e6).toFixed(1)}s`),
    some(cpuPercent(jail), (percent) => percent.toFixed(1)),
    some(accounting?.memory, sizeText),
    some(accounting?.memoryPeak, sizeText),
    some(accounting?.pids, String),
    some(accounting?.ioRead, sizeText),
    some(accounting?.ioWritten, sizeText),
    some(traffic?.receivedBytes, sizeText),
    some(traffic?.receivedPackets, String),
    some(traffic?.sentBytes, sizeText),
    some(traffic?.sentPackets, String),
  ];
}

const isThere = ({ accounting }: JailStats): boolean => accounting !== null;

export const stats = daemonCommand({
  name: 'stats',
  summary: 'Show what jails use and have used; without names, those that are there.',
  description:
    'Of the processor, memory, disks and network. CPU% is the part of one processor that a jail has had since its start. The network is counted from when the link was made, which a restart after a crash may keep.',
  operands: '[NAME...]',
  completes: 'jail',
  options: { json: { type: 'boolean', summary: 'Bytes, packets and microseconds, for programs.' } },
  needs: 'operator',
  run: (context, { options, operands }) => {
    const { known, unknown } = sortNames(operands, context.operations);
    const every = operands.length === 0;
    const asked = every || known.length > 0 ? context.operations.stats(every ? undefined : known) : [];
    const jails = every ? asked.filter(isThere) : asked;
    if (options.json) context.out(json({ version: 1, jails: jails.map(asJson) }));
    else if (every || jails.length > 0) context.out(table(TITLES, jails.map(row), context.terminal));
    for (const { message, hint } of unknown) context.err(errorText(message, hint));
    return { exit: unknown.length > 0 ? 4 : 0 };
  },
});
