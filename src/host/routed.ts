import { constants } from 'node:os';
import { HOST_ON_LINK } from '../plan/host-on-link.js';
import type { JailAddress, NetworkArgs } from '../plan/step.js';
import { deleteElsewhere } from './deletion.js';
import { SystemError } from './error.js';
import { distrustIp6, forwardIp6Here, hasIp6, withoutIp6 } from './forwarding.js';
import type { JailerHandle } from './host.js';
import { announcers, findLink, type Announcers } from './interfaces.js';
import { changeEnd, orThere, setUpEnd, withJailNetlink, type JailEnd } from './jail-end.js';
import { deleteLink, getLink, setLink, setLinkUp } from './netlink-link.js';
import type { Request } from './netlink-message.js';
import {
  addAddress,
  addHostRoute,
  addProxy,
  deleteAddress,
  deleteHostRoute,
  deleteProxy,
  getProxy,
} from './netlink-route.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import { passPackets } from './passing.js';
import type { SysctlLedger } from './sysctl-ledger.js';
import { aliasOf, makeVeth } from './veth.js';

/*
 * A routed veth. The host's ends all carry the same two addresses, HOST_ON_LINK, which mean "the host" on that link only:
 * they are what jails send everything to, whatever their own addresses are.
 */

/** The jail's own link-local address, for RFC 4291 wants each interface to have one. */
const JAIL_IP6 = 'fe80::2';

/** What the host's end has: its own addresses, and routes to the jail's. */
interface HostEnd {
  readonly addresses: readonly (readonly [address: string, prefix: number])[];
  readonly routes: readonly string[];
}

const hostEnd = ({ ip4, ip6 }: NetworkArgs): HostEnd => ({
  addresses: [
    ...(ip4.length > 0 ? [[HOST_ON_LINK.ip4, 32] as const] : []),
    ...(ip6.length > 0 ? [[HOST_ON_LINK.ip6, 64] as const] : []),
  ],
  routes: [...ip4, ...ip6].map(({ address }) => address),
});

/** The jail sends everything to the host, whatever its subnets are: only so it reaches those it shares them with. */
const jailEnd = ({ ip4, ip6 }: NetworkArgs): JailEnd => ({
  addresses: [
    ...(ip6.length > 0 ? [{ address: JAIL_IP6, prefix: 64 }] : []),
    ...[...ip4, ...ip6].map(({ address, prefix }) => ({ address, prefix })),
  ],
  routes: [
    ...ip4.slice(0, 1).map(({ address }) => ({ gateway: HOST_ON_LINK.ip4, source: address })),
    ...ip6.slice(0, 1).map(({ address }) => ({ gateway: HOST_ON_LINK.ip6, source: address })),
  ],
});

/**
 * Gives a jail its link to the host, which routes to its addresses. A failure leaves nothing but what the ledger holds.
 * Returns warnings. Throws SystemError.
 */
export function attachRouted(
  host: NetlinkSocket,
  args: NetworkArgs,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): readonly string[] {
  const announced = announcers(host, args);
  const link = makeVeth(host, args, jailer.initPid);
  try {
    tellLink(args);
    const warnings = passPackets(host, args, ledger);
    host.request([...hostRequests(args, link.index), ...proxies(args, announced, addProxy)]);
    withJailNetlink(jailer, (jail) => jail.request(setUpEnd(jailEnd(args), link.peer, args.peer)));
    // The host's end was up first and has a carrier only now. The kernel notices at once when it is asked, else
    // within a second, and drops packets until then.
    host.request([getLink(args.link)]);
    return warnings;
  } catch (error) {
    host.request([...withdrawals(host, args), deleteLink(link)]);
    throw error;
  }
}

/** Takes away what attachRouted() made, as far as it is there. Rejects with SystemError. */
export async function detachRouted(args: NetworkArgs): Promise<void> {
  if (asksForAnnouncement(args)) {
    withNetlink((host) => {
      const requests = withdrawals(host, args);
      if (requests.length > 0) host.request(requests);
    });
  }
  await deleteElsewhere({ index: 0, name: args.link });
}

