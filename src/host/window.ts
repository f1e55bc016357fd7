import { openSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { SystemError } from './error.js';
import { jailerBinary } from './jailer.js';
import { closeFd } from './libc/descriptors.js';
import { pidfdGetfd, pidfdOpen, pidfdSendSignal } from './libc/pidfd.js';
import { posixSpawn, waitpid } from './libc/processes.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';

/** The descriptor of the socket in native/jailer/window.c. */
const WINDOW = 10;
/** Milliseconds that a window may take to open. */
const PATIENCE = 5000;
const { EBADF, ETIMEDOUT } = constants.errno;

/** Calls `use` with a socket in the network namespace of that name, which a small process opens and jaild fetches. Rejects with SystemError. */
export async function throughWindow(netns: string, use: (socket: NetlinkSocket) => void): Promise<void> {
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
