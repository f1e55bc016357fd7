import type { SystemUser } from '../plan/facts.js';
import { readText } from './files.js';

/** A user of the host's own /etc/passwd, or null; passwd(5). Directories of users elsewhere (NSS) are not asked. Throws SystemError. */
export function findSystemUser(wanted: string): SystemUser | null {
  for (const line of readText('/etc/passwd')?.split('\n') ?? []) {
    const [name = '', , uid = '', gid = '', , home = '', shell = ''] = line.split(':');
    if (name === wanted && /^\d+$/.test(uid) && /^\d+$/.test(gid))
      return { name, uid: Number(uid), gid: Number(gid), home, shell };
  }
  return null;
}
