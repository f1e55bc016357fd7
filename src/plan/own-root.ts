import type { Jail } from '../config/jail.js';
import { PlanError } from './error.js';

/**
 * Refuses a file of the host that lies in the jail's root: the jail could put a link to any other in its place
 * (FreeBSD-SA-07:01). Throws PlanError.
 */
export function refuseInside(jail: Jail, parameter: string, file: string): void {
  const root = (jail.values.path ?? '/').replace(/\/+$/, '');
  const path = file.split(/\/+/).reduce((whole, part) => (part === '.' ? whole : `${whole}/${part}`));
  if (root === '' || !(`${path}/`.startsWith(`${root}/`) || path.includes('/../'))) return;
  throw new PlanError(
    parameter,
    file,
    "it is in the jail's root, where the jail can change what it is",
    'take a file of the host, outside of every jail',
  );
}
