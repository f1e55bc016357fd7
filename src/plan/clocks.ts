import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import type { TimeOffset } from '../config/values/quantity.js';
import { missingHere } from './error.js';
import type { HostFacts } from './facts.js';
import type { LaunchRecord } from './step.js';

/** The clocks of time_namespaces(7). */
const clocks = ['monotonic', 'boottime'] as const;
type Clock = (typeof clocks)[number];

const own: TimeOffset = { monotonic: 'own', boottime: 'own' };

/** Seconds to add to a clock of the host's. A clock below zero is refused by the kernel: one of its own begins at 0 to 1. */
function offsetOf(clock: Clock, values: JailParams, facts: HostFacts): number {
  const { [clock]: asked } = values['time.offset'] ?? own;
  if (asked !== 'own') return asked;
  return facts.timeNamespaces ? -Math.floor(facts.figures[clock]) : 0;
}

/** How long the jail believes to be up when it is planned, in whole seconds. */
export function uptimeInside(values: JailParams, facts: HostFacts): number {
  return Math.floor(facts.figures.boottime) + offsetOf('boottime', values, facts);
}

/**
 * The shifts of the jail's clocks: `time.offset`, else such that they begin with the jail.
 * @throws PlanError for shifts that are asked for where there are no time namespaces.
 */
export function clockRecords({ name, values }: Jail, facts: HostFacts): readonly LaunchRecord[] {
  const offsets = clocks
    .map((clock) => [clock, offsetOf(clock, values, facts)] as const)
    .filter(([, seconds]) => seconds !== 0);
  if (offsets.length > 0 && !facts.timeNamespaces)
    throw missingHere(name, 'time.offset', 'this kernel has no time namespaces');
  return offsets.map(([clock, seconds]) => ['time.offset', clock, String(seconds)]);
}
