import ipaddr from 'ipaddr.js';
import type { Finding } from '../../config/finding.js';
import { sharesHostNetwork } from '../../config/network-of.js';
import { ADDRESS_BITS, familyOf } from '../../config/values/family.js';
import { networkName } from '../../config/values/subnet.js';
import type { HostAddress, HostView } from '../host-view.js';
import { isLinkOfAJail } from '../instance.js';
import { absence, finding, type Mount, type Own, type Subject } from './subject.js';

const families = ['ip4', 'ip6'] as const;

const MAX_NAMED = 8;

/** The interfaces that addresses are announced on, that are moved inside or joined, are links of this host. */
export function* interfacesExist(subject: Subject, host: HostView): Iterable<Finding> {
  const { values } = subject.jail;
  const wanted: (readonly [name: string, at: Mount['at']])[] = [];
  const isUsed = subject.addresses.some(({ announceOn }) => announceOn === values.interface);
  if (values.interface !== undefined) wanted.push([values.interface, { parameter: 'interface' }]);
  for (const family of families)
    for (const [element, { interface: name }] of (values[`${family}.addr`] ?? []).entries())
      if (name !== undefined) wanted.push([name, { parameter: `${family}.addr`, element }]);
  const moved = values['vnet.interface'] ?? [];
  // Those of a running jail are in its own network namespace.
  if (moved.length > 0 && !host.isRunning(subject.jail.name))
    for (const [element, name] of moved.entries())
      wanted.push([name, { parameter: 'vnet.interface', element }]);
  if (values.macvlan !== undefined) wanted.push([values.macvlan, { parameter: 'macvlan' }]);
  for (const [name, at] of wanted) {
    if (host.links().includes(name)) continue;
    const severity = absence(subject, name);
    if (severity === null) continue;
    const idle = at.parameter === 'interface' && !isUsed;
    yield finding(
      subject,
      idle ? 'warning' : severity,
      'no-such-interface',
      at,
      `this host has no interface ${name}`,
      linksOf(host),
    );
  }
  yield* filteredLinksExist(subject, host);
}

/** What comes in or leaves on an interface that is not there is nothing, until it is there. */
function* filteredLinksExist(subject: Subject, host: HostView): Iterable<Finding> {
  for (const parameter of ['rdr', 'nat'] as const)
    for (const [element, { on }] of (subject.jail.values[parameter] ?? []).entries()) {
      if (on === undefined || host.links().includes(on) || absence(subject, on) === null) continue;
      const message = `this host has no interface ${on}`;
      yield finding(subject, 'warning', 'no-such-interface', { parameter, element }, message, linksOf(host));
    }
}

function linksOf(host: HostView): string {
  const names = host.links().filter((name) => !isLinkOfAJail(name));
  return `it has ${names.slice(0, MAX_NAMED).join(', ')}${names.length > MAX_NAMED ? ', ...' : ''}`;
}

/** No address of a jail is one of the host's own: the kernel would keep the packets. */
export function* addressesAreFree(subject: Subject, host: HostView): Iterable<Finding> {
  for (const { address, announceOn, at } of subject.addresses) {
    const owner = ownerOf(host, address);
    if (owner !== undefined) {
      const message = `${address} is an address of this host already, on ${owner.link}`;
      yield finding(subject, 'error', 'address-in-use', at, message, 'a jail needs one of its own');
      continue;
    }
    const around = announceOn === undefined ? [] : networksAround(host, address);
    const [network] = around;
    if (announceOn === undefined || network === undefined || !host.links().includes(announceOn)) continue;
    if (around.some(({ link }) => link === announceOn)) continue;
    const message = `${address} is announced on ${announceOn}, but belongs to the network of ${network.link} (${network.address}/${network.prefix})`;
    const hint = `whoever asks for it on ${network.link} gets no answer: announce it there`;
    yield finding(subject, 'warning', 'overlapping-subnet', at, message, hint);
  }
}

