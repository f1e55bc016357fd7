import type { Jail } from '../config/jail.js';
import { hasLink } from './network.js';
import type { NetworkArgs, RateArgs, Step } from './step.js';

/** Bytes per second; `max` is no limit. */
const limit = (rate: number | undefined): number | null =>
  rate === undefined || rate === Infinity ? null : rate;

/**
 * How fast a jail may send and receive (net.egress.max, net.ingress.max). On the host's end of its link, where the jail
 * can change nothing; a macvlan has none, and is limited inside.
 */
export function rateSteps({ values }: Jail, network: NetworkArgs): readonly Step[] {
  const egress = limit(values['net.egress.max']);
  const ingress = limit(values['net.ingress.max']);
  if ((egress === null && ingress === null) || !hasLink(network)) return [];
  const side = network.attachment.kind === 'macvlan' ? 'jail' : 'host';
  const args: RateArgs = {
    side,
    link: side === 'jail' ? network.peer : network.link,
    queue: queueName(network.link),
    mark: `${network.owner} ${network.jail}`,
    egress,
    ingress,
  };
  return [{ name: 'network.limit', args }];
}

/** The device that holds a jail's packets back, beside its link: as long and as much the jail's own. */
const queueName = (link: string): string => link.replace(/^jl/, 'jq');
