/** A family of addresses, as the names of its parameters begin: `ip4.addr`, `ip6.addr`. */
export type Family = 'ip4' | 'ip6';

export const families: readonly Family[] = ['ip4', 'ip6'];

/** As people call them. */
export const FAMILY_NAMES = { ip4: 'IPv4', ip6: 'IPv6' } as const;

/** Bits of an address, which is also the prefix of one alone. */
export const ADDRESS_BITS = { ip4: 32, ip6: 128 } as const;

/** The family of an address that is one. */
export const familyOf = (address: string): Family => (address.includes(':') ? 'ip6' : 'ip4');
