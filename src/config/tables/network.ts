import { freebsd, ignored, linux } from '../parameter.js';
import { boolean, integer, jailsys, string } from '../values/scalar.js';
import { addresses, isLinkName, links, plainAddresses, redirects } from '../values/address.js';
import { bytes } from '../values/quantity.js';
import { bad, good, optional, scalarType } from '../values/type.js';

const link = optional(
  scalarType('interface', (text) =>
    isLinkName(text)
      ? good(text)
      : bad(`"${text}" cannot be an interface name`, 'at most 15 characters, no / or :'),
  ),
);
const ALIAS = 'The address lives in the jail, behind a routed veth that the host answers for.';
const later = (summary: string) =>
  linux(bytes, summary, {
    default: 'max',
    unit: 'bytes/s',
    live: true,
    onLinux: 'later',
    note: 'Known, does nothing yet.',
  });

/** How it reaches others. */
export const network = {
  ip4: freebsd(jailsys, "IPv4 for the jail: its own addresses, the host's, or none.", {
    default: 'new with ip4.addr, else disable',
    onLinux: 'close',
    note: "inherit shares the host's network namespace, IPv6 with it.",
  }),
  'ip4.addr': freebsd(addresses('ipv4'), 'IPv4 addresses: [interface|]ADDRESS[/PREFIX].', {
    onLinux: 'close',
    note: ALIAS,
  }),
  'ip4.saddrsel': ignored(
    boolean,
    'Select source addresses as usual.',
    'The jail has only its own addresses.',
  ),
  ip6: freebsd(jailsys, "IPv6 for the jail: its own addresses, the host's, or none.", {
    default: 'new with ip6.addr, else disable',
    onLinux: 'close',
    note: "inherit shares the host's network namespace, IPv4 with it.",
  }),
  'ip6.addr': freebsd(addresses('ipv6'), 'IPv6 addresses: [interface|]ADDRESS[/PREFIX].', {
    onLinux: 'close',
    note: ALIAS,
  }),
  'ip6.saddrsel': ignored(
    boolean,
    'Select source addresses as usual.',
    'The jail has only its own addresses.',
  ),
  interface: freebsd(link, 'Interface of the host that addresses are announced on.', {
    onLinux: 'close',
    note: ALIAS,
  }),
  ip_hostname: freebsd(boolean, 'Add the addresses that host.hostname resolves to.', {
    default: 'false',
    onLinux: 'later',
    note: 'Known, does nothing yet: write the addresses.',
  }),
  vnet: freebsd(jailsys, 'Whether the jail has its own network stack.', {
    default: 'new unless ip4 or ip6 is inherit',
    onLinux: 'close',
    note: 'A network namespace, and the default is new.',
  }),
  'vnet.interface': freebsd(links, 'Interfaces moved into the jail and given back when it ends.', {
    onLinux: 'close',
    note: 'With bridge, names of the interfaces made in the jail.',
  }),
  bridge: linux(link, 'Bridge of the host that the jail is joined to.'),
  gateway: linux(plainAddresses, 'Default routes of the jail, at most one for each family.', {
    default: 'the host, for routed addresses',
  }),
  nat: linux(boolean, 'Let the jail out under an address of the host.', { default: 'false' }),
  rdr: linux(redirects, 'Ports of the host that lead into the jail: "tcp 8080 80".'),
  dns: linux(plainAddresses, "Name servers written to the jail's /etc/resolv.conf.", {
    default: 'as the root has it',
  }),
  mtu: linux(integer(68, 65_535), "MTU of the jail's interfaces.", { default: "the link's", unit: 'bytes' }),
  isolate: linux(boolean, 'Keep the jail from reaching other jails.', {
    default: 'false',
    onLinux: 'later',
    note: 'Known, does nothing yet.',
  }),
  'net.rx.max': later('Most bytes per second that the jail receives.'),
  'net.tx.max': later('Most bytes per second that the jail sends.'),
  'mac.label': freebsd(string, 'Mandatory access control label.', {
    onLinux: 'later',
    note: 'Known, does nothing yet: see apparmor and selinux.',
  }),
};
