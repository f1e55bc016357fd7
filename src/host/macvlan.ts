import { constants } from 'node:os';
import type { NetworkArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import type { JailerHandle } from './host.js';
import { findLink, missing } from './interfaces.js';
import { changeEnd, neighbourEnd, setUpEnd, withJailNetlink } from './jail-end.js';
import { deleteLink, type LinkDetails } from './netlink-link.js';
import { createMacvlan } from './netlink-new-link.js';
import type { NetlinkSocket } from './netlink.js';

/*
 * A macvlan of the jail's on an interface of the host. It is made in the jail and is of no namespace but that, with which
 * the kernel takes it away; and with the interface that it is on.
 */

/**
 * Gives a jail a device of its own. A failure leaves nothing behind. Throws SystemError: ENODEV for an interface that is
 * not there, EADDRINUSE while another on it has the hardware address, EINVAL for one that takes no macvlan.
 */
export function attachMacvlan(
  host: NetlinkSocket,
  args: NetworkArgs,
  on: string,
  jailer: JailerHandle,
): void {
  const below = findLink(host, on);
  if (below === null) throw missing(host, on);
  const device = { name: args.peer, mac: args.peerMac, mtu: args.mtu };
  host.request([createMacvlan(device, below.index, jailer.initPid)]);
  withJailNetlink(jailer, (jail) => {
    const link = deviceOf(jail, args);
    try {
      jail.request(setUpEnd(neighbourEnd(args, args.gateways), link.index, args.peer));
    } catch (error) {
      jail.request([deleteLink(link)]);
      throw error;
    }
  });
}

/** What changeRouted() is for routed jails. Throws SystemError. */
export function changeMacvlan(before: NetworkArgs, after: NetworkArgs, jailer: JailerHandle): void {
  withJailNetlink(jailer, (jail) => {
    const { index } = deviceOf(jail, before);
    const end = (args: NetworkArgs) => neighbourEnd(args, args.gateways);
    jail.request(changeEnd(end(before), end(after), index, before.peer));
  });
}

function deviceOf(jail: NetlinkSocket, { peer }: NetworkArgs): LinkDetails {
  const link = findLink(jail, peer);
  if (link === null) throw new SystemError('interface', constants.errno.ENODEV, `${peer} of the jail`);
  return link;
}
