import { constants } from 'node:os';
import type { NetworkArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import { findLink } from './interfaces.js';
import { decodeLink, deleteLink, getLink, type Link } from './netlink-link.js';
import { createVeth } from './netlink-new-link.js';
import type { NetlinkSocket } from './netlink.js';

/** What the alias of the host's end says: whose it is. */
export const aliasOf = ({ owner, jail }: Pick<NetworkArgs, 'owner' | 'jail'>): string => `${owner} ${jail}`;

/**
 * The new pair between host and jail, both ends down. A link of that name can only be what an earlier start of this very
 * jail left. Throws SystemError.
 * @param bridge the bridge that the host's end becomes a port of, and the MTU that it has unless another is written
 */
export function makeVeth(
  host: NetlinkSocket,
  args: NetworkArgs,
  initPid: number,
  bridge?: { readonly index: number; readonly mtu: number },
): Link {
  const veth = { ...args, mtu: args.mtu ?? bridge?.mtu ?? null };
  const create = () => host.request([createVeth(veth, initPid, bridge?.index), getLink(args.link)]);
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
