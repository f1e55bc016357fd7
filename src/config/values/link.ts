import { bad, good, listType, optional, scalarType, type Converted, type ValueType } from './type.js';

/** IFNAMSIZ less its NUL, in bytes (linux/if.h). */
const MAX_BYTES = 15;
/** Names of all interfaces together in /proc/sys/net (net/ipv4/devinet.c). */
const OF_ALL: readonly string[] = ['all', 'default'];

/** Names that the kernel takes for a link (net/core/dev.c, dev_valid_name), and would not number itself. */
function isLinkName(text: string): boolean {
  const isPlain = /^[^\s/:%\0]+$/.test(text) && text !== '.' && text !== '..' && !OF_ALL.includes(text);
  return isPlain && Buffer.byteLength(text) <= MAX_BYTES;
}

/** Reads the name of one link. */
export function readLink(text: string): Converted<string> {
  if (isLinkName(text)) return good(text);
  const hint = 'at most 15 bytes, no blank and none of / : %';
  return Buffer.byteLength(text) > MAX_BYTES
    ? bad(`"${text}" is too long for an interface name`, hint)
    : bad(`"${text}" cannot be an interface name`, hint);
}

/** One interface; "" takes back what a global said. */
export const link: ValueType<string> = optional(scalarType('interface', readLink));

/** Interface names. */
export const links: ValueType<readonly string[]> = listType('list of interfaces', readLink);
