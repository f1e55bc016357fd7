import type { JailParams } from './params.js';

/**
 * Whether the jail uses the host's network stack: `vnet = inherit`, `ip4 = inherit` or `ip6 = inherit`, and no address
 * or interface of its own.
 */
export const sharesHostNetwork = (values: JailParams): boolean =>
  !hasOwnLink(values) && [values.vnet, values.ip4, values.ip6].includes('inherit');

/** Whether a classic address is asked for, by itself or by the host name's. */
export function hasOwnAddress(values: JailParams): boolean {
  const written = (values['ip4.addr']?.length ?? 0) + (values['ip6.addr']?.length ?? 0) > 0;
  return written || values.ip_hostname === true;
}

/** Whether jaild makes an interface for the jail; without one it has the loopback alone, and what is moved inside. */
export const hasOwnLink = (values: JailParams): boolean =>
  hasOwnAddress(values) || values.bridge !== undefined || values.macvlan !== undefined;
