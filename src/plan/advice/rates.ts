import type { Finding } from '../../config/finding.js';
import { hasOwnLink } from '../../config/network-of.js';
import { grantedBy, jailCapabilities } from '../capabilities.js';
import { finding, type Subject } from './subject.js';

/** A limit of speed holds for the link that jaild makes, and where the jail cannot take it away. */
export function* ratesHold(subject: Subject): Iterable<Finding> {
  const { values } = subject.jail;
  const moved = values['vnet.interface'] ?? [];
  for (const parameter of ['net.ingress.max', 'net.egress.max'] as const) {
    if ((values[parameter] ?? Infinity) === Infinity || !hasOwnLink(values)) continue;
    if (moved.length > 0) {
      const message = `${parameter} does not hold for ${moved.join(', ')}, which the jail has to itself`;
      const hint = 'it is for the link of ip4.addr, ip6.addr, bridge or macvlan';
      yield finding(subject, 'warning', 'without-effect', parameter, message, hint);
    }
    if (values.macvlan === undefined || !jailCapabilities(values).includes('net_admin')) continue;
    const message = `the jail can take ${parameter} away: of a macvlan it is kept inside, and ${grantedBy(values, 'net_admin')} gives it net_admin`;
    const hint = 'use a bridge, or take that out';
    yield finding(subject, 'warning', 'without-effect', parameter, message, hint);
  }
}
