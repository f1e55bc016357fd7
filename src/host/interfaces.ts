import { constants } from 'node:os';
import { ADDRESS_BITS, familyOf } from '../config/values/family.js';
import { isLinkOfAJail } from '../plan/instance.js';
import type { NetworkArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import {
  decodeLink,
  decodeLinkDetails,
  dumpLinks,
  getLink,
  JAILS_GROUP,
  type Link,
  type LinkDetails,
} from './netlink-link.js';
import {
  decodeAddress,
  decodeRoute,
  dumpAddresses,
  matchRoute,
  type Address,
  type Route,
} from './netlink-route.js';

/** Interface that addresses are announced on → its index. */
export type Announcers = ReadonlyMap<string, number>;

/** The host's links. Throws SystemError. */
export function hostInterfaces(): readonly Link[] {
  return withNetlink(linksOf);
}

/** The host's own addresses. Throws SystemError. */
export function hostAddresses(): readonly Address[] {
  return withNetlink((host) => (host.request([dumpAddresses()])[0] ?? []).map(decodeAddress));
}

/**
 * Those of the addresses that somebody on this host has, and who, in words. The jail's own `link` does not count. Questions
 * to the routing table, not a list of all links: their cost does not grow with the number of jails. Throws SystemError.
 */
export function addressHolders(
  host: NetlinkSocket,
  addresses: readonly string[],
  link: string,
): ReadonlyMap<string, string> {
  const holders = new Map<string, string>();
  if (addresses.length === 0) return holders;
  const answers = host.request(addresses.map(matchRoute));
  addresses.forEach((address, index) => {
    const body = answers[index]?.[0];
    const holder = body === undefined ? null : holderBy(host, decodeRoute(body), address, link);
    if (holder !== null) holders.set(address, holder);
  });
  return holders;
}

/** Who has the address, by the route that it would take. */
function holderBy(host: NetlinkSocket, route: Route, address: string, link: string): string | null {
  if (route.prefix !== ADDRESS_BITS[familyOf(address)] || route.type === 'other') return null;
  const name = linksOf(host).find(({ index }) => index === route.link)?.name ?? `link ${route.link}`;
  if (name === link) return null;
  if (route.type === 'unicast') return `a route of this host leads to it over ${name}`;
  return route.type === 'local'
    ? `it is an address of this host, on ${name}`
    : `it is a ${route.type} address of ${name}`;
}

/**
 * The interfaces that a jail's addresses are to be announced on. Throws SystemError ENODEV for one that is not there,
 * with those that are in the hint; with `present` leaves it out.
 */
export function announcers(host: NetlinkSocket, { ip4, ip6 }: NetworkArgs, which?: 'present'): Announcers {
  const found = new Map<string, number>();
  for (const name of new Set([...ip4, ...ip6].flatMap(({ announceOn }) => announceOn ?? []))) {
    const link = findLink(host, name);
    if (link !== null) found.set(name, link.index);
    else if (which !== 'present') throw missing(host, name);
  }
  return found;
}

/** The link of that name; null when there is none. Throws SystemError. */
export function findLink(host: NetlinkSocket, name: string): LinkDetails | null {
  const body = host.request([{ ...getLink(name), tolerates: [constants.errno.ENODEV] }])[0]?.[0];
  return body === undefined ? null : decodeLinkDetails(body);
}

/** The ports of a bridge. Throws SystemError. */
export function portsOf(host: NetlinkSocket, bridge: Link): readonly Link[] {
  return (host.request([dumpLinks(bridge.index)])[0] ?? []).map(decodeLink);
}

/** All links, closely. Throws SystemError. */
export function linksInDetail(host: NetlinkSocket): readonly LinkDetails[] {
  return (host.request([dumpLinks()])[0] ?? []).map(decodeLinkDetails);
}

/** Names of the interfaces that packets may come in by: those that are up, but for jails' links and bridges. Throws SystemError. */
export function waysIn(host: NetlinkSocket): readonly string[] {
  return linksInDetail(host)
    .filter(({ name, up, group, master }) => up && name !== 'lo' && group !== JAILS_GROUP && master === 0)
    .map(({ name }) => name);
}

/** There is no interface of that name, and these are there. Throws SystemError where those can't be listed. */
export function missing(host: NetlinkSocket, name: string): SystemError {
  const names = linksOf(host).flatMap((link) => (isLinkOfAJail(link.name) ? [] : [link.name]));
  return new SystemError('interface', constants.errno.ENODEV, name, `this host has ${names.join(', ')}`);
}

function linksOf(host: NetlinkSocket): readonly Link[] {
  return (host.request([dumpLinks()])[0] ?? []).map(decodeLink);
}
