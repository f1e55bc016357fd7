import { hostEndAsText } from '../config/values/forward.js';
import { portsOverlap } from '../config/values/port.js';
import { forwardsOf, isPlain, type Forward } from './firewall-forward.js';
import type { FirewallArgs } from './step.js';

/** A port of the host that two jails ask for. */
export interface Clash {
  readonly jail: string;
  /** "tcp 8080", "udp 192.0.2.1:53" */
  readonly port: string;
}

/** The first port for everybody that a jail asks for and another one has, or that it asks for twice; null for none. */
export function clashOf(args: FirewallArgs, others: Iterable<FirewallArgs>): Clash | null {
  const asked = forwardsOf(args).filter(isPlain);
  const twice = asked.find((one, at) => asked.slice(0, at).some((other) => areOne(one, other)));
  if (twice !== undefined) return { jail: args.jail, port: hostEndAsText(twice) };
  if (asked.length === 0) return null;
  for (const other of others) {
    if (other.jail === args.jail) continue;
    const had = forwardsOf(other).filter(isPlain);
    const both = asked.find((one) => had.some((two) => areOne(one, two)));
    if (both !== undefined) return { jail: other.jail, port: hostEndAsText(both) };
  }
  return null;
}

/** One address of the host goes before all of them: these two are no clash. */
const areOne = (one: Forward, other: Forward): boolean =>
  one.family === other.family &&
  one.protocol === other.protocol &&
  one.hostAddress === other.hostAddress &&
  portsOverlap(one.hostPorts, other.hostPorts);
