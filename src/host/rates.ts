import { constants } from 'node:os';
import type { RateArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import { hasIp6 } from './forwarding.js';
import type { JailerHandle } from './host.js';
import { findLink } from './interfaces.js';
import {
  createIfb,
  interceptIncoming,
  limitSending,
  redirectIncoming,
  releaseIncoming,
  unlimitSending,
  type Bucket,
} from './netlink-qdisc.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import { withJailNetlink } from './jail-end.js';
import { deleteLink, getLink, setLink, setLinkUp } from './netlink-link.js';
import { deleteElsewhere } from './deletion.js';
import { decodeLinkView, type LinkView } from './netlink-view.js';

const { ENOENT, ENODEV, EOPNOTSUPP, ESRCH } = constants.errno;
/** What the kernel says of a kind that it does not know. */
const UNKNOWN: readonly number[] = [ENOENT, EOPNOTSUPP];

/** Bytes in front of a packet of the largest size, with the tag of a VLAN. */
const HEAD = 18;
const MAX_BYTES = 0xffff_ffff;

/** What the kernel must have been built with, by what was asked of it. */
const MODULES: Readonly<Record<string, string>> = {
  'netlink limit rate': 'sch_tbf',
  'netlink intercept packets': 'sch_ingress',
  'netlink redirect packets': 'cls_u32 and act_mirred',
  'netlink create queue': 'ifb',
};

/**
 * Limits what passes a jail's link: what leaves it waits at the link itself, what comes in is sent round by a device
 * where it can wait. A failure leaves nothing behind. Rejects with SystemError, which names the module that is missing.
 */
export async function setRates(args: RateArgs, jailer: JailerHandle | null): Promise<void> {
  try {
    within(args, jailer, (socket) => {
      const link = linkNamed(socket, args.link);
      const { sent, received } = amounts(args);
      if (sent !== null) socket.request([limitSending(link.index, link.name, bucketOf(sent, link.mtu))]);
      if (received !== null) holdBack(socket, link, args, received);
    });
  } catch (error) {
    await clearRates(args, jailer);
    throw explained(error);
  }
}

/** Makes of the limits of a running jail others. Nothing that is on its way is lost. Rejects with SystemError. */
export async function changeRates(
  before: RateArgs,
  after: RateArgs,
  jailer: JailerHandle | null,
): Promise<void> {
  const [old, wanted] = [amounts(before), amounts(after)];
  try {
    within(after, jailer, (socket) => {
      const link = linkNamed(socket, after.link);
      if (wanted.sent !== null)
        socket.request([limitSending(link.index, link.name, bucketOf(wanted.sent, link.mtu))]);
      else if (old.sent !== null) socket.request([unlimitSending(link.index, link.name)]);
      const queue = old.received === null ? null : findLink(socket, after.queue);
      if (wanted.received === null) return;
      if (queue === null) holdBack(socket, link, after, wanted.received);
      else socket.request([limitSending(queue.index, queue.name, bucketOf(wanted.received, link.mtu))]);
    });
    if (wanted.received === null && old.received !== null) await letPass(after, jailer);
  } catch (error) {
    throw explained(error);
  }
}

/** Takes the limits away; a link that is gone has none. Rejects with SystemError. */
export async function clearRates(args: RateArgs, jailer: JailerHandle | null): Promise<void> {
  if (args.side === 'jail' && !isThere(args, jailer)) return;
  within(args, jailer, (socket) => {
    const link = findLink(socket, args.link);
    if (link !== null && amounts(args).sent !== null) socket.request([unlimitSending(link.index, link.name)]);
  });
  if (amounts(args).received !== null) await letPass(args, jailer);
}

/** What leaves the link and what comes in on it: the host's end sends what the jail receives. */
function amounts({ side, egress, ingress }: RateArgs): {
  readonly sent: number | null;
  readonly received: number | null;
} {
  return side === 'jail' ? { sent: egress, received: ingress } : { sent: ingress, received: egress };
}

/**
 * A hundredth of a second's bytes may pass at once, which timers can keep up with; what is larger than that, several
 * packets of TCP in one (GSO), the kernel takes apart. A twentieth of a second's may wait, and never so few that TCP
 * would starve.
 */
function bucketOf(rate: number, mtu: number): Bucket {
  const frame = mtu + HEAD;
  return {
    rate,
    burst: Math.min(MAX_BYTES, Math.max(2 * frame, Math.round(rate / 100))),
    queue: Math.min(MAX_BYTES, Math.max(32 * frame, Math.round(rate / 20))),
  };
}

/** Has what comes in on the link wait at a device of its own. */
function holdBack(socket: NetlinkSocket, link: LinkView, { queue, mark }: RateArgs, rate: number): void {
  socket.request([createIfb(queue)]);
  const { index, name } = linkNamed(socket, queue);
  socket.request([
    setLink(index, name, { alias: mark, ...(hasIp6() && { generate: 'none' }) }),
    setLinkUp(index, name),
    limitSending(index, name, bucketOf(rate, link.mtu)),
    interceptIncoming(link.index, link.name),
    redirectIncoming(link.index, link.name, index),
  ]);
}

/** Takes holdBack() back. */
async function letPass(args: RateArgs, jailer: JailerHandle | null): Promise<void> {
  const queue = within(args, jailer, (socket) => {
    const link = findLink(socket, args.link);
    // Before the device goes: what would be sent there is dropped.
    if (link !== null) socket.request([releaseIncoming(link.index, link.name)]);
    const found = findLink(socket, args.queue);
    if (found === null || args.side === 'host') return found;
    socket.request([deleteLink(found)]);
    return null;
  });
  if (queue !== null) await deleteElsewhere(queue);
}

/** The link with its MTU. Throws SystemError ENODEV. */
function linkNamed(socket: NetlinkSocket, name: string): LinkView {
  const body = socket.request([getLink(name)])[0]?.[0];
  if (body === undefined) throw new SystemError('netlink look up link', ENODEV, name);
  return decodeLinkView(body);
}

function within<T>({ side }: RateArgs, jailer: JailerHandle | null, use: (socket: NetlinkSocket) => T): T {
  if (side === 'host') return withNetlink(use);
  if (jailer === null) throw new SystemError('limit', ESRCH, 'jailer');
  return withJailNetlink(jailer, use);
}

/** Whether the jail's network namespace can still be reached; without its jailer it is gone, and all in it. */
function isThere(args: RateArgs, jailer: JailerHandle | null): boolean {
  try {
    within(args, jailer, () => undefined);
    return true;
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}

/** The same failure with what this kernel lacks, where it is that. */
export function explained(error: unknown): unknown {
  if (!(error instanceof SystemError)) return error;
  const { call, errno, subject } = error;
  const module = MODULES[call];
  if (module === undefined || !UNKNOWN.includes(errno)) return error;
  const hint = `this kernel has no ${module}: modprobe -a ${module.replace(' and', '')}, or a kernel that was built with it`;
  return new SystemError(call, errno, subject, hint);
}
