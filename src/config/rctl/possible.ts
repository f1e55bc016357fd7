import type { JailParams } from '../params.js';
import { resourceOf, sharedSignals } from './resources.js';
import { isLimit, type RctlRule } from './rule.js';

/** Why a rule cannot be kept on Linux. */
export interface Impossible {
  readonly message: string;
  readonly hint?: string;
  /** A limit that is not there is a mistake; a message that never comes is not. */
  readonly severity: 'error' | 'warning';
}

/** What is impossible about a rule of a jail with these values; null when it can be kept. */
export function impossibility(rule: RctlRule, values: JailParams): Impossible | null {
  return isLimit(rule) ? (limitImpossible(rule) ?? ipcImpossible(rule, values)) : watchImpossible(rule);
}

/** Settings of an IPC namespace that is not the jail's own would be those of the host. */
export function hasOwnIpc(values: JailParams): boolean {
  return (['sysvmsg', 'sysvsem', 'sysvshm'] as const).every((name) => values[name] !== 'inherit');
}

function ipcImpossible({ resource, action }: RctlRule, values: JailParams): Impossible | null {
  if (resourceOf(resource).means?.by !== 'sysctl' || hasOwnIpc(values)) return null;
  const hint = 'leave out inherit for sysvmsg, sysvsem and sysvshm';
  return error(`${resource}:${action} cannot be kept in the System V IPC of the host`, hint);
}

function limitImpossible({ resource, action, per }: RctlRule): Impossible | null {
  const { means, ofProcess, note } = resourceOf(resource);
  const what = `${resource}:${action}`;
  if (per === 'jail') return means === null ? error(`${what} cannot be kept on Linux`, note) : null;
  if (per === 'process')
    return ofProcess === undefined
      ? error(`${what} cannot be kept for each process`, 'leave out /process')
      : null;
  return error(`${what} cannot be kept for each ${per}`, `leave out /${per}: it holds for the jail`);
}

function watchImpossible({ resource, action, per }: RctlRule): Impossible | null {
  const what = `${resource}:${action}`;
  const severity = action === 'log' || action === 'devctl' ? 'warning' : 'error';
  if (!resourceOf(resource).watched)
    return {
      severity,
      message: `${what} does nothing here: what a jail uses of ${resource} cannot be measured`,
    };
  if (per !== 'jail')
    return {
      severity,
      message: `${what} does nothing for each ${per}`,
      hint: `leave out /${per}: it holds for the jail`,
    };
  const signals: readonly string[] = sharedSignals;
  return severity === 'warning' || signals.includes(action)
    ? null
    : error(`Linux has no ${action.toUpperCase()}`, 'write sigterm, sigkill, sigusr1, …');
}

const error = (message: string, hint?: string): Impossible => ({
  severity: 'error',
  message,
  ...(hint !== undefined && { hint }),
});
