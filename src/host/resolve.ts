import { lookup } from 'node:dns/promises';
import { hostnameOf, type Jail } from '../config/jail.js';
import { StepFailure } from './error.js';

/**
 * The addresses of a jail's host name (jail(8), ip_hostname), as the host resolves it: /etc/hosts, then name servers.
 * Rejects with StepFailure when there are none.
 */
export async function addressesOfHostname(jail: Jail): Promise<readonly string[]> {
  const name = hostnameOf(jail);
  try {
    return (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const hint = 'name the jail in /etc/hosts of the host, or write ip4.addr and ip6.addr';
    throw new StepFailure('ip_hostname', name, `it does not resolve (${reason})`, hint);
  }
}
