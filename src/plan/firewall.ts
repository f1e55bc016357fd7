import type { Jail } from '../config/jail.js';
import type { NetworkArgs, Step } from './step.js';

/** What the packet filter is to do for a jail (nat, rdr, isolate); nothing for most. */
export function firewallSteps({ name, values }: Jail, network: NetworkArgs): readonly Step[] {
  const { nat: masquerades = [], rdr: redirects = [], isolate = false } = values;
  const { attachment } = network;
  const isolated = isolate && attachment.kind === 'routed';
  if (masquerades.length === 0 && redirects.length === 0 && !isolated) return [];
  const link = attachment.kind === 'bridge' ? attachment.bridge : network.link;
  const of = (family: 'ip4' | 'ip6'): readonly string[] => network[family].map(({ address }) => address);
  return [
    {
      name: 'firewall.set',
      args: { jail: name, link, ip4: of('ip4'), ip6: of('ip6'), masquerades, redirects, isolated },
    },
  ];
}
