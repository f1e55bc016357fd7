import { sizeText } from '../config/values/quantity.js';
import { errorText } from '../control/failure.js';
import type { JailStats } from '../supervise/operations.js';
import type { Pressure, PressureFigures } from '../host/pressure.js';
import { daemonCommand } from './command.js';
import type { Terminal } from './context.js';
import { sortNames } from './jails.js';
import { json, table } from './render.js';

/** Of one processor since its start, in percent with one decimal; null where either is not known. */
function cpuPercent({ accounting, upMs }: JailStats): number | null {
  const used = accounting?.cpuUsec ?? null;
  return used === null || upMs === null || upMs <= 0 ? null : Math.round(used / upMs) / 10;
}

const waitsAsJson = (waits: PressureFigures | null) =>
  waits && {
    some_avg10: waits.someAvg10,
    some_total_usec: waits.someTotalUsec,
    full_avg10: waits.fullAvg10,
    full_total_usec: waits.fullTotalUsec,
  };

const pressureAsJson = ({ cpu, memory, io }: Pressure) => ({
  cpu: waitsAsJson(cpu),
  memory: waitsAsJson(memory),
  io: waitsAsJson(io),
});

function asJson(jail: JailStats) {
  const { accounting, traffic } = jail;
  return {
    name: jail.name,
    state: jail.state,
    started_at: jail.startedAt?.toISOString() ?? null,
    restarts: jail.restarts,
    cpu_usec: accounting?.cpuUsec ?? null,
    cpu_percent: cpuPercent(jail),
    memory: accounting?.memory ?? null,
    memory_peak: accounting?.memoryPeak ?? null,
    memory_max: accounting?.memoryMax ?? null,
    ooms: accounting?.ooms ?? null,
    oom_kills: accounting?.oomKills ?? null,
    pids: accounting?.pids ?? null,
    io_read: accounting?.ioRead ?? null,
    io_written: accounting?.ioWritten ?? null,
    io_reads: accounting?.ioReads ?? null,
    io_writes: accounting?.ioWrites ?? null,
    pressure: accounting?.pressure ? pressureAsJson(accounting.pressure) : null,
    received_bytes: traffic?.receivedBytes ?? null,
    received_packets: traffic?.receivedPackets ?? null,
    sent_bytes: traffic?.sentBytes ?? null,
    sent_packets: traffic?.sentPackets ?? null,
    limits: jail.limits,
  };
}

type Show = (jail: JailStats) => string;

function some<T>(value: T | null | undefined, show: (value: T) => string): string {
  return value === null || value === undefined ? '' : show(value);
}
const waited =
  (kind: keyof Pressure): Show =>
  ({ accounting }) =>
    some(accounting?.pressure?.[kind], ({ someAvg10 }) => someAvg10.toFixed(1));

/** What is shown, and how early it is left out where there is not room for all. */
const COLUMNS: readonly (readonly [title: string, leftOut: number, show: Show])[] = [
  ['NAME', 0, ({ name }) => name],
  ['CPU', 3, ({ accounting: of }) => some(of?.cpuUsec, (usec) => `${(usec / 1e6).toFixed(1)}s`)],
  ['CPU%', 0, (jail) => some(cpuPercent(jail), (percent) => percent.toFixed(1))],
  ['MEMORY', 0, ({ accounting }) => some(accounting?.memory, sizeText)],
  ['LIMIT', 4, ({ accounting }) => some(accounting?.memoryMax, sizeText)],
  ['PEAK', 5, ({ accounting }) => some(accounting?.memoryPeak, sizeText)],
  ['PIDS', 0, ({ accounting }) => some(accounting?.pids, String)],
  ['READ', 0, ({ accounting }) => some(accounting?.ioRead, sizeText)],
  ['WRITTEN', 0, ({ accounting }) => some(accounting?.ioWritten, sizeText)],
  ['RECEIVED', 1, ({ traffic }) => some(traffic?.receivedBytes, sizeText)],
  ['PACKETS', 7, ({ traffic }) => some(traffic?.receivedPackets, String)],
  ['SENT', 1, ({ traffic }) => some(traffic?.sentBytes, sizeText)],
  ['PACKETS', 7, ({ traffic }) => some(traffic?.sentPackets, String)],
  ['WAITCPU', 6, waited('cpu')],
  ['WAITMEM', 6, waited('memory')],
  ['WAITIO', 6, waited('io')],
];

/** The table, with the columns that a terminal has room for. */
function tableOf(jails: readonly JailStats[], terminal: Terminal): string {
  const room = terminal.stdout && terminal.columns > 0 ? terminal.columns : Infinity;
  const all = COLUMNS.map(([title, leftOut, show]) => {
    const cells = jails.map(show);
    return { title, leftOut, cells, width: Math.max(title.length, ...cells.map(({ length }) => length)) + 2 };
  });
  let shown = all;
  for (let least = 7; least > 0 && shown.reduce((sum, { width }) => sum + width, -2) > room; least--)
    shown = all.filter(({ leftOut }) => leftOut < least);
  const rows = jails.map((_, i) => shown.map(({ cells }) => cells[i] ?? ''));
  return table(
    shown.map(({ title }) => title),
    rows,
    terminal,
  );
}

const isThere = ({ accounting }: JailStats): boolean => accounting !== null;

export const stats = daemonCommand({
  name: 'stats',
  summary: 'Show what jails use and have used; without names, those that are there.',
  description:
    'Of the processor, memory, disks and network. CPU% is the part of one processor that a jail has had since its start. WAITCPU, WAITMEM and WAITIO are how much of the last ten seconds, in percent, some of its processes waited for the processor, for memory and for disks. The network is counted from when the link was made, which a restart after a crash may keep. On a terminal there are as many of these columns as it has room for; jailctl top shows the same as it goes on.',
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
    else if (every || jails.length > 0) context.out(tableOf(jails, context.terminal));
    for (const { message, hint } of unknown) context.err(errorText(message, hint));
    return { exit: unknown.length > 0 ? 4 : 0 };
  },
});
