import type { JailParams } from '../config/params.js';
import type { LaunchRecord } from './step.js';

/** Nobody in the jail changes it; that it can be written to is a matter of its mode. */
const OPTIONS = 'create,ro,nosuid,nodev,noexec';

/** Seconds between two signs of life, or null for none. */
const watchdogOf = ({ watchdog = 0 }: JailParams): number | null => (watchdog > 0 ? watchdog : null);

/** Whether processes of the jail are heard (sd_notify(3)): something depends on what they say. */
const isHeard = (values: JailParams): boolean => values.ready === 'notify' || watchdogOf(values) !== null;

/**
 * Where the jail finds the socket for notices, below its root: in the /dev that it is given, which is always there and
 * never read-only; else in /run.
 */
const targetOf = (values: JailParams): string =>
  values['mount.devfs'] === false ? 'run/notify' : 'dev/notify';

/** The socket for notices, and its place in the jail: behind all other mounts, so that none hides it. */
export function noticeRecords(values: JailParams, rundir: string): readonly LaunchRecord[] {
  if (!isHeard(values)) return [];
  const socket = `${rundir}/notify`;
  return [
    ['notify', socket],
    ['mount', 'bind', socket, targetOf(values), OPTIONS],
  ];
}

/** What commands have to know to tell of themselves: sd_notify(3), sd_watchdog_enabled(3). */
export function noticeVariables(values: JailParams): Readonly<Record<string, string>> {
  const watchdog = watchdogOf(values);
  return {
    ...(isHeard(values) && { NOTIFY_SOCKET: `/${targetOf(values)}` }),
    ...(watchdog !== null && { WATCHDOG_USEC: String(Math.round(watchdog * 1e6)) }),
  };
}

/** Whether a bind mount of a plan is that of the socket for notices. */
export const isNoticeMount = (source: string, target: string): boolean =>
  source.endsWith('/notify') && ['/dev/notify', '/run/notify'].includes(target);
