import type { Family } from '../config/values/family.js';
import type { NetworkArgs } from '../plan/step.js';
import { announceIp4, announceIp6, forwardIp4, forwardIp6, forwardIp6Elsewhere } from './forwarding.js';
import { waysIn } from './interfaces.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import type { Claim, NeededSysctl, SysctlLedger } from './sysctl-ledger.js';
import { hasSysctl, readSysctl, WHOLE_HOST } from './sysctl.js';

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
  ledger.hold(args.jail, PART, needed, claimOf(args));
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
function waysBack(host: NetlinkSocket, args: NetworkArgs): readonly NeededSysctl[] {
  const { forwarding } = args;
  if (forwarding === undefined) return [];
  const names = [...new Set([...forwarding.interfaces, ...(forwarding.everywhere ? waysIn(host) : [])])];
  return familiesOf(args).flatMap((family) => forwardOn(names, family));
}

/** What the host must be told to pass on what comes in by any of its interfaces. Throws SystemError. */
export const forwardEverywhere = (family: Family): readonly NeededSysctl[] =>
  forwardOn(withNetlink(waysIn), family);

function forwardOn(names: readonly string[], family: Family): readonly NeededSysctl[] {
  const [conf, forward] = family === 'ip4' ? ['ipv4/conf', forwardIp4] : ['ipv6/conf', forwardIp6];
  const there = names.filter((name) => hasSysctl(`${conf}/${name}`));
  return there.flatMap(forward).map((one) => ({ ...one, mayGo: true }));
}

const familiesOf = ({ ip4, ip6 }: NetworkArgs): readonly Family[] => [
  ...(ip4.length > 0 ? (['ip4'] as const) : []),
  ...(ip6.length > 0 ? (['ip6'] as const) : []),
];

function claimOf(args: NetworkArgs): Claim {
  const { attachment, forwarding } = args;
  const isGuest = attachment.kind === 'bridge' && attachment.make === null && forwarding !== undefined;
  return {
    guests: isGuest ? [...args.ip4, ...args.ip6].map(({ address }) => address) : [],
    everywhere: forwarding?.everywhere === true ? familiesOf(args) : [],
  };
}
