import { constants } from 'node:os';
import type { Attachment, NetworkArgs } from '../plan/step.js';
import { findOrMakeBridge, removeEmptyBridge } from './bridge.js';
import { deleteElsewhere } from './deletion.js';
import { SystemError } from './error.js';
import { hasIp6 } from './forwarding.js';
import type { JailerHandle } from './host.js';
import { findLink } from './interfaces.js';
import { changeEnd, isNear, neighbourEnd, setUpEnd, withJailNetlink, type JailEnd } from './jail-end.js';
import {
  deleteLink,
  getLink,
  holdPort,
  isolatePort,
  setLink,
  setLinkUp,
  type LinkDetails,
} from './netlink-link.js';
import type { Request } from './netlink-message.js';
import { decodeAddress, dumpAddresses } from './netlink-route.js';
import type { NetlinkSocket } from './netlink.js';
import { passPackets } from './passing.js';
import type { SysctlLedger } from './sysctl-ledger.js';
import { aliasOf, makeVeth } from './veth.js';

/* A veth whose end at the host is a port of a bridge. */

type OnBridge = Extract<Attachment, { readonly kind: 'bridge' }>;

/**
 * Makes a jail a port of a bridge. A failure leaves nothing but what the ledger holds, and an empty bridge of jaild's.
 * Returns warnings. Throws SystemError.
 */
export function attachPort(
  host: NetlinkSocket,
  args: NetworkArgs,
  attachment: OnBridge,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): readonly string[] {
  const bridge = findOrMakeBridge(host, { ...attachment, owner: args.owner, mtu: args.mtu });
  const link = makeVeth(host, args, jailer.initPid, bridge);
  try {
    const warnings = passPackets(host, args, ledger);
    host.request([
      setLink(link.index, args.link, { alias: aliasOf(args), ...(hasIp6() && { generate: 'none' }) }),
      ...(attachment.isolated ? isolation(link, args, true) : []),
      setLinkUp(link.index, args.link),
    ]);
    const end = neighbourEnd(args, gateways(host, args, attachment, bridge));
    withJailNetlink(jailer, (jail) => jail.request(setUpEnd(end, link.peer, args.peer)));
    // Both have a carrier only now, which the kernel notices at once when it is asked.
    host.request([getLink(args.link), getLink(attachment.bridge)]);
    return warnings;
  } catch (error) {
    host.request([deleteLink(link)]);
    throw error;
  }
}

/** How many ports of a bridge are on their way out. */
const leaving = new Map<string, number>();

/** Takes away what attachPort() made, and the bridge with its last port. Rejects with SystemError. */
export async function detachPort(args: NetworkArgs, { bridge, make }: OnBridge): Promise<void> {
  leaving.set(bridge, (leaving.get(bridge) ?? 0) + 1);
  await deleteElsewhere({ index: 0, name: args.link }).finally(() => {
    leaving.set(bridge, (leaving.get(bridge) ?? 1) - 1);
  });
  // To ask for all its ports takes longer the more there are: whoever leaves last does.
  if (leaving.get(bridge) !== 0) return;
  leaving.delete(bridge);
  if (make !== null) await removeEmptyBridge(bridge, args.owner);
}

/** What changeRouted() is for routed jails. Returns warnings. Throws SystemError. */
export function changePort(
  host: NetlinkSocket,
  before: NetworkArgs,
  after: NetworkArgs,
  attachment: OnBridge,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): readonly string[] {
  const [link, bridge] = [findLink(host, before.link), findLink(host, attachment.bridge)];
  if (link === null || bridge === null) {
    const gone = link === null ? before.link : attachment.bridge;
    throw new SystemError('change', constants.errno.ENODEV, gone, 'restart the jail');
  }
  const warnings = passPackets(host, after, ledger);
  host.request(isolation(link, after, attachment.isolated));
  const end = (args: NetworkArgs): JailEnd => neighbourEnd(args, gateways(host, args, attachment, bridge));
  const inside = changeEnd(end(before), end(after), link.peer, before.peer);
  withJailNetlink(jailer, (jail) => jail.request(inside));
  return warnings;
}

/** An isolated jail is known by its hardware address, and so has no other. */
const isolation = (
  { index }: { readonly index: number },
  { link, peerMac }: NetworkArgs,
  isolated: boolean,
): readonly Request[] => [
  ...(isolated ? [holdPort(index, link, peerMac)] : []),
  isolatePort(index, link, isolated),
];

/** Where the jail's default routes go: as written, else to the host, where it is in one of the jail's subnets. */
function gateways(
  host: NetlinkSocket,
  { gateways: written, ip4, ip6 }: NetworkArgs,
  { make }: OnBridge,
  bridge: LinkDetails,
): readonly string[] {
  const isSix = (address: string): boolean => address.includes(':');
  const isOpen = ([first]: NetworkArgs['ip4']): boolean =>
    first !== undefined && !written.some((one) => isSix(one) === isSix(first.address));
  const open = [ip4, ip6].filter(isOpen);
  if (open.length === 0) return written;
  const hosts = make ?? addressesOn(host, bridge);
  const near = (addresses: NetworkArgs['ip4']): readonly string[] =>
    hosts
      .map(({ address }) => address)
      .filter((address) => addresses.some((one) => isNear(address, one)))
      .slice(0, 1);
  return [...written, ...open.flatMap(near)];
}

const addressesOn = (host: NetlinkSocket, { index }: LinkDetails) =>
  (host.request([dumpAddresses(index)])[0] ?? []).map(decodeAddress).filter(({ link }) => link === index);
