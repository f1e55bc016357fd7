import type { Family } from '../config/values/family.js';
import type { Jail } from '../config/jail.js';
import type { Masquerade, Redirect } from '../config/values/forward.js';
import { PlanError } from './error.js';
import type { NetworkArgs, Step } from './step.js';

/** Names of links as nft(8) takes them: a quote would end them, an asterisk mean others as well. */
const WRITABLE = /^[\w.@+=-]+$/;

/**
 * What the packet filter is to do for a jail (nat, rdr, isolate); nothing for most. A macvlan passes the host by, which
 * then sees nothing to filter.
 * @throws PlanError for an interface whose name nft(8) does not take.
 */
export function firewallSteps({ name, values }: Jail, network: NetworkArgs): readonly Step[] {
  const { nat: masquerades = [], rdr: redirects = [], isolate: isolated = false } = values;
  const { attachment } = network;
  if (masquerades.length === 0 && redirects.length === 0 && !isolated) return [];
  if (attachment.kind === 'macvlan' || network.ip4.length + network.ip6.length === 0) return [];
  const bridged = attachment.kind === 'bridge';
  const link = bridged ? attachment.bridge : network.link;
  refuseUnwritable({ bridge: [link], nat: linksOf(masquerades), rdr: linksOf(redirects) });
  const of = (family: Family): readonly string[] => network[family].map(({ address }) => address);
  return [
    {
      name: 'firewall.set',
      args: {
        jail: name,
        link,
        bridged,
        mac: network.peerMac,
        ip4: of('ip4'),
        ip6: of('ip6'),
        masquerades,
        redirects,
        isolated,
      },
    },
  ];
}

const linksOf = (entries: readonly (Masquerade | Redirect)[]): readonly string[] =>
  entries.flatMap(({ on }) => on ?? []);

function refuseUnwritable(byParameter: Readonly<Record<string, readonly string[]>>): void {
  for (const [parameter, links] of Object.entries(byParameter)) {
    const odd = links.find((link) => !WRITABLE.test(link));
    if (odd === undefined) continue;
    throw new PlanError(parameter, odd, 'nft(8) takes no interface of that name', 'give it another name');
  }
}
