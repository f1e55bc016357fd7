import { visibleLines } from '../config/visible.js';
import { describeEnd } from '../supervise/exits.js';
import type { JailNetwork, JailStatus } from '../supervise/operations.js';
import type { Terminal } from './context.js';
import { stateCell } from './list.js';
import { whereElse } from './log-paths.js';
import { mistakeLines } from './mistakes.js';
import { networkLines } from './network-lines.js';
import { clock, paint, printable, span, wrap, type Line } from './render.js';
import { sizeText } from '../config/values/quantity.js';

const ago = (date: Date, now: Date): string => `${span(now.getTime() - date.getTime())} ago`;
const ahead = (date: Date, now: Date): string => `in ${span(date.getTime() - now.getTime())}`;

function headline(jail: JailStatus, terminal: Terminal, now: Date): string {
  const { text, colour = 'bold' } = stateCell(jail.state);
  const time =
    jail.startedAt !== null
      ? ` since ${clock(jail.startedAt)} (${span(now.getTime() - jail.startedAt.getTime())})`
      : '';
  const remarks = [
    jail.pid === null ? '' : `pid ${jail.pid}`,
    jail.retryAt === null ? '' : `next try ${ahead(jail.retryAt, now)}`,
    jail.awaits ?? '',
    jail.waitingFor.length === 0 ? '' : `waiting for ${jail.waitingFor.join(', ')}`,
    jail.flapping ? 'keeps failing' : '',
  ].filter((remark) => remark !== '');
  const tail = remarks.length === 0 ? '' : `, ${remarks.join(', ')}`;
  return `${paint(terminal, 'bold', printable(jail.name))} - ${paint(terminal, colour, text)}${time}${printable(tail)}`;
}

/** "12M of 512M": what is used and what may be, of which either may be unknown. */
function usage(used: string | null, limit: string | undefined, extra = ''): string {
  const most = limit === undefined ? '' : used === null ? `at most ${limit}` : ` of ${limit}`;
  return `${used ?? ''}${most}${extra}`;
}

function limitLines({ accounting, limits }: JailStatus): readonly Line[] {
  const some = <T>(value: T | null | undefined, show: (value: T) => string): string | null =>
    value === null || value === undefined ? null : show(value);
  const peak = some(accounting?.memoryPeak, (bytes) => ` (peak ${sizeText(bytes)})`);
  const cpu = some(accounting?.cpuUsec, (microseconds) => `${(microseconds / 1e6).toFixed(1)} s used`);
  const io = [
    some(accounting?.ioRead, (bytes) => `${sizeText(bytes)} read`),
    some(accounting?.ioWritten, (bytes) => `${sizeText(bytes)} written`),
  ];
  const killed = accounting?.oomKills ?? 0;
  const shown = ['memory.max', 'cpu.max', 'pids.max'];
  const others = Object.entries(limits).filter(([name]) => !shown.includes(name));
  return [
    ['memory', usage(some(accounting?.memory, sizeText), limits['memory.max'], peak ?? '')],
    ['cpu', usage(cpu, limits['cpu.max'])],
    ['pids', usage(some(accounting?.pids, String), limits['pids.max'])],
    ['io', io.filter((text) => text !== null).join(', ')],
    ['killed', killed === 0 ? '' : `${killed} for lack of memory`],
    ...others.map(([name, value]): Line => [name, value]),
  ];
}

/** The next times of the clock, a line for each thing that it does. */
function nextLines({ nextTimes }: JailStatus, now: Date): readonly Line[] {
  const texts = (['restart', 'start', 'stop'] as const).flatMap((what) => {
    const [first, ...rest] = nextTimes[what];
    if (first === undefined) return [];
    return [`${what} ${[`${clock(first)} (${ahead(first, now)})`, ...rest.map(clock)].join(', ')}`];
  });
  return texts.map((text, index): Line => [index === 0 ? 'next' : '', text]);
}

/** What it needs and has not: "db (backoff, next try in 5s)". */
function lackText({ lacks }: JailStatus, now: Date): string {
  return lacks
    .map(({ jail, state, retryAt, startable }) => {
      const next = !startable
        ? ', for its file has a mistake'
        : retryAt === null
          ? ''
          : `, next try ${ahead(retryAt, now)}`;
      return `${jail} (${state}${next})`;
    })
    .join(', ');
}

/** Where its output is, and the commands that show it. */
function logLines({ name, log, logTargets, lostOutput }: JailStatus): readonly Line[] {
  const others = logTargets.filter((target) => target !== 'file');
  const shown = whereElse(name, others);
  return [
    ['log', log === null ? '' : `${log} (jailctl logs ${name})`],
    [log === null ? 'log' : '', shown === null ? '' : `${others.join(' and ')} (${shown})`],
    ['lost', lostText(name, lostOutput)],
  ];
}

