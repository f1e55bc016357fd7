import { statfsSync } from 'node:fs';
import { hasLink } from '../plan/network.js';
import type { NetworkArgs, RateArgs } from '../plan/step.js';
import { findLink } from './interfaces.js';
import { withNetlink } from './netlink.js';
import { isAnnounced } from './routed.js';
import type { SysctlLedger } from './sysctl-ledger.js';
import { throughWindow } from './window.js';

/** NSFS_MAGIC of linux/magic.h. */
const NSFS = 0x6e736673;

/** Whether a name for a network namespace still is one: a bind mount of the namespace's file. */
export function isNamespaceNamed(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS;
  } catch {
    return false;
  }
}

/**
 * Whether the network of a jail is as attachNetwork() has left it, on the host's side and on what is under it: whoever
 * takes an interface away takes along what is on it. Rejects with SystemError when that cannot be seen.
 * @param netns file of its network namespace
 */
export async function isNetworkThere(
  args: NetworkArgs,
  netns: string,
  ledger: SysctlLedger,
): Promise<boolean> {
  if (!hasLink(args)) return true;
  if (!ledger.isInForce(args.jail)) return false;
  const { attachment } = args;
  if (attachment.kind === 'macvlan') return isDeviceThere(netns, args.peer);
  return withNetlink((host) => {
    const link = findLink(host, args.link); // with one end of a veth the other goes
    if (link === null) return false;
    return attachment.kind === 'bridge'
      ? link.master === findLink(host, attachment.bridge)?.index
      : isAnnounced(host, args);
  });
}

/** Only the namespace itself can tell of a device that was made in it. */
async function isDeviceThere(netns: string, name: string): Promise<boolean> {
  let isThere = false;
  await throughWindow(netns, (jail) => {
    isThere = findLink(jail, name) !== null;
  });
  return isThere;
}

/** Whether the device is there at which what a jail sends waits, where the host has it. */
export function areLimitsThere({ side, egress, queue }: RateArgs): boolean {
  if (side === 'jail' || egress === null) return true;
  return withNetlink((host) => findLink(host, queue) !== null);
}
