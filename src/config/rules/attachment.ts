import { placeOf, placeOfElement } from '../check.js';
import { hasOwnAddress, hasOwnLink, sharesHostNetwork } from '../network-of.js';
import type { JailParams, ParamName } from '../params.js';
import { isWithin } from '../values/subnet.js';
import { ADDRESS_BITS, families, familyOf, FAMILY_NAMES, type Family } from '../values/family.js';
import { bridgeOf, isOf, sourceOf, writtenOf, type Bridges } from './bridges.js';
import { error, idle, type Draft, type Drafts, type Found } from './draft.js';

const contradiction = (jail: Draft, name: ParamName, message: string, hint: string): Found =>
  error(jail, 'bad-value', placeOf(jail.merged, name), message, hint);

/** A jail is on one network of the host's, and a subnet is that of a bridge. */
export function* attachmentIsOne({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails) {
    const { bridge, macvlan, 'bridge.subnet': subnets = [] } = jail.values;
    if (bridge !== undefined && macvlan !== undefined) {
      const hint = 'remove one of them; vnet.interface moves further interfaces in';
      yield contradiction(jail, 'macvlan', 'a jail is on a bridge or has a macvlan, not both', hint);
    }
    if (bridge === undefined && subnets.length > 0) {
      const hint = 'write bridge = NAME; or, where all jails have it from outside, bridge.subnet = "";';
      yield contradiction(jail, 'bridge.subnet', 'bridge.subnet needs a bridge', hint);
    }
  }
}

/** Whether something is asked for, and not taken back. */
function isAsked(values: JailParams, name: ParamName): boolean {
  const value = values[name];
  if (value === undefined || value === false || value === Infinity) return false;
  return !Array.isArray(value) || value.length > 0;
}

/** What would be missed when it is not done, and what would not. */
const needed: readonly ParamName[] = [
  'bridge',
  'macvlan',
  'rdr',
  'isolate',
  'net.ingress.max',
  'net.egress.max',
];
const shaping: readonly ParamName[] = ['mac', 'mtu', 'gateway', 'nat'];

/** On the host's network stack there is nothing of the jail's own that could be shaped. */
export function* sharedNetworkIsLeftAlone({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails) {
    const { values, merged } = jail;
    const shared = (['vnet', 'ip4', 'ip6'] as const).find((name) => values[name] === 'inherit');
    if (shared === undefined || hasOwnAddress(values)) continue;
    const hint = 'remove one of them, or write vnet = new';
    const message = (name: ParamName): string => `${name} has no effect with ${shared} = inherit`;
    const own = (['bridge', 'macvlan'] as const).find((name) => values[name] !== undefined);
    if (own !== undefined) {
      const both = `${own} and ${shared} = inherit rule each other out`;
      yield error(jail, 'address-without-network', placeOf(merged, own), both, hint);
      continue;
    }
    for (const name of needed)
      if (isAsked(values, name))
        yield error(jail, 'address-without-network', placeOf(merged, name), message(name), hint);
    for (const name of shaping)
      if (isAsked(values, name)) yield idle(jail, placeOf(merged, name), message(name), hint);
  }
}

/** With the loopback alone nothing comes in or goes out. */
export function* settingsHaveALink({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails) {
    const { values, merged } = jail;
    if (hasOwnLink(values) || sharesHostNetwork(values)) continue;
    const hint = 'write ip4.addr, ip6.addr, bridge or macvlan';
    const [moved] = values['vnet.interface'] ?? [];
    const why = moved === undefined ? 'has no address' : `manages ${moved} by itself`;
    const message = (name: string): string => `${name} has no effect: jail "${jail.name}" ${why}`;
    if (isAsked(values, 'rdr'))
      yield error(jail, 'address-without-network', placeOf(merged, 'rdr'), message('rdr'), hint);
    for (const name of [...shaping, 'net.ingress.max', 'net.egress.max'] as const)
      if (isAsked(values, name)) yield idle(jail, placeOf(merged, name), message(name), hint);
  }
}

/** A bridge, and the network that a macvlan is on, meet the neighbours by themselves. */
export function* nothingIsAnnouncedTwice({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails) {
    const { values, merged } = jail;
    const kind = values.bridge === undefined ? 'macvlan' : 'bridge';
    if (values[kind] === undefined) continue;
    const hint = `${kind} ${values[kind]} meets the neighbours itself`;
    const message = `no address is announced for a jail with ${kind}`;
    if (values.interface !== undefined) yield idle(jail, placeOf(merged, 'interface'), message, hint);
    for (const family of families) {
      const all = writtenOf(values, family);
      const index = all.findIndex((one) => one.interface !== undefined);
      const place = placeOfElement(merged, `${family}.addr`, index, all.length);
      if (index >= 0) yield idle(jail, place, message, hint);
    }
  }
}

