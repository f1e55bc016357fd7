import ipaddr from 'ipaddr.js';
import { isLinkName, isOf } from './address.js';
import { portCount, readPorts, type PortRange } from './port.js';
import { readSubnet, type Subnet } from './subnet.js';
import { bad, good, listType, type Converted, type ValueType } from './type.js';

/** Ports of the host that lead into the jail. */
export interface Redirect {
  readonly protocol: 'tcp' | 'udp';
  /** Of the host; absent: every address that it has. */
  readonly hostAddress?: string;
  readonly hostPorts: PortRange;
  /** Of the jail; absent: its first one of the family. */
  readonly jailAddress?: string;
  /** As many as hostPorts. */
  readonly jailPorts: PortRange;
  /** Who may use it; empty: everybody. */
  readonly from: readonly Subnet[];
  /** Interface of the host on which packets come in; absent: any. */
  readonly on?: string;
}

/** What of a jail leaves under an address of the host. */
export interface Masquerade {
  /** Interface of the host on which packets leave; absent: any that leads to no jail. */
  readonly on?: string;
  /** Which of the jail's addresses; absent: all. */
  readonly from?: Subnet;
  /** The address to leave under; absent: that of the interface. */
  readonly as?: string;
}

const HINT =
  'write PROTOCOL [ADDRESS:]PORT[-PORT] [[ADDRESS:]PORT[-PORT]] [from SUBNET[,SUBNET]] [on INTERFACE], such as "tcp 8080 80"';

interface End {
  readonly address?: string;
  readonly ports: PortRange;
}

/** "8080", "192.0.2.1:8080", "[2001:db8::1]:8000-8010" */
function readEnd(text: string): End | null {
  const [, six, four, digits = ''] = /^(?:\[([^\]]+)\]:|([^:]+):)?([\d-]+)$/.exec(text) ?? [];
  const ports = readPorts(digits);
  if (ports === null) return null;
  const address = six ?? four;
  if (address === undefined) return { ports };
  if (!isOf(six === undefined ? 'ipv4' : 'ipv6', address)) return null;
  return { address: ipaddr.parse(address).toString(), ports };
}

/** The words behind the ends: each known one with its value; null when there is anything else. */
function readOptions<K extends string>(
  words: readonly string[],
  known: readonly K[],
): Partial<Record<K, string>> | null {
  const options: Partial<Record<K, string>> = {};
  for (let at = 0; at < words.length; at += 2) {
    const name = known.find((one) => one === words[at]);
    const value = words[at + 1];
    if (name === undefined || value === undefined || options[name] !== undefined) return null;
    options[name] = value;
  }
  return options;
}

/** "tcp 8080 80", "udp [2001:db8::1]:53 53 from 2001:db8::/32 on eth0" */
export const redirects: ValueType<readonly Redirect[]> = {
  ...listType('list of redirections', readRedirect),
  separable: false,
};

function readRedirect(text: string): Converted<Redirect> {
  const [protocol = '', host = '', ...rest] = text.trim().split(/\s+/);
  const hasJail = rest.length % 2 === 1;
  const outer = readEnd(host);
  const inner = hasJail ? readEnd(rest[0] ?? '') : outer && { ports: outer.ports };
  const options = readOptions(hasJail ? rest.slice(1) : rest, ['from', 'on'] as const);
  const name = protocol.toLowerCase();
  if ((name !== 'tcp' && name !== 'udp') || outer === null || inner === null || options === null)
    return bad(`"${text}" is not a redirection`, HINT);
  const from = (options.from?.split(',') ?? []).map(readSubnet);
  if (from.includes(null)) return bad(`"${options.from}" is no list of subnets`, HINT);
  if (options.on !== undefined && !isLinkName(options.on))
    return bad(`"${options.on}" cannot be an interface name`, HINT);
  if (portCount(outer.ports) !== portCount(inner.ports))
    return bad(
      `"${text}" leads ${portCount(outer.ports)} ports to ${portCount(inner.ports)}`,
      'write as many of one as of the other',
    );
  return good({
    protocol: name,
    ...(outer.address !== undefined && { hostAddress: outer.address }),
    hostPorts: outer.ports,
    ...(inner.address !== undefined && { jailAddress: inner.address }),
    jailPorts: inner.ports,
    from: from.filter((one) => one !== null),
    ...(options.on !== undefined && { on: options.on }),
  });
}

const NAT_HINT = 'write true, or [on INTERFACE] [from SUBNET] [as ADDRESS], such as "on eth0"';

const someMasquerades = listType('boolean or list of masquerades', readMasquerade);

/** `nat;`, or "on eth0 from 10.0.0.0/24 as 192.0.2.1". */
export const masquerades: ValueType<readonly Masquerade[]> = {
  ...someMasquerades,
  separable: false,
  negatable: true,
  convert: (values, negated) => {
    if (negated) return good([]);
    if (values === null) return good([{}]);
    const [only] = values;
    if (values.length === 1 && only?.toLowerCase() === 'true') return good([{}]);
    if (values.length === 1 && only?.toLowerCase() === 'false') return good([]);
    return someMasquerades.convert(values, false);
  },
};

function readMasquerade(text: string): Converted<Masquerade> {
  const options = readOptions(text.trim().split(/\s+/), ['on', 'from', 'as'] as const);
  if (options === null) return bad(`"${text}" is not a masquerade`, NAT_HINT);
  const { on, as } = options;
  const from = options.from === undefined ? undefined : readSubnet(options.from);
  if (from === null) return bad(`"${options.from}" is not a subnet`, NAT_HINT);
  if (on !== undefined && !isLinkName(on)) return bad(`"${on}" cannot be an interface name`, NAT_HINT);
  if (as !== undefined && !isOf('ipv4', as) && !isOf('ipv6', as))
    return bad(`"${as}" is not an IPv4 or IPv6 address`, NAT_HINT);
  return good({
    ...(on !== undefined && { on }),
    ...(from !== undefined && { from }),
    ...(as !== undefined && { as: ipaddr.parse(as).toString() }),
  });
}
