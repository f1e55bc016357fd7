import { inOrder, NONE, quoted, rules, wherever, type Rules } from './firewall-text.js';
import type { FirewallArgs } from './step.js';

/**
 * Keeps isolated jails from each other where the host would pass their packets on. Routed ones are known by their links,
 * those on a bridge by the hardware address that their port is held to, for IP addresses can be forged. What was
 * redirected is for everybody. That ports of one bridge are kept apart is done by the bridge itself.
 */
export function isolationRules(all: readonly FirewallArgs[]): {
  readonly forward: Rules;
  readonly to: Rules;
} {
  const isolated = all.filter((one) => one.isolated);
  const routed = isolated.filter(({ bridged }) => !bridged).map(({ link }) => quoted(link));
  const bridged = isolated.filter((one) => one.bridged);
  const links = { name: 'isolated', type: 'ifname', elements: routed };
  const macs = {
    name: 'isolated_macs',
    type: 'ifname . ether_addr',
    elements: bridged.map(({ link, mac }) => `${quoted(link)} . ${mac}`),
  };
  const ip4 = { name: 'isolated4', type: 'ipv4_addr', elements: bridged.flatMap((one) => one.ip4) };
  const ip6 = { name: 'isolated6', type: 'ipv6_addr', elements: bridged.flatMap((one) => one.ip6) };
  if (isolated.length === 0) return { forward: NONE, to: NONE };
  return {
    forward: inOrder(
      rules('ct status dnat accept'),
      wherever(links, 'iifname @isolated jump to_isolated'),
      wherever(macs, 'iifname . ether saddr @isolated_macs jump to_isolated'),
    ),
    to: inOrder(
      wherever(links, 'oifname @isolated drop'),
      wherever(ip4, 'ip daddr @isolated4 drop'),
      wherever(ip6, 'ip6 daddr @isolated6 drop'),
    ),
  };
}