const asksForAnnouncement = ({ ip4, ip6 }: NetworkArgs): boolean =>
  [...ip4, ...ip6].some(({ announceOn }) => announceOn !== undefined);

/**
 * Makes of what attachRouted() made what other addresses want, and leaves alone what stays. What is there or gone already
 * is fine, so that it also takes back a change of which half was made. Returns warnings. Throws SystemError.
 */
export function changeRouted(
  host: NetlinkSocket,
  before: NetworkArgs,
  after: NetworkArgs,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): readonly string[] {
  const announced = announcers(host, after);
  const link = findLink(host, before.link);
  if (link === null) throw new SystemError('change', constants.errno.ENODEV, before.link, 'restart the jail');
  if (before.ip6.length === 0 || after.ip6.length === 0) tellLink(after);
  const warnings = passPackets(host, after, ledger);
  const wanted = proxies(after, announced, addProxy);
  const old = proxies(before, announcers(host, before, 'present'), deleteProxy);
  const surplus = old.filter(({ body }) => !wanted.some((one) => one.body.equals(body)));
  // What comes is there before what goes: at no moment are there no addresses.
  const [fresh, gone] = changeHost(hostEnd(before), hostEnd(after), link.index);
  if (fresh.length + wanted.length > 0) host.request([...fresh, ...wanted]);
  const inside = changeEnd(jailEnd(before), jailEnd(after), link.peer, before.peer);
  withJailNetlink(jailer, (jail) => jail.request(inside));
  if (gone.length + surplus.length > 0) host.request([...surplus, ...gone]);
  return warnings;
}

function changeHost(
  before: HostEnd,
  after: HostEnd,
  index: number,
): readonly [readonly Request[], readonly Request[]] {
  const has = ({ addresses }: HostEnd, address: string): boolean =>
    addresses.some(([one]) => one === address);
  return [
    [
      ...after.addresses
        .filter(([address]) => !has(before, address))
        .map(([address, prefix]) => orThere(addHostAddress(index, address, prefix))),
      ...after.routes
        .filter((address) => !before.routes.includes(address))
        .map((address) => orThere(addHostRoute(index, address))),
    ],
    [
      ...before.routes
        .filter((address) => !after.routes.includes(address))
        .map((address) => deleteHostRoute(index, address)),
      ...before.addresses
        .filter(([address]) => !has(after, address))
        .map(([address, prefix]) => deleteAddress(index, address, prefix)),
    ],
  ];
}

const addHostAddress = (index: number, address: string, prefix: number): Request =>
  addAddress(index, address, prefix, address === HOST_ON_LINK.ip4 ? { scope: 'link' } : {});

/** What goes by files: whether there is IPv6 on the host's end, which can neither advertise routes nor change them. */
function tellLink({ link, ip6 }: NetworkArgs): void {
  if (ip6.length === 0) return withoutIp6(link);
  distrustIp6(link);
  forwardIp6Here(link);
}

function hostRequests(args: NetworkArgs, index: number): readonly Request[] {
  const { addresses, routes } = hostEnd(args);
  return [
    setLink(index, args.link, {
      alias: aliasOf(args),
      // Jails cannot send with others' addresses, nor tell the host about other ways.
      ipv4: { forwarding: 1, accept_redirects: 0, rp_filter: 1 },
      ...(hasIp6() && { generate: 'none' }),
    }),
    setLinkUp(index, args.link),
    ...addresses.map(([address, prefix]) => addHostAddress(index, address, prefix)),
    ...routes.map((address) => addHostRoute(index, address)),
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

/** Whether interfaces of the host that are there answer for all addresses that are announced on them. Throws SystemError. */
export function isAnnounced(host: NetlinkSocket, args: NetworkArgs): boolean {
  const questions = proxies(args, announcers(host, args, 'present'), getProxy);
  return questions.length === 0 || host.request(questions).every((answers) => answers.length > 0);
}

const withdrawals = (host: NetlinkSocket, args: NetworkArgs): readonly Request[] =>
  proxies(args, announcers(host, args, 'present'), deleteProxy);
