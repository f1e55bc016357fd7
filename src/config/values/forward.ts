import { readAnyAddress } from './address.js';
import { familyOf, type Family } from './family.js';
import { readLink } from './link.js';
import { portCount, portsAsText, readPorts, type PortRange } from './port.js';
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
const NAT_HINT = 'write true, or [on INTERFACE] [from SUBNET] [as ADDRESS], such as "on eth0"';

interface End {
  readonly address?: string;
  readonly ports: PortRange;
}

/** "8080", "192.0.2.1:8080", "[2001:db8::1]:8000-8010" */
function readEnd(text: string): Converted<End> {
  const [, six, four, digits = text] = /^(?:\[([^\]]*)\]:|([^:]*):)?([^:]*)$/.exec(text) ?? [];
  const written = six ?? four;
  const ports = readPorts(digits);
  if (!ports.ok) return { ...ports, hint: HINT };
  if (written === undefined) return good({ ports: ports.value });
  const address = readAnyAddress(written);
  if (address === null || address.includes(':') !== (six !== undefined))
    return bad(`"${written}" is not an ${six === undefined ? 'IPv4' : 'IPv6'} address`, HINT);
  return good({ address, ports: ports.value });
}

type Options<K extends string> = Partial<Record<K, string>>;

/** The words behind the ends: each known one with its value. */
function readOptions<K extends string>(
  words: readonly string[],
  known: readonly K[],
  hint: string,
): Converted<Options<K>> {
  const options: Options<K> = {};
  for (let at = 0; at < words.length; at += 2) {
    const [word = '', value] = words.slice(at, at + 2);
    const name = known.find((one) => one === word.toLowerCase());
    if (name === undefined) return bad(`"${word}" is none of ${known.join(', ')}`, hint);
    if (value === undefined) return bad(`nothing stands behind "${word}"`, hint);
    if (options[name] !== undefined) return bad(`"${name}" stands there twice`, hint);
    options[name] = value;
  }
  return good(options);
}

/** SUBNET[,SUBNET] */
function readSources(text: string | undefined): Converted<readonly Subnet[]> {
  const subnets: Subnet[] = [];
  for (const one of text?.split(',') ?? []) {
    const subnet = readSubnet(one);
    if (subnet === null) return bad(`"${one}" is not a subnet`, HINT);
    subnets.push(subnet);
  }
  return good(subnets);
}

/** "tcp 8080 80", "udp [2001:db8::1]:53 53 from 2001:db8::/32 on eth0" */
export const redirects: ValueType<readonly Redirect[]> = {
  ...listType('list of redirections', readRedirect),
  separable: false,
};

function readRedirect(text: string): Converted<Redirect> {
  const [word = '', host, ...rest] = text.trim().split(/\s+/);
  const protocol = word.toLowerCase();
  if (protocol !== 'tcp' && protocol !== 'udp') return bad(`"${word}" is neither tcp nor udp`, HINT);
  if (host === undefined) return bad(`"${text}" names no port`, HINT);
  const outer = readEnd(host);
  if (!outer.ok) return outer;
  const hasJail = /^[[\d]/.test(rest[0] ?? '');
  const inner = hasJail ? readEnd(rest[0] ?? '') : good<End>({ ports: outer.value.ports });
  if (!inner.ok) return inner;
  const options = readOptions(hasJail ? rest.slice(1) : rest, ['from', 'on'] as const, HINT);
  if (!options.ok) return options;
  const from = readSources(options.value.from);
  if (!from.ok) return from;
  const on = options.value.on === undefined ? null : readLink(options.value.on);
  if (on?.ok === false) return on;
  const redirect: Redirect = {
    protocol,
    ...(outer.value.address !== undefined && { hostAddress: outer.value.address }),
    hostPorts: outer.value.ports,
    ...(inner.value.address !== undefined && { jailAddress: inner.value.address }),
    jailPorts: inner.value.ports,
    from: from.value,
    ...(on !== null && { on: on.value }),
  };
  return misfit(redirect, text) ?? good(redirect);
}

/** What of a redirection does not go with the rest of it. */
function misfit({ hostPorts, jailPorts, hostAddress, jailAddress, from }: Redirect, text: string) {
  const [many, few] = [portCount(hostPorts), portCount(jailPorts)];
  if (many !== few)
    return bad(`"${text}" leads ${many} ports to ${few}`, 'write as many of one as of the other');
  const written = [hostAddress, jailAddress].flatMap((one) => one ?? []);
  const families = new Set([...written, ...from.map(({ address }) => address)].map(familyOf));
  const isMixed = families.size > 1 && written.length > 0;
  return isMixed ? bad(`"${text}" is of IPv4 and of IPv6`, 'write one for each of them') : null;
}

/** The family that a redirection is of; null for any that the jail has. */
export function familyOfRedirect({ hostAddress, jailAddress, from }: Redirect): Family | null {
  const families = new Set(from.map(({ address }) => familyOf(address)));
  const address = hostAddress ?? jailAddress ?? (families.size === 1 ? from[0]?.address : undefined);
  return address === undefined ? null : familyOf(address);
}

/** The end of a redirection at the host. */
interface HostEnd {
  readonly protocol: string;
  readonly hostAddress?: string | null | undefined;
  readonly hostPorts: PortRange;
}

/** "tcp 8080", "tcp 192.0.2.1:8080" */
export function hostEndAsText({ protocol, hostAddress, hostPorts }: HostEnd): string {
  const ports = portsAsText(hostPorts);
  if (hostAddress === undefined || hostAddress === null) return `${protocol} ${ports}`;
  return `${protocol} ${hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress}:${ports}`;
}

const someMasquerades = listType('boolean or list of masquerades', readMasquerade);

/** `nat;`, or "on eth0 from 10.0.0.0/24 as 192.0.2.1". */
export const masquerades: ValueType<readonly Masquerade[]> = {
  ...someMasquerades,
  separable: false,
  negatable: true,
  convert: (values, negated) => {
    const [only] = values ?? ['true'];
    const isAlone = (values?.length ?? 1) === 1;
    const asked = isAlone ? TRUTHS.get(only?.toLowerCase() ?? '') : undefined;
    if (asked !== undefined) return good(asked === negated ? [] : [{}]);
    return negated ? bad('needs no value', 'write nonat;') : someMasquerades.convert(values, false);
  },
};

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
]);

function readMasquerade(text: string): Converted<Masquerade> {
  const options = readOptions(text.trim().split(/\s+/), ['on', 'from', 'as'] as const, NAT_HINT);
  if (!options.ok) return options;
  const on = options.value.on === undefined ? null : readLink(options.value.on);
  if (on?.ok === false) return on;
  const from = options.value.from === undefined ? undefined : readSubnet(options.value.from);
  if (from === null) return bad(`"${options.value.from}" is not a subnet`, NAT_HINT);
  const as = options.value.as === undefined ? undefined : readAnyAddress(options.value.as);
  if (as === null) return bad(`"${options.value.as}" is not an IPv4 or IPv6 address`, NAT_HINT);
  if (from !== undefined && as !== undefined && familyOf(from.address) !== familyOf(as))
    return bad(`"${text}" is of IPv4 and of IPv6`, 'write one for each of them');
  return good({
    ...(on !== null && { on: on.value }),
    ...(from !== undefined && { from }),
    ...(as !== undefined && { as }),
  });
}
