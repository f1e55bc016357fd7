import { createHash } from 'node:crypto';
import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import type { HostFacts } from './facts.js';
import { linkName } from './instance.js';
import type { JailAddress, NetworkArgs } from './step.js';

/** Whether the jail uses the host's network stack: `vnet = inherit`, `ip4 = inherit` or `ip6 = inherit`, and no address of its own. */
export function sharesHostNetwork(values: JailParams): boolean {
  const written = (values['ip4.addr']?.length ?? 0) + (values['ip6.addr']?.length ?? 0) > 0;
  const hasAddress = written || values.ip_hostname === true;
  return !hasAddress && [values.vnet, values.ip4, values.ip6].includes('inherit');
}

/** A locally administered unicast address that is the same at every start (IEEE 802: second bit of the first byte). */
function macAddress(seed: string): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, 6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

const fullLength = { ip4: 32, ip6: 128 } as const;
const familyOf = (address: string): 'ip4' | 'ip6' => (address.includes(':') ? 'ip6' : 'ip4');

/** The addresses written for the jail, then those of its host name (jail(8), ip_hostname). */
function addresses(
  values: JailParams,
  hostname: readonly string[],
  family: 'ip4' | 'ip6',
): readonly JailAddress[] {
  if (values[family] === 'disable') return [];
  const written = values[`${family}.addr`] ?? [];
  const found = hostname
    .filter((address) => familyOf(address) === family && !written.some((one) => one.address === address))
    .map((address) => ({ address, prefix: fullLength[family] }));
  return [
    ...written.map(({ address, prefix, interface: own }) =>
      announced({ address, prefix }, own ?? values.interface),
    ),
    ...found.map((one) => announced(one, values.interface)),
  ];
}

function announced(address: JailAddress, announceOn: string | undefined): JailAddress {
  return announceOn === undefined ? address : { ...address, announceOn };
}

/** The network of a jail with its own stack; with no address it is the loopback alone. */
export function jailNetwork(jail: Jail, { instance, hostnameAddresses }: HostFacts): NetworkArgs {
  const link = linkName(instance, jail.name);
  return {
    attachment: { kind: 'routed' },
    link,
    peer: 'eth0',
    linkMac: macAddress(`${link} host`),
    peerMac: macAddress(`${link} jail`),
    mtu: jail.values.mtu ?? null,
    ip4: addresses(jail.values, hostnameAddresses, 'ip4'),
    ip6: addresses(jail.values, hostnameAddresses, 'ip6'),
    gateways: jail.values.gateway ?? [],
  };
}

/** Whether there is more to a jail's network than its loopback. */
export function hasLink({ attachment, ip4, ip6 }: NetworkArgs): boolean {
  return attachment.kind !== 'routed' || ip4.length + ip6.length > 0;
}
