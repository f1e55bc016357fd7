import type { Jail } from '../config/jail.js';
import { sharesHostNetwork } from '../config/network-of.js';
import { asksStub, jailResolver } from '../plan/resolver.js';
import { StepFailure } from './error.js';
import { readText } from './files.js';

/** Where a host has its name servers; behind its own stub systemd-resolved has them in a file of its own. */
export interface ResolverFiles {
  readonly used: string;
  readonly behindStub: string;
}

const ofHost: ResolverFiles = {
  used: '/etc/resolv.conf',
  behindStub: '/run/systemd/resolve/resolv.conf',
};

/**
 * The host's resolv.conf(5) for a jail: as it is on the host's network, else without the servers that only the host itself reaches,
 * which `warn` is told of.
 * @throws StepFailure when none is left; SystemError
 */
export function readResolver(
  jail: Jail,
  warn: (message: string) => void,
  files: ResolverFiles = ofHost,
): string {
  const used = readText(files.used) ?? '';
  if (sharesHostNetwork(jail.values)) return used;
  const behind = asksStub(used) ? readText(files.behindStub) : null;
  const file = behind === null ? files.used : files.behindStub;
  const { text, servers, unreachable } = jailResolver(behind ?? used);
  if (servers.length === 0) throw noServer(file, unreachable);
  if (unreachable.length > 0)
    warn(
      `${jail.name}: name servers of ${file} that only the host reaches are left out: ${unreachable.join(', ')}`,
    );
  return text;
}

function noServer(file: string, unreachable: readonly string[]): StepFailure {
  const reason =
    unreachable.length === 0
      ? `${file} names no server`
      : `only the host itself reaches the servers of ${file}: ${unreachable.join(', ')}`;
  return new StepFailure('dns', 'inherit', reason, 'name some that the jail reaches: dns = ADDRESS, ADDRESS');
}
