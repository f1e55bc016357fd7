import { placeOf, placeOfElement } from '../check.js';
import type { JailParams } from '../params.js';
import type { Address } from '../values/address.js';
import { familyOf, type Family } from '../values/family.js';
import { hostAddressIn, networkName, subnetAsText, type Subnet } from '../values/subnet.js';
import { error, noted, type Draft, type Found } from './draft.js';

/** A bridge that jaild makes, as the first jail that asks for it has it. */
export interface Bridge {
  readonly name: string;
  readonly owner: Draft;
  readonly subnets: readonly (Subnet | 'auto')[];
  /** The host's own addresses on it, and `auto` for those that are not known yet. */
  readonly host: readonly string[];
}

/** The bridges of all jails, and what is wrong between them. */
export interface Bridges {
  readonly byName: ReadonlyMap<string, Bridge>;
  /** The bridge in a subnet of which an address is. */
  readonly around: (address: string) => Bridge | null;
  readonly found: readonly Found[];
}

/** What is on a bridge of this name, or null for one that is the host's own. */
export const bridgeOf = ({ bridge }: JailParams, { byName }: Bridges): Bridge | null =>
  bridge === undefined ? null : (byName.get(bridge) ?? null);

/** Reads what bridges the jails ask for. */
export function bridgesOf(jails: readonly Draft[]): Bridges {
  const byName = new Map<string, Bridge>();
  const networks = new Networks(jails.flatMap(({ values }) => values['bridge.subnet'] ?? []));
  const found: Found[] = [];
  for (const jail of jails) {
    const { bridge: name, 'bridge.subnet': subnets = [] } = jail.values;
    if (name === undefined || subnets.length === 0) continue;
    const bridge = { name, owner: jail, subnets, host: hostEnds(jail) };
    const first = byName.get(name);
    if (first === undefined) {
      byName.set(name, bridge);
      found.push(...overlaps(bridge, networks));
    } else if (first.host.join() !== bridge.host.join()) found.push(otherwise(bridge, first));
  }
  return { byName, around: (address) => networks.around(address)?.bridge ?? null, found };
}

function hostEnds({ values }: Draft): readonly string[] {
  const { 'bridge.subnet': subnets = [], gateway = [] } = values;
  return subnets.map((one) => (one === 'auto' ? one : `${hostAddressIn(one, gateway)}/${one.prefix}`)).sort();
}

const placeOfSubnet = ({ owner: { merged, values } }: Bridge, index: number) =>
  placeOfElement(merged, 'bridge.subnet', index, values['bridge.subnet']?.length ?? 0);

/** One bridge has one set of subnets, and the host the same addresses in them, whichever jail comes first. */
function otherwise(bridge: Bridge, first: Bridge): Found {
  const place = placeOf(bridge.owner.merged, 'bridge.subnet');
  const ends = ({ host }: Bridge): string => host.join(' and ');
  const message = `on bridge ${bridge.name} the host has ${ends(bridge)} here, and ${ends(first)} in jail "${first.owner.name}"`;
  const hint = 'write the same bridge.subnet, with the same gateway, for all jails of a bridge';
  const wrong = error(bridge.owner, 'overlapping-subnet', place, message, hint);
  return noted(wrong, placeOf(first.owner.merged, 'bridge.subnet'), 'it is written here');
}

function* overlaps(bridge: Bridge, networks: Networks): Iterable<Found> {
  for (const [index, subnet] of bridge.subnets.entries()) {
    if (subnet === 'auto') continue;
    const other = networks.add({ bridge, subnet, index });
    if (other === null) continue;
    const message = `${subnetAsText(subnet)} and ${subnetAsText(other.subnet)} of bridge ${other.bridge.name} overlap`;
    const place = placeOfSubnet(bridge, index);
    const wrong = error(bridge.owner, 'overlapping-subnet', place, message, 'give each bridge its own');
    yield noted(wrong, placeOfSubnet(other.bridge, other.index), 'it is written here');
  }
}

interface Network {
  readonly bridge: Bridge;
  readonly subnet: Subnet;
  /** Which of the bridge's it is. */
  readonly index: number;
}

/** Subnets of bridges, found by the lengths that there are: of ten thousand no two are compared. */
class Networks {
  private readonly byName = new Map<string, Network>();
  private readonly lengths = { ip4: new Set<number>(), ip6: new Set<number>() };
  /** Some subnet within the network of that name. */
  private readonly within = new Map<string, Network>();

  /** @param all those that will be added */
  constructor(all: readonly (Subnet | 'auto')[]) {
    for (const one of all) if (one !== 'auto') this.lengthsOf(one.address).add(one.prefix);
  }

  /** @returns the one that overlaps it, of another bridge */
  add(network: Network): Network | null {
    const { subnet, bridge } = network;
    const known = this.around(subnet.address, subnet.prefix) ?? this.within.get(networkName(subnet)) ?? null;
    if (known !== null && known.bridge !== bridge) return known;
    this.byName.set(networkName(subnet), network);
    for (const prefix of this.lengthsOf(subnet.address)) {
      const name = networkName({ address: subnet.address, prefix });
      if (prefix < subnet.prefix && !this.within.has(name)) this.within.set(name, network);
    }
    return null;
  }

  around(address: string, most = 128): Network | null {
    for (const prefix of this.lengthsOf(address)) {
      const network = prefix <= most ? this.byName.get(networkName({ address, prefix })) : undefined;
      if (network !== undefined) return network;
    }
    return null;
  }

  private lengthsOf(address: string): Set<number> {
    return this.lengths[familyOf(address)];
  }
}

/** Where a jail's addresses of a family come from: `given` by jaild, `unknown` is what only the network itself knows. */
export type Source = 'written' | 'given' | 'unknown' | 'none';

/** How a jail comes by addresses of a family. */
export function sourceOf(values: JailParams, family: Family, bridges: Bridges): Source {
  if (values[family] === 'disable') return 'none';
  if (writtenOf(values, family).length > 0) return 'written';
  if (values.ip_hostname === true) return 'unknown';
  const made = bridgeOf(values, bridges);
  if (made?.subnets.some((one) => one === 'auto' || isOf(one, family)) === true) return 'given';
  return values.bridge !== undefined || values.macvlan !== undefined ? 'unknown' : 'none';
}

/** Whether a subnet is of a family. */
export const isOf = ({ address }: Pick<Subnet, 'address'>, family: Family): boolean =>
  familyOf(address) === family;

/** The addresses of a family that are written for a jail. */
export const writtenOf = (values: JailParams, family: Family): readonly Address[] =>
  values[`${family}.addr`] ?? [];