/** Packets of a macvlan pass the host by. */
export function* macvlanPassesTheHost({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails) {
    const { values, merged } = jail;
    if (values.macvlan === undefined) continue;
    const why = (name: ParamName): string => `${name} cannot work with macvlan: its packets pass the host by`;
    for (const name of ['rdr', 'isolate'] as const)
      if (isAsked(values, name))
        yield contradiction(jail, name, why(name), 'use a bridge, or plain addresses');
    if (isAsked(values, 'nat'))
      yield idle(jail, placeOf(merged, 'nat'), why('nat'), 'the network that it is on leads out by itself');
  }
}

/** A default route leads to somebody whom the jail can reach. */
export function* gatewaysAreNear({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  for (const jail of jails) {
    const { gateway = [], bridge, macvlan } = jail.values;
    if (gateway.length === 0 || !hasOwnLink(jail.values)) continue;
    if (bridge === undefined && macvlan === undefined) {
      const hint = 'of plain addresses the host is the gateway: write bridge or macvlan for another one';
      yield idle(jail, placeOf(jail.merged, 'gateway'), 'gateway has no effect without a bridge', hint);
    } else yield* unreachable(jail, gateway, bridges);
  }
}

function* unreachable(jail: Draft, gateways: readonly string[], bridges: Bridges): Iterable<Found> {
  for (const [index, address] of gateways.entries()) {
    const family = familyOf(address);
    const wrong = (message: string, hint: string): Found => {
      const place = placeOfElement(jail.merged, 'gateway', index, gateways.length);
      return error(jail, 'bad-value', place, message, hint);
    };
    const kind = FAMILY_NAMES[family];
    if (gateways.findIndex((one) => isOf({ address: one }, family)) < index)
      yield wrong(`${address} is a second gateway of ${kind}`, 'write at most one for each family');
    else if (sourceOf(jail.values, family, bridges) === 'none')
      yield wrong(`the jail has no ${kind} address to reach ${address} from`, `write ${family}.addr`);
    else if (writtenOf(jail.values, family).some((one) => one.address === address))
      yield wrong(`${address} is an address of the jail itself`, 'write that of another one');
    else if (isFar(jail.values, address, family, bridges))
      yield wrong(
        `${address} is in no subnet of the jail`,
        'write a shorter prefix behind the address of the jail',
      );
  }
}

/** An address without a network, /32, has a gateway anywhere; link-local ones are near everywhere. */
function isFar(values: JailParams, gateway: string, family: Family, bridges: Bridges): boolean {
  if (isWithin(gateway, { address: 'fe80::', prefix: 10 })) return false;
  const alone = ADDRESS_BITS[family];
  const written = writtenOf(values, family);
  const given = (bridgeOf(values, bridges)?.subnets ?? []).filter((one) => one !== 'auto');
  const subnets = written.length > 0 ? written : given.filter((one) => isOf(one, family));
  if (subnets.length === 0) return false;
  return subnets.every((one) => one.prefix !== alone && !isWithin(gateway, one));
}

const LEAST_IP6_MTU = 1280;

/** Linux takes IPv6 off an interface that is narrower than RFC 8200 has it. */
export function* ip6Fits({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  for (const jail of jails) {
    const { mtu = LEAST_IP6_MTU } = jail.values;
    if (mtu >= LEAST_IP6_MTU || !['written', 'given'].includes(sourceOf(jail.values, 'ip6', bridges)))
      continue;
    const hint = `write at least ${LEAST_IP6_MTU}, or ip6 = disable`;
    yield contradiction(jail, 'mtu', `IPv6 takes an mtu of ${LEAST_IP6_MTU}`, hint);
  }
}

/** MAXNS (resolv.h), which musl has as well. */
const MAX_SERVERS = 3;

/** Libraries ask no more of them. */
export function* serversAreAsked({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails) {
    const { dns = [] } = jail.values;
    if (typeof dns === 'string' || dns.length <= MAX_SERVERS) continue;
    const place = placeOfElement(jail.merged, 'dns', MAX_SERVERS, dns.length);
    yield idle(jail, place, `programs ask the first ${MAX_SERVERS} name servers only`, 'take the others out');
  }
}

/** A bridge that is made with some jails is not there for one that does not ask for it. */
export function* bridgesAreMadeFirst({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  for (const jail of jails) {
    const { 'bridge.subnet': own = [], depend = [] } = jail.values;
    const made = bridgeOf(jail.values, bridges);
    if (made === null || own.length > 0 || depend.includes(made.owner.name)) continue;
    const message = `bridge ${made.name} is there only while jail "${made.owner.name}" or another that makes it is`;
    const place = placeOf(jail.merged, 'bridge');
    yield idle(jail, place, message, 'write bridge.subnet here as well, or depend on that jail');
  }
}
