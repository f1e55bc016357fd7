import { constants } from 'node:os';
import { stableMac } from '../plan/network.js';
import type { HostSubnet, NetworkArgs } from '../plan/step.js';
import { deleteElsewhere } from './deletion.js';
import { SystemError } from './error.js';
import { hostMachineId } from './figures.js';
import { distrustIp6, forwardIp6Here, withoutIp6 } from './forwarding.js';
import { findLink, linksInDetail, portsOf } from './interfaces.js';
import { linkLocal, orThere } from './jail-end.js';
import { deleteLink, setLink, setLinkUp, type LinkDetails } from './netlink-link.js';
import { createBridge } from './netlink-new-link.js';
import { addAddress } from './netlink-route.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';

/*
 * Bridges that jails are ports of. One whose alias names this instance was made by it: for the first jail, and it goes
 * with its last port. All others belong to the host, and nothing is told to them.
 */

const { ENODEV, EEXIST, EINVAL } = constants.errno;

/** Bridges that are being deleted: nobody may become a port of one meanwhile. */
const removals = new Map<string, Promise<void>>();

/** What a jail asks for. */
type Wanted = Pick<NetworkArgs, 'owner' | 'mtu'> & {
  readonly bridge: string;
  /** Null: it is the host's. */
  readonly make: readonly HostSubnet[] | null;
};

/** Whether a link is a bridge that an instance has made. */
export const isOwn = ({ kind, alias }: LinkDetails, owner: string): boolean =>
  kind === 'bridge' && alias === owner;

const isOfAnInstance = (alias: string): boolean => /^jaild(-[0-9a-f]+)?$/.test(alias);

/** Resolves when a bridge of that name is not on its way out. */
export const settled = async (bridge: string): Promise<void> => removals.get(bridge);

/** The bridge that is there, or a new one. Throws SystemError. */
export function findOrMakeBridge(host: NetlinkSocket, wanted: Wanted): LinkDetails {
  const { bridge, make, owner } = wanted;
  const there = findLink(host, bridge);
  if (there !== null && there.kind !== 'bridge') throw noBridge(there);
  if (make === null) return there ?? missingBridge(host, bridge);
  if (there === null) return makeBridge(host, wanted, make);
  if (!isOwn(there, owner)) {
    const hint = isOfAnInstance(there.alias)
      ? `it is that of another jaild, ${there.alias}: give one of them another name`
      : 'it is not jaild’s: without "bridge.subnet" the jail becomes a port of it as it is';
    throw new SystemError('bridge', EEXIST, bridge, hint);
  }
  host.request(addresses(there, make).map(orThere));
  return there;
}

function noBridge({ name, kind }: LinkDetails): SystemError {
  return new SystemError(
    'bridge',
    EINVAL,
    name,
    `it is no bridge but ${kind === '' ? 'a device' : `of kind ${kind}`}`,
  );
}

function missingBridge(host: NetlinkSocket, name: string): never {
  const names = linksInDetail(host)
    .filter(({ kind }) => kind === 'bridge')
    .map((link) => link.name);
  const there = names.length === 0 ? 'this host has no bridge' : `this host has ${names.join(', ')}`;
  throw new SystemError('bridge', ENODEV, name, `${there}; bridge.subnet = auto has it made`);
}

function makeBridge(host: NetlinkSocket, wanted: Wanted, make: readonly HostSubnet[]): LinkDetails {
  const { bridge: name, owner, mtu } = wanted;
  // Two hosts may each have a bridge of the name, on one wire.
  host.request([createBridge({ name, mac: stableMac(`${hostMachineId() ?? ''} ${owner} ${name}`), mtu })]);
  const link = findLink(host, name);
  if (link === null) throw new SystemError('bridge', ENODEV, name);
  try {
    if (make.some(({ address }) => address.includes(':'))) {
      distrustIp6(name);
      forwardIp6Here(name);
    } else withoutIp6(name);
    host.request([
      setLink(link.index, name, {
        alias: owner,
        ipv4: { forwarding: 1, accept_redirects: 0, rp_filter: 1 },
        generate: 'none',
      }),
      setLinkUp(link.index, name),
      ...addresses(link, make),
    ]);
    return link;
  } catch (error) {
    host.request([deleteLink(link)]);
    throw error;
  }
}

/** The host's own on a bridge. */
function addresses({ index, mac }: LinkDetails, make: readonly HostSubnet[]) {
  const own = make.some(({ address }) => address.includes(':')) ? [linkLocal(mac)] : [];
  return [
    ...own.map((address) => addAddress(index, address, 64, { scope: 'link' })),
    ...make.map(({ address, prefix }) => addAddress(index, address, prefix, { onLink: true })),
  ];
}

/** Deletes a bridge that this instance has made, once nothing is a port of it. Rejects with SystemError. */
export async function removeEmptyBridge(bridge: string, owner: string): Promise<void> {
  const link = withNetlink((host) => {
    const found = findLink(host, bridge);
    return found !== null && isOwn(found, owner) && portsOf(host, found).length === 0 ? found : null;
  });
  if (link === null) return;
  const removal = deleteElsewhere(link).finally(() => removals.delete(bridge));
  removals.set(bridge, removal);
  await removal;
}
