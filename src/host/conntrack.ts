import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { StaleFlows } from '../plan/firewall-flows.js';
import { SystemError } from './error.js';
import { NETLINK_NETFILTER, netlinkSocket } from './libc/sockets.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import { decodeFlow, flowDeletion, flowsRequest, type Flow } from './netlink-conntrack.js';

/**
 * Has the kernel forget stale flows: their next packets meet the rules. Where it can't tell of any, as without
 * nf_conntrack_netlink, they go on as they were until they pause.
 */
export function endFlows(stale: readonly StaleFlows[]): void {
  if (stale.length === 0) return;
  try {
    withNetlink((host) => stale.forEach((one) => endThose(host, one)), netlinkSocket(NETLINK_NETFILTER));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

function endThose(host: NetlinkSocket, { family, ports: { first, last }, to, address }: StaleFlows): void {
  const [told = []] = host.request([flowsRequest(family, first === last ? first : null)]);
  const flows = told.flatMap((one) => decodeFlow(one, family) ?? []);
  const own = new Set((address === null ? ownAddresses() : [address]).map(bytesOf));
  const jail = to === null ? null : bytesOf(to);
  for (const flow of flows) {
    const isMeant = jail === null ? isLost(flow) : flow.isLed && flow.answering === jail;
    if (!isMeant || flow.port < first || flow.port > last || !own.has(flow.address)) continue;
    host.request([flowDeletion(family, flow)]);
  }
}

/** Nobody answers, and no rule has done anything with it. */
const isLost = ({ isAnswered, isLed, isDisguised }: Flow): boolean => !isAnswered && !isLed && !isDisguised;

/** As flows have them. */
const bytesOf = (address: string): string => Buffer.from(ipaddr.parse(address).toByteArray()).toString('hex');

/** Addresses that the host has, of both families. */
const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((link) => (link ?? []).map(({ address }) => address));
