import { isOwn } from './bridge.js';
import { linksInDetail, portsOf } from './interfaces.js';
import { deleteLink } from './netlink-link.js';
import { withNetlink } from './netlink.js';
import type { SysctlLedger } from './sysctl-ledger.js';

/**
 * Takes away what an instance has left of jails that nobody knows any more: their links, bridges that nothing is a port of,
 * sysctls. What others have made stays, whatever it is called. Throws SystemError.
 * @param owner the first word of the alias of the instance's links
 * @param jails those that are known, whose own undoing takes care of theirs
 * @returns the links of jails that were taken away, in words
 */
export function sweepNetwork(
  owner: string,
  jails: ReadonlySet<string>,
  ledger: SysctlLedger,
): readonly string[] {
  ledger.keepOnly(jails);
  return withNetlink((host) => {
    const isOrphan = (alias: string): boolean => {
      const [first, jail, ...more] = alias.split(' ');
      return first === owner && jail !== undefined && more.length === 0 && !jails.has(jail);
    };
    const links = linksInDetail(host);
    const orphans = links.filter(({ name, alias }) => /^j[lq][0-9a-f]{12}$/.test(name) && isOrphan(alias));
    if (orphans.length > 0) host.request(orphans.map(deleteLink));
    const empty = links.filter((link) => isOwn(link, owner) && portsOf(host, link).length === 0);
    if (empty.length > 0) host.request(empty.map(deleteLink));
    return orphans.map(({ name, alias }) => `link ${name} (${alias})`);
  });
}
