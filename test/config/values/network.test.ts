import { expect } from 'chai';
import type { JailParams, ParamName } from '../../../src/config/params.js';
import { compileText, onlyJail } from '../../support/compile-text.js';

const valueOf = <K extends ParamName>(name: K, body: string): JailParams[K] =>
  onlyJail(`x { ${name}${body}; }`).values[name];

/** COLUMN MESSAGE (HINT) of each mistake in the value; the name begins in column 1. */
function refusals(statement: string): readonly string[] {
  const { diagnostics } = compileText(`x { path = /p; persist; bridge = b;\n${statement}; }`);
  return diagnostics
    .filter(({ code }) => code === 'bad-value')
    .map(({ span, message, hint }) => `${span?.line}:${span?.column} ${message} (${hint})`);
}

const port = (first: number, last = first) => ({ first, last });
const tcp = (hostPorts: object, jailPorts: object, more = {}) => ({
  ...{ protocol: 'tcp', hostPorts, jailPorts, from: [] },
  ...more,
});

describe('a network value', () => {
  const values: readonly [name: ParamName, body: string, value: unknown][] = [
    ['bridge', ' = lan0', 'lan0'],
    ['bridge', ' = ""', undefined],
    ['bridge.subnet', ' = Auto', ['auto']],
    ['bridge.subnet', ' = 10.88.0.7/24, auto', [{ address: '10.88.0.7', prefix: 24 }, 'auto']],
    [
      'bridge.subnet',
      ' = 10.88.0.0/24, "fd00:88:0::7/64"',
      [
        { address: '10.88.0.0', prefix: 24 },
        { address: 'fd00:88::7', prefix: 64 },
      ],
    ],
    ['mac', ' = 02:00:5E:00:53:01', '02:00:5e:00:53:01'],
    ['gateway', ' = 10.0.0.1, "2001:db8:0::1"', ['10.0.0.1', '2001:db8::1']],
    ['nat', '', [{}]],
    ['nat', ' = TRUE', [{}]],
    ['nat', ' = 0', []],
    ['nat', ' = "on eth0"', [{ on: 'eth0' }]],
    [
      'nat',
      ' = "on eth0 from 10.0.0.0/24 as 192.0.2.1", "from fd00::/64"',
      [
        { on: 'eth0', from: { address: '10.0.0.0', prefix: 24 }, as: '192.0.2.1' },
        { from: { address: 'fd00::', prefix: 64 } },
      ],
    ],
    ['rdr', ' = "tcp 8080"', [tcp(port(8080), port(8080))]],
    ['rdr', ' = "TCP 8080 80"', [tcp(port(8080), port(80))]],
    ['rdr', ' = "tcp 8000-8010 9000-9010"', [tcp(port(8000, 8010), port(9000, 9010))]],
    [
      'rdr',
      ' = "udp [2001:db8:0::1]:53 [fd00::5]:5353 from 2001:db8::/32,fd00::9 on eth0"',
      [
        tcp(port(53), port(5353), {
          protocol: 'udp',
          hostAddress: '2001:db8::1',
          jailAddress: 'fd00::5',
          from: [
            { address: '2001:db8::', prefix: 32 },
            { address: 'fd00::9', prefix: 128 },
          ],
          on: 'eth0',
        }),
      ],
    ],
    [
      'rdr',
      ' = "tcp 192.0.2.1:80 on eth0"',
      [tcp(port(80), port(80), { hostAddress: '192.0.2.1', on: 'eth0' })],
    ],
    ['dns', ' = Inherit', 'inherit'],
    ['dns', ' = none', 'none'],
    ['dns', ' = 192.0.2.53, "2001:db8::53"', ['192.0.2.53', '2001:db8::53']],
    ['hosts', ' = depend', 'depend'],
    ['mtu', ' = 9000', 9000],
    ['isolate', '', true],
    ['net.egress.max', ' = 10M', 10 * 1024 ** 2],
  ];
  for (const [name, body, value] of values)
    it(`${name}${body} is ${JSON.stringify(value)}`, () => expect(valueOf(name, body)).to.deep.equal(value));

  it('nonat takes back what a global said', () => {
    expect(onlyJail('nat; x { nonat; }').values.nat).to.deep.equal([]);
    expect(onlyJail('x { nonat = false; }').values.nat).to.deep.equal([{}]);
  });
});

