import { freebsd, ignored, linux } from '../parameter.js';
import { boolean, choice, integer, jailsys, string, strings } from '../values/scalar.js';
import { addresses, macAddress, nameServers, plainAddresses } from '../values/address.js';
import { masquerades, redirects } from '../values/forward.js';
import { link, links } from '../values/link.js';
import { bandwidth } from '../values/quantity.js';
import { bridgeSubnets } from '../values/subnet.js';

const ALIAS = 'The address lives in the jail, behind a routed veth that the host answers for.';
const WORDS = 'Words behind the address are not used.';
const rate = (summary: string) => linux(bandwidth, summary, { default: 'max', unit: 'bytes/s', live: true });

/** How it reaches others. */
export const network = {
  ip4: freebsd(jailsys, "IPv4 for the jail: its own addresses, the host's, or none.", {
    default: 'new with ip4.addr, else disable',
    onLinux: 'close',
    note: "inherit shares the host's network namespace, IPv6 with it, unless the jail has addresses; the host's abstract sockets stay closed where the kernel has landlock(7) of Linux 6.12. disable, where it is written, takes its sockets away as well, by seccomp.",
  }),
  'ip4.addr': freebsd(addresses('ip4'), 'IPv4 addresses: [interface|]ADDRESS[/PREFIX].', {
    onLinux: 'close',
    live: true,
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
    note: "inherit shares the host's network namespace, IPv4 with it, unless the jail has addresses. disable, where it is written, takes its sockets away as well, by seccomp, and the loopback's ::1.",
  }),
  'ip6.addr': freebsd(addresses('ip6'), 'IPv6 addresses: [interface|]ADDRESS[/PREFIX].', {
    onLinux: 'close',
    live: true,
    note: `${ALIAS} ${WORDS}`,
  }),
  'ip6.saddrsel': ignored(
    boolean,
    'Select source addresses as usual.',
    'The jail has only its own addresses.',
  ),
  interface: freebsd(link, 'Interface of the host that addresses are announced on.', {
    onLinux: 'close',
    live: true,
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
    note: 'They keep their names and come down on the way: the jail brings them up and gives them addresses, which takes vnet = new. One that the jail has renamed or changed comes back as it was, down and without addresses.',
  }),
  bridge: linux(link, 'Bridge that the jail is a port of.', {
    note: 'One of the host, or with bridge.subnet one that jaild makes with the first jail and takes away with the last.',
  }),
  'bridge.subnet': linux(
    bridgeSubnets,
    'Subnets of the bridge, which jaild then makes: ADDRESS/PREFIX, or auto.',
    {
      note: 'The first address of each, or the gateway, is the host. A jail without an address of the family is given one, and keeps it.',
    },
  ),
  macvlan: linux(link, 'Interface of the host that the jail has a device of its own on.', {
    note: 'Its neighbours see the jail under a hardware address of its own; the host itself does not reach it.',
  }),
  mac: linux(macAddress, "Hardware address of the jail's interface.", {
    default: "the same at every start, by the jail's name",
  }),
  gateway: linux(plainAddresses, 'Default routes of the jail, at most one for each family.', {
    default: 'the host',
    live: true,
    note: 'On a bridge: the address that the host has on it.',
  }),
  route: linux(strings, 'Routes of a running jail, as its kernel has them.', {
    onLinux: 'ignored',
    note: 'It is read-only: jls shows it. gateway sets the default routes.',
    readOnly: true,
  }),
  nat: linux(
    masquerades,
    'Let the jail out under an address of the host: [on INTERFACE] [from SUBNET] [as ADDRESS].',
    {
      default: 'false',
      live: true,
      note: 'true is for all of its addresses and whatever interface leads out. The host becomes no router for others by it. Takes nft(8).',
    },
  ),
  rdr: linux(
    redirects,
    'Ports of the host that lead into the jail: PROTOCOL [ADDRESS:]PORT[-PORT] [[ADDRESS:]PORT[-PORT]] [from SUBNET] [on INTERFACE].',
    { live: true, note: 'From the host itself and from other jails as well. Takes nft(8).' },
  ),
  dns: linux(nameServers, "Name servers in the jail's /etc/resolv.conf, or those of the host: inherit.", {
    default: 'none: as the root has it',
    note: 'Mounted over the file or link of the root, which is not changed. inherit leaves out servers that only the host reaches, and behind systemd-resolved takes those that it asks.',
  }),
  hosts: linux(
    choice('none', 'own', 'depend'),
    "Names in the jail's /etc/hosts: its own, also those of the jails that it depends on, or none.",
    {
      default: 'own for jails with addresses, else none',
      note: 'Mounted over that of the root, whose lines come first; without an address the name is 127.0.1.1. It is as the jail starts: an address that changes while it runs, of this jail or another, is in it after a restart. none leaves the file as the root has it.',
    },
  ),
  mtu: linux(integer(68, 65_535), "MTU of the jail's interface.", {
    default: '1500, or that of the bridge or interface that it is on',
    unit: 'bytes',
  }),
  isolate: linux(boolean, 'Keep the jail and others that are isolated from each other.', {
    default: 'false',
    live: true,
    note: 'Jails that are not isolated reach it and are reached. Beside a bridge it takes nft(8).',
  }),
  'net.ingress.max': rate('Most bytes per second that the jail receives.'),
  'net.egress.max': rate('Most bytes per second that the jail sends.'),
  'mac.label': ignored(
    string,
    'Mandatory access control label.',
    'Linux has modules with labels of their own: see apparmor and selinux.',
  ),
};
