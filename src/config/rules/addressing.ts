import { placeOf, placeOfElement } from '../check.js';
import { quotedPlace } from '../culprit.js';
import type { JailParams } from '../params.js';
import type { Place } from '../syntax/source.js';
import {
  isWithin,
  lastAddress,
  networkAddress,
  networkName,
  subnetAsText,
  type Subnet,
} from '../values/subnet.js';
import { ADDRESS_BITS, families, type Family } from '../values/family.js';
import { bridgeOf, isOf, writtenOf, type Bridge, type Bridges } from './bridges.js';
import { error, idle, noted, type Draft, type Drafts, type Found } from './draft.js';

/** Addresses go to a network stack of the jail’s own. */
export function* addressesHaveANetwork({ jails }: Drafts) {
  for (const jail of jails)
    for (const family of families) {
      const policy = jail.values[family];
      if (writtenOf(jail.values, family).length === 0 || policy === undefined || policy === 'new') continue;
      const message = `${family}.addr has no effect with ${family} = ${policy}`;
      const place = placeOf(jail.merged, `${family}.addr`);
      const hint = `remove one of them, or write ${family} = new`;
      yield error(jail, 'address-without-network', place, message, hint);
    }
}

/** An interface can only be moved into a network stack of the jail's own. */
export function* interfacesHaveANetwork({ jails }: Drafts) {
  for (const jail of jails) {
    const { values } = jail;
    if ((values['vnet.interface']?.length ?? 0) === 0) continue;
    const shared = (['vnet', 'ip4', 'ip6'] as const).find((name) => values[name] === 'inherit');
    if (shared === undefined) continue;
    const message = `vnet.interface has no effect with ${shared} = inherit`;
    const place = placeOf(jail.merged, 'vnet.interface');
    yield error(jail, 'address-without-network', place, message, 'remove one of them, or write vnet = new');
  }
}

/** Where an address leads to one jail only: the host's own networks, or those behind one interface of the host. */
function meetingPlace(values: JailParams, bridges: Bridges): string | null {
  if (values.macvlan !== undefined) return `macvlan ${values.macvlan}`;
  const isForeign = values.bridge !== undefined && bridgeOf(values, bridges) === null;
  return isForeign ? `bridge ${values.bridge}` : null;
}

