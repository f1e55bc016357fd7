import { placeOf, placeOfElement } from '../check.js';
import { hasOwnLink } from '../network-of.js';
import type { Place } from '../syntax/source.js';
import { families, familyOf, FAMILY_NAMES, type Family } from '../values/family.js';
import { familyOfRedirect, hostEndAsText, type Redirect } from '../values/forward.js';
import { isWithin, networkName } from '../values/subnet.js';
import { sourceOf, writtenOf, type Bridges } from './bridges.js';
import { error, idle, noted, type Draft, type Drafts, type Found } from './draft.js';

const redirectsOf = ({ values }: Draft): readonly Redirect[] =>
  values.macvlan === undefined && hasOwnLink(values) ? (values.rdr ?? []) : [];

const placeOfRedirect = ({ merged, values }: Draft, index: number): Place =>
  placeOfElement(merged, 'rdr', index, values.rdr?.length ?? 0);

/** A forward leads to an address that the jail has. */
export function* forwardsArrive({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  for (const jail of jails)
    for (const [index, redirect] of redirectsOf(jail).entries()) {
      const { jailAddress } = redirect;
      const place = placeOfRedirect(jail, index);
      const wrong =
        jailAddress === undefined
          ? nowhere(jail, redirect, bridges, place)
          : elsewhere(jail, jailAddress, bridges, place);
      if (wrong !== null) yield wrong;
    }
}

/** What is wrong with a forward to whatever address the jail has. */
function nowhere(jail: Draft, redirect: Redirect, bridges: Bridges, place: Place): Found | null {
  const { values } = jail;
  if (values.ip_hostname === true) return null;
  const asked = familyOfRedirect(redirect);
  const possible = asked === null ? families : [asked];
  const sources = possible.map((family) => sourceOf(values, family, bridges));
  if (sources.some((source) => source === 'written' || source === 'given')) return null;
  const what = `${hostEndAsText(redirect)} leads nowhere:`;
  if (sources.includes('unknown')) {
    const hint = 'write ip4.addr or ip6.addr, or the address before the port of the jail';
    return error(jail, 'address-without-network', place, `${what} only the jail knows its address`, hint);
  }
  const kind = asked === null ? '' : `${FAMILY_NAMES[asked]} `;
  return idle(jail, place, `${what} the jail has no ${kind}address`, 'write one for an address that it has');
}

/** What is wrong with a forward to one address. */
function elsewhere(jail: Draft, address: string, bridges: Bridges, place: Place): Found | null {
  const { values } = jail;
  const family = familyOf(address);
  const source = sourceOf(values, family, bridges);
  if (values.ip_hostname === true || source === 'unknown') return null;
  if (writtenOf(values, family).some((one) => one.address === address)) return null;
  const hint =
    source === 'given'
      ? `write ${family}.addr = ${quoted(address)};`
      : 'leave it out, or write one of its own';
  const message = `${address} is no address of jail "${jail.name}"`;
  return error(jail, 'address-without-network', place, message, hint);
}

const quoted = (address: string): string => (familyOf(address) === 'ip6' ? `"${address}"` : address);

/** A forward of a port, for each family that it is of. */
interface Forward {
  readonly jail: Draft;
  readonly index: number;
  readonly redirect: Redirect;
  readonly family: Family;
  /** In the order of the files. */
  readonly order: number;
}

function forwardsOf(jails: readonly Draft[], bridges: Bridges): Forward[] {
  const forwards: Forward[] = [];
  for (const jail of jails)
    for (const [index, redirect] of redirectsOf(jail).entries()) {
      const asked = familyOfRedirect(redirect);
      const own = families.filter((family) => sourceOf(jail.values, family, bridges) !== 'none');
      for (const family of asked === null ? own : [asked])
        forwards.push({ jail, index, redirect, family, order: forwards.length });
    }
  return forwards;
}

/**
 * A port of the host leads to one place. From the lowest port on, the forward that reaches highest of those before
 * tells whether one of them has a port in common with the next: nothing is compared with all others.
 */
export function* forwardsAreApart({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  const forwards = forwardsOf(jails, bridges);
  forwards.sort((a, b) => a.redirect.hostPorts.first - b.redirect.hostPorts.first || a.order - b.order);
  const highest = new Map<string, Forward>();
  const told = new Set<Redirect>();
  for (const forward of forwards) {
    const { first, last } = forward.redirect.hostPorts;
    const other = keysAsked(forward)
      .flatMap((key) => highest.get(key) ?? [])
      .find(({ redirect, jail }) => redirect.hostPorts.last >= first && !isTwin(jail, forward.jail));
    if (other !== undefined) {
      const [earlier, later] = other.order < forward.order ? [other, forward] : [forward, other];
      if (!told.has(later.redirect)) yield clash(earlier, later);
      told.add(later.redirect);
      if (later === forward) continue;
    }
    for (const key of keysKept(forward)) {
      const known = highest.get(key);
      if (known === undefined || known === other || known.redirect.hostPorts.last < last)
        highest.set(key, forward);
    }
  }
}

/** Two blocks of one name, which is a mistake of its own. */
const isTwin = (one: Draft, other: Draft): boolean => one !== other && one.name === other.name;

const ANY = '*';
/** Whatever stands there, for who names nothing and so clashes with everything. */
const ALL = 'all';

/** Those that are for some sources only come before those for everybody, and may be for others than the next one. */
const sourcesOf = ({ from }: Redirect): string => from.map(networkName).sort().join();

const keyOf = ({ redirect, family }: Forward, address: string, on: string): string =>
  `${redirect.protocol} ${family} ${address} ${on} ${sourcesOf(redirect)}`;

/** The lists in which a forward is found. */
function keysKept(forward: Forward): readonly string[] {
  const { hostAddress = ANY, on = ANY } = forward.redirect;
  return [hostAddress, ALL].flatMap((address) => [on, ALL].map((link) => keyOf(forward, address, link)));
}

/** The lists of all that it clashes with. */
function keysAsked(forward: Forward): readonly string[] {
  const { hostAddress, on } = forward.redirect;
  const addresses = hostAddress === undefined ? [ALL] : [hostAddress, ANY];
  const links = on === undefined ? [ALL] : [on, ANY];
  return addresses.flatMap((address) => links.map((link) => keyOf(forward, address, link)));
}

function clash(earlier: Forward, later: Forward): Found {
  const what = hostEndAsText(later.redirect);
  const isOwn = earlier.jail === later.jail;
  const message = isOwn
    ? `${what} of the host leads to two places`
    : `${what} of the host leads to jail "${earlier.jail.name}" already`;
  const hint = 'take another port, or write which address of the host each is for';
  const place = placeOfRedirect(later.jail, later.index);
  const wrong = error(later.jail, 'duplicate-forward', place, message, hint);
  return noted(wrong, placeOfRedirect(earlier.jail, earlier.index), 'it is written here');
}

/** What leaves under another address is one of the jail's. */
export function* masqueradesHaveSources({ jails }: Drafts, bridges: Bridges): Iterable<Found> {
  for (const jail of jails) {
    const { values, merged } = jail;
    const { nat = [], macvlan } = values;
    if (nat.length === 0 || macvlan !== undefined || !hasOwnLink(values)) continue;
    for (const [index, { from, as }] of nat.entries()) {
      const address = from?.address ?? as;
      if (address === undefined || values.ip_hostname === true) continue;
      const family = familyOf(address);
      const source = sourceOf(values, family, bridges);
      const outside =
        source === 'written' &&
        from !== undefined &&
        !writtenOf(values, family).some((one) => isWithin(one.address, from));
      if (source !== 'none' && !outside) continue;
      const which = outside ? `address in ${from.address}/${from.prefix}` : `${FAMILY_NAMES[family]} address`;
      const place =
        nat.length === 1 ? placeOf(merged, 'nat') : placeOfElement(merged, 'nat', index, nat.length);
      yield idle(jail, place, `jail "${jail.name}" has no ${which}`, 'nothing leaves by it: take it out');
    }
  }
}
