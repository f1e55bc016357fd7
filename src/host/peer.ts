import { readlinkSync } from 'node:fs';
import { peerCredentials, peerGroups } from './libc/sockets.js';

/** Who is at the other end of a Unix socket. */
export interface PeerFacts {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** In a user or PID namespace other than ours, or gone already. */
  readonly isForeign: boolean;
}

const KINDS = ['user', 'pid'] as const;

/** @returns null when the process has gone, or can't be seen from here */
function namespacesOf(pid: number | 'self'): string | null {
  try {
    return KINDS.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`)).join(' ');
  } catch {
    return null;
  }
}

let own: string | null = null;

/**
 * The process that connected. Ids and groups are those of that moment, as the host counts them (unix(7)); its namespaces
 * are those that it has now. Throws SystemError.
 */
export function lookAtPeer(fd: number): PeerFacts {
  const peer = peerCredentials(fd);
  // 0: a process of a PID namespace that is not below ours.
  const theirs = peer.pid === 0 ? null : namespacesOf(peer.pid);
  own ??= namespacesOf('self');
  return { ...peer, groups: peerGroups(fd), isForeign: theirs === null || theirs !== own };
}
