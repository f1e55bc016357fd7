/** What every jail's own link calls the host, whatever addresses that has. IPv4 (RFC 3927) and IPv6 (RFC 4291) link-local. */
export const HOST_ON_LINK = { ip4: '169.254.1.1', ip6: 'fe80::1' } as const;
