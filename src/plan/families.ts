import { sharesHostNetwork } from '../config/network-of.js';
import type { JailParams } from '../config/params.js';
import type { HostFacts } from './facts.js';
import type { LaunchRecord } from './step.js';

/** Numbers of address families (socket(2)). */
const families = { ip4: 2, ip6: 10 } as const;

/**
 * Rules by which a jail has no sockets of a family that its file takes away (`ip4 = disable`, `ip6 = disable`): what a
 * kernel without the family says. A refusal with a condition wins over whatever lets the call through.
 */
export function familyRules(values: JailParams): readonly string[] {
  return (['ip4', 'ip6'] as const)
    .filter((family) => values[family] === 'disable')
    .map((family) => `errno EAFNOSUPPORT socket arg0 & 0xffffffff == ${families[family]}`);
}

/** Without them the kernel gives every interface an address of IPv6, ::1 to the loopback (Documentation/networking/ip-sysctl.rst). */
export function familyRecords(values: JailParams, { hasIpv6 }: HostFacts): readonly LaunchRecord[] {
  if (values.ip6 !== 'disable' || sharesHostNetwork(values) || hasIpv6 === false) return [];
  return ['all', 'default'].map((where) => ['sysctl', `net.ipv6.conf.${where}.disable_ipv6`, '1']);
}