interface HostNetworks {
  readonly byAddress: ReadonlyMap<string, HostAddress>;
  readonly networks: readonly (HostAddress & { readonly parsed: ipaddr.IPv4 | ipaddr.IPv6 })[];
}

const knownNetworks = new WeakMap<HostView, HostNetworks>();

/** The addresses of a host in a form in which they are found quickly. */
export function networksOf(host: HostView): HostNetworks {
  const known = knownNetworks.get(host);
  if (known !== undefined) return known;
  // The end of a jail's link has an address that means "the host" there and nowhere else.
  const addresses = host.addresses().filter(({ link }) => !isLinkOfAJail(link));
  const fresh = {
    byAddress: new Map(addresses.map((one) => [one.address, one])),
    networks: addresses
      .filter(({ address, prefix }) => prefix > 0 && prefix < ADDRESS_BITS[familyOf(address)])
      .map((one) => ({ ...one, parsed: ipaddr.parse(one.address) })),
  };
  knownNetworks.set(host, fresh);
  return fresh;
}

const ownerOf = (host: HostView, address: string): HostAddress | undefined =>
  networksOf(host).byAddress.get(address);

/** The host's networks that an address is in. */
function networksAround(host: HostView, address: string): readonly HostAddress[] {
  const parsed = ipaddr.parse(address);
  return networksOf(host).networks.filter(
    (network) => network.parsed.kind() === parsed.kind() && parsed.match(network.parsed, network.prefix),
  );
}

/** An interface can be moved into one jail only. */
export function* interfacesAreApart(subjects: readonly Subject[]): Iterable<Finding> {
  const owners = new Map<string, Subject>();
  for (const subject of subjects)
    for (const [element, name] of (subject.jail.values['vnet.interface'] ?? []).entries()) {
      const owner = owners.get(name) ?? subject;
      owners.set(name, owner);
      if (owner.jail.name === subject.jail.name) continue;
      const message = `${name} goes to jail "${owner.jail.name}", too: only one of them can run`;
      yield finding(
        subject,
        'warning',
        'no-such-interface',
        { parameter: 'vnet.interface', element },
        message,
      );
    }
}

/** A host without IPv6 cannot give a jail an address of it. */
export function* ip6IsThere(subject: Subject, host: HostView): Iterable<Finding> {
  const [first] = subject.addresses.filter(({ address }) => familyOf(address) === 'ip6');
  if (first === undefined || host.hasIp6()) return;
  const hint = 'it runs with ipv6.disable=1, or its kernel lacks it: take ip6.addr out';
  yield finding(subject, 'error', 'not-on-this-host', first.at, 'this host runs without IPv6', hint);
}

interface Network {
  readonly subject: Subject;
  readonly own: Own;
}

/** Networks of jails are the same or apart: who believes a neighbour to be near does not send to its router. */
export function* subnetsAreApart(subjects: readonly Subject[]): Iterable<Finding> {
  const networks = new Map<string, Network>();
  const lengths = { ip4: new Set<number>(), ip6: new Set<number>() };
  for (const subject of subjects)
    for (const own of sharesHostNetwork(subject.jail.values) ? [] : subject.addresses) {
      if (own.prefix === 0 || own.prefix === ADDRESS_BITS[familyOf(own.address)]) continue;
      const name = networkName(own);
      lengths[familyOf(own.address)].add(own.prefix);
      if (!networks.has(name)) networks.set(name, { subject, own });
    }
  for (const inner of networks.values()) {
    const { address } = inner.own;
    const outer = [...lengths[familyOf(address)]]
      .filter((prefix) => prefix < inner.own.prefix)
      .flatMap((prefix) => networks.get(networkName({ address, prefix })) ?? []);
    const [around] = outer;
    if (around === undefined) continue;
    const message = `the network of ${inner.own.address}/${inner.own.prefix} is a part of that of ${around.own.address}/${around.own.prefix} (jail "${around.subject.jail.name}")`;
    const hint = 'networks are the same for all that are in them, or apart';
    yield finding(inner.subject, 'warning', 'overlapping-subnet', inner.own.at, message, hint);
  }
}