/** One address leads to one jail; behind different bridges there may be networks that do not meet. */
export function* addressesAreUnique({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  const owners = new Map<string, { readonly jail: Draft; readonly index: number }>();
  for (const jail of jails)
    for (const family of families) {
      const written = jail.values[`${family}.addr`];
      if (written === undefined) continue;
      const place = meetingPlace(jail.values, bridges);
      for (const [index, { address }] of written.entries()) {
        const key = place === null ? address : `${place} ${address}`;
        const owner = owners.get(key);
        if (owner === undefined) owners.set(key, { jail, index });
        else if (owner.jail === jail || owner.jail.name !== jail.name) {
          const whose =
            owner.jail === jail ? 'written twice' : `the address of jail "${owner.jail.name}" already`;
          const where = addressPlace(jail, family, index);
          const wrong = error(jail, 'duplicate-address', where, `${address} is ${whose}`);
          yield noted(wrong, addressPlace(owner.jail, family, owner.index), 'it is written here');
        }
      }
    }
}

/** Addresses that no jail has, and those by which nobody else reaches it, in the one spelling that addresses have. */
const peculiar: readonly (readonly [pattern: RegExp, severity: 'error' | 'warning', words: string])[] = [
  [/^(0\.0\.0\.0|::)$/, 'error', "nobody's address"],
  [/^(22[4-9]|23\d)\.|^ff[0-9a-f]{2}:/, 'error', 'the address of a group'],
  [/^255\.255\.255\.255$/, 'error', 'the address of all hosts'],
  [/^127\.|^::1$/, 'warning', 'of the loopback: nobody but the jail itself reaches it there'],
  [/^fe[89ab][0-9a-f]:/, 'warning', 'link-local: nobody beyond the link of the jail reaches it there'],
];

/** An address is one by which others reach a host. */
export function* addressesAreOfHosts({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails)
    for (const family of families)
      for (const [index, { address }] of writtenOf(jail.values, family).entries()) {
        const [, severity, words] = peculiar.find(([pattern]) => pattern.test(address)) ?? [];
        if (words === undefined) continue;
        const place = addressPlace(jail, family, index);
        const hint = 'write one that is free, such as 10.11.0.2 or fd00:11::2';
        yield severity === 'error'
          ? error(jail, 'bad-value', place, `${address} is ${words}`, hint)
          : idle(jail, place, `${address} is ${words}`, hint);
      }
}

/** Frames for a hardware address reach one of its owners, and which is chance. */
export function* hardwareAddressesAreUnique({ jails }: Drafts): Iterable<Found> {
  const owners = new Map<string, Draft>();
  for (const jail of jails) {
    const { mac } = jail.values;
    if (mac === undefined) continue;
    const owner = owners.get(mac) ?? jail;
    owners.set(mac, owner);
    if (owner.name === jail.name) continue;
    const message = `${mac} is the hardware address of jail "${owner.name}" already`;
    const hint = 'without mac each jail has one of its own, which it keeps';
    const wrong = error(jail, 'duplicate-address', placeOf(jail.merged, 'mac'), message, hint);
    yield noted(wrong, placeOf(owner.merged, 'mac'), 'it is written here');
  }
}

/** On a bridge that jaild makes, an address is one that its other ports can reach, and nobody else's. */
export function* addressesFitTheirBridge({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  if (bridges.byName.size === 0) return;
  for (const jail of jails) {
    const { values } = jail;
    const own = bridgeOf(values, bridges);
    if (own === null && (values.bridge !== undefined || values.macvlan !== undefined)) continue;
    for (const family of families)
      for (const [index, { address, prefix }] of writtenOf(values, family).entries()) {
        const wrong =
          own === null ? intrusion(address, bridges) : misplaced({ address, prefix }, family, own);
        if (wrong === null) continue;
        const { message, hint, bridge } = wrong;
        const found = error(jail, 'overlapping-subnet', addressPlace(jail, family, index), message, hint);
        const place = placeOf(bridge.owner.merged, 'bridge.subnet');
        yield bridge.owner === jail ? found : noted(found, place, 'its subnet is written here');
      }
  }
}

interface Misplaced {
  readonly message: string;
  readonly hint: string;
  readonly bridge: Bridge;
}

/** Its neighbours would look for the address on the bridge. */
function intrusion(address: string, bridges: Bridges): Misplaced | null {
  const bridge = bridges.around(address);
  if (bridge === null) return null;
  const message = `${address} is in a subnet of bridge ${bridge.name}, on which the jail is not`;
  return { message, hint: `write bridge = ${bridge.name}; or take another address`, bridge };
}

/** What is wrong with an address on its bridge. */
function misplaced({ address, prefix }: Subnet, family: Family, bridge: Bridge): Misplaced | null {
  const subnets = bridge.subnets.filter((one): one is Subnet => one !== 'auto' && isOf(one, family));
  if (subnets.length === 0) return null;
  const subnet = subnets.find((one) => isWithin(address, one));
  const written = subnets.map((one) => subnetAsText({ ...one, address: networkAddress(one) })).join(', ');
  const told = (what: string, hint = `take another one of ${written}`): Misplaced => ({
    message: `${address} is ${what}`,
    hint,
    bridge,
  });
  if (subnet === undefined) return told(`outside of the subnets of bridge ${bridge.name}`);
  if (bridge.host.includes(`${address}/${subnet.prefix}`))
    return told(`the address of the host on bridge ${bridge.name}`);
  if (address === networkAddress(subnet)) return told('the address of the network itself');
  if (family === 'ip4' && address === lastAddress(subnet)) return told('the broadcast address of its subnet');
  const isAlone = prefix === ADDRESS_BITS[family];
  if (isAlone || networkName({ address, prefix }) === networkName(subnet)) return null;
  return told(`written with /${prefix}, where the bridge has /${subnet.prefix}`, `write /${subnet.prefix}`);
}

/** Where an address of a jail is written. */
function addressPlace({ merged, values }: Draft, family: Family, index: number): Place {
  const all = writtenOf(values, family);
  const place = placeOfElement(merged, `${family}.addr`, index, all.length);
  return quotedPlace(place, `"${all[index]?.address ?? ''}"`);
}
