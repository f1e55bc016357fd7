import type { JailParams } from '../config/params.js';
import { isWithin } from '../config/values/subnet.js';
import { familyOf, type Family } from '../config/values/family.js';
import { addressOf, numberOf, rangeOf } from './lease-range.js';
import type { HostSubnet, JailAddress } from './step.js';

/** What a jail was given, and when: milliseconds since 1970. */
export interface Lease {
  readonly ip4?: string;
  readonly ip6?: string;
  readonly at: number;
}

/** Jail → what it was given. No address is in it twice. */
export type Leases = Readonly<Record<string, Lease>>;

/** What an address is chosen by. */
export interface LeaseRequest {
  readonly jail: string;
  readonly families: readonly Family[];
  /** The subnets of the jail's bridge, with the host's place in each. */
  readonly subnets: readonly HostSubnet[];
  /** Whether an address is somebody else's than those of leases. */
  readonly isReserved: (address: string) => boolean;
  /** Whether a jail may not lose what it was given. */
  readonly isKept: (jail: string) => boolean;
  /** What it has already, by whatever way, and so gets if it can. */
  readonly has: readonly string[];
  readonly now: number;
}

/** Leases after a request, or the family in which nothing is free. */
export type LeaseAnswer =
  | { readonly ok: true; readonly leases: Leases; readonly leased: readonly JailAddress[] }
  | { readonly ok: false; readonly full: Family };

const families = ['ip4', 'ip6'] as const;

/** In which families a jail on a bridge with subnets is given an address: where it has none and may have one. */
export function leasedFamilies(values: JailParams, ofHostname: readonly string[]): readonly Family[] {
  return families.filter((family) => {
    const written = values[`${family}.addr`] ?? [];
    const found = ofHostname.some((address) => familyOf(address) === family);
    return values[family] !== 'disable' && written.length === 0 && !found;
  });
}

/** Gives a jail its addresses: those that it has as long as they are right, else the lowest that are free. Pure. */
export function assignLease(leases: Leases, request: LeaseRequest): LeaseAnswer {
  const leased: JailAddress[] = [];
  let all = leases;
  for (const family of request.families) {
    const subnets = request.subnets.filter(({ address }) => familyOf(address) === family);
    if (subnets.length === 0) continue;
    const next = assignOne(all, request, family, subnets);
    if (next === null) return { ok: false, full: family };
    all = next.leases;
    leased.push(next.given);
  }
  return { ok: true, leases: all, leased };
}

interface Given {
  readonly leases: Leases;
  readonly given: JailAddress;
}

function assignOne(
  leases: Leases,
  request: LeaseRequest,
  family: Family,
  subnets: readonly HostSubnet[],
): Given | null {
  const { jail, isReserved, has } = request;
  const own = Object.hasOwn(leases, jail) ? leases[jail] : undefined;
  const usable = (address: string): HostSubnet | undefined =>
    isReserved(address) ? undefined : subnets.find((subnet) => isForJails(subnet, address));
  const kept = own?.[family];
  const known = kept === undefined ? undefined : usable(kept);
  if (kept !== undefined && known !== undefined)
    return { leases, given: { address: kept, prefix: known.prefix } };
  const others = without(leases, jail);
  const taken = new Set(Object.values(others).flatMap((lease) => lease[family] ?? []));
  const free = (address: string): boolean => !taken.has(address) && !isReserved(address);
  const give = (address: string, prefix: number, rest: Leases): Given => ({
    leases: { ...rest, [jail]: { ...own, at: request.now, [family]: address } },
    given: { address, prefix },
  });
  for (const address of has) {
    const subnet = usable(address);
    if (subnet !== undefined && !taken.has(address)) return give(address, subnet.prefix, others);
  }
  for (const subnet of subnets) {
    const address = lowest(subnet, free);
    if (address !== null) return give(address, subnet.prefix, others);
  }
  return takeOver();

  /** Nothing is free: who is gone loses what it had, whoever got it longest ago first. */
  function takeOver(): Given | null {
    const gone = Object.entries(others)
      .filter(([name]) => !request.isKept(name))
      .sort(([, one], [, other]) => one.at - other.at);
    for (const [name, lease] of gone) {
      const address = lease[family];
      const subnet = address === undefined ? undefined : usable(address);
      if (address !== undefined && subnet !== undefined)
        return give(address, subnet.prefix, without(others, name));
    }
    return null;
  }
}

/** All of a record but one entry. */
export function without<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

/** Neither the host's, nor the network's own, nor that of all of its neighbours (RFC 4291, 2.6.1; RFC 919). */
function isForJails(subnet: HostSubnet, address: string): boolean {
  if (!isWithin(address, subnet) || address === subnet.address) return false;
  const { family, first, last } = rangeOf(subnet);
  const isFirst = address === addressOf(family, first);
  return !isFirst && (family === 'ip6' || address !== addressOf(family, last));
}

function lowest(subnet: HostSubnet, isFree: (address: string) => boolean): string | null {
  const { family, first, last } = rangeOf(subnet);
  const host = numberOf(subnet.address);
  for (let number = first + 1n; number <= (family === 'ip4' ? last - 1n : last); number++) {
    const address = addressOf(family, number);
    if (number !== host && isFree(address)) return address;
  }
  return null;
}
