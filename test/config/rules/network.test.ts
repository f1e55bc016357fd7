import { expect } from 'chai';
import type { Diagnostic } from '../../../src/config/diagnostic.js';
import { compileText } from '../../support/compile-text.js';

const GLOBALS = 'path = "/j/$name"; persist;\n';
const ERROR = { error: '', warning: 'warning: ' } as const;

/** LINE:COLUMN MESSAGE [CODE] <- LINE of the note; globals are line 1. */
function told(text: string): readonly string[] {
  return compileText(GLOBALS + text).diagnostics.map(
    ({ span, severity, message, code, notes = [] }: Diagnostic) =>
      `${span?.line}:${span?.column} ${ERROR[severity]}${message} [${code}]${notes.map((note) => ` <- ${note.span.line}`).join('')}`,
  );
}

type Case = readonly [title: string, text: string, ...told: string[]];

const check = (cases: readonly Case[]): void => {
  for (const [title, text, ...expected] of cases) it(title, () => expect(told(text)).to.deep.equal(expected));
};

const LAN = 'bridge = lan; bridge.subnet = 10.88.0.0/24';

describe('an address', () => {
  check([
    [
      'is that of one jail, on whatever interface it is announced',
      'a { ip4.addr = "eth0|10.0.0.1"; }\nb { ip4.addr = 10.0.0.2, "eth1|10.0.0.1/24"; }',
      '3:32 10.0.0.1 is the address of jail "a" already [duplicate-address] <- 2',
    ],
    [
      'is written once',
      'a { ip6.addr = "fd00::1", "fd00:0::1"; }',
      '2:27 fd00::1 is written twice [duplicate-address] <- 2',
    ],
    [
      'may be that of another behind another bridge or macvlan',
      'a { ip4.addr = 10.0.0.1; }\nb { ip4.addr = 10.0.0.1; bridge = b; }\nc { ip4.addr = 10.0.0.1; bridge = c; }\nd { ip4.addr = 10.0.0.1; macvlan = d; }',
    ],
    [
      'is one of the host’s networks on a bridge that jaild makes',
      `a { ip4.addr = 10.0.0.1; }\nb { ip4.addr = 10.0.0.1; bridge = b; bridge.subnet = 10.0.0.7/24; }`,
      '2:16 10.0.0.1 is in a subnet of bridge b, on which the jail is not [overlapping-subnet] <- 3',
      '3:16 10.0.0.1 is the address of jail "a" already [duplicate-address] <- 2',
    ],
    [
      'is within the subnets of its bridge, and nobody else’s',
      `* { ${LAN}; }\na { ip4.addr = 10.88.1.5; }\nb { ip4.addr = 10.88.0.1/24; }\nc { ip4.addr = 10.88.0.0; }\nd { ip4.addr = 10.88.0.255; }\ne { ip4.addr = 10.88.0.9/8; }\nf { ip4.addr = 10.88.0.10/24; ip6.addr = "fd00::1"; }`,
      '3:16 10.88.1.5 is outside of the subnets of bridge lan [overlapping-subnet]',
      '4:16 10.88.0.1 is the address of the host on bridge lan [overlapping-subnet] <- 2',
      '5:16 10.88.0.0 is the address of the network itself [overlapping-subnet] <- 2',
      '6:16 10.88.0.255 is the broadcast address of its subnet [overlapping-subnet] <- 2',
      '7:16 10.88.0.9 is written with /8, where the bridge has /24 [overlapping-subnet] <- 2',
    ],
    [
      'is looked at where its family is written, and not where it is chosen',
      'a { bridge = lan; bridge.subnet = 10.88.0.0/24, auto; ip4.addr = 10.89.0.1; ip6.addr = fd00::1; }',
      '2:66 10.89.0.1 is outside of the subnets of bridge lan [overlapping-subnet]',
    ],
    [
      'of IPv6 may be the last of its subnet, not the first',
      'a { bridge = lan; bridge.subnet = "fd00::5/64"; ip6.addr = "fd00::ffff:ffff:ffff:ffff", "fd00::", "fd00::5"; }',
      '2:89 fd00:: is the address of the network itself [overlapping-subnet]',
      '2:99 fd00::5 is the address of the host on bridge lan [overlapping-subnet]',
    ],
    [
      'is announced by nobody on a bridge or a macvlan',
      'a { interface = eth0; bridge = b; ip4.addr = "eth0|10.0.0.1"; }\nb { macvlan = eth0; ip4.addr = 10.0.0.2, "eth0|10.0.0.3"; }',
      '2:5 warning: no address is announced for a jail with bridge [without-effect]',
      '2:46 warning: no address is announced for a jail with bridge [without-effect]',
      '3:42 warning: no address is announced for a jail with macvlan [without-effect]',
    ],
    [
      'of hardware is that of one jail',
      'mac = 02:00:00:00:00:01; ip4 = new;\na { ip4.addr = 10.0.0.1; }\nb { ip4.addr = 10.0.0.2; }',
      '2:1 02:00:00:00:00:01 is the hardware address of jail "a" already [duplicate-address] <- 2',
    ],
  ]);
});

