import { freebsd, ignored, later, linux } from '../parameter.js';
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
const WORDS = 'Words behind the address are not used.';
const ROUTED = 'A jail has a routed link to the host: write ip4.addr and ip6.addr.';
const bandwidth = (summary: string) =>
  later(bytes, summary, 'Nothing limits it.', { default: 'max', unit: 'bytes/s', live: true });

/** How it reaches others. */
export const network = {
  ip4: freebsd(jailsys, "IPv4 for the jail: its own addresses, the host's, or none.", {
    default: 'new with ip4.addr, else disable',
    onLinux: 'close',
    note: "inherit shares the host's network namespace, IPv6 with it, unless the jail has addresses; the host's abstract sockets stay closed where the kernel has landlock(7) of Linux 6.12.",
  }),
  'ip4.addr': freebsd(addresses('ipv4'), 'IPv4 addresses: [interface|]ADDRESS[/PREFIX].', {
    onLinux: 'close',
    note: `${ALIAS} ${WORDS}`,
  }),
  'ip4.saddrsel': ignored(
    boolean,
    'Select source addresses as usual.',
    'The jail has only its own addresses.',
  ),
  ip6: freebsd(jailsys, "IPv6 for the jail: its own addresses, the host's, or none.", {
    default: 'new with ip6.addr, else disable',
    onLinux: 'close',
    note: "inherit shares the host's network namespace, IPv4 with it, unless the jail has addresses.",
  }),
  'ip6.addr': freebsd(addresses('ipv6'), 'IPv6 addresses: [interface|]ADDRESS[/PREFIX].', {
    onLinux: 'close',
    note: `${ALIAS} ${WORDS}`,
  }),
  'ip6.saddrsel': ignored(
    boolean,
    'Select source addresses as usual.',
    'The jail has only its own addresses.',
  ),
  interface: freebsd(link, 'Interface of the host that addresses are announced on.', {
    onLinux: 'close',
    note: 'The host answers ARP and neighbour discovery for them there; it gets no alias. Without it only the host, and who routes to it, reaches them.',
  }),
  ip_hostname: freebsd(boolean, 'Add the addresses that host.hostname resolves to.', {
    default: 'false',
    onLinux: 'close',
    note: 'Asked of the host at each start; a name that does not resolve is an error.',
  }),
  vnet: freebsd(jailsys, 'Whether the jail has its own network stack.', {
    default: 'new unless ip4 or ip6 is inherit',
    onLinux: 'close',
    note: 'A network namespace, and the default is new. Written out, new grants net_admin inside. inherit shares the namespace of the host unless the jail has addresses.',
  }),
  'vnet.interface': freebsd(links, 'Interfaces moved into the jail and given back when it ends.', {
    onLinux: 'close',
    note: 'They keep their names and come down on the way: the jail brings them up and gives them addresses, which takes vnet = new. One that the jail renames is not given back, unless it is a real device.',
  }),
  bridge: later(link, 'Bridge of the host that the jail is joined to.', ROUTED),
  gateway: later(
    plainAddresses,
    'Default routes of the jail, at most one for each family.',
    'The default route of a jail with addresses is the host.',
    { default: 'the host' },
  ),
  nat: later(
    boolean,
    'Let the jail out under an address of the host.',
    'Packets leave with the address of the jail: announce it with interface, or masquerade with a rule of the host.',
    { default: 'false' },
  ),
  rdr: later(
    redirects,
    'Ports of the host that lead into the jail: "tcp 8080 80".',
    'No port is redirected: reach the jail by its own address.',
  ),
  dns: later(
    plainAddresses,
    "Name servers written to the jail's /etc/resolv.conf.",
    '/etc/resolv.conf stays as the root has it.',
    { default: 'as the root has it' },
  ),
  mtu: linux(integer(68, 65_535), "MTU of the jail's interface.", { default: '1500', unit: 'bytes' }),
  isolate: later(
    boolean,
    'Keep the jail from reaching other jails.',
    'The host passes packets on from jail to jail: filter with rules of the host.',
    { default: 'false' },
  ),
  'net.rx.max': bandwidth('Most bytes per second that the jail receives.'),
  'net.tx.max': bandwidth('Most bytes per second that the jail sends.'),
  'mac.label': ignored(
    string,
    'Mandatory access control label.',
    'Linux has modules with labels of their own: see apparmor and selinux.',
  ),
};
