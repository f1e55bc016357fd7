import { inOrder, NONE, quoted, rules, wherever, WRITABLE, type Rules } from './firewall-text.js';
import type { FirewallArgs } from './step.js';

/** The group of links (ip-link(8)) that bridges are in which jaild has made. */
export const BRIDGE_GROUP = 0x6a61_696c;

/** Where the host passes packets on for jails alone: interfaces of its own that did not before. */
export interface LentForwarding {
  readonly ip4: readonly string[];
  readonly ip6: readonly string[];
  /** Not null: IPv6 is passed on wherever it comes from, and these did so before. */
  readonly ip6But: readonly string[] | null;
}

export const NOTHING_LENT: LentForwarding = { ip4: [], ip6: [], ip6But: null };

export const isNothing = ({ ip4, ip6, ip6But }: LentForwarding): boolean =>
  ip4.length + ip6.length === 0 && ip6But === null;

const TO_JAILS = ['meta oifkind "veth" oifname "jl*" return', `oifgroup ${BRIDGE_GROUP} return`] as const;
const FROM_JAILS = ['meta iifkind "veth" iifname "jl*" return', `iifgroup ${BRIDGE_GROUP} return`] as const;

/**
 * Keeps the host from being a router for others because it is one for jails: what comes in where forwarding is lent goes to
 * jails, comes from one, is an answer, or was redirected by whoever else has containers here.
 */
export function strangerRules(
  all: readonly FirewallArgs[],
  lent: LentForwarding,
): { readonly forward: Rules; readonly strangers: Rules } {
  if (isNothing(lent)) return { forward: NONE, strangers: NONE };
  const set = (name: string, links: readonly string[]) => ({
    name,
    type: 'ifname',
    elements: links.filter((link) => WRITABLE.test(link)).map(quoted),
  });
  return {
    forward: inOrder(
      wherever(set('lent4', lent.ip4), 'meta nfproto ipv4 iifname @lent4 jump strangers'),
      ...(lent.ip6But === null
        ? [wherever(set('lent6', lent.ip6), 'meta nfproto ipv6 iifname @lent6 jump strangers')]
        : [rules('meta nfproto ipv6 jump strangers')]),
    ),
    strangers: inOrder(
      rules(...TO_JAILS, ...(lent.ip6But === null ? [] : FROM_JAILS)),
      lent.ip6But === null ? NONE : wherever(set('routers6', lent.ip6But), 'iifname @routers6 return'),
      ...onBridges(all),
      rules('ct state established,related return', 'ct status dnat return', 'drop'),
    ),
  };
}

/** Jails on bridges of the host are known by their addresses alone. */
function onBridges(all: readonly FirewallArgs[]): readonly Rules[] {
  const from = (name: string, type: string, family: 'ip4' | 'ip6') => ({
    name,
    type: `ifname . ${type}`,
    elements: all
      .filter(({ bridged }) => bridged)
      .flatMap((one) => one[family].map((address) => `${quoted(one.link)} . ${address}`)),
  });
  return [
    wherever(from('on_bridges4', 'ipv4_addr', 'ip4'), 'iifname . ip saddr @on_bridges4 return'),
    wherever(from('on_bridges6', 'ipv6_addr', 'ip6'), 'iifname . ip6 saddr @on_bridges6 return'),
  ];
}