describe('a bridge', () => {
  check([
    [
      'has one set of subnets for all its jails',
      `a { ${LAN}; }\nb { bridge = lan; bridge.subnet = 10.88.0.1/24; }\nc { bridge = lan; bridge.subnet = 10.89.0.0/24; }`,
      '4:19 on bridge lan the host has 10.89.0.1/24 here, and 10.88.0.1/24 in jail "a" [overlapping-subnet] <- 2',
    ],
    [
      'has the host at one address',
      `a { ${LAN}; }\nb { ${LAN}; gateway = 10.88.0.254; }`,
      '3:19 on bridge lan the host has 10.88.0.254/24 here, and 10.88.0.1/24 in jail "a" [overlapping-subnet] <- 2',
    ],
    [
      'shares no address with another',
      'a { bridge = a; bridge.subnet = 10.88.5.0/24, fd00::/64; }\nb { bridge = b; bridge.subnet = 10.88.0.0/16; }\nc { bridge = c; bridge.subnet = "fd00::/80"; }\nd { bridge = d; bridge.subnet = 10.89.0.0/16; }',
      '3:33 10.88.0.0/16 and 10.88.5.0/24 of bridge a overlap [overlapping-subnet] <- 2',
      '4:33 fd00::/80 and fd00::/64 of bridge a overlap [overlapping-subnet] <- 2',
    ],
    [
      'has a name for its subnet',
      'bridge.subnet = auto;\na { bridge = a; }\nb { bridge.subnet = ""; }\nc { }',
      '2:1 bridge.subnet needs a bridge [bad-value]',
    ],
    [
      'rules a macvlan out',
      'a { bridge = a; macvlan = eth0; }',
      '2:17 a jail is on a bridge or has a macvlan, not both [bad-value]',
    ],
    [
      'is not there by itself for a jail that does not make it',
      `a { ${LAN}; }\nb { bridge = lan; }\nc { bridge = lan; depend = a; }\nd { bridge = host0; }`,
      '3:5 warning: bridge lan is there only while jail "a" or another that makes it is [without-effect]',
    ],
  ]);
});

describe('a gateway', () => {
  check([
    [
      'is in a subnet of the jail',
      'a { bridge = b; ip4.addr = 10.0.0.2/24; gateway = 10.1.0.1; }\nb { bridge = b; ip4.addr = 10.0.0.3; gateway = 10.1.0.1; }\nc { bridge = b; ip6.addr = "fd00::1/64"; gateway = fe80::1; }\nd { bridge = c; bridge.subnet = 10.2.0.0/24; gateway = 10.1.0.1; }\ne { bridge = b; gateway = 10.1.0.1; }',
      '2:51 10.1.0.1 is in no subnet of the jail [bad-value]',
      '5:56 10.1.0.1 is in no subnet of the jail [bad-value]',
    ],
    [
      'is one for each family',
      'a { macvlan = eth0; ip4.addr = 10.0.0.2/24; gateway = 10.0.0.1, 10.0.0.3; }',
      '2:65 10.0.0.3 is a second gateway of IPv4 [bad-value]',
    ],
    [
      'is of a family that the jail has, and not the jail',
      'a { macvlan = eth0; ip6 = disable; ip4.addr = 10.0.0.2/24; gateway = fd00::1, 10.0.0.2; }',
      '2:70 the jail has no IPv6 address to reach fd00::1 from [bad-value]',
      '2:79 10.0.0.2 is an address of the jail itself [bad-value]',
    ],
    [
      'is the host for plain addresses',
      'a { ip4.addr = 10.0.0.2/24; gateway = 10.0.0.1; }',
      '2:29 warning: gateway has no effect without a bridge [without-effect]',
    ],
  ]);
});

