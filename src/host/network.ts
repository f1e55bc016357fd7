import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { JailAddress, NetworkArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import { announceIp4, announceIp6, hasIp6, routeIp6, withoutIp6 } from './forwarding.js';
import type { JailerHandle } from './host.js';
import { addressHolders, announcers, findLink, type Announcers } from './interfaces.js';
import { closeFd, pidfdGetfd, pidfdOpen } from './libc.js';
import type { Request } from './netlink-message.js';
import { NetlinkSocket, withNetlink } from './netlink.js';
import {
  addAddress,
  addDefaultRoute,
  addHostRoute,
  addProxy,
  createVeth,
  decodeLink,
  deleteLink,
  deleteProxy,
  getLink,
  setIpv4,
  setLinkUp,
  withoutGeneratedAddress,
  type Link,
} from './netlink-route.js';

/*
 * A routed veth. The host's ends all carry the same two addresses, which mean "the host" on that link only: they are
 * what jails send everything to, whatever their own addresses are. IPv4 link-local (RFC 3927), IPv6 link-local (RFC 4291).
 */
const HOST_IP4 = '169.254.1.1';
const HOST_IP6 = 'fe80::1';
/** The jail's own link-local address, for RFC 4291 wants each interface to have one. */
const JAIL_IP6 = 'fe80::2';
const LOOPBACK: Request = setLinkUp(1, 'lo');

/**
 * Gives a jail its link to the host, its addresses and routes; brings its loopback up. What stands in the way is found
 * before anything is made, and a failure leaves nothing behind. Returns warnings. Throws SystemError: EADDRINUSE (the
 * hint names the holder), ENODEV (no such interface to announce on), EAFNOSUPPORT (host without IPv6), or netlink's.
 */
export function attachNetwork(args: NetworkArgs, jailer: JailerHandle): readonly string[] {
  return withNetlink((host) => {
    const announced = check(host, args);
    const link = createLink(host, args, jailer.initPid);
    try {
      const warnings = attachHost(host, args, link, announced);
      withJailNetlink(jailer, (jail) => jail.request(jailRequests(args, link.peer)));
      // The host's end was up first and has a carrier only now. The kernel notices at once when it is asked, else
      // within a second, and drops packets until then.
      host.request([getLink(args.link)]);
      return warnings;
    } catch (error) {
      host.request([...withdrawals(host, args), deleteLink(link)]);
      throw error;
    }
  });
}

/**
 * Takes away what attachNetwork() made, as far as it is there. When it resolves, name and addresses are free again.
 * Rejects with SystemError.
 */
export async function detachNetwork(args: NetworkArgs): Promise<void> {
  const link = withNetlink((host) => {
    const requests = withdrawals(host, args);
    if (requests.length > 0) host.request(requests);
    return findLink(host, args.link);
  });
  if (link !== null) await deleteElsewhere(link);
}

/** The kernel takes 20 ms to delete a link, but for most of them the link is gone already, and nobody needs to wait. */
export async function deleteElsewhere(link: Link): Promise<void> {
  const host = new NetlinkSocket();
  let over = false;
  const deleted = host.requestElsewhere([deleteLink(link)]).finally(() => {
    over = true;
    host.close();
  });
  deleted.catch(() => undefined); // it is heard below, if it comes before the link is gone
  const isThere = () => withNetlink((asking) => findLink(asking, link.name)?.index === link.index);
  while (!over && isThere()) await wait(1);
  if (over) await deleted;
}

/** Makes 127.0.0.1 and ::1 work in a jail that has a network namespace but no address. Throws SystemError. */
export function bringLoopbackUp(jailer: JailerHandle): void {
  withJailNetlink(jailer, (jail) => jail.request([LOOPBACK]));
}

/** Calls `use` with a socket in the network namespace of a jail. Throws SystemError ESRCH when its jailer is gone. */
export function withJailNetlink<T>(jailer: JailerHandle, use: (socket: NetlinkSocket) => T): T {
  const pidfd = pidfdOpen(jailer.pid);
  try {
    return withNetlink(use, pidfdGetfd(pidfd, jailer.netlinkFd));
  } finally {
    closeFd(pidfd);
  }
}

/** Everything that can be found wrong before anything is made. */
function check(host: NetlinkSocket, args: NetworkArgs): Announcers {
  if (args.ip6.length > 0 && !hasIp6()) {
    const hint = 'this host runs without IPv6 (ipv6.disable=1 or no such module): take ip6.addr out';
    throw new SystemError('attach', constants.errno.EAFNOSUPPORT, args.ip6[0]?.address ?? '', hint);
  }
  const addresses = [...args.ip4, ...args.ip6].map(({ address }) => address);
  for (const [address, holder] of addressHolders(host, addresses, args.link)) {
    throw new SystemError('attach', constants.errno.EADDRINUSE, address, holder);
  }
  return announcers(host, args);
}

/** The new pair. A link of that name can only be what an earlier start of this very jail left. */
function createLink(host: NetlinkSocket, args: NetworkArgs, initPid: number): Link {
  const create = () => host.request([createVeth(args, initPid), getLink(args.link)]);
  let answers;
  try {
    answers = create();
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === constants.errno.EEXIST)) throw error;
    const left = findLink(host, args.link);
    if (left !== null) host.request([deleteLink(left)]);
    answers = create();
  }
  const body = answers[1]?.[0];
  if (body === undefined) throw new SystemError('netlink look up link', constants.errno.ENODEV, args.link);
  return decodeLink(body);
}

