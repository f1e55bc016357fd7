import { existsSync } from 'node:fs';
import type { Jail } from '../config/jail.js';
import type { HostFacts, NameFacts } from '../plan/facts.js';
import { HOSTS_FILE, namesToRead } from '../plan/names.js';
import type { Reach } from '../plan/reach.js';
import { readInRoot } from './hosts-file.js';
import { readResolver } from './resolver.js';
import type { StepListener } from './step-listener.js';

function hostsOf({ name, values }: Jail, reach: Reach, { warn }: StepListener): string | null {
  const layers = [values.path ?? '/', ...[...(values.base ?? [])].reverse()];
  const text = readInRoot(layers, HOSTS_FILE, reach);
  if (typeof text === 'string') return text;
  warn(`${name}: ${HOSTS_FILE} stays as the root has it, without the jail's own name: ${text.reason}`);
  return null;
}

function filesOfNames(jail: Jail, reach: Reach, listener: StepListener): { readonly names?: NameFacts } {
  const { resolver, hosts } = namesToRead(jail.values);
  if (!resolver && !hosts) return {};
  return {
    names: {
      resolver: resolver ? readResolver(jail, listener.warn) : '',
      hosts: hosts ? hostsOf(jail, reach, listener) : null,
    },
  };
}

/**
 * What the names and the families of addresses of a jail depend on; most jails ask for nothing.
 * @throws StepFailure when the host has no name server for the jail; SystemError
 */
export function nameFacts(
  jail: Jail,
  reach: Reach,
  listener: StepListener,
): Pick<HostFacts, 'names' | 'hasIpv6'> {
  return {
    ...filesOfNames(jail, reach, listener),
    ...(jail.values.ip6 === 'disable' && { hasIpv6: existsSync('/proc/sys/net/ipv6') }),
  };
}
