import { families, type Family } from '../config/values/family.js';
import { forwardsOf, isForLoopback } from './firewall-forward.js';
import { distinct, inOrder, quoted, wherever, type Lookup, type Rules } from './firewall-text.js';
import { HOST_ON_LINK } from './host-on-link.js';
import type { FirewallArgs } from './step.js';

/** Links and bridges on which answers to an address come that the host has for itself alone. */
export type LoopbackLinks = Readonly<Record<Family, readonly string[]>>;

/** Where the host's 127.0.0.1 and ::1 lead into jails. */
export function loopbackLinks(all: readonly FirewallArgs[]): LoopbackLinks {
  const of = (family: Family): readonly string[] =>
    distinct(
      all
        .filter((args) => forwardsOf(args).some((one) => one.family === family && isForLoopback(one)))
        .map(({ link }) => link),
    );
  return { ip4: of('ip4'), ip6: of('ip6') };
}

/**
 * Redirected packets whose answer would not come back to the host: from where the jail itself is, and from an address
 * that means something else in the jail. They go on under the host's address there; all others keep theirs.
 */
export function hairpinRules(all: readonly FirewallArgs[]): Rules {
  const [own, shared] = [linksInto(all, false), linksInto(all, true)];
  const back = (name: string, links: readonly string[]): Lookup => ({
    name,
    type: 'ifname . ifname',
    elements: links.map((link) => `${link} . ${link}`),
  });
  return inOrder(
    wherever(
      { name: 'rdr_links', type: 'ifname', elements: own },
      `ip saddr 127.0.0.0/8 oifname @rdr_links snat ip to ${HOST_ON_LINK.ip4}`,
      `ip6 saddr ::1 oifname @rdr_links snat ip6 to ${HOST_ON_LINK.ip6}`,
    ),
    wherever(
      back('rdr_back', own),
      `meta nfproto ipv4 iifname . oifname @rdr_back snat ip to ${HOST_ON_LINK.ip4}`,
      `meta nfproto ipv6 iifname . oifname @rdr_back snat ip6 to ${HOST_ON_LINK.ip6}`,
    ),
    wherever(bridgesInto(all), 'oifname @rdr_bridges fib saddr type local masquerade'),
    wherever(back('rdr_bridges_back', shared), 'iifname . oifname @rdr_bridges_back masquerade'),
  );
}

/** Where forwards lead to, as links of jails' own or as bridges. */
const linksInto = (all: readonly FirewallArgs[], bridged: boolean): readonly string[] =>
  distinct(
    all
      .filter((args) => args.bridged === bridged && forwardsOf(args).length > 0)
      .map(({ link }) => quoted(link)),
  );

const bridgesInto = (all: readonly FirewallArgs[]): Lookup => ({
  name: 'rdr_bridges',
  type: 'ifname',
  elements: linksInto(all, true),
});

/**
 * Holds back what would undo a forward over one bridge: the kernel tells the sender to take the short way (RFC 1122
 * 3.2.2.2), on which nobody translates the address, and believes that it is the way to the host.
 */
export const shortcutRules = (all: readonly FirewallArgs[]): Rules =>
  wherever(bridgesInto(all), 'oifname @rdr_bridges ct status dnat icmp type redirect drop');

/**
 * Keeps jails from what they must not send: to addresses that the host has for itself alone, on whose links it would take
 * them now (CVE-2020-8558), and from IPv6 addresses that are not theirs, which rp_filter knows nothing of.
 */
export function guardRules({ ip4 }: LoopbackLinks): Rules {
  return inOrder(
    wherever(
      { name: 'loopback_links', type: 'ifname', elements: ip4.map(quoted) },
      'iifname @loopback_links ip daddr 127.0.0.0/8 drop',
      'iifname @loopback_links ip saddr 127.0.0.0/8 drop',
    ),
    { lookups: [], lines: [`${FROM_JAIL_LINK} ip6 saddr != :: fib saddr . iif oif missing drop`] },
  );
}

const FROM_JAIL_LINK = 'meta iifkind "veth" iifname "jl*"';

/** All links of one or the other, each once. */
export const withLinks = (one: LoopbackLinks, other: LoopbackLinks): LoopbackLinks => {
  const [ip4 = [], ip6 = []] = families.map((family) => distinct([...one[family], ...other[family]]));
  return { ip4, ip6 };
};
