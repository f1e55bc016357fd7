import type { Family } from '../config/values/family.js';
import type { PortRange } from '../config/values/port.js';
import { forwardsOf, type Forward } from './firewall-forward.js';
import type { FirewallArgs } from './step.js';

/** Flows of UDP that go on as they began, for the kernel looks into the rules for their first packet only. */
export interface StaleFlows {
  readonly family: Family;
  /** Of the host, that they were sent to. */
  readonly ports: PortRange;
  /** The jail's address that they are led to, and should not be any more; null: those that nobody led anywhere or answers. */
  readonly to: string | null;
  /** Of the host, that they were sent to; null for any that it has. */
  readonly address: string | null;
}

/** Which flows are stale once the jails have other forwards. */
export function staleFlows(
  before: Iterable<FirewallArgs>,
  after: Iterable<FirewallArgs>,
): readonly StaleFlows[] {
  const [had, has] = [udpForwards(before), udpForwards(after)];
  const gone = [...had].filter(([key]) => !has.has(key)).map(([, forward]) => forward);
  const come = [...has].filter(([key]) => !had.has(key)).map(([, forward]) => forward);
  return [
    ...gone.map((forward) => ({ ...flowsOf(forward), to: forward.jailAddress })),
    ...come.map((forward) => ({ ...flowsOf(forward), to: null })),
  ];
}

const flowsOf = ({ family, hostPorts: ports, hostAddress: address }: Forward): Omit<StaleFlows, 'to'> => ({
  family,
  ports,
  address,
});

const udpForwards = (all: Iterable<FirewallArgs>): ReadonlyMap<string, Forward> =>
  new Map(
    [...all]
      .flatMap(forwardsOf)
      .filter(({ protocol }) => protocol === 'udp')
      .map((forward) => [JSON.stringify(forward), forward]),
  );
