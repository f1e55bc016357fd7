import { statfsSync } from 'node:fs';
import type { NetworkArgs } from '../plan/step.js';
import { findLink } from './interfaces.js';
import { withNetlink } from './netlink.js';

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

/** Whether a jail's link is there on the host's side: with one end of a veth the other goes. Throws SystemError. */
export function isLinkThere({ attachment, link, ip4, ip6 }: NetworkArgs): boolean {
  if (attachment.kind === 'routed' && ip4.length + ip6.length === 0) return true;
  return withNetlink((host) => findLink(host, attachment.kind === 'macvlan' ? attachment.on : link) !== null);
}