function jailerText({ stoppedJailer: pid }: JailStatus): string {
  return pid === null ? '' : `pid ${pid} is stopped, and the log with it: kill -CONT ${pid}`;
}

function lostText(name: string, lost: JailStatus['lostOutput']): string {
  if (lost === null || lost.bytes === 0) return '';
  return `${lost.lines} lines of output (${sizeText(lost.bytes)}): jailctl events ${name} tells when and why`;
}

function configText({ definedAt, stale, unlisted }: JailStatus): string {
  const place = definedAt === null ? '' : `${definedAt.file}:${definedAt.line}`;
  const remark = unlisted ? 'in no file that jaild has read' : stale ? 'not what it runs with' : '';
  return [place, remark].filter((part) => part !== '').join(', ');
}

/** "healthy", with what the last check came to where that is worth a word. */
function healthText({ health, checks }: JailStatus, now: Date): string {
  const last = checks.at(-1);
  if (health === 'none') return '';
  if (last === undefined) return health;
  const said = last.output.trim().split('\n')[0] ?? '';
  const words =
    last.finding === 'unknown' ? `could not be checked: ${describeEnd(last.ended)}` : last.finding;
  const why = last.finding === 'failed' && last.ended.how !== 'exit' ? ` (${describeEnd(last.ended)})` : '';
  return `${health}, last check ${words}${why} ${ago(last.at, now)}${said === '' ? '' : `: ${said}`}`;
}

/** It does not come up, or not for long: how it ended, and what it said, is what people want to know. */
export const isTroubled = ({ state, flapping }: Pick<JailStatus, 'state' | 'flapping'>): boolean =>
  state === 'backoff' || state === 'failed' || flapping;

/** Of a jail in trouble, how it ended the last times. One end is told of in any case. */
function exitLines(jail: JailStatus, now: Date): readonly Line[] {
  const { exits, exit } = jail;
  const troubled = isTroubled(jail);
  const told = troubled && exits.length > 0 ? exits : exit === null ? [] : [exit];
  return [...told].reverse().map(({ cause, at, upMs }, index): Line => {
    const ran = troubled && upMs !== undefined && upMs > 0 ? `, up ${span(upMs)}` : '';
    return [
      index === 0 ? 'last' : 'before',
      `${cause} (${troubled ? `${clock(at)}, ` : ''}${ago(at, now)}${ran})`,
    ];
  });
}

/** What is known to help in its trouble, and what can be done about it by hand. */
function wayOut(jail: JailStatus): readonly Line[] {
  const { name, state, gaveUp, exit, mistakes } = jail;
  const now = `jailctl start ${name} tries at once, jailctl stop ${name} no more`;
  const later = `jailctl start ${name} tries again, and so does jailctl reload after its file was changed`;
  const isGivenUp = state === 'failed' && mistakes.length === 0;
  return [
    ['hint', isTroubled(jail) ? (exit?.hint ?? '') : ''],
    ['gave up', state === 'failed' ? (gaveUp ?? '') : ''],
    ['way out', state === 'backoff' ? now : isGivenUp ? later : ''],
  ];
}

/**
 * All there is to say about one jail, in lines for people; what is empty is left out.
 * @param tail the last lines that it has said
 */
export function story(
  jail: JailStatus,
  network: JailNetwork | null,
  terminal: Terminal,
  now: Date,
  tail: readonly string[] = [],
): string {
  const lines: readonly Line[] = [
    ...mistakeLines(jail),
    ['needs', lackText(jail, now)],
    ['jailer', jailerText(jail)],
    ['command', jail.commandPid === null ? '' : `pid ${jail.commandPid}`],
    ['jid', jail.jid === null ? '' : String(jail.jid)],
    ['host', jail.hostname ?? ''],
    ['address', [...jail.ip4, ...jail.ip6].join(', ')],
    ...(network === null ? [] : networkLines(network)),
    ['path', jail.path ?? ''],
    ['cgroup', jail.cgroup ?? ''],
    ...limitLines(jail),
    ['says', jail.says ?? ''],
    ['health', healthText(jail, now)],
    ['restarts', jail.restarts === 0 ? '' : String(jail.restarts)],
    ...exitLines(jail, now),
    ...wayOut(jail),
    ...nextLines(jail, now),
    ['config', configText(jail)],
    ...logLines(jail),
  ];
  const filled = lines.filter(([, text]) => text !== '');
  const width = Math.max(8, ...filled.map(([title]) => title.length));
  const edge = terminal.stdout ? terminal.columns : 0;
  const inLines = (text: string): string => (edge > 0 ? wrap(text, edge, ' '.repeat(width + 4)) : text);
  const body = filled.map(([title, text]) => `  ${title.padEnd(width)}  ${inLines(printable(text))}`);
  const said =
    tail.length === 0 ? [] : ['  it said last:', ...tail.map((line) => `    ${visibleLines(line)}`)];
  return `${[headline(jail, terminal, now), ...body, ...said].join('\n')}\n`;
}
