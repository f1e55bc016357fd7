import type { Masquerade } from '../config/values/forward.js';
import { subnetsOverlap } from '../config/values/subnet.js';
import { ADDRESS_BITS, familyOf, type Family } from '../config/values/family.js';
import {
  distinct,
  inOrder,
  NONE,
  quoted,
  rules,
  wherever,
  type Lookup,
  type Rules,
} from './firewall-text.js';
import type { FirewallArgs } from './step.js';

/** A routed jail's link, and never an interface of somebody else that happens to begin like one. */
const ANY_JAIL_LINK = 'meta oifkind "veth" oifname "jl*"';

/** One address of a jail, and how it leaves. */
interface Leave {
  readonly family: Family;
  readonly address: string;
  readonly on: string | null;
  readonly as: string | null;
}

/**
 * Under which address of the host jails leave: first where an interface is named, then by whatever leads neither to a
 * jail nor back to a bridge of jails.
 */
export function masqueradeRules(all: readonly FirewallArgs[]): Rules {
  const leaves = all.flatMap(leavesOf);
  const named = leaves.filter(({ on }) => on !== null);
  const open = leaves.filter(({ on }) => on === null);
  const bridges = distinct(all.filter(({ bridged }) => bridged).map(({ link }) => quoted(link)));
  const inside = inOrder(
    wherever({ name: 'bridges', type: 'ifname', elements: bridges }, 'oifname @bridges accept'),
    rules(`${ANY_JAIL_LINK} accept`),
  );
  return inOrder(
    ...bothFamilies(named, 'nat_on'),
    open.length === 0 ? NONE : inside,
    ...bothFamilies(open, 'nat'),
  );
}

function leavesOf({ masquerades, ip4, ip6 }: FirewallArgs): readonly Leave[] {
  const leaves = masquerades.flatMap((one) =>
    [...ip4, ...ip6].filter((address) => concerns(one, address)).map((address) => leaveOf(one, address)),
  );
  // Of several for one address the first counts: a map has each key once.
  const first = new Map([...leaves].reverse().map((leave) => [keyOf(leave), leave]));
  return leaves.filter((leave) => first.get(keyOf(leave)) === leave);
}

function concerns({ from, as }: Masquerade, address: string): boolean {
  if (as !== undefined && familyOf(as) !== familyOf(address)) return false;
  const prefix = ADDRESS_BITS[familyOf(address)];
  return from === undefined || subnetsOverlap(from, { address, prefix });
}

const leaveOf = ({ on, as }: Masquerade, address: string): Leave => ({
  family: familyOf(address),
  address,
  on: on ?? null,
  as: as ?? null,
});

const keyOf = ({ on, address }: Leave): string => (on === null ? address : `${quoted(on)} . ${address}`);

const bothFamilies = (leaves: readonly Leave[], name: string): readonly Rules[] =>
  (['ip4', 'ip6'] as const).flatMap((family) => {
    const some = leaves.filter((leave) => leave.family === family);
    return [translated(some, family, `${name}_as`), masqueraded(some, family, name)];
  });

const typeOf = (leaves: readonly Leave[], family: Family): string =>
  `${leaves.some(({ on }) => on !== null) ? 'ifname . ' : ''}${family === 'ip4' ? 'ipv4_addr' : 'ipv6_addr'}`;

function looked(leaves: readonly Leave[], family: Family): string {
  const source = family === 'ip4' ? 'ip saddr' : 'ip6 saddr';
  return leaves.some(({ on }) => on !== null) ? `oifname . ${source}` : source;
}

function translated(all: readonly Leave[], family: Family, name: string): Rules {
  const leaves = all.filter(({ as }) => as !== null);
  const map: Lookup = {
    name: `${name}${family === 'ip4' ? '4' : '6'}`,
    type: `${typeOf(leaves, family)} : ${family === 'ip4' ? 'ipv4_addr' : 'ipv6_addr'}`,
    elements: leaves.map((leave) => `${keyOf(leave)} : ${leave.as ?? ''}`),
  };
  const verb = family === 'ip4' ? 'snat ip to' : 'snat ip6 to';
  return wherever(map, `${verb} ${looked(leaves, family)} map @${map.name}`);
}

function masqueraded(all: readonly Leave[], family: Family, name: string): Rules {
  const leaves = all.filter(({ as }) => as === null);
  const set: Lookup = {
    name: `${name}${family === 'ip4' ? '4' : '6'}`,
    type: typeOf(leaves, family),
    elements: leaves.map(keyOf),
  };
  return wherever(set, `${looked(leaves, family)} @${set.name} masquerade`);
}