describe('the address of a jail', () => {
  check([
    [
      'is one by which others reach it',
      'a { ip4.addr = 0.0.0.0, 224.0.0.1, 255.255.255.255, "lo1|127.0.1.1"; }\nb { ip6.addr = "::", "ff02::1", "fe80::5", "::1", "fd00::1"; }',
      "2:16 0.0.0.0 is nobody's address [bad-value]",
      '2:25 224.0.0.1 is the address of a group [bad-value]',
      '2:36 255.255.255.255 is the address of all hosts [bad-value]',
      '2:58 warning: 127.0.1.1 is of the loopback: nobody but the jail itself reaches it there [without-effect]',
      "3:16 :: is nobody's address [bad-value]",
      '3:22 ff02::1 is the address of a group [bad-value]',
      '3:33 warning: fe80::5 is link-local: nobody beyond the link of the jail reaches it there [without-effect]',
      '3:44 warning: ::1 is of the loopback: nobody but the jail itself reaches it there [without-effect]',
    ],
  ]);
});

describe('what is asked of a network', () => {
  check([
    [
      'is not asked of that of the host',
      'a { ip4 = inherit; rdr = "tcp 80"; isolate; net.egress.max = 1M; nat; mtu = 9000; mac = 02:00:00:00:00:01; }\nb { vnet = inherit; bridge = b; nat; }\nc { ip6 = inherit; ip4.addr = 10.0.0.1; nat; }',
      '2:20 rdr has no effect with ip4 = inherit [address-without-network]',
      '2:36 isolate has no effect with ip4 = inherit [address-without-network]',
      '2:45 net.egress.max has no effect with ip4 = inherit [address-without-network]',
      '2:66 warning: nat has no effect with ip4 = inherit [without-effect]',
      '2:71 warning: mtu has no effect with ip4 = inherit [without-effect]',
      '2:83 warning: mac has no effect with ip4 = inherit [without-effect]',
      '3:21 bridge and vnet = inherit rule each other out [address-without-network]',
    ],
    [
      'and taken back is not asked',
      'nat; isolate; net.egress.max = 1M; rdr = "tcp 80";\na { vnet = inherit; nonat; noisolate; net.egress.max = max; rdr = ""; }',
    ],
    [
      'needs an address or a link',
      'a { rdr = "tcp 80"; nat; isolate; net.ingress.max = 1M; }\nb { vnet.interface = eth1; net.egress.max = 1M; }',
      '2:5 rdr has no effect: jail "a" has no address [address-without-network]',
      '2:21 warning: nat has no effect: jail "a" has no address [without-effect]',
      '2:35 warning: net.ingress.max has no effect: jail "a" has no address [without-effect]',
      '3:28 warning: net.egress.max has no effect: jail "b" manages eth1 by itself [without-effect]',
    ],
    [
      'of a macvlan is nothing that the host would do',
      'a { macvlan = eth0; ip4.addr = 10.0.0.2; rdr = "tcp 80"; isolate; nat; }',
      '2:42 rdr cannot work with macvlan: its packets pass the host by [bad-value]',
      '2:58 isolate cannot work with macvlan: its packets pass the host by [bad-value]',
      '2:67 warning: nat cannot work with macvlan: its packets pass the host by [without-effect]',
    ],
    [
      'leaves room for IPv6',
      'a { ip4.addr = 10.0.0.2; mtu = 600; }\nb { ip6.addr = fd00::1; mtu = 1279; }',
      '3:25 IPv6 takes an mtu of 1280 [bad-value]',
    ],
    [
      'are as many name servers as programs ask',
      'a { dns = 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4; }',
      '2:44 warning: programs ask the first 3 name servers only [without-effect]',
    ],
  ]);
});

