import { dirname } from 'node:path';

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** What stat(2) says of a file or directory, as far as it matters who can change it. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Why a daemon of root's can't go by a file, and the command that mends it. */
export interface Distrust {
  readonly reason: string;
  readonly hint: string;
}

/** "writable by everybody (mode 666)", or null where root alone writes. */
function openness({ gid, mode }: Ownership): string | null {
  const octal = (mode & 0o7777).toString(8);
  if ((mode & OTHERS_WRITE) !== 0) return `writable by everybody (mode ${octal})`;
  if ((mode & GROUP_WRITES) !== 0 && gid !== 0) return `writable by group ${gid} (mode ${octal})`;
  return null;
}

function distrustOne(what: string, path: string, one: Ownership, user: number): Distrust | null {
  if (one.uid !== 0 && one.uid !== user)
    return { reason: `${what} belongs to uid ${one.uid}`, hint: `chown root ${path}` };
  const open = openness(one);
  return open === null ? null : { reason: `${what} is ${open}`, hint: `chmod go-w ${path}` };
}

/**
 * Whether somebody else than root can change what a file says, or put another in its place; sshd(8) and sudo(8) look at
 * theirs in the same way. The group of root may write, as it does with a umask of 002.
 * @param directory that the file lies in
 * @param user the uid that reads it, who may own it as well
 */
export function distrustOf(
  path: string,
  file: Ownership,
  directory: Ownership,
  user: number,
): Distrust | null {
  const own = distrustOne('it', path, file, user);
  // In a directory such as /tmp nobody can rename or remove what is root's.
  if (own !== null || ((directory.mode & STICKY) !== 0 && directory.uid === 0)) return own;
  const folder = dirname(path);
  return distrustOne(`its directory ${folder}`, folder, directory, user);
}
