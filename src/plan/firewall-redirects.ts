import { portCount, type PortRange } from '../config/values/port.js';
import { type Family } from '../config/values/family.js';
import { isPlain, textOf, type Forward } from './firewall-forward.js';
import { inOrder, NONE, rules, wherever, type Lookup, type Rules } from './firewall-text.js';

const ADDRESS = { ip4: 'ipv4_addr', ip6: 'ipv6_addr' } as const;
const NF = { ip4: 'ipv4', ip6: 'ipv6' } as const;
const DNAT = { ip4: 'dnat ip to', ip6: 'dnat ip6 to' } as const;
const MATCH = { ip4: 'ip', ip6: 'ip6' } as const;

/**
 * Where connections to the host go on into jails. The most particular first: those for some only, then those to one
 * address of the host, then those to any. All that are for everybody are found in maps, however many there are.
 */
export function redirectRules(forwards: readonly Forward[]): Rules {
  const plain = forwards.filter(isPlain);
  const special = forwards.filter((one) => !isPlain(one));
  const named = plain.filter(({ hostAddress }) => hostAddress !== null);
  const open = plain.filter(({ hostAddress }) => hostAddress === null);
  return inOrder(
    rules(...special.map(specialRule)),
    ...bothFamilies(named, 'rdr_to'),
    open.length === 0 ? NONE : rules('fib daddr type != local accept'),
    ...bothFamilies(open, 'rdr'),
  );
}

const bothFamilies = (forwards: readonly Forward[], name: string): readonly Rules[] =>
  (['ip4', 'ip6'] as const).flatMap((family) =>
    byPort(
      forwards.filter((one) => one.family === family),
      family,
      name,
    ),
  );

/** Two maps, for a map whose keys are ranges is slower, and cannot say that a port is another one inside. */
function byPort(forwards: readonly Forward[], family: Family, name: string): readonly Rules[] {
  const isNamed = forwards.some(({ hostAddress }) => hostAddress !== null);
  const address = isNamed ? `${ADDRESS[family]} . ` : '';
  const looked = isNamed ? `${MATCH[family]} daddr . ` : '';
  const rule = ({ name: map }: Lookup): string =>
    `meta nfproto ${NF[family]} ${DNAT[family]} ${looked}meta l4proto . th dport map @${map}`;
  const number = family === 'ip4' ? '4' : '6';
  const single: Lookup = {
    name: `${name}${number}`,
    type: `${address}inet_proto . inet_service : ${ADDRESS[family]} . inet_service`,
    elements: forwards.filter((one) => !keepsPorts(one)).flatMap(singleElements),
  };
  const ranges: Lookup = {
    name: `${name}${number}_ranges`,
    type: `${address}inet_proto . inet_service : ${ADDRESS[family]}`,
    ranges: true,
    elements: forwards
      .filter(keepsPorts)
      .map((one) => `${key(one, rangeText(one.hostPorts))} : ${one.jailAddress}`),
  };
  return [wherever(single, rule(single)), wherever(ranges, rule(ranges))];
}

/** A range whose ports are the same inside. */
const keepsPorts = ({ hostPorts, jailPorts }: Forward): boolean =>
  portCount(hostPorts) > 1 && hostPorts.first === jailPorts.first;

const rangeText = ({ first, last }: PortRange): string => (first === last ? `${first}` : `${first}-${last}`);

const key = ({ hostAddress, protocol }: Forward, ports: string): string =>
  [...(hostAddress === null ? [] : [hostAddress]), protocol, ports].join(' . ');

const pairs = ({ hostPorts, jailPorts }: Forward): readonly (readonly [host: number, jail: number])[] =>
  Array.from({ length: portCount(hostPorts) }, (_, at) => [hostPorts.first + at, jailPorts.first + at]);

const singleElements = (one: Forward): readonly string[] =>
  pairs(one).map(([host, jail]) => `${key(one, `${host}`)} : ${one.jailAddress} . ${jail}`);

function specialRule(one: Forward): string {
  const { family, protocol, hostAddress, hostPorts, from, on } = one;
  const match = MATCH[family];
  return [
    `meta nfproto ${NF[family]}`,
    ...(on === null ? [] : [`iifname "${on}"`]),
    ...(from.length === 0 ? [] : [`${match} saddr { ${from.map(textOf).join(', ')} }`]),
    hostAddress === null ? 'fib daddr type local' : `${match} daddr ${hostAddress}`,
    `${protocol} dport ${rangeText(hostPorts)}`,
    `${DNAT[family]} ${target(one)}`,
  ].join(' ');
}

function target(one: Forward): string {
  const { family, protocol, jailAddress, jailPorts, hostPorts } = one;
  const written = family === 'ip4' ? jailAddress : `[${jailAddress}]`;
  if (portCount(hostPorts) === 1) return `${written}:${jailPorts.first}`;
  if (keepsPorts(one)) return jailAddress;
  const ports = pairs(one).map(([host, jail]) => `${host} : ${jail}`);
  return `${written}:${protocol} dport map { ${ports.join(', ')} }`;
}