const RDR =
  'write PROTOCOL [ADDRESS:]PORT[-PORT] [[ADDRESS:]PORT[-PORT]] [from SUBNET[,SUBNET]] [on INTERFACE], such as "tcp 8080 80"';
const NAT = 'write true, or [on INTERFACE] [from SUBNET] [as ADDRESS], such as "on eth0"';
const SUBNET = 'write auto, or ADDRESS/PREFIX such as 10.88.0.0/24, fd00:88::/64';
const LINK = 'at most 15 bytes, no blank and none of / : %';
const MAC = 'write six bytes in hexadecimal, such as 02:00:5e:00:53:01';
const DNS = 'write inherit or none alone, or addresses such as 192.0.2.53, 2001:db8::53';
const PLAIN = 'write addresses without a prefix, such as 192.0.2.1, 2001:db8::1';

describe('a network value is refused at the word that is wrong', () => {
  const cases: readonly [statement: string, refusal: string][] = [
    [
      'bridge = abcdefghijklmnop',
      `2:10 bridge: "abcdefghijklmnop" is too long for an interface name (${LINK})`,
    ],
    ['bridge = "öööööööö"', `2:10 bridge: "öööööööö" is too long for an interface name (${LINK})`],
    ['bridge = a/b', `2:10 bridge: "a/b" cannot be an interface name (${LINK})`],
    ['bridge = all', `2:10 bridge: "all" cannot be an interface name (${LINK})`],
    ['vnet.interface = em0, br%d', `2:23 vnet.interface: "br%d" cannot be an interface name (${LINK})`],
    [
      'ip4.addr = 10.0.0.1, "abcdefghijklmnop|10.0.0.2"',
      `2:23 ip4.addr: "abcdefghijklmnop" is too long for an interface name (${LINK})`,
    ],
    ['bridge.subnet = 10.88.0.0', `2:17 bridge.subnet: "10.88.0.0" is not a subnet (${SUBNET})`],
    [
      'bridge.subnet = fd00::/64, 10.88.0.0/33',
      `2:28 bridge.subnet: "10.88.0.0/33" is not a subnet (${SUBNET})`,
    ],
    [
      'bridge.subnet = 10.88.0.0/31',
      '2:17 bridge.subnet: "10.88.0.0/31" has no room for jails (take a shorter prefix)',
    ],
    ['bridge.subnet = auto, AUTO', `2:23 bridge.subnet: "auto" stands there twice (${SUBNET})`],
    [
      'bridge.subnet = 10.88.0.0/24, auto, fd00::/64',
      `2:31 bridge.subnet: "auto" has no family left (${SUBNET})`,
    ],
    [
      'bridge.subnet = 127.0.0.0/24',
      `2:17 bridge.subnet: the addresses of "127.0.0.0/24" are of the loopback (${SUBNET})`,
    ],
    [
      'bridge.subnet = ff02::/64',
      `2:17 bridge.subnet: the addresses of "ff02::/64" are of groups (${SUBNET})`,
    ],
    [
      'bridge.subnet = 10.88.0.255/24',
      `2:17 bridge.subnet: "10.88.0.255/24" is the last address of its subnet, which no host has (${SUBNET})`,
    ],
    [
      'bridge.subnet = 10.88.0.0/16, 10.88.1.0/24',
      `2:31 bridge.subnet: "10.88.1.0/24" and 10.88.0.0/16 overlap (${SUBNET})`,
    ],
    ['mac = 2:0:5e:0:53:1', `2:7 mac: "2:0:5e:0:53:1" is not a hardware address (${MAC})`],
    ['mac = 01:00:5e:00:53:01', `2:7 mac: "01:00:5e:00:53:01" is the address of a group (${MAC})`],
    ['mac = 00:00:00:00:00:00', `2:7 mac: "00:00:00:00:00:00" is nobody's address (${MAC})`],
    ['gateway = 10.0.0.1/24', `2:11 gateway: "10.0.0.1/24" is not an IPv4 or IPv6 address (${PLAIN})`],
    ['gateway = 0.0.0.0', `2:11 gateway: "0.0.0.0" is nobody's address (${PLAIN})`],
    ['dns = inherit, 192.0.2.53', `2:7 dns: "inherit" is not an IPv4 or IPv6 address (${DNS})`],
    [
      'dns = 192.0.2.53, ns.example.org',
      `2:19 dns: "ns.example.org" is not an IPv4 or IPv6 address (${DNS})`,
    ],
    ['nat = eth0', `2:7 nat: "eth0" is none of on, from, as (${NAT})`],
    ['nat = "on eth0 from 10.0.0.0/40"', `2:21 nat: "10.0.0.0/40" is not a subnet (${NAT})`],
    [
      'nat = "on eth0", "on abcdefghijklmnop"',
      `2:22 nat: "abcdefghijklmnop" is too long for an interface name (${LINK})`,
    ],
    ['nat = "on eth0 on eth1"', `2:7 nat: "on" stands there twice (${NAT})`],
    ['nat = "as nowhere"', `2:11 nat: "nowhere" is not an IPv4 or IPv6 address (${NAT})`],
    [
      'nat = "from fd00::/64 as 192.0.2.1"',
      '2:7 nat: "from fd00::/64 as 192.0.2.1" is of IPv4 and of IPv6 (write one for each of them)',
    ],
    ['nonat = "on eth0"', '2:9 nonat: needs no value (write nonat;)'],
    ['rdr = "sctp 80"', `2:8 rdr: "sctp" is neither tcp nor udp (${RDR})`],
    ['rdr = tcp', `2:7 rdr: "tcp" names no port (${RDR})`],
    ['rdr = "tcp 80", "tcp http 80"', `2:22 rdr: "http" is not a port (${RDR})`],
    ['rdr = "tcp 8080 70000"', `2:17 rdr: "70000" is not between 1 and 65535 (${RDR})`],
    ['rdr = "tcp 0 99"', `2:12 rdr: "0" is not between 1 and 65535 (${RDR})`],
    ['rdr = "tcp 90-80"', `2:12 rdr: "90-80" is a range that ends before it begins (${RDR})`],
    [
      'rdr = "tcp 80-81 90-92"',
      '2:7 rdr: "tcp 80-81 90-92" leads 2 ports to 3 (write as many of one as of the other)',
    ],
    ['rdr = "tcp 300.0.0.1:80"', `2:12 rdr: "300.0.0.1" is not an IPv4 address (${RDR})`],
    ['rdr = "tcp [10.0.0.1]:80"', `2:13 rdr: "10.0.0.1" is not an IPv6 address (${RDR})`],
    ['rdr = "tcp 80 from 10.0.0.0/8,nobody"', `2:31 rdr: "nobody" is not a subnet (${RDR})`],
    ['rdr = "tcp 80 on"', `2:15 rdr: nothing stands behind "on" (${RDR})`],
    ['rdr = "tcp 80 to 81"', `2:15 rdr: "to" is none of from, on (${RDR})`],
    [
      'rdr = "tcp 192.0.2.1:80 [fd00::1]:80"',
      '2:7 rdr: "tcp 192.0.2.1:80 [fd00::1]:80" is of IPv4 and of IPv6 (write one for each of them)',
    ],
    ['mtu = 67', '2:7 mtu: 67 is less than 68 (undefined)'],
    ['net.egress.max = 0', '2:18 net.egress.max: "0" is too little (write at least 1K)'],
    [
      'net.egress.max = fast',
      '2:18 net.egress.max: "fast" is not a size (write bytes, or a unit: 64K, 512M, 2G)',
    ],
  ];
  for (const [statement, refusal] of cases)
    it(statement, () => expect(refusals(statement)).to.deep.equal([refusal]));

  it('where it comes from a variable, which is named', () => {
    const { diagnostics } = compileText(
      'x { path = /p; persist; $port = http;\nip4.addr = 10.0.0.1; rdr = "tcp $port 80"; }',
    );
    expect(
      diagnostics.map(({ span, notes }) => [
        span?.line,
        span?.column,
        notes?.map((note) => note.span.column),
      ]),
    ).to.deep.equal([[2, 33, [33]]]);
  });
});
