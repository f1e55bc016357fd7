import ipaddr from 'ipaddr.js';
import type { Subnet } from '../config/values/subnet.js';
import { NLM_F_DUMP, decodeAttributes, type Request } from './netlink-message.js';
import { withNetlink } from './netlink.js';
import { decodeAddress, dumpAddresses } from './netlink-route.js';

const [RTM_GETROUTE, RTA_DST] = [26, 1];

/** Length of a prefix that is meant for nearly everything, in one part or several: that is not one network. */
const EVERYWHERE = 3;

/** Every route of every table and family. rtnetlink(7), struct rtmsg. */
const routes: Request = {
  step: 'list routes',
  subject: 'host',
  type: RTM_GETROUTE,
  flags: NLM_F_DUMP,
  body: Buffer.alloc(12),
};

/** What of all addresses this host knows a place for: its own with their subnets, and what routes lead to. Throws SystemError. */
export function subnetsInUse(): readonly Subnet[] {
  return withNetlink((host) => {
    const addresses = (host.request([dumpAddresses()])[0] ?? []).map(decodeAddress);
    const destinations = (host.request([routes])[0] ?? []).flatMap((body) => destinationOf(body) ?? []);
    return [...addresses, ...destinations].map(({ address, prefix }) => ({ address, prefix }));
  });
}

function destinationOf(body: Buffer): Subnet | null {
  const bytes = decodeAttributes(body.subarray(12)).get(RTA_DST);
  const prefix = body.readUInt8(1);
  if (bytes === undefined || prefix <= EVERYWHERE) return null;
  return { address: ipaddr.fromByteArray([...bytes]).toString(), prefix };
}
