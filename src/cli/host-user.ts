import { readFileSync } from 'node:fs';

/** UID:GID of a user of the host (passwd(5)); null when there is none. Throws NodeJS.ErrnoException. */
export function hostUserIds(name: string): string | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name && uid !== undefined && gid !== undefined) return `${uid}:${gid}`;
  }
  return null;
}