describe('a forward', () => {
  const jail = (name: string, number: number, ...rdr: string[]): string =>
    `${name} { ip4.addr = 10.0.0.${number}; rdr = ${rdr.map((one) => `"${one}"`).join(', ')}; }\n`;
  check([
    [
      'of a port leads to one jail',
      jail('a', 1, 'tcp 8080 80') + jail('b', 2, 'tcp 8080') + jail('c', 3, 'udp 8080'),
      '3:32 tcp 8080 of the host leads to jail "a" already [duplicate-forward] <- 2',
    ],
    [
      'of a port leads to one place of a jail',
      jail('a', 1, 'tcp 80 8080', 'tcp 70-90'),
      '2:47 tcp 70-90 of the host leads to two places [duplicate-forward] <- 2',
    ],
    [
      'clashes with one of all addresses of the host',
      jail('a', 1, 'tcp 192.0.2.1:80') + jail('b', 2, 'tcp 192.0.2.2:80') + jail('c', 3, 'tcp 80'),
      '4:32 tcp 80 of the host leads to jail "a" already [duplicate-forward] <- 2',
    ],
    [
      'clashes with one of all interfaces of the host',
      jail('a', 1, 'tcp 80 on eth0') + jail('b', 2, 'tcp 80 on eth1') + jail('c', 3, 'tcp 192.0.2.1:79-81'),
      '4:32 tcp 192.0.2.1:79-81 of the host leads to jail "a" already [duplicate-forward] <- 2',
    ],
    [
      'clashes with one of the same sources only',
      jail('a', 1, 'tcp 80 from 192.0.2.0/24') +
        jail('b', 2, 'tcp 80 from 198.51.100.0/24') +
        jail('c', 3, 'tcp 80') +
        jail('d', 4, 'tcp 80 from 192.0.2.7/24'),
      '5:32 tcp 80 of the host leads to jail "a" already [duplicate-forward] <- 2',
    ],
    [
      'does not clash with one of the other family',
      `${jail('a', 1, 'tcp 80', 'tcp 192.0.2.1:443')}b { ip6.addr = fd00::1; rdr = "tcp 80", "tcp [2001:db8::1]:443"; }`,
    ],
    [
      'is told against the jail that comes later in the files',
      jail('a', 1, 'tcp 90') + jail('b', 2, 'tcp 80-100') + jail('c', 3, 'tcp 85'),
      '3:32 tcp 80-100 of the host leads to jail "a" already [duplicate-forward] <- 2',
      '4:32 tcp 85 of the host leads to jail "b" already [duplicate-forward] <- 3',
    ],
    [
      'leads to an address of its jail',
      'a { ip4.addr = 10.0.0.1; rdr = "tcp 80", "tcp 81 10.0.0.1:81", "tcp 82 10.0.0.2:82", "tcp [2001:db8::1]:83"; }',
      '2:64 10.0.0.2 is no address of jail "a" [address-without-network]',
      '2:86 warning: tcp [2001:db8::1]:83 leads nowhere: the jail has no IPv6 address [without-effect]',
    ],
    [
      'leads to an address that is known',
      `a { bridge = host0; rdr = "tcp 80", "tcp 81 10.0.0.1:81"; }\nb { ${LAN}; rdr = "tcp 82", "tcp 83 10.88.0.5:83"; }`,
      '2:27 tcp 80 leads nowhere: only the jail knows its address [address-without-network]',
      '3:65 10.88.0.5 is no address of jail "b" [address-without-network]',
    ],
    ['may lead to an address of the host name', 'a { ip_hostname; rdr = "tcp 80", "tcp 81 10.0.0.1:81"; }'],
  ]);

  it('takes no longer for being one of ten thousand', () => {
    const ports = (count: number): string =>
      Array.from(
        { length: count },
        (_, n) =>
          `j${n} { ip4.addr = 10.${n >> 8}.${n & 255}.1; rdr = "tcp 192.0.${n >> 8}.${n & 255}:80-9000"; }\n`,
      ).join('') + 'last { ip4.addr = 11.0.0.1; rdr = "udp 1", "tcp 9000"; }';
    const measure = (count: number): number => {
      const start = process.cpuUsage();
      expect(told(ports(count))).to.have.length(1);
      return process.cpuUsage(start).user;
    };
    measure(1000);
    expect(measure(10_000) / measure(1000)).to.be.lessThan(40);
  });
});

describe('a masquerade', () => {
  check([
    [
      'is of addresses that the jail has',
      'a { ip4.addr = 10.0.0.1; nat = "from 10.0.0.0/24", "from 10.1.0.0/24 on eth0", "as fd00::1"; }',
      '2:52 warning: jail "a" has no address in 10.1.0.0/24 [without-effect]',
      '2:80 warning: jail "a" has no IPv6 address [without-effect]',
    ],
  ]);
});
