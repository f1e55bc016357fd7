import type { NetworkArgs } from '../plan/step.js';
import {
  announceIp4,
  announceIp6,
  forwardIp4,
  forwardIp6,
  forwardIp6Elsewhere,
  WHOLE_HOST,
} from './forwarding.js';
import { waysOut } from './interfaces.js';
import type { NetlinkSocket } from './netlink.js';
import type { NeededSysctl, SysctlLedger } from './sysctl-ledger.js';
import { hasSysctl, readSysctl } from './sysctl.js';

const PART = 'network';

/**
 * Has interfaces of the host announce a jail's addresses and pass on what is for it, and those go back that it no longer
 * needs. Returns warnings. Throws SystemError; then it holds none.
 */
export function passPackets(host: NetlinkSocket, args: NetworkArgs, ledger: SysctlLedger): readonly string[] {
  const needed = [
    ...[...new Set(args.ip4.flatMap(({ announceOn }) => announceOn ?? []))].flatMap(announceIp4),
    ...[...new Set(args.ip6.flatMap(({ announceOn }) => announceOn ?? []))].flatMap(announceIp6),
    ...(args.ip6.length > 0 ? ownLink(args) : []),
    ...waysBack(host, args),
  ];
  const isNews = needed.some(({ name }) => name === WHOLE_HOST) && readSysctl(WHOLE_HOST) !== '1';
  ledger.hold(args.jail, PART, needed);
  return isNews
    ? [
        'net.ipv6.conf.all.forwarding is now 1: before Linux 6.17 IPv6 is forwarded for the whole host or not at all',
      ]
    : [];
}

/** A link of jaild's that the jail's packets come in on. */
function ownLink({ attachment, link }: NetworkArgs): readonly NeededSysctl[] {
  if (attachment.kind === 'routed') return forwardIp6Elsewhere(link);
  return attachment.kind === 'bridge' && attachment.make !== null
    ? forwardIp6Elsewhere(attachment.bridge)
    : [];
}

/** Where the answers come in. An interface that is not there yet forwards nothing yet. */
function waysBack(host: NetlinkSocket, { forwarding, ip4, ip6 }: NetworkArgs): readonly NeededSysctl[] {
  if (forwarding === undefined) return [];
  const names = (family: 'ip4' | 'ip6'): readonly string[] => {
    const found = forwarding.byDefaultRoute ? waysOut(host, family) : [];
    const conf = family === 'ip4' ? 'ipv4/conf' : 'ipv6/conf';
    return [...new Set([...forwarding.interfaces, ...found])].filter((name) => hasSysctl(`${conf}/${name}`));
  };
  return [
    ...(ip4.length > 0 ? names('ip4').flatMap(forwardIp4) : []),
    ...(ip6.length > 0 ? names('ip6').flatMap(forwardIp6) : []),
  ];
}