function attachHost(
  host: NetlinkSocket,
  args: NetworkArgs,
  link: Link,
  announced: Announcers,
): readonly string[] {
  const warnings = args.ip6.length > 0 ? routeIp6(args.link) : withoutIp6(args.link);
  for (const { announceOn } of args.ip4) if (announceOn !== undefined) announceIp4(announceOn);
  for (const { announceOn } of args.ip6) if (announceOn !== undefined) announceIp6(announceOn);
  host.request([...hostRequests(args, link.index), ...proxies(args, announced, addProxy)]);
  return warnings;
}

function hostRequests({ link, ip4, ip6 }: NetworkArgs, index: number): readonly Request[] {
  return [
    // Jails cannot send with others' addresses, nor tell the host about other ways.
    setIpv4(index, link, { forwarding: 1, accept_redirects: 0, rp_filter: 1 }),
    ...(ip6.length > 0 ? [withoutGeneratedAddress(index, link)] : []),
    setLinkUp(index, link),
    ...(ip4.length > 0 ? [addAddress(index, HOST_IP4, 32, 'link')] : []),
    ...(ip6.length > 0 ? [addAddress(index, HOST_IP6, 64)] : []),
    ...[...ip4, ...ip6].map(({ address }) => addHostRoute(index, address)),
  ];
}

function jailRequests({ peer, ip4, ip6 }: NetworkArgs, index: number): readonly Request[] {
  return [
    LOOPBACK,
    ...(hasIp6() ? [withoutGeneratedAddress(index, peer)] : []),
    setLinkUp(index, peer),
    ...(ip6.length > 0 ? [addAddress(index, JAIL_IP6, 64)] : []),
    ...[...ip4, ...ip6].map(({ address, prefix }) => addAddress(index, address, prefix)),
    ...ip4.slice(0, 1).map(({ address }) => addDefaultRoute(index, HOST_IP4, address)),
    ...ip6.slice(0, 1).map(({ address }) => addDefaultRoute(index, HOST_IP6, address)),
  ];
}

/** One request for each address that is announced on an interface that is there. */
function proxies(
  { ip4, ip6 }: NetworkArgs,
  announced: Announcers,
  request: (index: number, address: string) => Request,
): readonly Request[] {
  const one = ({ address, announceOn }: JailAddress): readonly Request[] => {
    const index = announceOn === undefined ? undefined : announced.get(announceOn);
    return index === undefined ? [] : [request(index, address)];
  };
  return [...ip4, ...ip6].flatMap(one);
}

const withdrawals = (host: NetlinkSocket, args: NetworkArgs): readonly Request[] =>
  proxies(args, announcers(host, args, 'present'), deleteProxy);
