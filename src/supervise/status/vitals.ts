import type { Clock } from '../clock.js';
import type { SupervisedJail } from '../jail.js';
import { shown } from '../lifecycle.js';
import type { Vitals } from '../operations.js';
import { healthOf } from './status.js';

/** How a jail is, as far as jaild knows without asking the machine. */
export function vitalsOf(jail: SupervisedJail, clock: Clock): Vitals {
  const { name, phase, history } = jail;
  const isWaiting = phase === 'backoff' && history.retryAt !== null;
  return {
    name,
    state: shown(phase),
    health: healthOf(jail),
    flapping: jail.flapping,
    backoffMs: isWaiting ? Math.max(0, (history.retryAt ?? 0) - clock.monotonic()) : null,
  };
}
