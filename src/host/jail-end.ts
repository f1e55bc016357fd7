import { constants } from 'node:os';
import ipaddr from 'ipaddr.js';
import { ADDRESS_BITS, familyOf } from '../config/values/family.js';
import { subnetsOverlap } from '../config/values/subnet.js';
import type { JailAddress, NetworkArgs } from '../plan/step.js';
import { hasIp6 } from './forwarding.js';
import type { JailerHandle } from './host.js';
import { closeFd } from './libc/descriptors.js';
import { pidfdGetfd, pidfdOpen } from './libc/pidfd.js';
import { getLinkAt, setLink, setLinkUp } from './netlink-link.js';
import type { Request } from './netlink-message.js';
import {
  addAddress,
  addDefaultRoute,
  deleteAddress,
  deleteDefaultRoute,
  replaceDefaultRoute,
  type AddressUse,
} from './netlink-route.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';

/* The end of a link that is in the jail: what is said to it over a socket of the jail's own network namespace. */

interface EndAddress extends AddressUse {
  readonly address: string;
  readonly prefix: number;
}

interface DefaultRoute {
  readonly gateway: string;
  readonly source: string;
}

/** What the jail's end has. */
export interface JailEnd {
  readonly addresses: readonly EndAddress[];
  /** At most one for each family. */
  readonly routes: readonly DefaultRoute[];
}

const { EEXIST } = constants.errno;

export const LOOPBACK: Request = setLinkUp(1, 'lo');

/** Calls `use` with a socket in the network namespace of a jail. Throws SystemError. pidfd_getfd(2). */
export function withJailNetlink<T>(jailer: JailerHandle, use: (socket: NetlinkSocket) => T): T {
  const pidfd = pidfdOpen(jailer.pid);
  try {
    return withNetlink(use, pidfdGetfd(pidfd, jailer.netlinkFd));
  } finally {
    closeFd(pidfd);
  }
}

/** The link-local address that a device makes itself of its hardware address (RFC 4291, appendix A). */
export function linkLocal(mac: string): string {
  const [first = 0, ...rest] = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const identifier = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  return ipaddr.fromByteArray([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier]).toString();
}

/**
 * The end of a jail that reaches its neighbours itself: on a bridge, or with a device of its own on their wire.
 * @param gateways where its default routes go, at most one for each family
 */
export function neighbourEnd({ ip4, ip6, peerMac }: NetworkArgs, gateways: readonly string[]): JailEnd {
  const own: readonly EndAddress[] =
    ip6.length > 0 ? [{ address: linkLocal(peerMac), prefix: 64, scope: 'link' }] : [];
  const routes = gateways.flatMap((gateway) => {
    const family = gateway.includes(':') ? ip6 : ip4;
    const source = family.find((one) => isNear(gateway, one)) ?? family[0];
    return source === undefined ? [] : [{ gateway, source: source.address }];
  });
  return { addresses: [...own, ...[...ip4, ...ip6].map(onLink)], routes };
}

const onLink = ({ address, prefix }: JailAddress): EndAddress => ({ address, prefix, onLink: true });

/** Whether an address is in the subnet of another. */
export const isNear = (
  address: string,
  subnet: { readonly address: string; readonly prefix: number },
): boolean => subnetsOverlap({ address, prefix: ADDRESS_BITS[familyOf(address)] }, subnet);

/** Sets up a new end, and the loopback beside it. */
export function setUpEnd(end: JailEnd, index: number, name: string): readonly Request[] {
  return [
    LOOPBACK,
    // An address of its own would be asked for among the neighbours first, and a jail without IPv6 has none.
    ...(hasIp6() ? [setLink(index, name, { generate: 'none' })] : []),
    setLinkUp(index, name),
    ...end.addresses.map(({ address, prefix, ...use }) => addAddress(index, address, prefix, use)),
    ...end.routes.map(({ gateway, source }) => addDefaultRoute(index, gateway, source)),
    // That it has a carrier is noticed within a second, or when it is asked.
    getLinkAt(index, name),
  ];
}

const same = (one: EndAddress, other: EndAddress): boolean =>
  one.address === other.address && one.prefix === other.prefix;

/**
 * Makes one end of another: what is in both stays untouched, so connections go on. At no moment is there no default route
 * that is in both.
 */
export function changeEnd(before: JailEnd, after: JailEnd, index: number, name: string): readonly Request[] {
  const gone = before.addresses.filter((one) => !after.addresses.some((other) => same(one, other)));
  const fresh = after.addresses.filter((one) => !before.addresses.some((other) => same(one, other)));
  // An address cannot be there with two prefixes.
  const moved = gone.filter(({ address }) => fresh.some((one) => one.address === address));
  const take = ({ address, prefix }: EndAddress): Request => deleteAddress(index, address, prefix);
  return [
    // Else all other addresses of a subnet go with its first.
    setLink(index, name, { ipv4: { promote_secondaries: 1 } }),
    ...moved.map(take),
    ...fresh.map(({ address, prefix, ...use }) => addAddress(index, address, prefix, use)).map(orThere),
    ...changeRoutes(before, after, index),
    ...gone.filter((one) => !moved.includes(one)).map(take),
  ];
}

function changeRoutes(before: JailEnd, after: JailEnd, index: number): readonly Request[] {
  const families = after.routes.map(({ gateway }) => familyOf(gateway));
  const gone = before.routes
    .map(({ gateway }) => familyOf(gateway))
    .filter((family) => !families.includes(family));
  return [
    ...after.routes.map(({ gateway, source }) => replaceDefaultRoute(index, gateway, source)),
    ...gone.map((family) => deleteDefaultRoute(index, family)),
  ];
}

/** The request, to which it is as good that somebody has done it already. */
export function orThere(request: Request): Request {
  return { ...request, tolerates: [EEXIST, ...(request.tolerates ?? [])] };
}
