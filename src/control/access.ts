/** The process at the other end of a connection, as the kernel knows it (SO_PEERCRED, unix(7)). */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What a peer may ask for; each right includes those before it. */
export const rights = ['anyone', 'operator', 'root'] as const;
export type Right = (typeof rights)[number];

/**
 * The right that a connection gives. The socket is 0660 root:GROUP, so the kernel has let in nobody but root and the
 * group's members, supplementary groups included, which SO_PEERCRED does not tell; without a group it is 0600.
 */
export function rightOf(peer: Peer, hasGroup: boolean): Right {
  if (peer.uid === 0) return 'root';
  return hasGroup ? 'operator' : 'anyone';
}

/** Whether the right that a peer has is enough for what it asks. */
export function allows(has: Right, needs: Right): boolean {
  return rights.indexOf(has) >= rights.indexOf(needs);
}

/** The id of a group in the text of an /etc/group file (group(5)), or null. */
export function findGroup(text: string, name: string): number | null {
  for (const line of text.split('\n')) {
    const [group, , id] = line.split(':');
    if (group === name && /^\d+$/.test(id ?? '')) return Number(id);
  }
  return null;
}
