import type { Jail } from '../config/jail.js';
import type { NetworkArgs, Step } from './step.js';

/** How fast a jail may send and receive (net.egress.max, net.ingress.max). */
export function rateSteps({ values }: Jail, { link }: NetworkArgs): readonly Step[] {
  const { 'net.egress.max': egress = null, 'net.ingress.max': ingress = null } = values;
  if (egress === null && ingress === null) return [];
  return [{ name: 'network.limit', args: { link, egress, ingress } }];
}
