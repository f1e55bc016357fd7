import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { hasLink } from '../plan/network.js';
import type { NetworkArgs } from '../plan/step.js';
import { removeEmptyBridge, settled } from './bridge.js';
import { SystemError } from './error.js';
import { hasIp6 } from './forwarding.js';
import type { JailerHandle } from './host.js';
import { addressHolders } from './interfaces.js';
import { LOOPBACK, withJailNetlink } from './jail-end.js';
import { attachMacvlan, changeMacvlan } from './macvlan.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import { attachPort, changePort, detachPort } from './port.js';
import { attachRouted, changeRouted, detachRouted } from './routed.js';
import type { SysctlLedger } from './sysctl-ledger.js';

const { EADDRINUSE, EAFNOSUPPORT } = constants.errno;

/** Milliseconds within which the kernel takes a network namespace down that nobody is in any more. */
const PATIENCE = 5000;

/**
 * Gives a jail its interface, addresses and routes, if it has any, and brings its loopback up. What stands in the way is
 * found before anything is made, and a failure leaves nothing behind. Returns warnings. Throws SystemError: EADDRINUSE
 * (the hint names the holder), ENODEV (no such interface or bridge), EAFNOSUPPORT (host without IPv6), or netlink's.
 */
export function attachNetwork(
  args: NetworkArgs,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): readonly string[] {
  if (!hasLink(args)) {
    bringLoopbackUp(jailer);
    return [];
  }
  try {
    return withNetlink((host) => {
      check(host, args, addressesOf(args));
      return attach(host, args, jailer, ledger);
    });
  } catch (error) {
    ledger.release(args.jail);
    throw error;
  }
}

function attach(
  host: NetlinkSocket,
  args: NetworkArgs,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): readonly string[] {
  const { attachment } = args;
  if (attachment.kind === 'routed') return attachRouted(host, args, jailer, ledger);
  if (attachment.kind === 'bridge') return attachPort(host, args, attachment, jailer, ledger);
  attachMacvlan(host, args, attachment.on, jailer);
  return [];
}

/** attachNetwork() for what an earlier life of a jail may still keep: a bridge that is going, a hardware address. */
export async function attachWhenFree(
  args: NetworkArgs,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): Promise<readonly string[]> {
  const { attachment } = args;
  if (attachment.kind === 'bridge') await settled(attachment.bridge);
  for (const until = Date.now() + PATIENCE; ; await wait(5)) {
    try {
      return attachNetwork(args, jailer, ledger);
    } catch (error) {
      const isBusy = error instanceof SystemError && error.errno === EADDRINUSE && error.call !== 'attach';
      if (attachment.kind === 'macvlan' && isBusy && Date.now() < until) continue;
      if (attachment.kind === 'bridge') await removeEmptyBridge(attachment.bridge, args.owner);
      throw error;
    }
  }
}

/**
 * Takes away what attachNetwork() made, as far as it is there. When it resolves, name and addresses are free again.
 * Rejects with SystemError.
 */
export async function detachNetwork(args: NetworkArgs, ledger: SysctlLedger): Promise<void> {
  const { attachment } = args;
  try {
    if (attachment.kind === 'bridge') await detachPort(args, attachment);
    else if (attachment.kind === 'routed' && hasLink(args)) await detachRouted(args);
  } finally {
    ledger.release(args.jail);
  }
}

/**
 * Makes of the network of a running jail what other addresses, gateways or ways out want, without touching what stays.
 * Attachment, hardware address and MTU are the same in both. Returns warnings. Rejects as attachNetwork() throws; all is
 * as it was then.
 */
export async function changeNetwork(
  before: NetworkArgs,
  after: NetworkArgs,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): Promise<readonly string[]> {
  if (!hasLink(before)) return attachNetwork(after, jailer, ledger);
  if (!hasLink(after)) {
    await detachNetwork(before, ledger);
    return [];
  }
  return withNetlink((host) => {
    const known = new Set(addressesOf(before));
    check(
      host,
      after,
      addressesOf(after).filter((address) => !known.has(address)),
    );
    try {
      return change(host, before, after, jailer, ledger);
    } catch (error) {
      putBack(() => change(host, after, before, jailer, ledger));
      throw error;
    }
  });
}

/** What cannot be put back has gone by itself, and the failure before it says more. */
function putBack(attempt: () => unknown): void {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

function change(
  host: NetlinkSocket,
  before: NetworkArgs,
  after: NetworkArgs,
  jailer: JailerHandle,
  ledger: SysctlLedger,
): readonly string[] {
  const { attachment } = after;
  if (attachment.kind === 'routed') return changeRouted(host, before, after, jailer, ledger);
  if (attachment.kind === 'bridge') return changePort(host, before, after, attachment, jailer, ledger);
  changeMacvlan(before, after, jailer);
  return [];
}

/** Makes 127.0.0.1 and ::1 work in a jail that has a network namespace but no address. Throws SystemError. */
export function bringLoopbackUp(jailer: JailerHandle): void {
  withJailNetlink(jailer, (jail) => jail.request([LOOPBACK]));
}

const addressesOf = ({ ip4, ip6 }: NetworkArgs): readonly string[] =>
  [...ip4, ...ip6].map(({ address }) => address);

/** What can be found wrong with addresses before anything is made. */
function check(host: NetlinkSocket, { ip6, link }: NetworkArgs, addresses: readonly string[]): void {
  if (ip6.length > 0 && !hasIp6()) {
    const hint = 'this host runs without IPv6 (ipv6.disable=1 or no such module): take ip6.addr out';
    throw new SystemError('attach', EAFNOSUPPORT, ip6[0]?.address ?? '', hint);
  }
  for (const [address, holder] of addressHolders(host, addresses, link)) {
    throw new SystemError('attach', EADDRINUSE, address, holder);
  }
}
