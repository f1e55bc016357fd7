import { ADDRESS_BITS, families, familyOf, type Family } from '../config/values/family.js';
import type { Redirect } from '../config/values/forward.js';
import type { PortRange } from '../config/values/port.js';
import { subnetsOverlap, type Subnet } from '../config/values/subnet.js';
import type { FirewallArgs } from './step.js';

/** A redirection as it is in one family, with the addresses that were left open in it. */
export interface Forward {
  readonly family: Family;
  readonly protocol: 'tcp' | 'udp';
  /** Of the host; null for every one that it has. */
  readonly hostAddress: string | null;
  readonly hostPorts: PortRange;
  readonly jailAddress: string;
  readonly jailPorts: PortRange;
  /** Empty: everybody. */
  readonly from: readonly Subnet[];
  readonly on: string | null;
}

/** What the host calls itself. RFC 1122 3.2.1.3, RFC 4291 2.5.3. */
export const LOOPBACK: Readonly<Record<Family, Subnet>> = {
  ip4: { address: '127.0.0.0', prefix: 8 },
  ip6: { address: '::1', prefix: 128 },
};

export const textOf = ({ address, prefix }: Subnet): string => `${address}/${prefix}`;

/** What a jail's redirections come to: each in those families that all of its addresses, and the jail's own, allow. */
export const forwardsOf = (args: FirewallArgs): readonly Forward[] =>
  args.redirects.flatMap((one) => families.flatMap((family) => inFamily(one, family, args[family][0])));

function inFamily(one: Redirect, family: Family, own: string | undefined): readonly Forward[] {
  const { protocol, hostAddress, hostPorts, jailAddress = own, jailPorts, on } = one;
  const from = one.from.filter(({ address }) => familyOf(address) === family);
  const others = [hostAddress, jailAddress].filter(
    (address) => address !== undefined && familyOf(address) !== family,
  );
  if (jailAddress === undefined || others.length > 0 || (one.from.length > 0 && from.length === 0)) return [];
  return [
    {
      family,
      protocol,
      hostAddress: hostAddress ?? null,
      hostPorts,
      jailAddress,
      jailPorts,
      from,
      on: on ?? null,
    },
  ];
}

/** Whether it is for everybody, and can so be found by its port. */
export const isPlain = ({ from, on }: Forward): boolean => from.length === 0 && on === null;

/** Whether the host may use it by the name that it has for itself. */
export function isForLoopback({ family, hostAddress, from, on }: Forward): boolean {
  const loopback = LOOPBACK[family];
  const reaches = (subnet: Subnet): boolean => subnetsOverlap(subnet, loopback);
  const full = ADDRESS_BITS[family];
  return (
    on === null &&
    (hostAddress === null || reaches({ address: hostAddress, prefix: full })) &&
    (from.length === 0 || from.some(reaches))
  );
}
