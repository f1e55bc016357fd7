/** The process at the other end of a connection, as the kernel knew it when it connected (SO_PEERCRED, unix(7)). */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What decides on the rights of a peer. */
export interface Credentials extends Peer {
  /** Its supplementary groups (SO_PEERGROUPS). */
  readonly groups: readonly number[];
  /** In a user or PID namespace that is not jaild's, as the processes of jails are, or gone already. */
  readonly isForeign: boolean;
}

/** What a peer may ask for; each right includes those before it. */
export const rights = ['anyone', 'operator', 'root'] as const;
export type Right = (typeof rights)[number];

/**
 * The right that a connection gives. The socket is 0660 root:GROUP, but whoever gets hold of it by a mount of his own
 * has it with other owners: what counts is who he is on the host.
 */
export function rightOf({ uid, gid, groups, isForeign }: Credentials, group: number | null): Right {
  if (isForeign) return 'anyone';
  if (uid === 0) return 'root';
  return group !== null && (gid === group || groups.includes(group)) ? 'operator' : 'anyone';
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
