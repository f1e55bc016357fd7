import { existsSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { LendArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import type { JailerHandle } from './host.js';
import { findLink, hostInterfaces } from './interfaces.js';
import { jailerBinary } from './jailer.js';
import { closeFd, pidfdGetfd, pidfdOpen, pidfdSendSignal, posixSpawn, waitpid } from './libc.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import { moveLink } from './netlink-route.js';

/** The descriptor of the socket in native/jailer/window.c. */
const WINDOW = 10;
/** Milliseconds that a window may take to open. */
const PATIENCE = 5000;
const { ENODEV, EBADF, EEXIST, ETIMEDOUT } = constants.errno;

/**
 * Moves interfaces of the host into a jail (jail(8), vnet.interface). When one can't be moved, those before it are given
 * back. Rejects with SystemError: ENODEV for one that is not there, EINVAL for one that is bound to its namespace.
 */
export async function lendInterfaces(args: LendArgs, jailer: JailerHandle): Promise<void> {
  try {
    withNetlink((host) => {
      const links = args.interfaces.map((name) => findLink(host, name) ?? missing(name));
      for (const link of links) host.request([moveLink(link.index, link.name, jailer.initPid)]);
    });
  } catch (error) {
    await takeBackInterfaces(args);
    throw error;
  }
}

function missing(name: string): never {
  const names = hostInterfaces().map((link) => link.name);
  const pair = /^epair\d+[ab]$/.test(name)
    ? '; an epair is made with: ip link add epair0a type veth peer name epair0b'
    : '';
  throw new SystemError('vnet.interface', ENODEV, name, `this host has ${names.join(', ')}${pair}`);
}

/**
 * Gives the interfaces back to the host, when nobody may be in the jail any more. One that is not there is fine: it was
 * never lent, is back already, or the jail has deleted it. Rejects with SystemError.
 */
export async function takeBackInterfaces({ interfaces, netns }: LendArgs): Promise<void> {
  if (!existsSync(netns)) return;
  await throughWindow(netns, (jail) => {
    for (const name of interfaces) {
      const link = findLink(jail, name);
      if (link !== null) giveBack(jail, link.index, name);
    }
  });
}

/** The host may have made another of that name meanwhile: then it comes back under one that is free. */
function giveBack(jail: NetlinkSocket, index: number, name: string): void {
  try {
    jail.request([moveLink(index, name, process.pid)]);
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === EEXIST)) throw error;
    jail.request([moveLink(index, name, process.pid, 'lent%d')]);
  }
}

/** Calls `use` with a socket in the network namespace of that name, which a small process opens and jaild fetches. */
async function throughWindow(netns: string, use: (socket: NetlinkSocket) => void): Promise<void> {
  const nowhere = openSync('/dev/null', 'r+');
  const standard = [0, 1, 2].map((to) => [nowhere, to] as const);
  let pid: number;
  try {
    pid = posixSpawn(`/proc/self/fd/${jailerBinary()}`, ['jailer', '--window', netns], {}, standard);
  } finally {
    closeFd(nowhere);
  }
  const pidfd = pidfdOpen(pid);
  try {
    withNetlink(use, await fetchSocket(pid, pidfd, netns));
  } finally {
    await end(pid, pidfd);
  }
}

/** The socket, as soon as it is there. */
async function fetchSocket(pid: number, pidfd: number, netns: string): Promise<number> {
  for (const until = Date.now() + PATIENCE; Date.now() < until; await wait(1)) {
    try {
      return pidfdGetfd(pidfd, WINDOW);
    } catch (error) {
      if (!(error instanceof SystemError && error.errno === EBADF)) throw failure(pid, netns, error);
    }
  }
  throw new SystemError('setns', ETIMEDOUT, netns);
}

/** The window's own reason, where it has ended with one. */
function failure(pid: number, netns: string, error: unknown): unknown {
  const ended = waitpid(pid);
  return ended?.how === 'exit' ? new SystemError('setns', ended.code, netns) : error;
}

async function end(pid: number, pidfd: number): Promise<void> {
  try {
    pidfdSendSignal(pidfd, constants.signals.SIGKILL);
    while (waitpid(pid) === null) await wait(1);
  } catch {
    // It had ended by itself, and failure() has reaped it.
  } finally {
    closeFd(pidfd);
  }
}
