import { createHash } from 'node:crypto';
import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import { linkName, type Instance } from './instance.js';
import type { JailAddress, NetworkArgs } from './step.js';

/** Whether the jail uses the host's network stack: `vnet = inherit`, `ip4 = inherit` or `ip6 = inherit`, and no address of its own. */
export function sharesHostNetwork(values: JailParams): boolean {
  const hasAddress = (values['ip4.addr']?.length ?? 0) + (values['ip6.addr']?.length ?? 0) > 0;
  return !hasAddress && [values.vnet, values.ip4, values.ip6].includes('inherit');
}

/** A locally administered unicast address that is the same at every start (IEEE 802: second bit of the first byte). */
function macAddress(seed: string): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, 6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function addresses(values: JailParams, family: 'ip4' | 'ip6'): readonly JailAddress[] {
  if (values[family] === 'disable') return [];
  return (values[`${family}.addr`] ?? []).map(({ address, prefix, interface: own }) => {
    const announceOn = own ?? values.interface;
    return announceOn === undefined ? { address, prefix } : { address, prefix, announceOn };
  });
}

/** The network of a jail with its own stack; with no address it is the loopback alone. */
export function jailNetwork(jail: Jail, instance: Instance): NetworkArgs {
  const link = linkName(instance, jail.name);
  return {
    link,
    peer: 'eth0',
    linkMac: macAddress(`${link} host`),
    peerMac: macAddress(`${link} jail`),
    mtu: jail.values.mtu ?? 1500,
    ip4: addresses(jail.values, 'ip4'),
    ip6: addresses(jail.values, 'ip6'),
  };
}
