import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import type { Instance } from './instance.js';
import type { LaunchRecord } from './step.js';

/** Datagram sockets of the host that take lines of a log. */
export interface LogSockets {
  readonly journald: string;
  readonly syslog: string;
}

/** Where systemd-journald and syslogd(8) have them. */
export const usualLogSockets: LogSockets = {
  journald: '/run/systemd/journal/socket',
  syslog: '/dev/log',
};

export type LogTarget = 'file' | keyof LogSockets;

/** Where output goes, each target once. */
export const logTargets = ({ 'log.target': targets = ['file'] }: JailParams): readonly LogTarget[] => [
  ...new Set(targets),
];

export const keepsFile = (values: JailParams): boolean => logTargets(values).includes('file');

/** The file that a jail's output goes to. */
export const logFile = ({ name, values }: Pick<Jail, 'name' | 'values'>, instance: Instance): string =>
  values['exec.consolelog'] ?? `${instance.logDirectory}/${name}.log`;

/** How much is kept of a log: bytes of one file, Infinity for any, and files in all. */
export interface LogBound {
  readonly size: number;
  readonly files: number;
}

export function logBound(values: JailParams): LogBound {
  const size = values['log.max_size'] ?? 10 * 1024 * 1024;
  return { size: size === 0 ? Infinity : size, files: values['log.max_files'] ?? 10 };
}

/** What of a log can change while its jail runs, as the jailer is told of it: bytes, files, seconds, and the rate. */
export function logBounds(values: JailParams): readonly string[] {
  const { size, files } = logBound(values);
  const { 'log.max_age': age = 0, 'log.rate': rate } = values;
  const { amount, unit, seconds } = rate ?? { amount: 0, unit: 'lines', seconds: 1 };
  return [size === Infinity ? 0 : size, files, Math.ceil(age), amount, unit, seconds].map(String);
}

/** What the jailer is told of the log at a start. @param path of the file, null for none */
export function logRecords(
  values: JailParams,
  path: string | null,
  sockets: LogSockets = usualLogSockets,
): readonly LaunchRecord[] {
  const { size, files } = logBound(values);
  const { 'log.max_age': age = 0, 'log.rate': rate } = values;
  const sent = logTargets(values).filter((target) => target !== 'file');
  const file: LaunchRecord[] =
    path === null ? [] : [['log', path, size === Infinity ? '0' : `${size}`, `${files}`, 'timestamps']];
  const isLimited = rate !== undefined && rate.amount > 0;
  return [
    ...file,
    ...(path === null || age === 0 ? [] : [['log.age', `${Math.ceil(age)}`] as const]),
    ...(isLimited ? [['log.rate', `${rate.amount}`, rate.unit, `${rate.seconds}`] as const] : []),
    ...sent.map((target): LaunchRecord => ['log.to', target, sockets[target]]),
  ];
}
